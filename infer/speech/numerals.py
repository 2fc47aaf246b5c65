"""Numbers as a voice says them: years, decimals, ordinals, Roman numerals, in five languages.

    year("1665", "en")        # "sixteen sixty-five"
    number("44.5", "fr")      # "quarante-quatre virgule cinq"
    roman("XIV")              # 14

Number words are num2words's; how each language says a century is `data.wording`'s.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Literal

from infer.speech.words import words_of

Gender = Literal["masculine", "feminine"]

ROMAN = r"(?=[IVX])X{0,3}(?:IX|IV|V?I{0,3})"
"""A Roman numeral up to 39: the largest that a ruler, a century or a numbered work bears."""

_LONGEST = 12  # digits; a longer number is an inventory number and read digit by digit
_FEMININE = {"fr": {"premier": "première"}, "es": {}, "it": {}, "de": {}, "en": {}}


def roman(numeral: str) -> int:
    """The value of a Roman numeral made of I, V and X."""
    values = [{"I": 1, "V": 5, "X": 10}[letter] for letter in numeral]
    return sum(
        -value if value < max(values[place:]) else value for place, value in enumerate(values)
    )


def number(digits: str, language: str) -> str:
    """A number written with a point as its decimal mark, in words."""
    whole, _, fraction = digits.partition(".")
    said = _integer(whole or "0", language)
    if not fraction:
        return said
    words = words_of(language)
    as_number = words.decimals_as_number and len(fraction) <= 2 and fraction[0] != "0"
    tail = _integer(fraction, language) if as_number else _one_by_one(fraction, language)
    return f"{said} {words.decimal} {tail}"


def count(digits: str, noun: str, language: str) -> str:
    """A number before the noun that it counts: "ein", "veintiún", "una"."""
    feminine = language == "es" and noun.split()[0].rstrip("s").endswith("a")
    gender: Gender = "feminine" if feminine else "masculine"
    if digits == "1":
        return words_of(language).one[gender]
    said = number(digits, language)
    if language == "es" and said.endswith("uno") and "." not in digits:
        if feminine:
            return said[:-1] + "a"
        return f"{said[:-3]}ún" if said.endswith("veintiuno") else said[:-1]
    return said


def year(digits: str, language: str) -> str:
    """A year of four digits: English pairs them, German counts hundreds up to 1999."""
    value = int(digits)
    if language in ("en", "de") and 1100 <= value < 2100 and digits[0] != "0":
        return _num2words(value, language, "year")
    return _integer(digits, language)


def ordinal(value: int, language: str, gender: Gender = "masculine") -> str:
    """An ordinal in words; German without its ending's last letter: "siebzehnte"."""
    if value < 1:
        return _integer(str(value), language)
    said = _num2words(value, language, "ordinal")
    if gender == "feminine":
        if language in ("es", "it"):
            return " ".join(f"{word[:-1]}a" for word in said.split())
        return _FEMININE[language].get(said, said)
    return said


def decade(digits: str, language: str) -> str:
    """A decade in English: "eighteen sixties", "nineteen hundreds", "twenties"."""
    said = year(digits, language) if len(digits) == 4 else _integer(digits, language)
    return f"{said[:-1]}ies" if said.endswith("y") else f"{said}s"


def _integer(digits: str, language: str) -> str:
    if len(digits) > _LONGEST or (len(digits) > 1 and digits[0] == "0"):
        return _one_by_one(digits, language)
    return _num2words(int(digits), language, "cardinal")


def _one_by_one(digits: str, language: str) -> str:
    return " ".join(_num2words(int(digit), language, "cardinal") for digit in digits)


@cache
def _num2words(value: int, language: str, kind: str) -> str:
    from num2words import num2words  # type: ignore[import-untyped]

    # English puts a comma into "one thousand, five hundred", which a voice would stop at.
    return re.sub(r",", "", str(num2words(value, lang=language, to=kind)))
