"""Claims made of numbers: each number of a text is judged once, by what it counts.

for claim in quantity_claims(passage, facts): ...
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from data.facts.ages import YEARS, age_claim, duration_claim, is_age, stage_claims
from data.facts.numbers import Number
from data.facts.passage import Passage
from data.facts.record import CM, KG, Facts
from data.facts.report import Claim, Kind, judged
from data.facts.sizes import size_claim, weight_claim
from data.facts.years import century_claims, decade_claims, is_year, short_year, year_claim

_SMALL_COUNT = 20


def quantity_claims(passage: Passage, facts: Facts) -> Iterator[Claim]:
    """Every claim a number makes, each number judged once."""
    taken: set[int] = set()
    for claim in (
        *century_claims(passage, facts),
        *decade_claims(passage, facts),
        *stage_claims(passage, facts),
    ):
        taken.update(range(*claim.span))
        yield claim
    for number in passage.numbers:
        if not taken.isdisjoint(range(number.start, number.end)):
            continue
        found = _judge(number, passage, facts)
        if found is not None:
            taken.update(range(*found.span))
            yield found


def _judge(number: Number, passage: Passage, facts: Facts) -> Claim | None:
    if number.unit in CM:
        return size_claim(number, passage, facts)
    if number.unit in KG:
        return weight_claim(number, facts)
    if number.age or is_age(number, passage):
        return age_claim(number, passage, facts)
    if number.unit in YEARS:
        return duration_claim(number, passage, facts)
    if number.unit:
        return _other_unit(number, facts)
    if is_year(number, passage):
        return year_claim(number, passage, facts)
    short = short_year(number, passage)
    if short:
        return year_claim(replace(number, value=short), passage, facts)
    return _count(number, passage, facts)


def _other_unit(number: Number, facts: Facts) -> Claim | None:
    if number.value <= 1:
        return None
    good = number.value in facts.amounts
    return judged(
        (number.start, number.end),
        Kind.count,
        good or None,
        "the record gives this number" if good else "the record gives no such number",
    )


def _count(number: Number, passage: Passage, facts: Facts) -> Claim | None:
    if number.value <= 1 or number.inherited:
        return None
    span = (number.start, number.end)
    if passage.grammar.phrases["times"].match(passage.after(number.end, 12).lstrip()):
        return judged(span, Kind.size, None, "a proportion")
    near = {number.value} if number.digits else {number.value, number.value + 1}
    if near & facts.amounts or int(number.value) in facts.years | facts.centuries:
        return judged(span, Kind.count, True, "the record gives this number")
    if passage.tells_lore(number.start):
        return judged(span, Kind.count, None, "told of myth, scripture or books")
    if not number.digits and number.value >= 100 and number.value % 100 == 0:
        return judged(span, Kind.count, None, "a round number, said loosely")
    if _day_of_month(number, passage) or (number.value <= _SMALL_COUNT and not number.digits):
        return judged(span, Kind.count, None, "a small count that no field of the record settles")
    if number.value in facts.ages or number.value in facts.distances:
        return judged(span, Kind.count, True, "the years of the record give this number")
    cm = [n.cm for n in facts.lengths]
    if any(abs(number.value - c) < 0.6 or abs(number.value - c / 100) < 0.06 for c in cm):
        return judged(span, Kind.size, True, "a measure of the record")
    return judged(span, Kind.count, False, "the record gives no such number")


def _day_of_month(number: Number, passage: Passage) -> bool:
    around = passage.before(number.start, 16) + " " + passage.after(number.end, 16)
    return number.value <= 31 and bool(passage.grammar.phrases["months"].search(around))
