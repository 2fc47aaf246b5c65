"""Which of title, artist, date and medium a text says, of those its record gives.

required = Required(artwork, "en")
required.missing(text, report)    # ["date"]
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Literal

from data.artwork import Artwork
from data.attribution import read_attribution
from data.dates import Dating, parse_date
from data.facts import Kind, Report
from data.facts.text import fold
from infer.terms import clean, has_title

Field = Literal["title", "artist", "date", "medium"]

_QUOTED = re.compile(r"[«“„‘\"]\s*[^«»“”„\"]{2,}[»”“’\"]")
_WORD = re.compile(r"[^\W_]+")
_YEAR = re.compile(r"(?<!\d)\d{1,4}(?!\d)")
_MAKING = frozenset({Kind.material, Kind.technique})
_NOISE = frozenset({"paint", "and", "the", "with", "color", "colour"})
_PERIODS = frozenset({Kind.century, Kind.decade})


class Required:
    """The fields of one record that its guide has to say."""

    def __init__(self, artwork: Artwork, language: str) -> None:
        self._language = language
        self._title = " ".join(_WORD.findall(fold(clean(artwork.title))))
        self._title_words = {word for word in self._title.split() if len(word) > 3}
        name = read_attribution(artwork.artist).name or ""
        self._artist_words = {word for word in _WORD.findall(fold(name)) if len(word) > 2}
        medium = fold(artwork.medium or "")
        self._medium_words = {w for w in _WORD.findall(medium) if len(w) > 2} - _NOISE
        # Of "oil on canvas" both have to be said, of "bronze" the one.
        self._materials = 2 if " on " in medium else 1
        self._date = fold(artwork.date or "")
        self._dating: Dating | None = parse_date(artwork.date) if artwork.date else None
        self._says: dict[Field, Callable[[str, set[str], Report], bool]] = {}
        if has_title(artwork.title):
            self._says["title"] = self._says_title
        if self._artist_words:
            self._says["artist"] = lambda _, words, __: bool(words & self._artist_words)
        if artwork.date:
            self._says["date"] = self._says_date
        if artwork.medium:
            self._says["medium"] = self._says_medium

    def missing(self, text: str, report: Report) -> list[Field]:
        """The fields not said yet, in their order; `report` is the fact check's of the text."""
        words = set(_WORD.findall(fold(text)))
        return [field for field, says in self._says.items() if not says(text, words, report)]

    def _says_title(self, text: str, words: set[str], _: Report) -> bool:
        # In another language the title may be translated; it then stands in quotation marks.
        if self._language != "en" and _QUOTED.search(text):
            return True
        if f" {self._title} " in f" {' '.join(_WORD.findall(fold(text)))} ":
            return True
        return len(self._title_words & words) > len(self._title_words) / 2

    def _says_date(self, text: str, _: set[str], report: Report) -> bool:
        if self._dating is None:
            return self._date in fold(text)
        first, last = sorted((abs(self._dating.earliest), abs(self._dating.latest)))
        for claim in report.supported:
            if claim.kind in _PERIODS and self._dating.precision != "year":
                return True
            if claim.kind is Kind.year:
                years = [int(y) for y in _YEAR.findall(text[claim.start : claim.end])]
                # A year without digits is spoken in words, which the check has understood.
                if not years or any(first <= year <= last for year in years):
                    return True
        return False

    def _says_medium(self, text: str, words: set[str], report: Report) -> bool:
        if len(words & self._medium_words) >= min(self._materials, len(self._medium_words)):
            return True
        kinds = _MAKING if self._materials == 1 else {Kind.material}
        claims = [claim for claim in report.supported if claim.kind in kinds]
        return len({fold(text[c.start : c.end]) for c in claims}) >= self._materials
