"""Text made comparable without moving a character: folding, words and sentences.

    fold("Öl auf Leinwand, 1½ m")   # 'ol auf leinwand, 1½ m', the same length

Every rule of the check runs on the folded text, so its offsets are offsets of the original.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

_PLAIN = str.maketrans(
    {
        "’": "'",
        "‘": "'",
        "ʼ": "'",
        "`": "'",
        "“": '"',
        "”": '"',
        "„": '"',
        "«": '"',
        "»": '"',
        "–": "-",
        "—": "-",
        "‑": "-",
        "‐": "-",
        "\u00a0": " ",
        "\u202f": " ",
        "\u2009": " ",
        "ł": "l",
        "ø": "o",
        "Ł": "l",
        "Ø": "o",
        "đ": "d",
        "Đ": "d",
    }
)


class _Folding(dict[int, str]):
    """A translation table that works letters out as they come, one character for one."""

    def __missing__(self, code: int) -> str:
        letter = chr(code)
        plain = letter.translate(_PLAIN)
        if plain == letter and code > 127:
            base = unicodedata.normalize("NFD", letter)[0]
            plain = base if base.isalpha() else letter
        small = plain.lower()
        self[code] = small if len(small) == 1 else plain
        return self[code]


_FOLDING = _Folding()


def fold(text: str) -> str:
    """Lower case, no accents, plain quotes and dashes; exactly as long as `text`."""
    return text.translate(_FOLDING)


@lru_cache(maxsize=4096)
def fold_pattern(pattern: str) -> str:
    """A regular expression written with accents, for use on folded text."""
    return "".join(unicodedata.normalize("NFD", c)[0] if ord(c) > 127 else c for c in pattern)


def compiled(pattern: str) -> re.Pattern[str]:
    """Compile a pattern written with accents, to be run on folded text."""
    return re.compile(fold_pattern(pattern))


@dataclass(frozen=True, slots=True)
class Word:
    """A run of letters, or a number in digits: folded, as written, and where it stands."""

    folded: str
    written: str
    start: int
    end: int

    @property
    def capitalised(self) -> bool:
        """Whether it begins with a capital letter."""
        return self.written[0].isupper()

    @property
    def digits(self) -> bool:
        """Whether it is a number in digits."""
        return self.written[0].isdigit()


_WORD = re.compile(r"\d+(?:[.,]\d+)*|[^\W\d_]+(?:\u0301)?")
_SENTENCE_END = re.compile(r"[.!?…:]+[\"'’”»)\]]*\s+|\n+")
_ABBREVIATION = re.compile(
    r"(?:^|[\s(])(?:[^\W\d_]|Mr|Mrs|Ms|Dr|St|Sr|Jr|No|Nos|Nr|Hl|Sta|Sto|Ste|Mme|Mlle|bzw|ca|vgl)\.$"
)


def words(text: str, folded: str) -> list[Word]:
    """The words of a text, in order; hyphens and apostrophes part them."""
    return [
        Word(folded[m.start() : m.end()], m[0], m.start(), m.end()) for m in _WORD.finditer(text)
    ]


def sentences(text: str) -> Iterator[tuple[int, int]]:
    """The spans of the sentences; a colon ends one too, so that a capital after it is no name."""
    start = 0
    for match in _SENTENCE_END.finditer(text):
        head = text[start : match.start() + 1]
        if match[0].startswith(".") and _ABBREVIATION.search(head[-8:]):
            continue
        if text[start : match.end()].strip():
            yield start, match.start() + len(match[0].rstrip())
        start = match.end()
    if text[start:].strip():
        yield start, len(text)
