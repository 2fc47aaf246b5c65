"""Whether a script meets the standard: true to its record, fit for the ear, complete.

    verdict = judge(script, artwork, request)
    verdict.passed, verdict.faults    # False, [Fault("about 60", "the record gives 44.5 cm…")]

Truth and style are the fact check's business; here is added what a guide may not leave out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from data.artwork import Artwork
from data.attribution import read_attribution
from data.dates import parse_date
from data.facts import Kind, Report, check
from data.facts.text import fold
from data.prompt import Request

SAID = 80.0
"""Likeness in percent from which a title counts as said; scripts fit it to their sentence."""

_BRACKETS = re.compile(r"\([^()]*\)|\[[^\[\]]*\]")
_QUOTED = re.compile(r"[«“„‘\"][^«»“”„\"]{2,}[»”“’\"]")
_NAME = re.compile(r"[^\W\d_]{3,}")
_YEAR = re.compile(r"\d{2,4}")
_WORD = re.compile(r"[^\W\d_]{4,}")
_DATES = frozenset({Kind.year, Kind.century, Kind.decade})


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong: the words of the script (or none), and why, as a writer can mend it."""

    words: str
    reason: str

    def __str__(self) -> str:
        return f"“{self.words}”: {self.reason}" if self.words else self.reason


@dataclass(frozen=True, slots=True)
class Judgement:
    """A script's report and everything to object to."""

    report: Report
    faults: tuple[Fault, ...]

    @property
    def passed(self) -> bool:
        """Whether there is nothing to object to."""
        return not self.faults


def judge(script: str, artwork: Artwork, request: Request) -> Judgement:
    """Hold a script against the standard."""
    report = check(script, artwork, request.language, length=request.length)
    faults = [Fault(script[c.start : c.end], c.reason) for c in report.unsupported]
    for finding in report.findings:
        start, end = finding.span
        whole = end - start > len(script) // 2
        faults.append(Fault("" if whole else script[start:end], finding.reason))
    return Judgement(report, (*faults, *_left_out(script, artwork, request, report)))


def _left_out(script: str, artwork: Artwork, request: Request, report: Report) -> Iterator[Fault]:
    """Which of title, artist, date and medium a listener does not hear."""
    text = fold(script)
    kinds = {claim.kind for claim in report.supported}
    if not _says_title(script, artwork.title, request.language):
        yield Fault("", f"the title is not said: {artwork.title}")
    if (name := read_attribution(artwork.artist).name) and not _says_any(_NAME, name, text):
        yield Fault("", f"the artist is not named: {name}")
    dated = artwork.date and parse_date(artwork.date)
    if dated and not (kinds & _DATES or _says_any(_YEAR, artwork.date or "", text)):
        yield Fault("", f"the date is not said: {artwork.date}")
    if artwork.medium and not (Kind.material in kinds or _says_any(_WORD, artwork.medium, text)):
        yield Fault("", f"the medium is not said: {artwork.medium}")


def _says_title(script: str, title: str, language: str) -> bool:
    """Whether the title is said; in another language than English it may be translated."""
    from rapidfuzz import fuzz

    if language != "en" and _QUOTED.search(script):
        return True
    text = fold(script)
    plain = fold(_BRACKETS.sub(" ", title)).strip() or fold(title)
    words = _WORD.findall(plain)
    said = sum(word in text for word in words)
    return fuzz.partial_ratio(plain, text) >= SAID or said > len(words) / 2


def _says_any(pattern: re.Pattern[str], field: str, text: str) -> bool:
    """Whether a word of the field is said; a field without any such word asks for nothing."""
    words = pattern.findall(fold(field))
    return not words or any(word in text for word in words)
