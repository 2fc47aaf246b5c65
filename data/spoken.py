"""The phrases of the derived facts, in any language: what a guide may say as it stands.

    from data.spoken import size_phrase
    size_phrase(artwork.form, derive(artwork), load_wording("de"))  # "etwa 1,3 Meter hoch und …"

Each function gives one phrase in lower case, or None where there is nothing to say. The words are
in `data/wording`; here is only the choice of what is said.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from data.artwork import Form
from data.attribution import Attribution
from data.comparisons import FLAT_FORMS
from data.dimensions import Size
from data.wording import Lengths, Wording

if TYPE_CHECKING:
    from data.derive import Derived

A_LITTLE, MUCH = 1.2, 1.7
"""Below the first a work is "a little" wider than tall, from the second on "much" wider."""
AROUND = frozenset({"frame", "mount", "case", "base"})
"""Measured parts that are not the work itself: no guide should give their size as the work's."""
LAST_YEARS = 3
"""So many years before the artist's death are worth saying."""


def spoken_lengths(size: Size, form: Form) -> Lengths:
    """The measures that a guide says, in their order; empty where there are none to say.

    Flat works have a height and a width. Things in the round are known by their height, with the
    width or the depth where that is the greater; an installation by all three.
    """
    lengths: Lengths = {}
    if size.height:
        lengths["height"] = size.height
    if size.width and (
        not size.height
        or form in FLAT_FORMS
        or form is Form.installation
        or not size.depth
        or size.width > size.height
    ):
        lengths["width"] = size.width
    if size.depth and form not in FLAT_FORMS:
        greatest = max(size.height or 0, size.width or 0)
        if form is Form.installation or size.depth > greatest:
            lengths["depth"] = size.depth
    if not size.height and size.length:
        lengths["length"] = size.length
    if size.diameter:
        # A round painting, a dish and a medal are their diameter; a vase has a height as well.
        lengths.pop("width", None)
        lengths["diameter"] = size.diameter
    return lengths


def size_phrase(form: Form, facts: Derived, words: Wording) -> str | None:
    """The spoken size: "about 1.3 metres high and 2 metres wide"; never of a frame alone."""
    if facts.size is None or facts.size.part in AROUND:
        return None
    lengths = spoken_lengths(facts.size, form)
    if not lengths:
        return None
    said = words.size(lengths)
    return words.say("size.each", size=said) if facts.size.part == "each" else said


def shape_phrase(facts: Derived, words: Wording) -> str | None:
    """The orientation and, of long works, the ratio."""
    if facts.orientation is None or facts.ratio is None:
        return None
    side: str = facts.orientation
    if side in ("square", "nearly square"):
        # Sides are measured to the millimetre at best: the scripts say "nearly" of both.
        return words.say("shape.square")
    multiple = _multiple(facts.ratio)
    if multiple is not None:
        n, nearness = multiple
        key = f"shape.{side}_{nearness}" + ("_twice" if n == 2 else "")
        return f"{words.say(f'shape.{side}')}, {words.say(key, n=words.number(n))}"
    degree = "_a_little" if facts.ratio < A_LITTLE else "_much" if facts.ratio >= MUCH else ""
    return words.say(f"shape.{side}{degree}")


def _multiple(ratio: float) -> tuple[int, str] | None:
    """The whole number a ratio is near to or beyond: 1.9 is nearly 2, 2.5 is more than 2."""
    above = int(ratio) + 1
    if ratio >= above - 0.05:
        return above, "about"
    if ratio >= above - 0.2:
        return above, "nearly"
    below = above - 1
    if below < 2:
        return None
    return (below, "about") if ratio <= below + 0.1 else (below, "more")


def date_phrase(facts: Derived, words: Wording) -> str | None:
    """How the date has to be said where it is a span, a limit or not certain."""
    dating = facts.dating
    if dating is None:
        return None
    first, last = dating.earliest, dating.latest
    if dating.bound != "at":
        # "Before the 1850s" has two years; which of them is the limit is not said.
        known = first == last and dating.event == "made" and dating.certainty == "exact"
        return words.date(f"date.{dating.bound}", first) if known else None
    if dating.certainty == "exact":
        spanned = dating.precision == "range" and first != last and dating.event == "made"
        return words.date("date.range", first, last) if spanned else None
    doubt = "uncertain" if dating.certainty == "uncertain" else "approximate"
    said = _spoken_date(facts, words)
    return words.say(f"date.{doubt}_say", date=said) if said else words.say(f"date.{doubt}")


def _spoken_date(facts: Derived, words: Wording) -> str | None:
    dating = facts.dating
    if dating is None or dating.precision == "century" or dating.earliest * dating.latest < 0:
        return None
    about = dating.certainty == "circa" or dating.circa
    if dating.precision == "decade":
        named = _is_named_decade(facts) and facts.decade is not None and about
        return words.decade("date.around_decade", facts.decade or 0) if named else None
    if dating.earliest == dating.latest:
        return words.date("date.around" if about else "date.at", dating.earliest)
    return words.date(
        "date.around_range" if about else "date.range", dating.earliest, dating.latest
    )


def _is_named_decade(facts: Derived) -> bool:
    """Whether the date is a whole decade with a name of its own: "the 1800s" is a century."""
    dating = facts.dating
    return (
        dating is not None
        and dating.precision == "decade"
        and facts.decade is not None
        and facts.decade > 0
        and facts.decade % 100 != 0
        and dating.latest - dating.earliest == 9
    )


def period_phrase(facts: Derived, words: Wording) -> str | None:
    """The decade, where the date is one, and the century with its part."""
    said = []
    if _is_named_decade(facts) and facts.decade is not None:
        said.append(words.decade("date.decade", facts.decade))
    if facts.century is not None:
        said.append(words.century(facts.century, facts.century_part or "plain"))
    return ", ".join(said) or None


def age_phrase(facts: Derived, words: Wording) -> str | None:
    """The age, as in "the artist was about 36"; "at the start" where the date is a span."""
    dating, age = facts.dating, facts.about_age
    if dating is None or age is None:
        return None
    if dating.bound == "after":
        return words.say("life.age_at_least", age=age)
    years = dating.latest - dating.earliest
    if dating.precision == "decade":
        return words.say("life.age_between", youngest=age, oldest=age + years)
    return words.say("life.age_at_start" if years else "life.age", age=age)


def death_phrase(facts: Derived, words: Wording) -> str | None:
    """How near the work is to the artist's death, where both years are certain and close."""
    dating, life = facts.dating, facts.life
    if facts.stage == "last year":
        return words.say("life.last_year")
    if facts.stage == "after death":
        return words.say("life.after_death")
    if facts.about_age is None or dating is None or life is None or life.died is None:
        return None
    if dating.certainty != "exact" or life.died_circa or dating.earliest != dating.latest:
        return None
    years = life.died - dating.latest
    if years == 1:
        return words.say("life.year_before_death")
    return (
        words.say("life.years_before_death", n=words.number(years))
        if 2 <= years <= LAST_YEARS
        else None
    )


def attribution_phrase(credit: Attribution, words: Wording) -> str | None:
    """What a guide must say of an uncertain or unknown maker."""
    if credit.wording is None:
        return None
    return words.attribution(f"attribution.{credit.wording}", credit.name or "")
