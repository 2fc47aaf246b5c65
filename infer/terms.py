"""A record's own words made fit to be spoken: titles, mediums, names.

spoken_title("Untitled (No. 5)", table)           # "Untitled"
spoken_medium("Oil paint on canvas", table)       # ("huile sur toile", True) for French
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_BRACKETS = re.compile(r"\s*(?:\([^()]*\)|\[[^\[\]]*\])")
_QUOTES = re.compile('["“”„«»]')
_NO_TITLE = re.compile(
    r"\s*[\[(]\s*(?:title (?:not known|unknown)|unknown title|no title|not titled|sans titre"
    r"|titre inconnu|ohne titel|titel unbekannt|sin t[ií]tulo|senza titolo)\s*[\])]\s*",
    re.IGNORECASE,
)
_INDEX_WORD = re.compile(r"\s+[-–]\s+non-specific$", re.IGNORECASE)
_TITLE_WORDS = 16
_MEDIUM_WORDS = 14
_NOISE = re.compile(r"\b(?:paints?|painted|and/or)\b")
_SPELLING = {"watercolour": "watercolor", "colour": "color", "colors": "color", "inks": "ink",
             "graphite pencil": "graphite", "artist board": "board", "paperboard": "board",
             "masonite": "hardboard", "wood panel": "panel", "oils": "oil"}  # fmt: skip


def clean(text: str) -> str:
    """A field without brackets and symbols, on one line."""
    text = _BRACKETS.sub("", text) if _BRACKETS.sub("", text).strip() else text
    text = text.replace("&", "and").replace("/", " or ").replace(";", ",")
    text = re.sub(r"[\[\](){}<>|*_#@^~=+§°×]", " ", text)
    return re.sub(r"\s+([,.])", r"\1", " ".join(text.split())).strip(" ,.")


def has_title(title: str) -> bool:
    """Whether the field is a title and not a museum's remark that there is none: "[no title]"."""
    return _NO_TITLE.fullmatch(title) is None


def spoken_title(title: str, table: Mapping[str, Any]) -> str:
    """A title as one says it: its main part, without quotation marks and abbreviations."""
    text = _QUOTES.sub("", clean(title.replace("&", table["and"])))
    text = re.sub(r"\bNos?\.\s*(?=\d)", f"{table['number']} ", text, flags=re.IGNORECASE)
    text = re.sub(r"\bSt\.(?=\s)", table["saint"], text)
    text = re.sub(r"\b(Mrs?|Dr|C)\.(?=\s)", r"\1", text)
    if len(text.split()) > _TITLE_WORDS:
        parts = re.split(r"(?<=\w)[,:;.]\s", text)
        text = (
            parts[0]
            if len(parts[0].split()) <= _TITLE_WORDS
            else " ".join(text.split()[:_TITLE_WORDS])
        )
    return text


def spoken_subject(subject: str) -> str:
    """A subject without the word by which an index tells its kinds apart: "dog - non-specific"."""
    return _INDEX_WORD.sub("", subject)


def spoken_medium(medium: str, table: Mapping[str, Any]) -> tuple[str, bool]:
    """A medium in the table's language, and whether all of it could be said in it."""
    text = clean(medium)
    if len(text.split()) > _MEDIUM_WORDS:
        text = re.split(r",\s", text)[0]
        text = " ".join(text.split()[:_MEDIUM_WORDS])
    if "terms" not in table:
        return (text[:1].lower() + text[1:]) if text[1:2].islower() else text, True
    plain = _NOISE.sub(" ", text.lower())
    for written, usual in _SPELLING.items():
        plain = re.sub(rf"\b{written}\b", usual, plain)
    layers = [re.split(r",\s*(?:and\s+)?|\s+and\s+", layer) for layer in plain.split(" on ")]
    said = [[table["terms"].get(" ".join(term.split())) for term in layer] for layer in layers]
    if any(term is None for layer in said for term in layer):
        return text, False
    joined = [_join([str(term) for term in layer], str(table["and"])) for layer in said]
    return f" {table['on']} ".join(joined), True


def _join(terms: list[str], last: str) -> str:
    return f"{', '.join(terms[:-1])} {last} {terms[-1]}" if len(terms) > 1 else terms[0]
