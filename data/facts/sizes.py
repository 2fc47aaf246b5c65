"""Claims of size and weight: numbers with units of length or mass, held against the record.

    size_claim(number, passage, facts)     # for "two metres thirty high"

Rounding, other units and a coarse way of speaking are accepted, a wrong side is not.
"""

from __future__ import annotations

import re

from data.facts.numbers import Number
from data.facts.passage import Passage
from data.facts.record import CM, KG, Facts, Length
from data.facts.report import Claim, Kind, judged

NEAR = 0.055
"""How far, as a share, a rounded size may lie from the measured one."""


ROUGH = 0.12
"""The same where the size is said coarsely ("a metre and a half", "half a metre")."""


_FLAT_DIMENSIONS = {"high": ("high", "long"), "wide": ("wide", "long", "around")}


_SHOWS_A_MAKER = re.compile(r"\b(?:artist|painter|sculptor|photographer|self-portrait)")

_SIDES = {"high": "height", "wide": "width"}


def size_claim(number: Number, passage: Passage, facts: Facts) -> Claim:
    """Judge a length by the measures of the record."""
    span = (number.start, number.end)
    cm, step = number.value * CM[number.unit], number.step * CM[number.unit]
    if not facts.lengths:
        unread = bool(facts.artwork.dimensions)
        return judged(
            span,
            Kind.size,
            None if unread else False,
            "the record's dimensions cannot be read" if unread else "the record gives no size",
        )
    if number.unit == "km" or compares(number, passage):
        return judged(span, Kind.size, None, "not said of the work itself")
    limit = bound(number, passage)
    fitting = [n for n in facts.lengths if _fits(cm, step, n.cm, limit)]
    if not fitting:
        nearest = min(facts.lengths, key=lambda n: abs(n.cm - cm))
        return judged(
            span,
            Kind.size,
            False,
            f"the record has no measure near {cm:g} cm; the nearest is {nearest.cm:g} cm",
        )
    if not _right_side(number.dimension, fitting, facts):
        return judged(
            span,
            Kind.size,
            False,
            f"{cm:g} cm is a measure of the record, but not its {_SIDES[number.dimension]}",
        )
    if said_of_the_maker(passage.begun(number.start), passage, facts):
        return judged(span, Kind.size, False, "said of the artist, whose size no record gives")
    return judged(span, Kind.size, True, f"the record gives {fitting[0].cm:g} cm")


def weight_claim(number: Number, facts: Facts) -> Claim:
    """Judge a weight by those of the record."""
    kg = number.value * KG[number.unit]
    good = any(abs(kg - w) <= 0.1 * w for w in facts.weights)
    reason = "the record gives this weight" if good else "the record gives no such weight"
    return judged((number.start, number.end), Kind.weight, good, reason)


def bound(number: Number, passage: Passage) -> str:
    """Whether the number is a bound: "over", "under", "about", or nothing."""
    before = passage.before(number.start, 34).rstrip(" ")
    for name in ("over", "under", "about"):
        if passage.grammar.qualifier[name].search(before):
            return name
    return ""


def compares(number: Number, passage: Passage) -> bool:
    """Whether the size is that of something else, or a difference of two sizes."""
    phrases = passage.grammar.phrases
    sentence = passage.sentence_at(number.start)
    return bool(
        phrases["compare"].search(passage.before(number.start, 40))
        or phrases["more"].match(passage.after(number.end, 16).lstrip())
        or (phrases["frame"].search(sentence.folded) and not number.dimension)
    )


def said_of_the_maker(begun: str, passage: Passage, facts: Facts) -> bool:
    """Whether what follows these words is said of who made the work and is not shown in it."""
    said = passage.grammar.phrases["maker_size"].search(begun)
    if said is None or _SHOWS_A_MAKER.search(facts.told):
        return False
    name = set(re.findall(r"[^\W\d_]+", said["name"] or ""))
    return name <= facts.makers and name.isdisjoint(re.findall(r"[^\W\d_]+", facts.told))


def _right_side(dimension: str, fitting: list[Length], facts: Facts) -> bool:
    """Whether a height fits a height: judged where the record names one height and one width."""
    size = facts.derived.size
    if dimension not in _SIDES or size is None or not size.height or not size.width:
        return True
    if facts.derived.orientation is None or len(facts.sizes) > 2:
        return True
    wanted = _FLAT_DIMENSIONS[dimension]
    named = [n for n in fitting if n.dimension]
    return not named or any(n.dimension in (*wanted, "") for n in named)


def _fits(said: float, step: float, true: float, bound: str) -> bool:
    slack = max(0.6, NEAR * true, min(step / 2, ROUGH * true))
    if bound == "over":
        return said - slack / 2 <= true <= max(said * 1.5, said + 2)
    if bound == "under":
        return said * 0.72 <= true <= said + slack / 2
    if bound == "about":
        slack *= 1.4
    return abs(said - true) <= slack
