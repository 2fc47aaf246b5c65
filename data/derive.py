"""Derived facts: everything that can be computed from a record, so that no model has to.

    from data.derive import derive, derived_lines
    derive(artwork).age              # (35, 36)
    derived_lines(artwork, "fr")     # ["Environ 1,3 mètre de haut et 98 centimètres de large", …]

Small models write well and count badly, so the prompt carries these lines beside the raw fields,
and the fact check asks the same `Derived` what is true. The rules for rounding and ages are those
of the corpus's clear scripts (`bench/derive.py` counts how often they agree). A field that cannot
be parsed gives no line, never a guess.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from data.artwork import Artwork, Form
from data.attribution import Attribution, Kind, read_attribution
from data.comparisons import FLAT_FORMS, compare_flat, compare_standing
from data.dates import Dating, Life, parse_date, parse_life
from data.dimensions import Size, parse_dimensions
from data.spoken import (
    AROUND,
    age_phrase,
    attribution_phrase,
    date_phrase,
    death_phrase,
    period_phrase,
    shape_phrase,
    size_phrase,
)
from data.wording import load_wording

Orientation = Literal["tall", "wide", "square", "nearly square"]
Stage = Literal["youth", "early career", "middle", "late", "last year", "after death"]
Part = Literal[
    "early", "middle", "late", "first_half", "second_half",
    "first_quarter", "second_quarter", "third_quarter", "last_quarter",
]  # fmt: skip

NEARLY_SQUARE = 1.1
"""Longer side over shorter up to which the corpus's scripts say "nearly square"."""
SQUARE = 1.005
CIRCA_YEARS = 5
"""How far "circa" is taken to reach on either side, for the youngest and oldest possible age."""
THIRDS: tuple[tuple[Part, int, int], ...] = (
    ("early", 0, 35),
    ("middle", 33, 67),
    ("late", 66, 100),
)
"""The years of a century that its parts reach over; a date has to lie wholly in one."""
FRACTIONS: dict[tuple[int, int], Part] = {
    (0, 25): "first_quarter",
    (25, 50): "second_quarter",
    (50, 75): "third_quarter",
    (75, 100): "last_quarter",
    (0, 50): "first_half",
    (50, 100): "second_half",
}
"""The spans that a date such as "2nd quarter of the 5th century" gives: years after the first."""
YOUNGEST, OLDEST = 10, 100
"""Ages outside this span mean that the date or the life is of something else."""
LONGEST_WORK = 30
"""Years; a longer date is the span of a doubt, at whose start no age is worth saying."""


@dataclass(frozen=True, slots=True)
class Derived:
    """What follows from a record, free of any language; None where the record does not give it."""

    size: Size | None
    dating: Dating | None
    life: Life | None
    orientation: Orientation | None  # of flat works with a height and a width
    ratio: float | None  # longer side over shorter
    comparison: str | None  # a key of the `comparison` table of `data/wording`
    age: tuple[int, int] | None  # youngest and oldest the artist can have been while making it
    about_age: int | None  # the age a guide says: first year of the date minus year of birth
    stage: Stage | None
    century: int | None  # negative before the Common Era
    century_part: Part | None
    decade: int | None  # its first year, BCE negative
    attribution: Kind
    artist_name: str | None  # without "attributed to" and the like


def derive(artwork: Artwork) -> Derived:
    """Everything that can be computed from one record."""
    credit = read_attribution(artwork.artist)
    return _derive(artwork, credit)


def derived_lines(artwork: Artwork, language: str = "en") -> list[str]:
    """The short lines the prompt carries, in the guide's language; deterministic.

    Raises:
        GuideError: there is no wording for the language.
    """
    words = load_wording(language)
    credit = read_attribution(artwork.artist)
    facts = _derive(artwork, credit)
    lines = [
        size_phrase(artwork.form, facts, words),
        shape_phrase(facts, words),
        facts.comparison and words.say(f"comparison.{facts.comparison}"),
        date_phrase(facts, words),
        period_phrase(facts, words),
        age_phrase(facts, words),
        death_phrase(facts, words),
        attribution_phrase(credit, words),
    ]
    return [line[0].upper() + line[1:] for line in lines if line]


def _derive(artwork: Artwork, credit: Attribution) -> Derived:
    size = parse_dimensions(artwork.dimensions, artwork.form) if artwork.dimensions else None
    dating = parse_date(artwork.date) if artwork.date else None
    life = parse_life(artwork.artist_bio) if artwork.artist_bio else None
    orientation, ratio = _orientation(size, artwork.form)
    century, part = _century(dating)
    # A workshop, a follower or a copyist is not the person whose years the record gives, and of
    # two makers it does not say whose they are.
    known = credit.kind in ("certain", "attributed") and not credit.joint
    maker = life if known else None
    about_age = _about_age(dating, maker)
    age = _age_span(dating, maker) if about_age is not None else None
    return Derived(
        size=size,
        dating=dating,
        life=life,
        orientation=orientation,
        ratio=ratio,
        comparison=_comparison(size, artwork.form),
        age=age,
        about_age=about_age,
        stage=_stage(dating, maker, about_age),
        century=century,
        century_part=part,
        decade=_decade(dating),
        attribution=credit.kind,
        artist_name=credit.name,
    )


# Size and shape


def _orientation(size: Size | None, form: Form) -> tuple[Orientation | None, float | None]:
    if form not in FLAT_FORMS or size is None or size.part in (*AROUND, "each"):
        return None, None
    if not (size.height and size.width):
        return None, None
    ratio = max(size.height, size.width) / min(size.height, size.width)
    if ratio <= SQUARE:
        return "square", ratio
    if ratio <= NEARLY_SQUARE:
        return "nearly square", ratio
    return ("wide" if size.width > size.height else "tall"), ratio


def _comparison(size: Size | None, form: Form) -> str | None:
    if size is None or size.part in (*AROUND, "each") or not size.height:
        return None
    if form not in FLAT_FORMS:
        return compare_standing(size.height)
    return compare_flat(size.height, size.width) if size.width else None


# Date


def _century(dating: Dating | None) -> tuple[int | None, Part | None]:
    if dating is None or dating.bound != "at" or len(dating.centuries) != 1:
        return None, None
    century = dating.centuries[0]
    # The year before the century's first: 1800 of the nineteenth, 501 BCE of the fifth BCE.
    zero = (century - 1) * 100 if century > 0 else century * 100 - 1
    begin, end = dating.earliest - zero, dating.latest - zero
    if dating.precision == "century" and (fraction := FRACTIONS.get((begin - 1, end))):
        return century, fraction
    if end - begin <= 10:
        begin = end = (begin + end) // 2
    for part, low, high in THIRDS:
        if low <= begin and end <= high:
            return century, part
    return century, None


def _decade(dating: Dating | None) -> int | None:
    if dating is None or dating.bound != "at" or dating.earliest * dating.latest < 0:
        return None
    first, last = (abs(y) // 10 * 10 for y in (dating.earliest, dating.latest))
    if first != last:
        return None
    return first if dating.earliest > 0 else -first


# The artist


def _about_age(dating: Dating | None, life: Life | None) -> int | None:
    if dating is None or life is None or life.born is None:
        return None
    if dating.bound == "before" or dating.precision == "century":
        return None
    if dating.bound == "after" and dating.precision != "year":
        return None
    if dating.latest - dating.earliest > LONGEST_WORK:
        return None
    age = dating.earliest - life.born
    alive = life.died is None or dating.earliest <= life.died
    return age if alive and YOUNGEST <= age <= OLDEST else None


def _age_span(dating: Dating | None, life: Life | None) -> tuple[int, int] | None:
    if dating is None or life is None or life.born is None:
        return None
    slack = CIRCA_YEARS * ((dating.certainty != "exact") + life.born_circa)
    last = dating.latest if dating.bound == "at" else life.born + OLDEST
    if life.died is not None:
        last = min(last, life.died)
    # Someone born in December 1632 was 32 for most of 1665.
    return dating.earliest - life.born - 1 - slack, last - life.born + slack


def _stage(dating: Dating | None, life: Life | None, about_age: int | None) -> Stage | None:
    if dating is None or life is None or dating.bound != "at":
        return None
    if life.died is not None:
        slack = CIRCA_YEARS * ((dating.certainty != "exact") + life.died_circa)
        if dating.earliest > life.died + slack:
            return "after death"
        if dating.earliest == dating.latest == life.died and slack == 0:
            return "last year"
    if about_age is None:
        return None
    if about_age < 25:
        return "youth"
    if about_age < 35:
        return "early career"
    near_death = life.died is not None and life.died - dating.earliest <= 5
    return "late" if near_death or about_age >= 70 else "middle"
