"""Sentences as they complete, in the five languages of the corpus.

    splitter = SentenceSplitter("en", keep=("St. Jerome",))
    end = splitter.first_end("By J. M. W. Turner. It is")   # 19, behind the full stop

A sentence is complete when the word after it has begun as a sentence does, so that "c. 1665",
"J. M. W. Turner" and the German "am 14. Dezember" stay whole. Full stops inside the record's own
texts, such as its title, end nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

_CLOSERS = "\"'’”»)\\]"
_END = re.compile(rf"[.!?…]+(?:[{_CLOSERS}]|\s»)*(?=\s)")
_OPENERS = "\"'‘’“„«([¿¡—–-"
_ABBREVIATIONS = re.compile(
    r"(?:^|[\s(«“„\"'’.-])(?:[^\W\d_]|"
    r"Mr|Mrs|Ms|Dr|Drs|Prof|Rev|Hon|St|Sr|Jr|Sra|Srta|Sig|No|Nos|Nr|Hl|Sta|Sto|Ste|Mme|Mlle|Mgr|"
    r"Capt|Col|Gen|Lt|Sgt|Fig|Figs|Vol|ca|cf|approx|bzw|vgl|sog|usw|geb|gest|env|ed|vs|et al|etc)$"
)
_ORDINAL = re.compile(r"(?<!\d)\d{1,2}$")
_SENTENCE = re.compile(r".*[.!?…][\"'’”»)\]\s]*$", re.DOTALL)


class SentenceSplitter:
    """Where sentences end in one language; `keep` are texts that hold full stops of their own."""

    def __init__(self, language: str, keep: Iterable[str] = ()) -> None:
        self._german = language == "de"
        kept = sorted({k for k in keep if re.search(r"[.!?…]", k)}, key=len, reverse=True)
        self._kept = re.compile("|".join(map(re.escape, kept))) if kept else None

    def first_end(self, text: str) -> int | None:
        """The offset behind the first sentence of a growing text; None while it is not certain."""
        for match in _END.finditer(text):
            follower = text[match.end() :].lstrip()
            if not follower or self._inside_kept(match.start(), match.end(), text):
                continue
            if self._ends(text[: match.start()], match[0], follower):
                return match.end()
        return None

    def split(self, text: str) -> Iterator[str]:
        """The sentences of a finished text, without the white space between them."""
        rest = text.strip()
        while (end := self.first_end(rest)) is not None:
            yield rest[:end]
            rest = rest[end:].lstrip()
        if rest:
            yield rest

    def is_whole(self, sentence: str) -> bool:
        """Whether a last sentence is finished, rather than cut off."""
        head = sentence.rstrip()
        return bool(_SENTENCE.match(head)) and not _ABBREVIATIONS.search(head[:-1][-8:])

    def _ends(self, head: str, stop: str, follower: str) -> bool:
        first = follower.lstrip(_OPENERS)[:1]
        if first and first.islower():
            return False
        if stop[0] != "." or stop.startswith("..."):
            return True
        if _ABBREVIATIONS.search(head[-8:]):
            return False
        # „am 14. Dezember“, „im 17. Jahrhundert“: a German ordinal, as a year has four digits.
        return not (self._german and _ORDINAL.search(head[-3:]))

    def _inside_kept(self, start: int, end: int, text: str) -> bool:
        if self._kept is None:
            return False
        return any(
            m.start() <= start and end <= m.end() and m.end() > end
            for m in self._kept.finditer(text)
        )
