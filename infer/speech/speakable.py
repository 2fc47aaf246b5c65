"""Text as a voice has to be given it: no digit, no sign, no abbreviation to stumble over.

    speakable("Louis XIV sat for it c. 1701; it is 3 m high.", "en")
    # "Louis the Fourteenth sat for it around seventeen oh-one; it is three metres high."

Years, decades, centuries, rulers' numerals, ordinals, measures, decimals, money and signs become
words of the text's language; everything else, foreign names among it, stays as it is. Made twice,
the text is the same as made once.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from functools import cache

from data.wording import load_wording
from infer.speech.numerals import ROMAN, count, decade, number, ordinal, roman, year
from infer.speech.rulers import RULERS, regnal
from infer.speech.words import words_of

_PASSES = 8  # so that no text, whatever it is, keeps the voice waiting
_UNITS = {
    "mm": "length-millimeter", "cm": "length-centimeter", "m": "length-meter",
    "km": "length-kilometer", "cm²": "area-square-centimeter", "m²": "area-square-meter",
    "km²": "area-square-kilometer", "g": "mass-gram", "kg": "mass-kilogram",
    "in.": "length-inch", "″": "length-inch", "ft.": "length-foot", "ft": "length-foot",
    "′": "length-foot",
}  # fmt: skip
_NUMBER = r"\d+(?:\.\d+)?"
_UNIT = "|".join(re.escape(unit) for unit in sorted(_UNITS, key=len, reverse=True))
_MEASURE = re.compile(
    rf"({_NUMBER}(?:(?:\s*(?:{_UNIT}))?\s*[x×]\s*{_NUMBER})*)\s?({_UNIT})(?![\w²])"
)
_LETTER = r"[^\W\d_]"
_SPACES = "\u00a0\u202f\u2009"  # no-break, narrow and thin: what typographers put into numbers
_ALIKE = str.maketrans("’ʼ‘−‐‑⁄№", "'''---/#")
_KEPT = ".,;:?!'-"  # marks that a voice breathes at, or that words are written with
_MONTHS = "January|February|March|April|May|June|July|August|September|October|November|December"
_SPANISH_NO_NOUN = frozenset("a al con de del e en o para por que se u y".split())  # noqa: SIM905
_GERMAN_WEAK = frozenset(
    [
        *("im", "am", "vom", "zum", "zur", "beim", "dem", "den", "des", "einem", "eines", "einer"),
        *("ab", "bis", "seit", "jedem", "jenem", "diesem"),
    ]
)
_GERMAN_MASCULINE = frozenset(
    [
        *("Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September"),
        *("Oktober", "November", "Dezember", "Weltkrieg", "Stock", "Teil", "Band", "Akt", "Tag"),
    ]
)


def speakable(text: str, language: str) -> str:
    """The text in words alone.

    Args:
        text: one sentence or more, of any origin.
        language: its ISO 639-1 code.

    Raises:
        SpeechError: there are no words for that language.
    """
    for _ in range(_PASSES):
        said = text
        for step in _STEPS:
            said = step(said, language)
        if said == text:
            break
        text = said  # signs that are gone now may have parted what belongs together: "Louis × I"
    return text


def _plain_characters(text: str, _language: str) -> str:
    """One form of each character: composed letters, straight apostrophes, ordinary digits."""
    text = unicodedata.normalize("NFC", text).translate(_ALIKE)
    text = re.sub(r"(?<=m)2\b", "²", text) if re.search(r"\d\s?[ck]?m2\b", text) else text
    return "".join(_plain_character(char, text[:place]) for place, char in enumerate(text))


def _plain_character(char: str, before: str) -> str:
    category = unicodedata.category(char)
    if category == "Nd":
        return str(unicodedata.digit(char))
    if category == "Nl":
        return unicodedata.normalize("NFKC", char)
    if category != "No" or (char == "²" and before.endswith("m")):
        return char
    value = unicodedata.numeric(char)
    if value == int(value):
        return f" {int(value)} "
    fraction = f"{value:.3f}".rstrip("0")
    return fraction[1:] if before[-1:].isdigit() else fraction  # 16½ is 16.5


def _joined_numbers(text: str, language: str) -> str:
    """Digits alone and a point for decimals, whatever marks the language puts into numbers."""
    decimal = r"\." if language == "en" else "[.,]"
    between = _SPACES + {"en": ",", "fr": ". ", "es": ". "}.get(language, ".")
    groups = rf"(?<![\d.,])\d{{1,3}}(?:[{between}]\d{{3}})+(?!\d)"
    text = re.sub(groups, lambda m: re.sub(r"\D", "", m[0]), text)
    return re.sub(rf"(?<![\d.,])(\d+){decimal}(\d+)(?![.,]?\d)", r"\1.\2", text)


def _abbreviations(text: str, language: str) -> str:
    for pattern, words in _abbreviations_of(language):

        def say(match: re.Match[str], words: str = words) -> str:
            last = match[0].endswith(".") and not match.string[match.end() :].strip()
            return f"{words}." if last else words

        text = pattern.sub(say, text)
    return text


@cache
def _abbreviations_of(language: str) -> list[tuple[re.Pattern[str], str]]:
    said = words_of(language).said
    return [(re.compile(pattern.replace("{roman}", ROMAN)), words) for pattern, words in said]


def _centuries(text: str, language: str) -> str:
    """Roman numerals beside the word for a century, one or several: "siglos XVI y XVII"."""
    centuries = rf"\b(?:{words_of(language).centuries})"
    between = r"(?:\s*[,/–-]\s*|\s+(?:y|e|et|and|al?|à|o|ou|or)\s+)"
    suffix = "(?:er|re|e|ᵉ|ᵉʳ|ème|th)?"
    chain = rf"\b{ROMAN}{suffix}(?:{between}{ROMAN}{suffix})*\b"
    single = rf"\b({ROMAN}){suffix}(?=\W|$)"

    def say(match: re.Match[str]) -> str:
        return re.sub(single, lambda m: _century(roman(m[1]), language) if m[1] else m[0], match[0])

    text = re.sub(rf"{chain}(?=[\s-]+{centuries})", say, text)
    return re.sub(rf"{centuries}\s+{chain}", say, text)


def _century(value: int, language: str) -> str:
    return load_wording(language).ordinal(value)


def _rulers(text: str, language: str) -> str:
    name = rf"(?:{RULERS})"
    if language == "de":
        name = rf"(?:{RULERS})s?"
    suffix = r"(?:ᵉʳ|er|ʳᵉ|re)?" if language == "fr" else ""
    numeral = rf"\b({name})\s+({ROMAN}){suffix}(?![\w])"

    def say(match: re.Match[str]) -> str:
        rest = text[match.end() :]
        if len(match[2]) == 1 and language != "de" and re.match(r"\.?\s+[A-ZÀ-Þ]", rest):
            return match[0]  # an initial: "William I. Koch"
        before = text[: match.start()]
        before = re.split(r"[,;:.]", before)[-1]
        return regnal(match[1], match[2], language, before) + ("\0" if language == "de" else "")

    said = re.sub(numeral, say, text)
    # German writes the ordinal's full stop, which ends no sentence when one goes on behind it.
    return re.sub(r"\0(?:\.(?=\s*[,;:)]|\s+[a-zäöü]))?", "", said)


def _numbered(text: str, language: str) -> str:
    """Other Roman numerals are counted; a letter alone may be an initial, but a V behind a word."""
    # A full stop behind an initial would end the sentence for some voices.
    text = re.sub(r"\b([A-ZÀ-Þ])\.(?=\s?[A-ZÀ-Þ])", r"\1 ", text)
    several = rf"(?<![\w.'-])(?=[IVX]{{2}})({ROMAN})(?![\w])"
    text = re.sub(several, lambda m: number(str(roman(m[1])), language), text)
    behind = r"\b([A-ZÀ-Þ][\w'-]+) V(?![\w.']|\s+[A-ZÀ-Þ])"
    return re.sub(behind, lambda m: f"{m[1]} {number('5', language)}", text)


def _ordinals(text: str, language: str) -> str:
    if language == "en":
        text = re.sub(r"\b(\d+)(?:st|nd|rd|th)\b", lambda m: ordinal(int(m[1]), "en"), text)
        return _english_dates(text)
    if language == "de":
        return _german_ordinals(text)
    if language == "fr":
        roman_or_digits = rf"\b(?:(\d+)|({ROMAN}))(er|ᵉʳ|re|ʳᵉ|ère|e|ᵉ|ème|nde?)\b"
        return re.sub(roman_or_digits, _french_ordinal, text)

    def say(match: re.Match[str]) -> str:
        feminine = match[2] in "ªa"
        said = ordinal(int(match[1]), language, "feminine" if feminine else "masculine")
        return re.sub(r"er?o$", "er", said) if match[2] == "er" and language == "es" else said

    marks = r"\.?(º|ª|er\b)" if language == "es" else r"(º|ª|°(?=\s+[a-z]))"
    return re.sub(rf"\b(\d+){marks}", say, text)


def _english_dates(text: str) -> str:
    """Days of a month: "March thirtieth", "the thirtieth of March"."""
    text = re.sub(
        rf"({_MONTHS}) (\d{{1,2}})(?![\d.:]\d|\d)",
        lambda m: f"{m[1]} {ordinal(int(m[2]), 'en')}",
        text,
    )
    return re.sub(
        rf"(?:\b([Tt]he) )?(?<![\d.,:])(\d{{1,2}}) (?=(?:{_MONTHS})\b)",
        lambda m: f"{m[1] or 'the'} {ordinal(int(m[2]), 'en')} of ",
        text,
    )


def _french_ordinal(match: re.Match[str]) -> str:
    if match[1] is None and not match[2]:
        return match[0]
    value = int(match[1]) if match[1] else roman(match[2])
    feminine = match[3] in ("re", "ʳᵉ", "ère", "nde")
    return ordinal(value, "fr", "feminine" if feminine else "masculine")


def _german_ordinals(text: str) -> str:
    """„17.“ before a word is an ordinal: „im 18. und 19. Jahrhundert“, „Der 3. Mai“."""
    word = "[A-Za-zÄÖÜäöüß]+"
    several = r"\d{1,3}\.(?:(?:\s*,|\s+(?:und|oder|bis))\s+\d{1,3}\.)*"

    def say(match: re.Match[str]) -> str:
        ending = _german_ending(match[1] or "", match[3], match.string[: match.start()])
        said = re.sub(r"(\d+)\.", lambda m: ordinal(int(m[1]), "de") + ending, match[2])
        return f"{match[1] + ' ' if match[1] else ''}{said} {match[3]}"

    return re.sub(rf"(?:\b({word})\s+)?(?<![\d.])({several})\s+({word})", say, text)


def _german_ending(article: str, noun: str, before: str) -> str:
    """What follows „siebzehnte“, by the word before it and the noun behind it."""
    article = article.lower()
    if article == "der":
        # „der dritte Mai“, but „in der zweiten Hälfte“, „die Werke der zweiten Generation“
        return "n" if re.search(r"\w\s*$", before) and noun not in _GERMAN_MASCULINE else ""
    if article in _GERMAN_WEAK or noun in ("Jahrhunderts", "Jahrhunderten", "Jahrtausends"):
        return "n"
    if article in ("das", "die", "dieses", "diese", "dieser"):
        return ""
    return "s" if noun.startswith("Jahr") else "r"


def _measures(text: str, language: str) -> str:
    words = words_of(language)

    def say(match: re.Match[str]) -> str:
        unit = match[2]
        values = re.findall(_NUMBER, re.sub("m²", "", match[1]))
        noun = _unit_name(values[-1], _UNITS[unit], load_wording(language).locale)
        said = [number(value, language) for value in values[:-1]]
        said.append(count(values[-1], noun, language))
        stop = (
            "."
            if unit.endswith(".") and not re.match(r"\s+[a-z]|[,;]", text[match.end() :])
            else ""
        )
        return f" {words.by} ".join(said) + f" {noun}{stop}"

    text = _MEASURE.sub(say, text)
    return re.sub(rf"({_NUMBER})\s*[×x]\s*(?={_NUMBER})", rf"\1 {words.by} ", text)


@cache
def _unit_name(value: str, unit: str, locale: str) -> str:
    from decimal import Decimal

    from babel.units import format_unit

    said = format_unit(Decimal(value), unit, length="long", locale=locale)
    return re.sub(r"\s", " ", said.lstrip(f"0123456789.,'’{_SPACES} "))


def _money_and_signs(text: str, language: str) -> str:
    words = words_of(language)
    for sign, (one, more) in words.money.items():
        amount = rf"{re.escape(sign)}\s?({_NUMBER})|({_NUMBER})\s?{re.escape(sign)}"

        def say(match: re.Match[str], one: str = one, more: str = more) -> str:
            value = match[1] or match[2]
            noun = one if value == "1" else more
            return f"{count(value, noun, language)} {noun}"

        text = re.sub(amount, say, text)
    for sign, word in words.signs.items():
        text = text.replace(sign, f" {word} ")
    return text


def _years(text: str, language: str) -> str:
    """Decades, the ends of ranges, and years of four digits."""
    if language == "en":
        decades = r"(?<![\d.])'?(\d{3}0|\d0)'?s\b"
        text = re.sub(decades, lambda m: decade(m[1], "en"), text)
    if language == "de":
        decades = r"\b'?(\d{2}|\d{4})er(n?)\b"
        text = re.sub(decades, lambda m: f"{year(m[1], 'de')}er{m[2]}", text)
    text = re.sub(r"(?<![\w])'(?=\d\d(?!\d))", "", text)
    text = re.sub(r"(?<=\d)\s?[–—-]\s?(?=\d)", f" {words_of(language).to} ", text)
    return re.sub(r"(?<![\d.])\d{4}(?![\d]|\.\d)", lambda m: year(m[0], language), text)


def _numbers(text: str, language: str) -> str:
    """Every digit that is still there."""
    text = re.sub(rf"(?<={_LETTER})(?=\d)|(?<=\d)(?={_LETTER})", " ", text)
    if language == "es":
        text = re.sub(r"(?<![\d.])(\d*1) (?=([a-zá-ÿ]+))", _spanish_count, text)
    text = re.sub(rf"(?<![\d.]){_NUMBER}(?!\.?\d)", lambda m: number(m[0], language), text)
    return re.sub(r"\d+", lambda m: f" {number(m[0], language)} ", text)


def _spanish_count(match: re.Match[str]) -> str:
    """Before a noun: "cuarenta y un años", "veintiuna figuras"; not "cuarenta y uno de ancho"."""
    if match[2] in _SPANISH_NO_NOUN:
        return match[0]
    return f"{count(match[1], match[2], 'es')} "


def _clean(text: str, _language: str) -> str:
    """Letters, spaces and the marks that a voice breathes at; nothing twice."""
    text = re.sub(r"\s[–—-]+\s|[–—]|[()\[\]{}…]|\.{2,}", ", ", text)
    text = _spaced("".join(_heard(text)))
    # Apostrophes and hyphens stay inside words, an apostrophe at the end of one too: "un po' di".
    text = re.sub(rf"(?<!{_LETTER})'|'(?![\w ])|(?<!{_LETTER})-|-(?!{_LETTER})", " ", text)
    text = re.sub(r"[.,;:?!]*([.;:?!])[.,;:?!]*|,+", lambda m: m[1] or ",", _spaced(text))
    return _spaced(text).strip(" ,;:'-")


def _spaced(text: str) -> str:
    """One space between words, none before a mark, marks that only spaces part put together."""
    return re.sub(r"\s+(?=[.,;:?!]|$)", "", re.sub(r"\s+", " ", text))


def _heard(text: str) -> Iterator[str]:
    for char in text:
        kept = char in _KEPT or unicodedata.category(char)[0] in "LM"
        yield char if kept else " "


_STEPS: tuple[Callable[[str, str], str], ...] = (
    _plain_characters,
    _joined_numbers,
    _abbreviations,
    _centuries,
    _rulers,
    _ordinals,
    _numbered,
    _measures,
    _money_and_signs,
    _years,
    _numbers,
    _clean,
)
