"""The words and numbers of a museum date, as tokens for `data/dates.py` and `data/lives.py`.

    from data.date_tokens import tokenize
    tokenize("late 15th–early 16th century")

Catalogues write dates in their own words; this module is the one list of them. A word it does not
know becomes a token of kind `WORD`, and the parsers then give no date rather than a guess.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import Enum, auto


class Kind(Enum):
    """What a token says about a date."""

    NUMBER = auto()  # value: the digits
    DECADE = auto()  # "1590s": value "1590"; "60s": value "60"
    ORDINAL = auto()  # "18th": value "18"
    CENTURY = auto()
    MILLENNIUM = auto()
    BCE = auto()
    CE = auto()
    HIJRI = auto()
    PART = auto()  # value: early, mid, late, later
    FRACTION = auto()  # value: half, third, quarter, decade
    LAST = auto()
    CIRCA = auto()
    DOUBT = auto()
    BEFORE = auto()
    AFTER = auto()
    EARLIER = auto()
    TO = auto()
    OR = auto()
    AND = auto()
    SLASH = auto()
    MONTH = auto()
    EVENT = auto()  # value: exhibited, published, cast …
    PERIOD = auto()  # dynasty, reign: a name of years, not a number
    ASIDE = auto()  # what follows dates a model or a later change, not this work
    NOISE = auto()  # words that change nothing: dated, the, of
    COMMA = auto()
    SEMICOLON = auto()
    COLON = auto()
    OPEN = auto()
    CLOSE = auto()
    WORD = auto()


@dataclass(frozen=True, slots=True)
class Token:
    """One word, number or sign of a normalized text."""

    kind: Kind
    value: str


_WORDS: dict[str, tuple[Kind, str]] = {}


def _words(kind: Kind, words: str, value: str | None = None) -> None:
    for word in words.split():
        _WORDS[word] = (kind, word if value is None else value)


_words(Kind.CENTURY, "century centuries cent c. c")
_words(Kind.MILLENNIUM, "millennium millennia")
_words(Kind.BCE, "bce bc b.c. b.c b.c.e. b.c.e")
_words(Kind.CE, "ce ad a.d. a.d c.e. c.e")
_words(Kind.HIJRI, "ah a.h. a.h")
_words(Kind.PART, "early beginning", "early")
_words(Kind.PART, "mid middle", "mid")
_words(Kind.PART, "late end", "late")
_words(Kind.PART, "later", "later")
_words(Kind.FRACTION, "half halves", "half")
_words(Kind.FRACTION, "third", "third")
_words(Kind.FRACTION, "quarter quarters", "quarter")
_words(Kind.FRACTION, "decade", "decade")
_words(Kind.LAST, "last final")
_words(Kind.CIRCA, "ca ca. circa cca about around approximately approx approx. roughly")
_words(Kind.DOUBT, "? probably possibly perhaps maybe presumably likely attributed", "?")
_words(Kind.BEFORE, "before bef bef. by")
_words(Kind.AFTER, "after aft aft. since")
_words(Kind.EARLIER, "earlier")
_words(Kind.TO, "- to until through thru")
_words(Kind.OR, "or")
_words(Kind.AND, "and &")
_words(Kind.SLASH, "/")
_words(
    Kind.MONTH,
    "january february march april may june july august september october november december "
    "jan jan. feb feb. mar mar. apr apr. jun jun. jul jul. aug aug. sep sep. sept sept. oct oct. "
    "nov nov. dec dec. spring summer autumn fall winter",
)
_words(
    Kind.EVENT,
    "exhibited published printed engraved cast reworked retouched restored restruck remade "
    "repainted reprinted reconstructed reconstruction refabricated altered reissued issued "
    "completed finished begun started modeled modelled carved designed woven copyrighted "
    "registered patented assembled converted additions",
)
_words(Kind.EVENT, "publication", "published")
_words(Kind.PERIOD, "dynasty dynasties period era reign kingdom")
_words(Kind.ASIDE, "copy replica version with")
_words(
    Kind.NOISE,
    "dated datable hallmarked made painted executed created drawn produced written the a an of in "
    "for from between year years shortly soon just comprehensively date",
)
_words(Kind.COMMA, ",")
_words(Kind.SEMICOLON, "; \n")
_words(Kind.COLON, ":")
_words(Kind.OPEN, "( [")
_words(Kind.CLOSE, ") ]")
_words(Kind.ORDINAL, "first", "1")
_words(Kind.ORDINAL, "second", "2")
_words(Kind.ORDINAL, "fourth", "4")

_TOKEN = re.compile(
    r"(?P<decade>\d{2,4})(?:'?s\b)"
    r"|(?P<ordinal>\d{1,2})(?:st|nd|rd|th)\b"
    r"|(?P<number>\d+)"
    r"|(?P<word>(?:[^\W\d_]\.)+[^\W\d_]\b\.?|[^\W\d_]+\.?)"
    r"|(?P<sign>\S|\n)"
)
_DASHES = dict.fromkeys(map(ord, "‐‑‒–—―−﹣-"), "-")
_CIRCA = re.compile(r"\bc(?:a|irca)?(?:\.,?|,)?\s*(?=\d|mid\b|early\b|late\b)")
# "Sep 9, 1975": the comma stands inside one date; a lone day is of no use to a year.
_DAY = re.compile(r"\b([a-z]{3,9}\.?) \d{1,2}(?:st|nd|rd|th)?,? (?=\d{4}\b)")
_PART_HYPHEN = re.compile(r"\b(early|mid|late)-\s*(?=\d|\s(?:to|and|or)\b)")
_REWORDED = (
    (re.compile(r"[(\[] ?\? ?[)\]]"), " ? "),
    (re.compile(r"\bno[t]? (?:before|earlier than)\b"), "after"),
    (re.compile(r"\bno[t]? (?:after|later than)\b|\bprior to\b|\bearlier than\b"), "before"),
    (re.compile(r"\blater than\b"), "after"),
    (re.compile(r"\b(?:dated|datable) to\b"), "dated"),
    (re.compile(r"\b\d{1,2}([./])\d{1,2}\1(?=\d{4}\b)"), ""),
)
_ISO_DATE = re.compile(r"\b(\d{4})-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])\b")
_DAY_FIRST = re.compile(r"\b\d{1,2}(?:st|nd|rd|th)?\.? ([a-z]{3,9}\.?),? (?=\d{4}\b)")


def normalize(text: str) -> str:
    """The text in lower case with one dash, one space, `circa` spelt out and days removed."""
    text = unicodedata.normalize("NFKC", text).translate(_DASHES).lower()
    text = " ".join(text.replace("\r", "\n").replace("\n", ";").split())
    text = _CIRCA.sub("circa ", text)
    text = _PART_HYPHEN.sub(r"\1 ", text)
    for pattern, words in _REWORDED:
        text = pattern.sub(words, text)
    text = _ISO_DATE.sub(r"\1", text)
    text = _DAY_FIRST.sub(_month_or_all, text)
    return _DAY.sub(_month_or_all, text)


def _month_or_all(match: re.Match[str]) -> str:
    kind, _ = _WORDS.get(match[1], (Kind.WORD, ""))
    return f"{match[1]} " if kind is Kind.MONTH else match[0]


def tokenize(text: str) -> list[Token]:
    """Every token of an already normalized text, in its order."""
    return [_token(match) for match in _TOKEN.finditer(text)]


def _token(match: re.Match[str]) -> Token:
    group = match.lastgroup
    value = match[group] if group else ""
    if group == "decade":
        return Token(Kind.DECADE, value)
    if group == "ordinal":
        return Token(Kind.ORDINAL, value)
    if group == "number":
        return Token(Kind.NUMBER, value)
    known = _WORDS.get(value) or _WORDS.get(value.rstrip("."))
    return Token(*known) if known else Token(Kind.WORD, value)
