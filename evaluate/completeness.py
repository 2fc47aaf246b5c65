"""Which of title, artist, date, medium and size a listener hears.

    from evaluate.completeness import said_fields
    said_fields(guide, artwork, "en", report)   # {"title": True, "artist": True, "date": False, …}

A field that the record lacks, or that cannot be read as a date or a size, is not asked for.
"""

from __future__ import annotations

import re

from data.artwork import Artwork, Form
from data.dates import parse_date
from data.derive import derive
from data.facts import Kind, Report
from data.facts.text import fold
from data.wording import load_wording

FIELDS = ("title", "artist", "date", "medium", "size")

SAID = 80.0
"""Likeness in percent from which a title counts as said; guides fit it to their sentence."""

_BRACKETS = re.compile(r"\([^()]*\)|\[[^\[\]]*\]")
_QUOTED = re.compile(r"[«“„‘\"][^«»“”„\"]{2,}[»”“’\"]")
_WORD = re.compile(r"[^\W\d_]+")
_NUMBER = re.compile(r"\d{2,4}")
_PERIODS = frozenset({Kind.century, Kind.decade})


def said_fields(
    guide: str, artwork: Artwork, language: str, report: Report
) -> dict[str, bool | None]:
    """For each of `FIELDS` whether the guide says it; None where the record does not give it.

    `report` is the fact check's of the same guide: a date or a size counts as said only where the
    check found it supported.
    """
    text = fold(guide)
    return {
        "title": _says_title(guide, artwork.title, language),
        "artist": _says_artist(text, artwork),
        "date": _says_date(guide, artwork, report),
        "medium": _says_medium(text, artwork, report),
        "size": _says_size(text, artwork, language, report),
    }


def completeness(said: dict[str, bool | None]) -> float:
    """Share of the fields asked for that are said; the title is always asked for."""
    asked = [value for value in said.values() if value is not None]
    return sum(asked) / len(asked)


def _says_title(guide: str, title: str, language: str) -> bool:
    from rapidfuzz import fuzz

    # In another language the title may be translated; it is then put between quotation marks.
    if language != "en" and _QUOTED.search(guide):
        return True
    text = fold(guide)
    plain = fold(_BRACKETS.sub(" ", title)).strip() or fold(title)
    words = {word for word in _WORD.findall(plain) if len(word) > 3}
    heard = words & set(_WORD.findall(text))
    return fuzz.partial_ratio(plain, text) >= SAID or len(heard) > len(words) / 2


def _says_artist(text: str, artwork: Artwork) -> bool | None:
    name = derive(artwork).artist_name
    words = {word for word in _WORD.findall(fold(name or "")) if len(word) > 2}
    return bool(words & set(_WORD.findall(text))) if words else None


def _says_date(guide: str, artwork: Artwork, report: Report) -> bool | None:
    dating = parse_date(artwork.date) if artwork.date else None
    if dating is None:
        return None
    reach = sorted((abs(dating.earliest), abs(dating.latest)))
    for claim in report.supported:
        if claim.kind in _PERIODS:
            return True
        if claim.kind is Kind.year:
            years = [int(number) for number in _NUMBER.findall(guide[claim.start : claim.end])]
            # A year without digits is one spoken in words, which the check has understood.
            if not years or any(reach[0] <= year <= reach[1] for year in years):
                return True
    given = {number for number in _NUMBER.findall(artwork.date or "") if len(number) > 2}
    return bool(given & set(_NUMBER.findall(guide)))


def _says_medium(text: str, artwork: Artwork, report: Report) -> bool | None:
    if not artwork.medium:
        return None
    # That a painting is painted does not say with what.
    making = {Kind.material} if artwork.form is Form.painting else {Kind.material, Kind.technique}
    if any(claim.kind in making for claim in report.supported):
        return True
    words = {word for word in _WORD.findall(fold(artwork.medium)) if len(word) > 3}
    return bool(words & set(_WORD.findall(text))) if words else None


def _says_size(text: str, artwork: Artwork, language: str, report: Report) -> bool | None:
    facts = derive(artwork)
    if facts.size is None:
        return None
    if any(claim.kind is Kind.size for claim in report.supported):
        return True
    if facts.comparison is None:
        return False
    return fold(load_wording(language).say(f"comparison.{facts.comparison}")) in text
