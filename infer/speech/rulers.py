"""Rulers and popes: how each language says the number behind the name.

    regnal("Louis", "XIV", "en")                       # "Louis the Fourteenth"
    regnal("Ludwig", "XIV", "de", before="unter")      # "Ludwig dem Vierzehnten"

A Roman numeral behind any other word is counted: "Bull three", "Composition eight".
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from infer.speech.numerals import Gender, number, ordinal, roman

_NAMES = tomllib.loads(Path(__file__).with_name("rulers.toml").read_text(encoding="utf-8"))
MEN, WOMEN = frozenset(_NAMES["men"]), frozenset(_NAMES["women"])
RULERS = "|".join(sorted(MEN | WOMEN, key=len, reverse=True))
"""Names that rulers and popes bear, in the five languages, as alternatives of a pattern."""

_DATIVE = frozenset(
    ["von", "vom", "unter", "mit", "bei", "beim", "zu", "zum", "zur", "nach", "aus", "seit"]
)
_ACCUSATIVE = frozenset(["für", "durch", "gegen", "ohne", "um"])
_GENITIVE = frozenset(["des", "der", "wegen", "während"])
_SPANISH_ORDINALS = 10
"""Spanish counts its kings in ordinals up to the tenth, then in cardinals: "Alfonso trece"."""


def regnal(name: str, numeral: str, language: str, before: str = "") -> str:
    """A ruler's name with the number in words; `before` is what the sentence says before it."""
    value = roman(numeral)
    gender: Gender = "feminine" if name in WOMEN else "masculine"
    if language == "en":
        return f"{name} the {ordinal(value, 'en').title()}"
    if language == "fr":
        said = ordinal(1, "fr", gender) if value == 1 else number(str(value), "fr")
        return f"{name} {said}"
    if language == "de":
        return f"{name} {_german(name, value, gender, before)}"
    if language == "es" and value > _SPANISH_ORDINALS:
        return f"{name} {number(str(value), 'es')}"
    return f"{name} {ordinal(value, language, gender)}"


def _german(name: str, value: int, gender: Gender, before: str) -> str:
    """The article and the ordinal in the case that the words before ask for."""
    case = _case(name, before)
    articles = {
        "masculine": {"nominative": "der", "genitive": "des", "dative": "dem", "accusative": "den"},
        "feminine": {"nominative": "die", "genitive": "der", "dative": "der", "accusative": "die"},
    }
    article = articles[gender][case]
    plain = article in ("die",) or case == "nominative"
    stem = ordinal(value, "de").title()
    return f"{article} {stem if plain else stem + 'n'}"


def _case(name: str, before: str) -> str:
    if name not in MEN | WOMEN:
        return "genitive"  # „Ludwigs XIV.“: only the ending's s makes it unknown
    nearest = [word.lower() for word in re.findall(r"\w+", before)[-2:]]
    for word in reversed(nearest):  # „unter König Ludwig XIV.“: a title may stand between
        if word in _DATIVE:
            return "dative"
        if word in _ACCUSATIVE:
            return "accusative"
        if word in _GENITIVE:
            return "genitive"
    return "nominative"
