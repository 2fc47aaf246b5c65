"""Claims of time: years, centuries, decades.

year_claim(number, passage, facts)     # for "1665"
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from data.facts.grammar import named_centuries, roman
from data.facts.numbers import Number
from data.facts.passage import Passage
from data.facts.record import Facts
from data.facts.report import Claim, Kind, judged

_EARLIEST_YEAR, _LATEST_YEAR = 1000, 2100


_YEAR_TO = re.compile(
    r"\b(1\d|20)(\d\d)"
    r"(?: to | or | and | a | au | ou | et | bis | oder | und | al | o | y | e |-|/| - )$"
)


def is_year(number: Number, passage: Passage) -> bool:
    """Whether the number is a year."""
    if number.value != int(number.value):
        return False
    if _EARLIEST_YEAR <= number.value <= _LATEST_YEAR:
        written = passage.text[number.start : number.end]
        return written.isdigit() if number.digits else number.value % 1000 != 0
    if number.digits and 100 <= number.value < _EARLIEST_YEAR:
        return True
    return bool(passage.grammar.phrases["bce"].match(passage.after(number.end).lstrip()))


def short_year(number: Number, passage: Passage) -> int:
    """The 64 of "1763 to 64", with its century; 0 if it is something else."""
    match = _YEAR_TO.search(passage.before(number.start, 14))
    if not number.digits or match is None or not int(match[2]) < number.value < 100:
        return 0
    return int(match[1]) * 100 + int(number.value)


def year_claim(number: Number, passage: Passage, facts: Facts) -> Claim:
    """Judge a year."""
    year, span = int(number.value), (number.start, number.end)
    if year in facts.amounts and year not in facts.years:
        return judged(span, Kind.count, True, "the record gives this number")
    if year not in facts.years:
        return judged(span, Kind.year, False, f"{year} is not a year of the record")
    if year not in facts.made | facts.told_years and year in facts.life_years and facts.made:
        sentence = passage.sentence_at(number.start)
        if _tells_making(number, passage) and len(sentence.words) < 60:
            return judged(
                span, Kind.year, False, f"{year} is a year of the artist's life, not of the work"
            )
    return judged(span, Kind.year, True, f"the record gives {year}")


def _tells_making(number: Number, passage: Passage) -> bool:
    """Whether the clause of the year says that the work was made then."""
    clause = passage.before(number.start, 90)
    clause = clause[max(clause.rfind(";"), clause.rfind("("), 0) :]
    verbs = passage.grammar.verbs.values()
    return any(v.said.search(clause) for v in verbs) and not any(
        c.said.search(clause) for n, c in passage.grammar.biography.items() if n == "birth"
    )


def century_claims(passage: Passage, facts: Facts) -> Iterator[Claim]:
    """Every century the text names."""
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
        return judged(span, Kind.century, None, "told of myth, scripture or books")
    reason = (
        f"the record speaks of century {century}"
        if good
        else f"nothing in the record belongs to century {century}"
    )
    return judged(span, Kind.century, good, reason)


def decade_claims(passage: Passage, facts: Facts) -> Iterator[Claim]:
    """Every decade the text names."""
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
    return judged(
        span,
        Kind.decade,
        good,
        "the record has a year in this decade"
        if good
        else "no year of the record is in this decade",
    )
