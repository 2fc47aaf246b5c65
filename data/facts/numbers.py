"""Every number a text says, in digits or in words, with its unit and what it measures.

find_numbers(words, folded, load_grammar("en"))
# "a metre and a half high" -> Number(value=1.5, unit="m", dimension="high", …)
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from data.facts.grammar import Grammar
from data.facts.text import Word

_GERMAN_AGE = re.compile(r"(.+?)jahrig(?:e[nrms]?)?$")
_ITALIAN_AGE = re.compile(r"(.+?)(?:enne|enni)$")
_LENGTHS = frozenset({"m", "cm", "mm", "inch", "foot"})
_LONGEST_NUMBER = 12
"""Digits; what is longer is no number anyone says."""
_FILLERS = frozenset({"full", "good", "of", "de", "di", "bons", "buenos", "buoni", "whole", "more"})
"""Words that may stand between a number and its unit."""


@dataclass(frozen=True, slots=True)
class Number:
    """One number as said: `first` and `last` count words, `start` and `end` characters.

    `step` is how finely it is said (10 for "thirty", 0.5 for "a metre and a half"), in its unit.
    """

    value: float
    first: int
    last: int
    start: int
    end: int
    step: float = 1.0
    unit: str = ""
    dimension: str = ""
    digits: bool = False
    age: bool = False
    inherited: bool = False


def find_numbers(found: list[Word], folded: str, grammar: Grammar) -> list[Number]:
    """The numbers among the words of a text, in order and without overlap.

    A bare "one" or "a" counts only before a unit of measure.
    """
    numbers: list[Number] = []
    i = 0
    while i < len(found):
        number = _read(found, i, folded, grammar)
        if number is None:
            i += 1
        else:
            numbers.append(number)
            i = number.last + 1
    return _inherit(numbers, found, folded, grammar)


def _read(found: list[Word], i: int, folded: str, grammar: Grammar) -> Number | None:
    half = _half_before(found, i, folded, grammar)
    if half is not None:
        return half
    plain = _plain(found, i, grammar)
    if plain is None:
        return None
    value, last, step, digits = _with_point(plain, found, grammar)
    number = Number(value, i, last, found[i].start, found[last].end, step, digits=digits)
    number = _and_a_half(number, found, folded, grammar)
    with_unit = _with_unit(number, found, folded, grammar)
    if with_unit.unit:
        return with_unit
    word = found[i].folded
    if value == 1 and not digits and word in grammar.one and last == i:
        return None
    return number


def _plain(found: list[Word], i: int, grammar: Grammar) -> tuple[float, int, float, bool] | None:
    """Value, last word, step and whether in digits, of the number that begins at word `i`."""
    word = found[i]
    if word.digits:
        value, step = _digits(word.folded, grammar.language)
        return value, i, step, True
    for way, value in grammar.numbers.get(word.folded, ()):
        if tuple(w.folded for w in found[i : i + len(way)]) == way:
            return _thousands(found, i, i + len(way) - 1, value, grammar)
    if word.folded in grammar.one:
        return 1.0, i, 1.0, False
    return None


def _with_point(
    plain: tuple[float, int, float, bool], found: list[Word], grammar: Grammar
) -> tuple[float, int, float, bool]:
    """Read on over "point six"."""
    value, last, _, digits = plain
    if last + 2 < len(found) and grammar.phrases["point"].fullmatch(found[last + 1].folded):
        decimal = _plain(found, last + 2, grammar)
        if decimal is not None and decimal[0] < 10:
            return value + decimal[0] / 10, decimal[1], 0.1, digits
    return plain


def _thousands(
    found: list[Word], first: int, last: int, value: float, grammar: Grammar
) -> tuple[float, int, float, bool]:
    """Join "mil" and "quinientos", "nineteen" and "twenty": years said in words."""
    following = found[last + 1].folded if last + 1 < len(found) else ""
    if value in (1000.0, 2000.0) or (value >= 1100 and value % 100 == 0):
        for way, more in grammar.numbers.get(following, ()):
            if (
                more < 1000
                and tuple(w.folded for w in found[last + 1 : last + 1 + len(way)]) == way
            ):
                return value + more, last + len(way), 1.0, False
    if grammar.language == "en" and 10 <= value <= 20 and found[first].folded != "a":
        for way, more in grammar.numbers.get(following, ()):
            if (
                10 <= more <= 99
                and tuple(w.folded for w in found[last + 1 : last + 1 + len(way)]) == way
            ):
                return value * 100 + more, last + len(way), 1.0, False
    return value, last, _step_of(value), False


def _step_of(value: float) -> float:
    if value >= 100 and value % 100 == 0:
        return 10.0
    return 5.0 if value >= 20 and value % 10 == 0 else 1.0


def _digits(text: str, language: str) -> tuple[float, float]:
    thousands = re.fullmatch(r"\d{1,3}(?:[.,]\d{3})+", text)
    if thousands:
        separator = "," if language == "en" else "."
        if separator in text:
            return float(re.sub(r"[.,]", "", text)), 1.0
    whole, _, decimals = text.replace(",", ".").partition(".")
    decimals = decimals.replace(".", "")
    if len(whole) > _LONGEST_NUMBER:
        return 0.0, 1.0
    try:
        value = float(f"{whole}.{decimals or 0}")
    except (ValueError, OverflowError):
        return 0.0, 1.0
    return value, 10.0 ** -min(len(decimals), 6)


def _phrase_at(pattern: re.Pattern[str], folded: str, at: int) -> int:
    """Where a phrase ends that begins at `at` or after one space; -1 if there is none."""
    start = at
    while start < len(folded) and folded[start] in " \u00a0-":
        start += 1
    match = pattern.match(folded, start)
    return match.end() if match else -1


def _last_word(found: list[Word], end: int, i: int) -> int:
    while i + 1 < len(found) and found[i + 1].start < end:
        i += 1
    return i


def _and_a_half(number: Number, found: list[Word], folded: str, grammar: Grammar) -> Number:
    for name, part in (("half_unit", 0.5), ("quarter_unit", 0.25), ("three_quarters_unit", 0.75)):
        end = _phrase_at(grammar.phrases[name], folded, number.end)
        if end > 0:
            last = _last_word(found, end, number.last)
            return replace(number, value=number.value + part, end=end, last=last, step=part)
    return number


def _unit_at(found: list[Word], i: int, grammar: Grammar) -> str:
    if i >= len(found):
        return ""
    for unit, pattern in grammar.units.items():
        if pattern.fullmatch(found[i].folded):
            return unit
    return ""


def _with_unit(number: Number, found: list[Word], folded: str, grammar: Grammar) -> Number:
    last = number.last
    unit = _unit_at(found, last + 1, grammar)
    if not unit and last + 2 < len(found) and found[last + 1].folded in _FILLERS:
        unit = _unit_at(found, last + 2, grammar)
        last += 1 if unit else 0
    if not unit:
        return number
    end = found[last + 1].end
    plain = number
    number = replace(number, unit=unit, last=last + 1, end=end)
    number = _after_unit(number, found, folded, grammar)
    dimension = _dimension(number.end, number.start, folded, grammar)
    if unit == "foot" and not dimension and not number.digits:
        return plain  # one's feet, more often than the measure
    return replace(number, dimension=dimension)


def _after_unit(number: Number, found: list[Word], folded: str, grammar: Grammar) -> Number:
    """Read on after the unit: "and a half", "(and) thirty", "thirty centimetres"."""
    halved = _and_a_half(number, found, folded, grammar)
    if halved.last != number.last:
        return halved
    if number.unit not in ("m", "foot"):
        return number
    i = number.last + 1
    if i < len(found) and grammar.phrases["and"].fullmatch(found[i].folded):
        i += 1
    if i >= len(found) or found[i].start - number.end > 6:
        return number
    if "," in folded[number.end : found[i].start] or "." in folded[number.end : found[i].start]:
        return number
    plain = _plain(found, i, grammar)
    if plain is None or (plain[1] == i and found[i].folded in grammar.one):
        return number
    value, last, step, _ = plain
    unit = _unit_at(found, last + 1, grammar)
    if unit in ("cm", "mm", "inch"):
        factor = {"cm": 0.01, "mm": 0.001, "inch": 1 / 12}[unit]
        return replace(
            number,
            value=number.value + value * factor,
            last=last + 1,
            end=found[last + 1].end,
            step=step * factor,
        )
    if unit or number.unit != "m" or value >= 100 or number.value != int(number.value):
        return number
    if value < 5 and not _dimension_after(replace(number, end=found[last].end), folded, grammar):
        return number
    return replace(
        number,
        value=number.value + value / 100,
        last=last,
        end=found[last].end,
        step=0.05 if value % 10 == 0 else 0.01,
    )


def _half_before(found: list[Word], i: int, folded: str, grammar: Grammar) -> Number | None:
    parts = {"three_quarters": 0.75, "third": 1 / 3, "half_before": 0.5}
    matches = ((grammar.phrases[n].match(folded, found[i].start), v) for n, v in parts.items())
    match, value = next(((m, v) for m, v in matches if m), (None, 0.0))
    if not match:
        return None
    last = _last_word(found, match.end(), i)
    number = Number(value, i, last, found[i].start, match.end(), 0.1)
    number = _with_unit(number, found, folded, grammar)
    return number if number.unit else None


def _dimension(end: int, start: int, folded: str, grammar: Grammar) -> str:
    """Which measure the number between is: from the words after it, else from those before."""
    after = folded[end : end + 34].lstrip(" ")
    for name, pattern in grammar.dimension.items():
        if pattern.match(after):
            return name
    before = folded[max(0, start - 34) : start]
    clause = re.split(r"[,;.:]|\b(?:and|et|und|y|e|by|sur|par|mal|por|per)\b", before)[-1]
    for name, pattern in grammar.dimension.items():
        if pattern.search(clause):
            return name
    return ""


def _inherit(
    numbers: list[Number], found: list[Word], folded: str, grammar: Grammar
) -> list[Number]:
    """Give bare numbers beside a measure its unit: "sixty by fifty centimetres", "ninety wide"."""
    measured = [n for n in numbers if n.unit in _LENGTHS]
    if not measured:
        return numbers
    out = []
    for place, number in enumerate(numbers):
        if number.unit:
            out.append(number)
            continue
        dimension = _dimension_after(number, folded, grammar)
        by = grammar.phrases["by"]
        after = found[number.last + 1].folded if number.last + 1 < len(found) else ""
        lead = _lead(number, folded, grammar)
        side = bool(by.fullmatch(after)) or bool(by.search(lead))
        if not dimension and grammar.language != "en":
            dimension = next((d for d, p in grammar.dimension.items() if p.search(lead)), "")
        before_it = [n for n in out[-2:] if n.unit in _LENGTHS]
        after_it = [n for n in numbers[place + 1 : place + 3] if n in measured]
        if dimension == "each" or grammar.phrases["times"].match(after):
            dimension, side = "", False
        if found[number.first].capitalised and number.first:
            dimension, side = "", False  # Tall Seven is a title
        if (before_it or after_it) and (dimension or side) and number.value < 1000:
            unit = before_it[-1].unit if before_it else after_it[0].unit
            if unit == "m" and number.value >= 10 and not number.digits:
                unit = "cm"
            number = replace(number, unit=unit, dimension=dimension, inherited=True)
        out.append(number)
    return out


def _lead(number: Number, folded: str, grammar: Grammar) -> str:
    """The word a bare number hangs on: "by" in "by about fifty", "largo" in "largo quaranta"."""
    before = folded[max(0, number.start - 40) : number.start].rstrip()
    for pattern in (*grammar.qualifier.values(),) * 2:
        before = pattern.sub("", before).rstrip()
    return before.rpartition(" ")[2] if before and before[-1].isalnum() else ""


def _dimension_after(number: Number, folded: str, grammar: Grammar) -> str:
    after = folded[number.end : number.end + 30].lstrip(" ")
    for name, pattern in grammar.dimension.items():
        if pattern.match(after):
            return name
    return ""


def compound_ages(found: list[Word], grammar: Grammar) -> list[Number]:
    """Ages that hide inside one word: "dreiunddreißigjährig", "ventiduenne"."""
    pattern = {"de": _GERMAN_AGE, "it": _ITALIAN_AGE}.get(grammar.language)
    if pattern is None:
        return []
    ages = []
    for i, word in enumerate(found):
        match = pattern.fullmatch(word.folded)
        if not match or word.folded in grammar.age_words:
            continue
        for stem in (match[1], match[1] + "a", match[1] + "i", match[1] + "e", match[1] + "o"):
            for way, value in grammar.numbers.get(stem, ()):
                if len(way) == 1:
                    ages.append(Number(value, i, i, word.start, word.end, age=True))
                    break
            else:
                continue
            break
    return ages
