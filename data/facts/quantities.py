"""Claims made of numbers: sizes, years, centuries, decades, ages, spans of time, counts.

for claim in quantity_claims(passage, facts): ...
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from data.facts.grammar import named_centuries, roman
from data.facts.numbers import Number
from data.facts.passage import Passage
from data.facts.record import CM, KG, Facts
from data.facts.report import Claim, Kind, Verdict

NEAR = 0.055
"""How far, as a share, a rounded size may lie from the measured one."""
ROUGH = 0.12
"""The same where the size is said coarsely ("a metre and a half", "half a metre")."""
_FLAT_DIMENSIONS = {"high": ("high", "long"), "wide": ("wide", "long", "around")}
_YEARS = {"year": 1, "decade": 10, "century": 100}
_EARLIEST_YEAR, _LATEST_YEAR = 1000, 2100
_SMALL_COUNT = 20


def quantity_claims(passage: Passage, facts: Facts) -> Iterator[Claim]:
    """Every claim a number makes, each number judged once."""
    taken: set[int] = set()
    for claim in (*_centuries(passage, facts), *_decades(passage, facts), *_stages(passage, facts)):
        taken.update(range(*claim.span))
        yield claim
    for number in passage.numbers:
        if not taken.isdisjoint(range(number.start, number.end)):
            continue
        claim = _judge(number, passage, facts)
        if claim is not None:
            taken.update(range(*claim.span))
            yield claim


def _claim(span: tuple[int, int], kind: Kind, good: bool | None, reason: str) -> Claim:
    verdict = (
        Verdict.unclear if good is None else (Verdict.supported if good else Verdict.unsupported)
    )
    return Claim(span, kind, verdict, reason)


def _judge(number: Number, passage: Passage, facts: Facts) -> Claim | None:
    if number.unit in CM:
        return _size(number, passage, facts)
    if number.unit in KG:
        return _weight(number, facts)
    if number.age or _is_age(number, passage):
        return _age(number, passage, facts)
    if number.unit in _YEARS:
        return _duration(number, passage, facts)
    if number.unit:
        return _other_unit(number, facts)
    if _is_year(number, passage):
        return _year(number, passage, facts)
    short = _short_year(number, passage)
    if short:
        return _year(replace(number, value=short), passage, facts)
    return _count(number, passage, facts)


# -- sizes ------------------------------------------------------------------------------------


def _size(number: Number, passage: Passage, facts: Facts) -> Claim:
    span = (number.start, number.end)
    cm, step = number.value * CM[number.unit], number.step * CM[number.unit]
    if not facts.lengths:
        unread = bool(facts.artwork.dimensions)
        return _claim(span, Kind.size, None if unread else False,
                      "the record's dimensions cannot be read" if unread
                      else "the record gives no size")  # fmt: skip
    if number.unit == "km" or _compares(number, passage):
        return _claim(span, Kind.size, None, "not said of the work itself")
    bound = _bound(number, passage)
    fitting = [n for n in facts.lengths if _fits(cm, step, n.cm, bound)]
    if not fitting:
        nearest = min(facts.lengths, key=lambda n: abs(n.cm - cm))
        return _claim(span, Kind.size, False,
                      f"the record has no measure near {cm:g} cm; the nearest is {nearest.cm:g} cm")  # fmt: skip
    if not _right_side(number.dimension, fitting, facts):
        return _claim(span, Kind.size, False,
                      f"{cm:g} cm is a measure of the record, but not its {_SIDES[number.dimension]}")  # fmt: skip
    return _claim(span, Kind.size, True, f"the record gives {fitting[0].cm:g} cm")


def _compares(number: Number, passage: Passage) -> bool:
    """Whether the size is that of something else, or a difference of two sizes."""
    phrases = passage.grammar.phrases
    sentence = passage.sentence_at(number.start)
    return bool(
        phrases["compare"].search(passage.before(number.start, 40))
        or phrases["more"].match(passage.after(number.end, 16).lstrip())
        or (phrases["frame"].search(sentence.folded) and not number.dimension)
    )


_SIDES = {"high": "height", "wide": "width"}


def _right_side(dimension: str, fitting: list[object], facts: Facts) -> bool:
    """Whether a height fits a height: judged where the record names one height and one width."""
    size = facts.derived.size
    if dimension not in _SIDES or size is None or not size.height or not size.width:
        return True
    if facts.derived.orientation is None or len(facts.sizes) > 2:
        return True
    wanted = _FLAT_DIMENSIONS[dimension]
    named = [n for n in fitting if n.dimension]  # type: ignore[attr-defined]
    return not named or any(n.dimension in (*wanted, "") for n in named)  # type: ignore[attr-defined]


def _fits(said: float, step: float, true: float, bound: str) -> bool:
    slack = max(0.6, NEAR * true, min(step / 2, ROUGH * true))
    if bound == "over":
        return said - slack / 2 <= true <= max(said * 1.5, said + 2)
    if bound == "under":
        return said * 0.72 <= true <= said + slack / 2
    if bound == "about":
        slack *= 1.4
    return abs(said - true) <= slack


def _bound(number: Number, passage: Passage) -> str:
    before = passage.before(number.start, 34).rstrip(" ")
    for name in ("over", "under", "about"):
        if passage.grammar.qualifier[name].search(before):
            return name
    return ""


def _weight(number: Number, facts: Facts) -> Claim:
    kg = number.value * KG[number.unit]
    good = any(abs(kg - w) <= 0.1 * w for w in facts.weights)
    reason = "the record gives this weight" if good else "the record gives no such weight"
    return _claim((number.start, number.end), Kind.weight, good, reason)


def _other_unit(number: Number, facts: Facts) -> Claim | None:
    if number.value <= 1:
        return None
    good = number.value in facts.amounts
    return _claim((number.start, number.end), Kind.count, good or None,
                  "the record gives this number" if good else "the record gives no such number")  # fmt: skip


# -- years ------------------------------------------------------------------------------------


def _is_year(number: Number, passage: Passage) -> bool:
    if number.value != int(number.value):
        return False
    if _EARLIEST_YEAR <= number.value <= _LATEST_YEAR:
        written = passage.text[number.start : number.end]
        return written.isdigit() if number.digits else number.value % 1000 != 0
    if number.digits and 100 <= number.value < _EARLIEST_YEAR:
        return True
    return bool(passage.grammar.phrases["bce"].match(passage.after(number.end).lstrip()))


_YEAR_TO = re.compile(
    r"\b(1\d|20)(\d\d)(?: to | or | and | a | au | ou | et | bis | oder | und | al | o | y | e |-|/| - )$"
)


def _short_year(number: Number, passage: Passage) -> int:
    """The 64 of "1763 to 64", with its century; 0 if it is something else."""
    match = _YEAR_TO.search(passage.before(number.start, 14))
    if not number.digits or match is None or not int(match[2]) < number.value < 100:
        return 0
    return int(match[1]) * 100 + int(number.value)


def _year(number: Number, passage: Passage, facts: Facts) -> Claim:
    year, span = int(number.value), (number.start, number.end)
    if year in facts.amounts and year not in facts.years:
        return _claim(span, Kind.count, True, "the record gives this number")
    if year not in facts.years:
        return _claim(span, Kind.year, False, f"{year} is not a year of the record")
    if year not in facts.made | facts.told_years and year in facts.life_years and facts.made:
        sentence = passage.sentence_at(number.start)
        if _tells_making(number, passage) and len(sentence.words) < 60:
            return _claim(span, Kind.year, False,
                          f"{year} is a year of the artist's life, not of the work")  # fmt: skip
    return _claim(span, Kind.year, True, f"the record gives {year}")


def _tells_making(number: Number, passage: Passage) -> bool:
    """Whether the clause of the year says that the work was made then."""
    clause = passage.before(number.start, 90)
    clause = clause[max(clause.rfind(";"), clause.rfind("("), 0) :]
    verbs = passage.grammar.verbs.values()
    return any(v.said.search(clause) for v in verbs) and not any(
        c.said.search(clause) for n, c in passage.grammar.biography.items() if n == "birth"
    )


def _centuries(passage: Passage, facts: Facts) -> Iterator[Claim]:
    grammar = passage.grammar
    for match in grammar.phrases["century"].finditer(passage.folded):
        said = match["n"] or (match.groupdict().get("n2") or "")
        century = grammar.ordinals.get(said) or _numeral(said)
        if century:
            yield _century(century, match.span(), facts, passage)
    named = named_centuries(grammar.language)
    for word in passage.words:
        if word.folded in named and word.capitalised:
            yield _century(named[word.folded], (word.start, word.end), facts, passage)
    for match in grammar.phrases["hundreds"].finditer(passage.folded):
        yield _century(int(match["h"]) // 100 + 1, match.span(), facts, passage)


def _numeral(said: str) -> int:
    digits = "".join(c for c in said if c.isdigit())
    return int(digits) if digits else roman(said.removesuffix("e"))


def _century(century: int, span: tuple[int, int], facts: Facts, passage: Passage) -> Claim:
    good = century in facts.centuries
    if not good and passage.tells_lore(span[0]):
        return _claim(span, Kind.century, None, "told of myth, scripture or books")
    reason = (
        f"the record speaks of century {century}"
        if good
        else f"nothing in the record belongs to century {century}"
    )
    return _claim(span, Kind.century, good, reason)


def _decades(passage: Passage, facts: Facts) -> Iterator[Claim]:
    grammar = passage.grammar
    for match in grammar.phrases["decade"].finditer(passage.folded):
        year = int(match["y"])
        yield _decade(year, match.span(), facts)
    for match in grammar.phrases["decade_words"].finditer(passage.folded):
        said = match["d"]
        value = grammar.age_words.get(said) or grammar.age_words.get(said + "n")
        if value is None:
            ways = grammar.numbers.get(said.split("-")[0], ())
            value = next((int(v) for w, v in ways if " ".join(w) == said.replace("-", " ")), None)
        if value:
            century = match.groupdict().get("w") or ""
            base = {"eighteen": 1800, "seventeen": 1700, "sixteen": 1600}.get(century, 1900)
            base = 1800 if century.startswith("achtzehn") else base
            yield _decade(base + value if century else value, match.span(), facts)


def _decade(year: int, span: tuple[int, int], facts: Facts) -> Claim:
    """A decade, with its century (1820) or without ("the twenties": 20)."""
    if year < 100:
        good = any(year <= y % 100 < year + 10 for y in facts.years)
    else:
        good = any(year <= y < year + 10 for y in facts.years)
    dating = facts.derived.dating
    if not good and dating is not None and year >= 100 and dating.precision != "century":
        good = dating.earliest <= year + 9 and year <= dating.latest
    return _claim(span, Kind.decade, good,
                  "the record has a year in this decade" if good
                  else "no year of the record is in this decade")  # fmt: skip


# -- ages and spans ---------------------------------------------------------------------------


def _is_age(number: Number, passage: Passage) -> bool:
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


_AGE_GOES_ON = re.compile(r" (?:at most|at least|himself|herself|when|and|or|years)\b")


def _unit_length(number: Number, passage: Passage) -> int:
    if not number.unit:
        return 0
    said = passage.folded[number.start : number.end]
    return len(said) - len(said.rstrip("abcdefghijklmnopqrstuvwxyz").rstrip())


def _age_by_itself(number: Number, passage: Passage, bare: str) -> bool:
    """ "at about thirty", "was only 22,": a number alone that nothing else follows."""
    if number.value < 10 or number.unit:
        return False
    after = passage.after(number.end, 3)
    strong = {"en": ("at", "aged", "turned", "turning", "reached", "was", "still", "past", "close to",
                     "not yet", "nearly", "almost", "approaching", "over", "under", "beyond"),
              "de": ("mit", "alter von", "war"),
              "es": ("a los", "a sus", "cumplia", "cumplio"),
              "it": ("a", "ai")}[passage.grammar.language]  # fmt: skip
    ends = after.lstrip()[:1] in (",", ".", ";", ":", "?", "!", "")
    ends = ends or bool(_AGE_GOES_ON.match(passage.after(number.end, 14)))
    before = passage.before(number.start, 60)
    return ends and (bare.rstrip().endswith(strong) or before.rstrip().endswith(strong))


def _age(number: Number, passage: Passage, facts: Facts) -> Claim:
    age, span = int(number.value), (number.start, number.end)
    if age in facts.amounts:
        return _claim(span, Kind.age, True, "the record gives this number")
    bound = _bound(number, passage)
    if _compares(number, passage):
        return _claim(span, Kind.age, None, "not said of anyone in the record")
    slack = 2 if age % 10 == 0 else 1
    low, high = {
        "over": (age, age + 9),
        "under": (age - 6, age),
        "about": (age - slack, age + slack),
    }.get(bound, (age, age))
    good = any(low <= a <= high for a in facts.ages)
    if good:
        return _claim(span, Kind.age, True, "the years of the record give this age")
    reason = (
        f"the years of the record do not give the age {age}"
        if facts.ages
        else "the record gives no years to reckon an age from"
    )
    return _claim(span, Kind.age, False, reason)


def _stages(passage: Passage, facts: Facts) -> Iterator[Claim]:
    """ "in his early forties": a decade of life."""
    grammar = passage.grammar
    for match in grammar.phrases["age_word"].finditer(passage.folded):
        decade = grammar.age_words[match["age"]]
        part = match.groupdict().get("part") or ""
        low, high = _stage(decade, part, passage)
        if decade < 20 and _YOUNG.search(facts.told):
            yield _claim(match.span(), Kind.age, True, "the record speaks of youth")
            continue
        if decade in facts.told_stages:
            yield _claim(match.span(), Kind.age, True, "the record speaks of this age")
            continue
        if not facts.ages:
            yield _claim(match.span(), Kind.age, False,
                         "the record gives no years to reckon an age from")  # fmt: skip
            continue
        yield _stage_claim(match.span(), low, high, facts)
    for number in passage.numbers:
        if number.unit or not 20 <= number.value <= 90 or number.value % 10:
            continue
        match = _PART_BEFORE.search(passage.before(number.start, 16))
        if match and grammar.language in ("de", "es", "it"):
            low, high = _stage(int(number.value), match[1], passage)
            yield _stage_claim((number.start, number.end), low, high, facts)


_PART_BEFORE = re.compile(
    r"\b(anfang|mitte|ende|principios de los|mediados de los|finales de los|inizio dei|meta dei|fine dei) (?:der )?$"
)
_YOUNG = re.compile(r"\b(?:teen|young|boy|girl|youth|adolesc|child)")


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


def _stage_claim(span: tuple[int, int], low: int, high: int, facts: Facts) -> Claim:
    good = any(low <= a <= high for a in facts.ages)
    return _claim(span, Kind.age, good,
                  "the years of the record give this age" if good
                  else "the years of the record do not give this age")  # fmt: skip


def _duration(number: Number, passage: Passage, facts: Facts) -> Claim | None:
    years = number.value * _YEARS[number.unit]
    span = (number.start, number.end)
    if number.value in facts.amounts:
        return _claim(span, Kind.duration, True, "the record gives this number")
    slack = max(1.0, 0.1 * years if years >= 15 else 0.0, number.step * _YEARS[number.unit] / 2)
    bound = _bound(number, passage)
    low, high = years - slack, years + slack
    if bound == "over":
        low, high = years - 1, years * 1.5 + 1
    elif bound == "under":
        low, high = years * 0.8, years + 1
    good = any(low <= d <= high for d in facts.distances)
    if not good and years <= 1:
        return None
    sentence = passage.sentence_at(number.start).folded
    supposed = bool(passage.grammar.phrases["question_hint"].search(sentence))
    if not good and (supposed or passage.tells_lore(number.start) or _compares(number, passage)):
        return _claim(span, Kind.duration, None, "not said of the work itself")
    return _claim(span, Kind.duration, good,
                  "the years of the record are so far apart" if good
                  else "no years of the record are so far apart")  # fmt: skip


# -- counts -----------------------------------------------------------------------------------


def _count(number: Number, passage: Passage, facts: Facts) -> Claim | None:
    if number.value <= 1 or number.inherited:
        return None
    span = (number.start, number.end)
    if passage.grammar.phrases["times"].match(passage.after(number.end, 12).lstrip()):
        return _claim(span, Kind.size, None, "a proportion")
    near = {number.value} if number.digits else {number.value, number.value + 1}
    if near & facts.amounts or int(number.value) in facts.years | facts.centuries:
        return _claim(span, Kind.count, True, "the record gives this number")
    if passage.tells_lore(number.start):
        return _claim(span, Kind.count, None, "told of myth, scripture or books")
    if not number.digits and number.value >= 100 and number.value % 100 == 0:
        return _claim(span, Kind.count, None, "a round number, said loosely")
    if _day_of_month(number, passage) or (number.value <= _SMALL_COUNT and not number.digits):
        return _claim(span, Kind.count, None, "a small count that no field of the record settles")
    if number.value in facts.ages or number.value in facts.distances:
        return _claim(span, Kind.count, True, "the years of the record give this number")
    cm = [n.cm for n in facts.lengths]
    if any(abs(number.value - c) < 0.6 or abs(number.value - c / 100) < 0.06 for c in cm):
        return _claim(span, Kind.size, True, "a measure of the record")
    return _claim(span, Kind.count, False, "the record gives no such number")


def _day_of_month(number: Number, passage: Passage) -> bool:
    around = passage.before(number.start, 16) + " " + passage.after(number.end, 16)
    return number.value <= 31 and bool(passage.grammar.phrases["months"].search(around))
