"""Claims of age and of spans of time: "at about 33", "in his forties", "eight years later".

    age_claim(number, passage, facts)

An age stands when two years of the record lie so far apart, give or take a birthday.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from data.facts.numbers import Number
from data.facts.passage import Passage
from data.facts.record import Facts
from data.facts.report import Claim, Kind, judged
from data.facts.sizes import bound, compares

YEARS = {"year": 1, "decade": 10, "century": 100}


_AGE_GOES_ON = re.compile(r" (?:at most|at least|himself|herself|when|and|or|years)\b")


_PART_BEFORE = re.compile(
    r"\b(anfang|mitte|ende|principios de los|mediados de los|finales de los|inizio dei|meta dei"
    r"|fine dei) (?:der )?$"
)


_SPAN_BEFORE = re.compile(r"\b(?:next|following|last|past|another|nachsten|folgenden|letzten) $")
"""Before a span of years, not an age: "the next three years, when he was in his fifties"."""


_FEW_YEARS = 10
"""So few years after a date that is exact are counted, not rounded."""


_YOUNG = re.compile(r"\b(?:teen|young|boy|girl|youth|adolesc|child)")


def is_age(number: Number, passage: Passage) -> bool:
    """Whether the number is somebody's age."""
    if number.value > 110 or number.value != int(number.value):
        return False
    grammar = passage.grammar
    before = passage.before(number.start, 60)
    if grammar.phrases["age_sure"].search(before):
        return True
    bare = before
    for name in ("about", "over", "under"):
        bare = grammar.qualifier[name].sub("", bare.rstrip())
    if not grammar.phrases["age_before"].search(bare.rstrip()) and not (
        grammar.phrases["age_before"].search(before.rstrip())
    ):
        if _SPAN_BEFORE.search(before):
            return False
        return bool(grammar.phrases["age_after"].match(passage.after(number.end, 60))) and (
            grammar.language in ("en", "de")
        )
    if number.unit and number.unit != "year":
        return False
    if grammar.phrases["age_after"].match(
        passage.after(number.end - _unit_length(number, passage), 60)
    ):
        return True
    return grammar.language in ("en", "es", "it", "de") and _age_by_itself(number, passage, bare)


def _unit_length(number: Number, passage: Passage) -> int:
    if not number.unit:
        return 0
    said = passage.folded[number.start : number.end]
    return len(said) - len(said.rstrip("abcdefghijklmnopqrstuvwxyz").rstrip())


def _age_by_itself(number: Number, passage: Passage, bare: str) -> bool:
    """A number alone that nothing else follows: "at about thirty", "was only 22,"."""
    if number.value < 10 or number.unit:
        return False
    after = passage.after(number.end, 3)
    strong = {
        "en": (
            "at",
            "aged",
            "turned",
            "turning",
            "reached",
            "was",
            "still",
            "past",
            "close to",
            "not yet",
            "nearly",
            "almost",
            "approaching",
            "over",
            "under",
            "beyond",
        ),
        "de": ("mit", "alter von", "war"),
        "es": ("a los", "a sus", "cumplia", "cumplio"),
        "it": ("a", "ai"),
    }[passage.grammar.language]
    ends = after.lstrip()[:1] in (",", ".", ";", ":", "?", "!", "")
    ends = ends or bool(_AGE_GOES_ON.match(passage.after(number.end, 14)))
    before = passage.before(number.start, 60)
    return ends and (bare.rstrip().endswith(strong) or before.rstrip().endswith(strong))


def _possible(at: int, passage: Passage, facts: Facts) -> frozenset[int]:
    """The ages that can be meant: the artist's at the date, where the sentence tells of the making.

    Elsewhere any two years of the record may lie that far apart, up to the artist's death. Of a
    work without a date no age at its making is known, whatever else is told of the life.
    """
    age = facts.derived.age
    sentence = passage.sentence_at(at)
    phrases = passage.grammar.phrases
    told = sentence.folded if facts.made else _clause(at, passage)
    if (age is None and facts.made) or phrases["death"].search(told):
        return facts.ages
    dated = any(
        sentence.start <= n.start < sentence.end and int(n.value) in facts.made
        for n in passage.numbers
    )
    made = any(v.said.search(told) for v in passage.grammar.verbs.values())
    if not dated and not made:
        return facts.ages
    years = facts.told_years  # of the sitter, say
    others = {b - a - d for a in years for b in years | facts.made if b > a for d in (0, 1)}
    about = set() if facts.derived.about_age is None else {facts.derived.about_age}
    at_the_date = set() if age is None else {*range(age[0], age[1] + 1)}
    return frozenset({*at_the_date, *about, *others})


def _clause(at: int, passage: Passage) -> str:
    """What stands around a character between two commas."""
    after = passage.folded[at : passage.sentence_at(at).end]
    return passage.begun(at).rpartition(",")[2] + after.partition(",")[0]


def age_claim(number: Number, passage: Passage, facts: Facts) -> Claim:
    """Judge an age by the years of the record."""
    age, span = int(number.value), (number.start, number.end)
    if age in facts.amounts:
        return judged(span, Kind.age, True, "the record gives this number")
    if {age, age - 10} & facts.told_stages:
        return judged(span, Kind.age, True, "the record speaks of these years of life")
    limit = bound(number, passage)
    if compares(number, passage):
        return judged(span, Kind.age, None, "not said of anyone in the record")
    slack = 2 if age % 10 == 0 else 1
    low, high = {
        "over": (age, age + 9),
        "under": (age - 6, age),
        "about": (age - slack, age + slack),
    }.get(limit, (age, age))
    good = any(low <= a <= high for a in _possible(number.start, passage, facts))
    if good:
        return judged(span, Kind.age, True, "the years of the record give this age")
    reason = (
        f"the years of the record do not give the age {age}"
        if facts.ages
        else "the record gives no years to reckon an age from"
    )
    return judged(span, Kind.age, False, reason)


def stage_claims(passage: Passage, facts: Facts) -> Iterator[Claim]:
    """A decade of life: "in his early forties"."""
    grammar = passage.grammar
    for match in grammar.phrases["age_word"].finditer(passage.folded):
        decade = grammar.age_words[match["age"]]
        low, high = _stage(decade, match.groupdict().get("part") or "", passage)
        if decade < 20 and _YOUNG.search(facts.told):
            yield judged(match.span(), Kind.age, True, "the record speaks of youth")
            continue
        if decade in facts.told_stages:
            yield judged(match.span(), Kind.age, True, "the record speaks of this age")
            continue
        if not facts.ages:
            yield judged(
                match.span(), Kind.age, False, "the record gives no years to reckon an age from"
            )
            continue
        yield _stage_claim(match.span(), low, high, passage, facts)
    for number in passage.numbers:
        if number.unit or not 20 <= number.value <= 90 or number.value % 10:
            continue
        part = _PART_BEFORE.search(passage.before(number.start, 16))
        if part and grammar.language in ("de", "es", "it"):
            low, high = _stage(int(number.value), part[1], passage)
            yield _stage_claim((number.start, number.end), low, high, passage, facts)


def _stage(decade: int, part: str, passage: Passage) -> tuple[int, int]:
    """Youngest and oldest age of a part of a decade of life."""
    part = part.strip(" -")
    phrases = passage.grammar.phrases
    if part and (phrases["early"].match(part) or _starts(part, phrases["early"])):
        return decade, decade + 4
    if part and (phrases["mid"].match(part) or _starts(part, phrases["mid"])):
        return decade + 3, decade + 7
    if part:
        return decade + 5, decade + 10
    return decade - 1, decade + 10


def _starts(part: str, pattern: re.Pattern[str]) -> bool:
    return re.match(pattern.pattern.replace("(?![^\\W_])", ""), part) is not None


def _stage_claim(
    span: tuple[int, int], low: int, high: int, passage: Passage, facts: Facts
) -> Claim:
    good = any(low <= a <= high for a in _possible(span[0], passage, facts))
    return judged(
        span,
        Kind.age,
        good,
        "the years of the record give this age"
        if good
        else "the years of the record do not give this age",
    )


def duration_claim(number: Number, passage: Passage, facts: Facts) -> Claim | None:
    """Judge a span of years; None for spans too short and common to be a claim."""
    years = number.value * YEARS[number.unit]
    span = (number.start, number.end)
    if number.value in facts.amounts:
        return judged(span, Kind.duration, True, "the record gives this number")
    exact = facts.derived.dating is not None and facts.derived.dating.certainty == "exact"
    near = 0.0 if exact and len(facts.made) == 1 and years < _FEW_YEARS else 1.0
    slack = max(near, 0.1 * years if years >= 15 else 0.0, number.step * YEARS[number.unit] / 2)
    limit = bound(number, passage)
    low, high = years - slack, years + slack
    if limit == "over":
        low, high = years - 1, years * 1.5 + 1
    elif limit == "under":
        low, high = years * 0.8, years + 1
    good = any(low <= d <= high for d in facts.distances)
    if not good and years <= 1:
        return None
    sentence = passage.sentence_at(number.start).folded
    supposed = bool(passage.grammar.phrases["question_hint"].search(sentence))
    phrases = passage.grammar.phrases
    later = bool(phrases["later"].match(passage.after(number.end, 16).lstrip()))
    beside = not later and compares(number, passage)
    if not good and (supposed or passage.tells_lore(number.start) or beside):
        return judged(span, Kind.duration, None, "not said of the work itself")
    return judged(
        span,
        Kind.duration,
        good,
        "the years of the record are so far apart"
        if good
        else "no years of the record are so far apart",
    )
