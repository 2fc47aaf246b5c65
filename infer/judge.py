"""Whether a sentence may be said after what was said before: true, fit for the ear, and new.

judge = Judge(artwork, Request("en", "brief"))
judge.judge("The Jug is an oil painting.", "It hangs in Paris.").reason
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable
from dataclasses import dataclass

from data.artwork import Artwork
from data.facts import Checker, Claim, Finding, Report
from data.facts.text import fold
from data.prompt import Request
from infer.required import Field, Required

ALIKE = 0.72
"""Share of common words from which two sentences count as the same said twice."""

_SPOKEN = re.compile(r"[^\W_]+(?:['’.,\-][^\W_]+)*")
_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True)
class Judgement:
    """What is wrong with a sentence, how long the guide is with it, and what it then lacks."""

    reason: str
    words: int
    missing: tuple[Field, ...]

    @property
    def good(self) -> bool:
        """Whether it may be said."""
        return not self.reason


class Judge:
    """The fact check of one record, and what it does not look at."""

    def __init__(self, artwork: Artwork, request: Request) -> None:
        self.seconds = 0.0
        self._checker = Checker(artwork, request.language)
        self._required = Required(artwork, request.language)
        self._length = request.length
        # Symbols and abbreviations of the record's own names have to be said.
        self._names = [t for t in (artwork.title, artwork.artist) if t]

    def judge(self, before: str, sentence: str, *, whole: bool = True) -> Judgement:
        """Judge one sentence by what the whole text says with it."""
        started = time.perf_counter()
        start = len(before) + 1 if before else 0
        text = f"{before} {sentence}" if before else sentence
        report = self._checker.check(text)
        reason = "" if whole else "it does not end"
        reason = reason or self._shape(sentence) or self._fault(text, start, report)
        reason = reason or self._repetition(before, sentence)
        missing = tuple(self._required.missing(text, report))
        self.seconds += time.perf_counter() - started
        return Judgement(reason, count_words(text), missing)

    def missing(self, text: str) -> list[Field]:
        """What a text lacks."""
        return self._required.missing(text, self._checker.check(text))

    def report(self, text: str) -> Report:
        """The fact check of a whole guide, without what its record's names are to blame for."""
        report = self._checker.check(text, length=self._length)
        findings = tuple(f for f in report.findings if not self._excused(text, f))
        return Report(report.claims, findings)

    def _shape(self, sentence: str) -> str:
        if "\n" in sentence:
            return "a line break in a sentence"
        if len(_WORD.findall(sentence)) < 2:
            return "no sentence"
        return "" if sentence[0].isupper() or not sentence[0].isalpha() else "no capital letter"

    def _fault(self, text: str, start: int, report: Report) -> str:
        faults: Iterable[Claim | Finding] = (*report.unsupported, *report.findings)
        for fault in faults:
            if fault.span[1] > start and not (
                isinstance(fault, Finding) and self._excused(text, fault)
            ):
                return f"{text[fault.span[0] : fault.span[1]]!r}: {fault.reason}"
        return ""

    def _excused(self, text: str, finding: Finding) -> bool:
        if finding.kind not in ("symbol", "abbreviation", "worn", "greeting"):
            return False
        first, last = finding.span
        return any(
            match.start() <= first and last <= match.end()
            for name in self._names
            for match in re.finditer(re.escape(name), text)
        )

    def _repetition(self, before: str, sentence: str) -> str:
        words = set(_WORD.findall(fold(sentence)))
        for earlier in re.split(r"(?<=[.!?…])\s+", before):
            said = set(_WORD.findall(fold(earlier)))
            if len(words & said) >= ALIKE * len(words | said):
                return "said before in nearly the same words"
        return ""


def count_words(text: str) -> int:
    """Words as one speaks them, which is how the length of a guide is counted."""
    return len(_SPOKEN.findall(text))
