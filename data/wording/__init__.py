"""How each language says a derived fact: sizes, numbers, years, centuries, names.

    from data.wording import load_wording
    words = load_wording("fr")
    words.size({"height": 131.4, "width": 98.0})  # "environ 1,3 mètre de haut et 98 centimètres…"
    words.century(17, "late")                      # "à la fin du dix-septième siècle"

One table a language (`en.toml` …) holds its sentences; plural forms, units and decimal marks come
from CLDR through babel, ordinals and number words from num2words. What no table can hold, such as
elision and the Italian article before a year, is code here. Nothing here reads a record.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TypedDict

from data.errors import GuideError

LANGUAGES = ("en", "fr", "de", "es", "it")


class Lengths(TypedDict, total=False):
    """Measures of one thing in centimetres, said in the order of the keys given."""

    height: float
    width: float
    depth: float
    length: float
    diameter: float


class Wording:
    """The words of one language; `say` fills its sentences, the other methods make their parts."""

    def __init__(self, language: str, table: Mapping[str, Mapping[str, str]], locale: str) -> None:
        self.language = language
        self.locale = locale
        self._table = table

    def say(self, key: str, **slots: object) -> str:
        """The sentence or phrase at `key` ("life.age"), its slots filled."""
        return self.template(key).format(**slots)

    def template(self, key: str) -> str:
        """The sentence at `key` with its slots empty: "the artist was about {age}"."""
        section, name = key.split(".")
        return self._table[section][name]

    def has(self, key: str) -> bool:
        """Whether the table holds `key`."""
        section, name = key.split(".")
        return name in self._table[section]

    @property
    def names(self) -> frozenset[str]:
        """Every key that `say` takes."""
        return frozenset(f"{s}.{name}" for s, names in self._table.items() for name in names)

    def size(self, lengths: Lengths) -> str:
        """The measures as one says them aloud: "about 1.3 metres high and 2 metres wide"."""
        said = [self._measure(name, value) for name, value in lengths.items()]  # type: ignore[arg-type]
        text = said.pop()
        if said:
            text = self.say("size.and", first=said.pop(), last=text)
        while said:
            text = self.say("size.comma", first=said.pop(), rest=text)
        first = next(iter(lengths.values()))
        # Spanish says "unos 52 centímetros" but "alrededor de un metro".
        small = 2 <= first < METRE and self.has("size.about_centimetres")  # type: ignore[operator]
        return self.say("size.about_centimetres" if small else "size.about", lengths=text)

    def _measure(self, name: str, centimetres: float) -> str:
        return self.say(f"size.{name}", length=self.length(centimetres))

    def length(self, centimetres: float) -> str:
        """A length rounded as one says it, with its unit: "1.3 metres", "52 centimetres"."""
        value, unit = round_length(centimetres)
        if (value, unit) == (1, "length-meter"):
            return self.say("size.one_metre")
        return _format_unit(value, unit, self.locale)

    def number(self, value: int) -> str:
        """A whole number in words."""
        return _number(value, self.language)

    def ordinal(self, value: int) -> str:
        """A century's number in words, in the form that stands before (Spanish: after) "century".

        Spanish counts its first ten in ordinals and then in cardinals ("siglo diecinueve"); German
        inflects as after "im" ("siebzehnten").
        """
        return _ordinal(value, self.language)

    def year(self, year: int) -> str:
        """A year in digits; BCE years (negative) with the era in words."""
        return self.say("date.year", year=abs(year), era=self.say("date.bce") if year < 0 else "")

    def date(self, key: str, first: int, last: int | None = None) -> str:
        """The date phrase at `key` ("date.around_range") for a year or the ends of a range."""
        last = first if last is None else last
        # "between about 500 and 450 before the Common Era": the era is said once.
        opening = str(-first) if first < last < 0 else self.year(first)
        closing = self.year(last)
        slots = {"first": opening, "last": closing}
        if self.language == "it":
            slots |= {
                "the_first": _with_article("", opening),
                "the_last": _with_article("", closing),
                "to_first": _with_article("a", opening),
                "of_first": _with_article("di", opening),
            }
        return self.say(key, **slots)

    def decade(self, key: str, first_year: int) -> str:
        """The phrase at `key` ("date.decade") for the decade that begins in that year."""
        name = str(first_year)
        if self.language == "it":
            name = _italian_decade(first_year)
        return self.say(key, decade=name)

    def century(self, century: int, part: str = "plain") -> str:
        """The phrase "in the late nineteenth century"; `century` is negative BCE."""
        ordinal = self.ordinal(abs(century))
        era = self.say("century.bce") if century < 0 else ""
        slots = {"ordinal": ordinal, "era": era}
        if self.language == "it":
            slots |= {
                "in_ordinal": _with_article("in", ordinal),
                "of_ordinal": _with_article("di", ordinal),
            }
        return self.say(f"century.{part}", **slots)

    def attribution(self, key: str, artist: str) -> str:
        """The phrase at `key` ("attribution.workshop") for that artist's name."""
        of_artist = ""
        if self.language == "fr":
            of_artist = f"d'{artist}" if artist[:1] in _FRENCH_VOWELS else f"de {artist}"
        return self.say(key, artist=artist, of_artist=of_artist)


METRE = 100
"""Centimetres; below it a length is said in centimetres, from it on in metres."""

_FRENCH_VOWELS = frozenset("AEIOUÂÀÄÉÈÊËÎÏÔÖÛÜaeiouâàäéèêëîïôöûü")


@cache
def load_wording(language: str) -> Wording:
    """The wording of a language, by its ISO 639-1 code.

    Raises:
        GuideError: there is none for it.
    """
    if language not in LANGUAGES:
        raise GuideError(
            f"There is no wording for the language {language!r}; choose one of "
            f"{', '.join(LANGUAGES)}."
        )
    path = Path(__file__).parent / f"{language}.toml"
    table = tomllib.loads(path.read_text(encoding="utf-8"))
    return Wording(language, table, table.pop("locale"))


def round_length(centimetres: float) -> tuple[float, str]:
    """A length as one says it: its number and its CLDR unit.

    From a metre on, tenths of a metre; below, whole centimetres, ties to the even one, as the
    corpus rounds. Under five centimetres a tenth where a whole one would be more than a tenth off,
    and under one centimetre millimetres.
    """
    if centimetres >= METRE:
        metres = round(centimetres / METRE, 1)
        return (int(metres) if metres.is_integer() else metres), "length-meter"
    if centimetres < 1:
        return max(1, round(centimetres * 10)), "length-millimeter"
    whole = round(centimetres)
    if centimetres < 5 and abs(whole - centimetres) > centimetres / 10:
        return round(centimetres, 1), "length-centimeter"
    return whole, "length-centimeter"


@cache
def _format_unit(value: float, unit: str, locale: str) -> str:
    from babel.units import format_unit

    # The no-break space of CLDR would be another token than the corpus's space.
    return re.sub(r"\s", " ", format_unit(value, unit, length="long", locale=locale))


@cache
def _number(value: int, language: str) -> str:
    from num2words import num2words  # type: ignore[import-untyped]

    return str(num2words(value, lang=language))


@cache
def _ordinal(value: int, language: str) -> str:
    from num2words import num2words

    if language == "es" and value > 10:
        return str(num2words(value, lang="es"))
    word = str(num2words(value, lang=language, to="ordinal"))
    return f"{word}n" if language == "de" else word


_ITALIAN_ARTICLES = {
    "": ("il ", "l'"),
    "a": ("al ", "all'"),
    "di": ("del ", "dell'"),
    "in": ("nel ", "nell'"),
}


def _with_article(preposition: str, word: str) -> str:
    """An Italian year or ordinal after its article: "il 1665", "l'800", "nell'ottavo"."""
    number = re.match(r"\d+", word)
    spoken = _number(int(number[0]), "it") if number else word
    plain, elided = _ITALIAN_ARTICLES[preposition]
    return (elided if spoken[0] in "aeiou" else plain) + word


_ITALIAN_CENTURIES = {
    1200: "del Duecento", 1300: "del Trecento", 1400: "del Quattrocento", 1500: "del Cinquecento",
    1600: "del Seicento", 1700: "del Settecento", 1800: "dell'Ottocento", 1900: "del Novecento",
    2000: "del Duemila",
}  # fmt: skip


def _italian_decade(first_year: int) -> str:
    """The decade 1860 as "sessanta dell'Ottocento"; centuries without a name keep digits."""
    hundred = first_year // 100 * 100
    name = _ITALIAN_CENTURIES.get(hundred)
    return f"{_number(first_year - hundred, 'it')} {name}" if name else str(first_year)
