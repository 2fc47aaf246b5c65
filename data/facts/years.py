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
from data.facts.sizes import said_of_the_maker
from data.facts.times import CENTURY

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
    if _instead_of_an_age(passage.begun(number.start), passage, facts):
        return judged(span, Kind.age, False, f"{year} is a year and no age")
    of_the_life = year not in facts.made | facts.told_years and year in facts.life_years
    short = len(passage.sentence_at(number.start).words) < 60
    if of_the_life and short and _tells_making(number, passage, facts):
        return judged(
            span, Kind.year, False, f"{year} is a year of the artist's life, not of the work"
        )
    return judged(span, Kind.year, True, f"the record gives {year}")


def _instead_of_an_age(begun: str, passage: Passage, facts: Facts) -> bool:
    """Whether a year stands where an age should: "the artist was about 1827 when …"."""
    about = passage.grammar.qualifier["about"].search(begun.rstrip())
    if about is None:  # "war 2004 siebzig"
        return False
    bare = begun[: about.start()].rstrip()
    is_so = passage.grammar.phrases["is"].fullmatch(bare.rpartition(" ")[2])
    return is_so is not None and said_of_the_maker(bare, passage, facts)


def _tells_making(number: Number, passage: Passage, facts: Facts) -> bool:
    """Whether the clause of the year says that the work was made then.

    Where the record gives no date, more is told of the maker's life, and behind a comma.
    """
    clause = passage.before(number.start, 90)
    clause = clause[max(clause.rfind(c) for c in (";(" if facts.made else ";(,")) + 1 :]
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
            at = match.start("n") if match["n"] else match.start()
            yield _century(century, match.span(), facts, passage, at)
    named = named_centuries(grammar.language)
    for word in passage.words:
        if word.folded in named and word.capitalised:
            span = (word.start, word.end)
            yield _century(named[word.folded], span, facts, passage, word.start)
    for match in grammar.phrases["hundreds"].finditer(passage.folded):
        yield _century(int(match["h"]) // 100 + 1, match.span(), facts, passage, match.start())


def _numeral(said: str) -> int:
    digits = "".join(c for c in said if c.isdigit())
    return int(digits) if digits else roman(said.removesuffix("e"))


def _century(century: int, span: tuple[int, int], facts: Facts, passage: Passage, at: int) -> Claim:
    """Judge a century, and the part of it that stands before the character `at`."""
    good = century in facts.centuries
    part = _part_before(at, passage) if good else None
    if part and not _in_part(century, part[1], facts, passage, at):
        return judged(
            (part[0], span[1]),
            Kind.century,
            False,
            f"the record's date is not {_SAID[part[1]]} century {century}",
        )
    if not good and passage.tells_lore(span[0]):
        return judged(span, Kind.century, None, "told of myth, scripture or books")
    reason = (
        f"the record speaks of century {century}"
        if good
        else f"nothing in the record belongs to century {century}"
    )
    return judged(span, Kind.century, good, reason)


_PARTS = {
    "early": (0, 42), "first_half": (0, 51), "middle": (28, 72), "second_half": (49, 101),
    "late": (58, 101),
}  # fmt: skip
"""Years of a century that a part of it may mean, with room for a loose way of speaking."""
_SAID = {
    "early": "early in", "first_half": "in the first half of", "middle": "in the middle of",
    "second_half": "in the second half of", "late": "late in",
}  # fmt: skip
_DATED = {
    "early": "early|begin|start|1st quarter|first quarter",
    "first_half": "early|1st half|first half",
    "middle": "mid", "second_half": "late|2nd half|second half",
    "late": "late|end|4th quarter|last quarter",
}  # fmt: skip
"""How museums' dates, in English, say the same parts."""
_MOSTLY = 0.6
"""Share of a date such as "17th century" that has to lie in the part."""


def _part_before(at: int, passage: Passage) -> tuple[int, str] | None:
    """Where "early in the" begins that stands before a century, and which part it is."""
    before = passage.before(at, 40)
    for name, pattern in passage.grammar.century_part.items():
        match = pattern.search(before)
        if match is not None:
            return at - len(before) + match.start(), name
    return None


def _in_part(century: int, part: str, facts: Facts, passage: Passage, at: int) -> bool:
    """Whether a year of the record, or most of its date, lies in the part of the century.

    The years of a life count only where the sentence speaks of one: a painter born in 1632 makes
    no picture of 1665 early for its century.
    """
    low, high = _PARTS[part]
    first, last = (century - 1) * 100 + low, (century - 1) * 100 + high
    if any(century in (int(a), int(b or 0)) for a, b in CENTURY.findall(facts.told)):
        return True  # the notes speak of this century themselves
    dating = facts.derived.dating
    if dating is not None and dating.earliest < 0:
        return True
    if re.search(_DATED[part], (facts.artwork.date or "").lower()):
        return True  # "19th or early 20th century" is said as it is dated
    years = set(facts.made | facts.told_years)
    if dating is not None and century in dating.centuries and not years & _years_of(century):
        overlap = min(last, dating.latest) - max(first, dating.earliest) + 1
        if overlap >= _MOSTLY * (dating.latest - dating.earliest + 1):
            return True
    sentence = passage.sentence_at(at).folded
    told_of_life = any(
        passage.grammar.biography[name].said.search(sentence)
        for name in ("birth", "places_of_life")
    )
    if told_of_life or dating is None:
        years |= facts.years
    return any(first <= y <= last for y in years)


def _years_of(century: int) -> frozenset[int]:
    return frozenset(range((century - 1) * 100, century * 100 + 1))


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
