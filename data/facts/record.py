"""A record made ready to be asked: its words, years, numbers, sizes, ages, materials, colours.

    facts = Facts(artwork, load_grammar("fr"))
    facts.years        # {1632, 1665, 1666, 1667, 1675}
    facts.materials    # {"oil", "canvas"}

Compiled once for a record and a language; every question afterwards is a look into a set.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

from data.artwork import Artwork
from data.derive import derive
from data.dimensions import Size, parse_all_dimensions
from data.facts.grammar import Concept, Grammar, load_grammar
from data.facts.lexicon import (
    english_of,
    given_names,
    is_common,
    lemma,
    main_country,
    nations,
    place,
)
from data.facts.numbers import find_numbers
from data.facts.spelling import alike
from data.facts.text import Word, fold, words
from data.facts.times import Times

CM = {"cm": 1.0, "m": 100.0, "mm": 0.1, "inch": 2.54, "foot": 30.48, "km": 100000.0}
KG = {"kg": 1.0, "g": 0.001, "tonne": 1000.0}
_SPELLED_OUT = {
    "sr": "senior",
    "jr": "junior",
    "hon": "honourable",
    "st": "saint",
    "dr": "doctor",
    "mt": "mount",
    "ft": "fort",
    "col": "colonel",
    "gen": "general",
    "rev": "reverend",
    "prof": "professor",
    "ss": "santi",
    "capt": "captain",
    "ltd": "limited",
}
_COUNTRY_LETTERS = {"usa": "US", "uk": "GB"}
_MONOCHROME = frozenset({"black", "white", "grey"})


@dataclass(frozen=True, slots=True)
class Length:
    """One measure of the work in centimetres, and which one it is."""

    cm: float
    dimension: str


class Facts(Times):
    """What one record supports, for guides in one language."""

    def __init__(self, artwork: Artwork, grammar: Grammar) -> None:
        self.artwork = artwork
        self.grammar = grammar
        self.derived = derive(artwork)
        self.fields = [
            t
            for t in (
                artwork.title,
                artwork.artist,
                artwork.artist_bio,
                artwork.date,
                artwork.medium,
                *artwork.subjects,
                *artwork.notes,
            )
            if t
        ]
        self.text = " . ".join(self.fields)
        self.folded = fold(self.text)
        self.found = words(self.text, self.folded)
        self.words = frozenset(w.folded for w in self.found)
        self.words |= {long for short, long in _SPELLED_OUT.items() if short in self.words}
        self.told_text = " . ".join([artwork.title, *artwork.subjects, *artwork.notes])
        self.told = fold(self.told_text)
        english = load_grammar("en")
        self.numbers = find_numbers(self.found, self.folded, english)
        self.amounts = self._hidden_amounts() | self._told_amounts()
        self.materials = self._concepts(english.materials)
        medium = fold(artwork.medium or "")
        in_medium = [c for c in english.materials.values() if c.recorded.search(medium)]
        self.roles = frozenset(c.role for c in in_medium)
        self.made_of = frozenset(c.name for c in in_medium)
        self.colours = self._concepts(english.colours) | self._foreign_colours()

    def _told_amounts(self) -> frozenset[float]:
        """Every number outside the biography, whose days and months say nothing of the work."""
        own = self.artwork
        fields = (own.title, own.artist, own.date, own.medium, *own.subjects, *own.notes)
        told = " . ".join(f for f in fields if f)
        found = find_numbers(words(told, fold(told)), fold(told), load_grammar("en"))
        plain = {float(n) for n in re.findall(r"(?<![\d.])\d{1,4}(?![\d.])", told)}
        return frozenset({n.value for n in found} | plain)

    def _hidden_amounts(self) -> frozenset[float]:
        hidden = {
            "pair": 2.0,
            "both": 2.0,
            "diptych": 2.0,
            "triptych": 3.0,
            "twin": 2.0,
            "couple": 2.0,
            "trio": 3.0,
            "double": 2.0,
            "two-sided": 2.0,
        }
        counted = {v for w, v in hidden.items() if w in self.words}
        ordinals = load_grammar("en").ordinals
        counted |= {float(n) for w, n in ordinals.items() if w in self.words}
        counted |= {float(m) for m in re.findall(r"(\d{1,2})(?:st|nd|rd|th)\b", self.folded)}
        return frozenset(counted)

    def _concepts(self, table: dict[str, Concept]) -> frozenset[str]:
        return frozenset(name for name, c in table.items() if c.recorded.search(self.folded))

    def _foreign_colours(self) -> frozenset[str]:
        """Colours of a title in French, German, Spanish or Italian: Moulin Rouge."""
        title = fold(self.artwork.title)
        return frozenset(
            name
            for language in ("fr", "de", "es", "it")
            for name, concept in load_grammar(language).colours.items()
            if any(len(m[0]) > 3 for m in concept.said.finditer(title))
        ) | (
            _MONOCHROME
            if self.monochrome
            else {"black"} & {"black" for m in self.materials if m == "ink"}
        )

    @cached_property
    def monochrome(self) -> bool:
        """Whether the medium gives black, white and greys of itself."""
        medium = fold(self.artwork.medium or "")
        inks = {
            "ink",
            "pencil",
            "charcoal",
            "silverpoint",
            "gelatin",
            "albumen",
            "saltprint",
            "litho",
            "daguerreotype",
            "mezzotint",
            "aquatint",
            "etching",
            "engraving",
            "woodcut",
            "drypoint",
        }
        return (bool(inks & self.materials) and "colo" not in medium) or (
            self.artwork.form.value == "photograph" and "chromogenic" not in medium
        )

    # -- size -----------------------------------------------------------------------------

    @cached_property
    def sizes(self) -> tuple[Size, ...]:
        """Every measured part of the dimensions field."""
        return parse_all_dimensions(self.artwork.dimensions or "")

    @cached_property
    def lengths(self) -> tuple[Length, ...]:
        """Every length the record gives, in centimetres."""
        found = []
        names = {
            "height": "high",
            "width": "wide",
            "depth": "deep",
            "diameter": "around",
            "length": "long",
        }
        sizes = [*self.sizes]
        if self.derived.size is not None:
            sizes.append(self.derived.size)
        for size in sizes:
            for field, name in names.items():
                value = getattr(size, field)
                if value:
                    found.append(Length(value, name))
        found += [Length(n.value * CM[n.unit], "") for n in self.numbers if n.unit in CM]
        raw = self.artwork.dimensions or ""
        folded = fold(raw)
        for number in find_numbers(words(raw, folded), folded, load_grammar("en")):
            if number.unit in CM:
                found.append(Length(number.value * CM[number.unit], ""))
        return tuple(dict.fromkeys(found))

    @cached_property
    def weights(self) -> tuple[float, ...]:
        """Every weight the record gives, in kilograms."""
        return tuple(s.weight_kg for s in self.sizes if s.weight_kg) + tuple(
            n.value * KG[n.unit] for n in self.numbers if n.unit in KG
        )

    @cached_property
    def matter(self) -> Facts:
        """The record without the things it shows."""
        return Facts(self.artwork.model_copy(update={"subjects": ()}), self.grammar)

    @cached_property
    def makers(self) -> frozenset[str]:
        """The words of the artist field."""
        text = self.artwork.artist or ""
        return frozenset(w.folded for w in words(text, fold(text)))

    # -- words ----------------------------------------------------------------------------

    @cached_property
    def english(self) -> frozenset[str]:
        """The record's words and their dictionary forms."""
        return self.words | frozenset(lemma(w, "en") for w in self.words)

    @cached_property
    def places(self) -> frozenset[str]:
        """Identifiers of every place the record names, their countries with them."""
        found: set[str] = set()
        spelled = [w.folded for w in self.found]
        for i in range(len(spelled)):
            if not self.found[i].capitalised:
                continue
            for length in (2, 3):
                found |= place(" ".join(spelled[i : i + length]))
            if self._may_be_place(self.found[i]):
                found |= place(spelled[i])
        return frozenset(found - {"w:"})

    def _may_be_place(self, word: Word) -> bool:
        """Whether a word of the record can be meant as a place: not Brush, not Georgia O'Keeffe."""
        if word.folded in given_names() or is_common(word.written, "en"):
            return False
        return word.folded not in self.makers or word.folded in fold(self.artwork.artist_bio or "")

    @cached_property
    def countries(self) -> frozenset[str]:
        """Codes of the countries whose people, language or places the record names."""
        english = nations("en")
        codes: set[str] = set()
        for word in self.words:
            codes |= english.get(word, frozenset())
        for named in self.found:
            if named.capitalised and self._may_be_place(named):
                codes |= main_country(named.folded)
        codes |= {code for word, code in _COUNTRY_LETTERS.items() if word in self.words}
        codes |= {i.rpartition(":")[2] for i in self.places if i[0] in "cs"}
        codes |= {code.partition("-")[0] for code in codes}
        return frozenset(codes)

    def names(self, word: Word) -> bool:
        """Whether the record has this word, in this, a near or a translated spelling."""
        folded = word.folded
        forms = {folded, folded.rstrip("s"), folded + "s"}
        if self.grammar.language == "de":
            forms.add(folded.removesuffix("er"))
        return bool(forms & self.words) or self._translated(folded) or self.cognate(folded)

    def _translated(self, folded: str) -> bool:
        if self.grammar.language == "en":
            return lemma(folded, "en") in self.english
        table = english_of(self.grammar.language)
        forms = {folded, lemma(folded, self.grammar.language)}
        return any(
            {w for w in phrase.split() if len(w) > 2} <= self.english
            for form in forms
            for phrase in table.get(form, ())
            if len(phrase) > 2
        )

    def cognate(self, folded: str) -> bool:
        """Philadelphie for Philadelphia, Raffael for Raphael; not Manet for Monet."""
        if len(folded) < 4:
            return False
        return any(alike(own, folded) for own in self.words if len(own) > 3)

    def tells_of(self, concept: Concept) -> bool:
        """Whether the record tells anything of the kind: a birth, a teacher, a patron."""
        # "Study of a Head" is a title, and tells of nobody's studies.
        known = self._life if concept.name == "training" else self._life_and_title
        if concept.recorded.search(known):
            return True
        life = self.derived.life
        return concept.life and life is not None and bool(life.born or life.died or life.birthplace)

    @cached_property
    def _life(self) -> str:
        own = self.artwork
        fields = (own.artist, own.artist_bio, own.date, *own.subjects, *own.notes)
        return fold(" . ".join(f for f in fields if f))

    @cached_property
    def _life_and_title(self) -> str:
        return f"{self._life} . {fold(self.artwork.title)}"
