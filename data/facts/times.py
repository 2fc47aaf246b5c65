"""The years, ages, spans and centuries that a record supports: what `Facts` knows of time."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import cached_property

from data.artwork import Artwork
from data.derive import Derived
from data.facts.grammar import load_grammar
from data.facts.text import fold

_YEAR = re.compile(r"(?<![\d.,/])(1\d{3}|20\d{2})(?![\d,]\d|\.\d)")
_YEAR_RANGE = re.compile(r"(?<![\d.,/])(1\d{3}|20\d{2})\s?[-/]\s?(\d{1,2})(?!\d)")
_EARLY_YEAR = re.compile(
    r"(?<![\d.,/])(\d{2,3})(?=\s?(?:bce?|ce|ad|b\.c)|\s?-\s?\d{2,3}\s?(?:bce?|ce|ad))"
)
CENTURY = re.compile(
    r"\b(\d{1,2})(?:st|nd|rd|th)"
    r"(?:(?:\s*(?:-|to|or|and)\s*)(?:early |late |mid-?)?(\d{1,2})(?:st|nd|rd|th))?[- ]centur"
)
_HUNDREDS = re.compile(r"\b(1\d|20)00s\b")
_LONGEST_RANGE = 60


class Times:
    """What a record says of time; each set is worked out when it is first asked for."""

    artwork: Artwork
    derived: Derived
    fields: list[str]  # as the record has them, those that are there
    folded: str  # all of them, in plain small letters
    told: str  # title, subjects and notes, likewise

    @cached_property
    def made(self) -> frozenset[int]:
        """The years in which the work can have been made, as far as the record pins them down."""
        dating = self.derived.dating
        if dating is None:
            return frozenset()
        years = set(dating.years)
        if dating.precision != "century" and dating.latest - dating.earliest <= _LONGEST_RANGE:
            years |= set(range(dating.earliest, dating.latest + 1))
        return frozenset(abs(y) for y in years)

    @cached_property
    def years(self) -> frozenset[int]:
        """Every year the record gives, without its sign before the Common Era."""
        years = set(self.made)
        life = self.derived.life
        if life is not None:
            years |= {abs(y) for y in (life.born, life.died, life.active_from, life.active_to) if y}
        for field in (*self.fields,):
            folded = fold(field)
            years |= {int(y) for y in _YEAR.findall(folded)}
            years |= {int(y) for y in _EARLY_YEAR.findall(folded)}
            for first, last in _YEAR_RANGE.findall(folded):
                end = int(first[: 4 - len(last)] + last)
                years |= {end} if end > int(first) else set()
        dating = self.derived.dating
        if dating is not None:
            ends = {abs(dating.earliest), abs(dating.latest)}
            years |= (
                ends | {abs(dating.earliest) - 1, abs(dating.latest) - 1}
                if dating.earliest < 0
                else ends
            )
            years |= {y - 1 for y in ends if y % 100 == 1} | {y + 1 for y in ends if y % 10 == 9}
        if self.artwork.date:
            years |= {int(y) for y in re.findall(r"(?<!\d)\d{2,4}(?!\d)", self.artwork.date)}
        return frozenset(years)

    @cached_property
    def told_years(self) -> frozenset[int]:
        """Years the title, subjects and notes give: the work's story, not the artist's life."""
        return frozenset(int(y) for y in _YEAR.findall(self.told)) | frozenset(
            int(y) for y in re.findall(r"(?<!\d)\d{3}(?!\d)", self.told)
        )

    @cached_property
    def life_years(self) -> frozenset[int]:
        """The years in the artist's biography."""
        bio = fold(self.artwork.artist_bio or "") + " " + fold(self.artwork.artist or "")
        return frozenset(int(y) for y in _YEAR.findall(bio))

    def leaves_birth_open(self, year: int) -> bool:
        """Whether the biography has that year of birth as a choice ("1559/68") or as near."""
        life = self.derived.life
        if life is not None and life.born_circa and life.born == year:
            return True
        bio = fold(self.artwork.artist_bio or "")
        return re.search(rf"(?<!\d){year}\s?(?:/|or\s)\s?\d", bio) is not None

    @cached_property
    def ages(self) -> frozenset[int]:
        """Whole years between any two years of the record, give or take a birthday."""
        years = sorted(self.years)
        spans: set[int] = set()
        for i, early in enumerate(years):
            for late in years[i + 1 :]:
                if late - early <= 110:
                    spans |= {late - early, late - early - 1}
        life = self.derived.life
        if life is not None and (
            life.born_circa or (self.derived.dating and self.derived.dating.circa)
        ):
            spans |= {s + d for s in tuple(spans) for d in (-2, -1, 1, 2)}
        if self.derived.about_age is not None:
            spans.add(self.derived.about_age)
        dating = self.derived.dating
        if dating is not None and life is not None and life.born:
            oldest = min(dating.latest, life.died or dating.latest) - life.born
            spans |= {oldest, oldest - 1}
        if self.derived.age is not None and self.derived.age[1] - self.derived.age[0] <= 30:
            spans |= set(range(self.derived.age[0], self.derived.age[1] + 1))
        return frozenset(s for s in spans if s >= 0)

    @cached_property
    def told_stages(self) -> frozenset[int]:
        """Decades of life that the notes speak of: "in his twenties"."""
        ages = load_grammar("en").age_words
        return frozenset(ages[w] for w in re.findall(r"[a-z]+", self.told) if w in ages)

    @cached_property
    def distances(self) -> frozenset[int]:
        """Years between any two years of the record, and from each of them to now."""
        now = datetime.now(UTC).year
        years = sorted(self.years)
        between = {b - a for i, a in enumerate(years) for b in years[i + 1 :]}
        dating = self.derived.dating
        if dating is not None:
            between |= {dating.latest - dating.earliest, now - dating.earliest, now - dating.latest}
        return frozenset(between | {now - y for y in years} | set(self.ages))

    @cached_property
    def centuries(self) -> frozenset[int]:
        """Centuries the record speaks of, without their sign before the Common Era."""
        found: set[int] = set()
        dating = self.derived.dating
        if dating is not None:
            found |= {abs(c) for c in dating.centuries}
        years = self.years if dating is None else self.made | self.told_years
        found |= {(y - 1) // 100 + 1 for y in years} | {y // 100 + 1 for y in years}
        for first, last in CENTURY.findall(self.folded):
            found |= {int(first)} | ({int(last)} if last else set())
        found |= {int(h) + 1 for h in _HUNDREDS.findall(self.folded)}
        ordinals = load_grammar("en").ordinals
        for match in load_grammar("en").phrases["century"].finditer(self.folded):
            found.add(ordinals.get(match["n"], 0))
        return frozenset(found)
