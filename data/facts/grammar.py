"""How a language says numbers, sizes, dates and materials, compiled from `words/*.toml`.

    from data.facts.grammar import load_grammar
    load_grammar("fr").colours["red"].search("une robe rouge")

Patterns are written with accents and matched on folded text (`data.facts.text.fold`).
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any

from num2words import num2words  # type: ignore[import-untyped]

from data.errors import GuideError
from data.facts.text import fold, fold_pattern, words

LANGUAGES = ("en", "fr", "de", "es", "it")
_ENDINGS = {"de": ("", "n", "r", "s", "m"), "en": ("",), "fr": ("",), "es": ("", "s"), "it": ("",)}
_LARGEST = 999


@dataclass(frozen=True, slots=True)
class Concept:
    """A material, colour or verb: how the language and the record's English say it."""

    name: str
    said: re.Pattern[str]
    recorded: re.Pattern[str]
    accepts: tuple[str, ...] = ()
    role: str = ""
    loose: bool = False
    forms: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    life: bool = False
    never: tuple[str, ...] = ()
    anywhere: bool = False
    people: bool = False


@dataclass(frozen=True, slots=True)
class Grammar:
    """Every table of one language, compiled."""

    language: str
    units: dict[str, re.Pattern[str]]
    one: frozenset[str]
    numbers: dict[str, list[tuple[tuple[str, ...], float]]]
    ordinals: dict[str, int]
    phrases: dict[str, re.Pattern[str]]
    age_words: dict[str, int]
    century_part: dict[str, re.Pattern[str]]
    dimension: dict[str, re.Pattern[str]]
    qualifier: dict[str, re.Pattern[str]]
    orientation: dict[str, re.Pattern[str]]
    colours: dict[str, Concept]
    materials: dict[str, Concept]
    verbs: dict[str, Concept]
    biography: dict[str, Concept]
    hedges: dict[str, Concept]
    sights: dict[str, Concept]


def _table(name: str) -> dict[str, Any]:
    return tomllib.loads(files("data.facts").joinpath(f"words/{name}.toml").read_text("utf-8"))


def whole(pattern: str) -> re.Pattern[str]:
    """The pattern as a whole word, written with accents, for folded text."""
    return re.compile(rf"(?<![^\W_])(?:{fold_pattern(pattern)})(?![^\W_])")


def _concepts(name: str, language: str) -> dict[str, Concept]:
    return {
        key: Concept(
            key,
            whole(entry[language]) if entry[language] else re.compile(r"(?!)"),
            re.compile(fold_pattern(entry["record"])) if "record" in entry else whole(entry["en"]),
            tuple(entry.get("accepts", ())),
            entry.get("role", ""),
            entry.get("loose", False),
            tuple(entry.get("forms", ())),
            tuple(entry.get("roles", ())),
            entry.get("life", False),
            tuple(entry.get("never", ())),
            entry.get("anywhere", False),
            entry.get("people", False),
        )
        for key, entry in _table(name).items()
        if language in entry
    }


def _spelled(phrase: str) -> tuple[str, ...]:
    return tuple(w.folded for w in words(phrase, fold(phrase)))


def _number_words(language: str, extra: dict[str, float]) -> dict[str, Any]:
    """First word of a number, to every way it goes on, the longest first."""
    spellings: dict[tuple[str, ...], float] = {}
    for n in [*range(_LARGEST + 1), *range(1000, 2101, 100), 10000, 100000]:
        spelling = num2words(n, lang=language)
        spellings.setdefault(_spelled(spelling), n)
        if language == "en":
            spellings.setdefault(_spelled(spelling.replace(" and ", " ")), n)
            if spelling.startswith("one "):
                spellings.setdefault(_spelled("a " + spelling[4:]), n)
                spellings.setdefault(_spelled("good " + spelling[4:]), n)
            if n % 100 == 0 and n > 1000:
                spellings.setdefault(_spelled(num2words(n // 100) + " hundred"), n)
        if language == "de":
            if (n > 100 and n // 100 == 1) or n == 100:
                spellings.setdefault(_spelled(spelling.removeprefix("ein")), n)
            if 1100 <= n <= 1900:
                spellings.setdefault(_spelled(num2words(n // 100, lang="de") + "hundert"), n)
        if language == "es" and spelling.endswith("uno"):
            spellings.setdefault(_spelled(spelling[:-1]), n)
            spellings.setdefault(_spelled(spelling[:-1] + "a"), n)
        if language == "it" and n > 20 and n % 10 in (0, 1):
            spellings.setdefault(_spelled(spelling[:-1]), n)  # vent'anni, trentun anni
        if language == "fr" and spelling.endswith("un"):
            spellings.setdefault(_spelled(spelling + "e"), n)
    for phrase, value in extra.items():
        spellings[_spelled(phrase)] = float(value)
    table: dict[str, list[tuple[tuple[str, ...], float]]] = {}
    for spelling_words, value in spellings.items():
        table.setdefault(spelling_words[0], []).append((spelling_words, value))
    for ways in table.values():
        ways.sort(key=lambda way: -len(way[0]))
    return table


def _ordinals(language: str) -> dict[str, int]:
    found = {}
    for n in range(1, 32):
        spelling = fold(num2words(n, lang=language, to="ordinal"))
        for ending in _ENDINGS[language]:
            found[spelling + ending] = n
            found[spelling.replace("-", " ") + ending] = n
    found |= {"fr": {"premier": 1}, "es": {"primer": 1, "tercer": 3}}.get(language, {})
    return found


_NUMBER_PHRASES = (
    "half_unit",
    "half_before",
    "and",
    "quarter_unit",
    "by",
    "three_quarters",
    "three_quarters_unit",
    "point",
    "third",
)
_ARTICLES = "a|an|the|los|las|el|la|i|gli|le|ai|dei|les|die|den|der|das|de los|de las|de"
_NAMED_CENTURIES = {
    "it": {
        "duecento": 13,
        "trecento": 14,
        "quattrocento": 15,
        "cinquecento": 16,
        "seicento": 17,
        "settecento": 18,
        "ottocento": 19,
        "novecento": 20,
    },
}
_BEFORE_CENTURY = (
    r"(?: (?:of|in|the|this|that|du|des|dem|im|del|de|di|nel))*(?: dell')?[ -]*(?:siglo |secolo )?"
)
_ROMAN = {"i": 1, "v": 5, "x": 10, "l": 50}


def named_centuries(language: str) -> dict[str, int]:
    """Single words that name a century, as Italian has."""
    return _NAMED_CENTURIES.get(language, {})


def roman(numeral: str) -> int:
    """The value of a small Roman numeral, in lower case."""
    total = 0
    values = [_ROMAN.get(c, 0) for c in numeral]
    for value, following in zip(values, [*values[1:], 0], strict=True):
        total += -value if value < following else value
    return total


def _alternatives(keys: Any) -> str:
    return "(?:" + "|".join(re.escape(k) for k in sorted(keys, key=len, reverse=True)) + ")"


@lru_cache(maxsize=8)
def load_grammar(language: str) -> Grammar:
    """The tables of a language.

    Raises:
        GuideError: the fact check does not know the language.
    """
    if language not in LANGUAGES:
        raise GuideError(
            f"the fact check does not know the language {language!r}; it knows "
            f"{', '.join(LANGUAGES[:-1])} and {LANGUAGES[-1]}."
        )
    table = _table(language)
    ordinals = _ordinals(language)
    cardinals = {fold(num2words(n, lang=language)): n for n in range(1, 22)}
    phrases: dict[str, re.Pattern[str]] = {}
    for name, pattern in {**table["time"], **table["speech"]}.items():
        if not isinstance(pattern, str):
            continue
        if "{ordinal}" in pattern or "{{" in pattern:
            pattern = pattern.format(
                ordinal=_alternatives(ordinals), cardinal=_alternatives(cardinals)
            )
        free = name in ("century", "decade", "decade_words", "hundreds", "bce", "age_after")
        phrases[name] = (
            re.compile(fold_pattern(pattern))
            if free
            else re.compile(rf"(?:{fold_pattern(pattern)})\s*$")
            if name in ("age_before", "age_sure", "maker_size")
            else whole(pattern)
        )
    for name in _NUMBER_PHRASES:
        phrases[name] = whole(table["numbers"][name])
    age_words = {fold(w): n for w, n in table["time"]["age_words"].items()}
    phrases["age_word"] = whole(
        f"(?:{table['time']['age_word_before']})(?P<age>{_alternatives(age_words)})"
    )
    return Grammar(
        language=language,
        units={u: re.compile(fold_pattern(p)) for u, p in table["units"].items()},
        one=frozenset(fold(table["numbers"]["one"]).split("|")),
        numbers=_number_words(language, table["numbers"]["words"]),
        ordinals={**ordinals, **(cardinals if language == "es" else {})},
        phrases=phrases,
        age_words=age_words,
        century_part={
            part: re.compile(rf"(?<![^\W_])(?:{fold_pattern(p)}){_BEFORE_CENTURY}$")
            for part, p in table["century_part"].items()
        },
        dimension={d: whole(p) for d, p in table["dimension"].items()},
        qualifier={
            q: re.compile(rf"(?<![^\W_])(?:{fold_pattern(p)})(?:\s+(?:{_ARTICLES}))?\s*$")
            for q, p in table["qualifier"].items()
        },
        orientation={o: re.compile(fold_pattern(p)) for o, p in table["orientation"].items()},
        colours=_concepts("colours", language),
        materials=_concepts("materials", language),
        verbs=_concepts("verbs", language),
        biography=_concepts("biography", language),
        hedges=_concepts("hedges", language),
        sights=_concepts("sights", language),
    )
