"""What the check knows of words, places and peoples, from well-kept resources.

    from data.facts.lexicon import place, is_common
    place("anvers") & place("antwerp")      # {'g2803138:BE'}: the same city
    is_common("Leinwand", "de")             # True: a noun, so its capital makes it no name

`make.py` distils the tables beside this file; `README.md` names their sources and licences.
"""

from __future__ import annotations

import gzip
import re
import tomllib
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

import simplemma

from data.facts.text import fold

NOTHING: frozenset[str] = frozenset()
_CLITICS = {
    "it": re.compile(
        r"(?:glie|me|te|se|ce|ve)?(?:lo|la|li|le|ne)$|(?:mi|ti|si|ci|vi|gli|lo|la|li|le|ne)$"
    ),
    "es": re.compile(r"(?:se|me|te|nos)?(?:lo|la|los|las|le|les)$|(?:se|me|te|nos)$"),
}
_TINY = frozenset({"RE", "JE", "GG", "IM", "UM", "PM"})
"""Peoples whose names are everyday words elsewhere: a jersey, a reunión."""
_GERMAN_SUFFIXES = (
    "ung",
    "ungen",
    "heit",
    "heiten",
    "keit",
    "keiten",
    "schaft",
    "schaften",
    "ierung",
)
_LONG_NOUN = 6
_GERMAN_LINKS = ("", "s", "es", "n", "en", "er", "e")


def _lines(name: str) -> list[str]:
    packed = files("data.facts.lexicon").joinpath(name).read_bytes()
    return gzip.decompress(packed).decode().splitlines()


@lru_cache(maxsize=1)
def _places() -> dict[str, frozenset[str]]:
    rows = (line.split("\t") for line in _lines("places.tsv.gz"))
    return {name: frozenset(identities.split(" ")) for name, identities in rows}


@lru_cache(maxsize=1)
def _main_countries() -> dict[str, str]:
    rows = (line.split("\t") for line in _lines("places.tsv.gz"))
    return {name: ids.split(" ")[0].rpartition(":")[2] for name, ids in rows}


def place(folded: str) -> frozenset[str]:
    """Identifiers of the places of that name, in whatever language; empty if it is none.

    `c:FR` is a country, `g2988507:FR` a city there, `w:` a place of which only the name is known.
    """
    return _places().get(folded, NOTHING)


def main_country(folded: str) -> frozenset[str]:
    """The country of the largest place of that name, as a set of one code or none."""
    code = _main_countries().get(folded)
    return frozenset({code}) if code else NOTHING


@lru_cache(maxsize=8)
def nations(language: str) -> dict[str, frozenset[str]]:
    """Folded word for a people, an origin or a language, to codes of countries or parts of them."""
    found: dict[str, set[str]] = {}
    for line in _lines("nations.tsv.gz"):
        of, word, code = line.split("\t")
        if of == language and code not in _TINY:
            found.setdefault(word, set()).add(code)
    table = tomllib.loads(files("data.facts").joinpath("words/peoples.toml").read_text("utf-8"))
    for people in table["peoples"].values():
        for word in people.get(language, ()):
            found.setdefault(word, set()).update(people["codes"])
    for word, code in table["persons"].get(language, {}).items():
        found.setdefault(word, set()).add(code)
    return {word: frozenset(codes) for word, codes in found.items()}


@lru_cache(maxsize=1)
def given_names() -> frozenset[str]:
    """Folded given names."""
    return frozenset(_lines("given.txt.gz"))


@lru_cache(maxsize=1)
def lore() -> frozenset[str]:
    """Folded names out of myth and scripture."""
    return frozenset(_lines("lore.txt.gz"))


@lru_cache(maxsize=1)
def _german() -> frozenset[str]:
    return frozenset(_lines("german.txt.gz"))


@dataclass(frozen=True, slots=True)
class Things:
    """Part of WordNet: what each synset is a kind of, and the synsets of a word."""

    parents: dict[str, tuple[str, ...]]
    first: dict[str, str]  # the usual sense of a word
    senses: dict[str, tuple[str, ...]]


@lru_cache(maxsize=1)
def things() -> Things:
    """Things that can be seen in a picture."""
    parents: dict[str, tuple[str, ...]] = {}
    first: dict[str, str] = {}
    senses: dict[str, list[str]] = {}
    for line in _lines("things.tsv.gz"):
        synset, _, above, names = line.split("\t")
        parents[synset] = tuple(above.split())
        for name in filter(None, names.split("|")):
            word = name.removesuffix("*")
            senses.setdefault(word, []).append(synset)
            if word == name:
                first[word] = synset
    return Things(parents, first, {w: tuple(s) for w, s in senses.items()})


@lru_cache(maxsize=8)
def english_of(language: str) -> dict[str, frozenset[str]]:
    """Folded noun of a language, to the folded English words for it."""
    if language == "en":
        return {}
    found = {}
    for line in _lines(f"words_{language}.tsv.gz"):
        word, english = line.split("\t")
        found[word] = frozenset(english.split("|"))
    return found


@lru_cache(maxsize=20000)
def lemma(word: str, language: str) -> str:
    """The dictionary form, folded; the word itself where the dictionary does not have it."""
    return fold(simplemma.lemmatize(word, lang=language))


@lru_cache(maxsize=8)
def _word_list(name: str, language: str) -> frozenset[str]:
    return frozenset(_lines(f"{name}_{language}.txt.gz"))


@lru_cache(maxsize=50000)
def is_common(written: str, language: str) -> bool:
    """Whether a word that begins with a capital is also an everyday word, so perhaps no name."""
    small = written.lower()
    if small in _word_list("plain", language):
        return True
    if language == "de" and _is_german_noun(fold(small)):
        return True
    if small in _word_list("proper", language):
        return False
    return _in_dictionary(small, language) or _with_clitics(small, language)


def _with_clitics(small: str, language: str) -> bool:
    """Whether the word is a verb with pronouns hung on: "cercatele", "encuéntrelas"."""
    clitics = _CLITICS.get(language)
    hung = clitics.search(small) if clitics else None
    if hung is None:
        return False
    stem = small[: hung.start()]
    if language == "es":
        stem = "".join(unicodedata.normalize("NFD", c)[0] if c in "áéíóú" else c for c in stem)
    return len(stem) > 2 and any(
        _in_dictionary(stem + end, language) or stem + end in _word_list("plain", language)
        for end in ("", "e", "r", "re", "te")
    )


def _in_dictionary(small: str, language: str) -> bool:
    if not simplemma.is_known(small, lang=language):
        return False
    return simplemma.lemmatize(small, lang=language)[0].islower()


def _is_german_noun(folded: str, depth: int = 0) -> bool:
    """Whether a word is a German noun, or is put together from such words."""
    nouns = _german()
    if folded in nouns:
        return True
    if depth > 2 or len(folded) < 6:
        return False
    if folded.endswith(_GERMAN_SUFFIXES):
        return True
    for cut in range(len(folded) - 3, 1, -1):
        tail = folded[cut:]
        if tail not in nouns:
            continue
        head = folded[:cut]
        if len(tail) >= _LONG_NOUN and len(head) >= _LONG_NOUN - 1:
            return True  # Velinpapier: whatever the head, the thing is paper
        for link in _GERMAN_LINKS:
            stem = head[: len(head) - len(link)] if head.endswith(link) else ""
            if stem in ("ol", "ei", "see", "vor") or (
                len(stem) >= 3
                and (
                    stem in nouns
                    or stem + "e" in nouns
                    or stem + "en" in nouns
                    or _in_dictionary(stem, "de")
                    or _is_german_noun(stem, depth + 1)
                )
            ):
                return True
    return False
