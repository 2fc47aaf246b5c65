"""A guide without any model: plain sentences realised from the record and what follows from it.

    guide tell work.json --model none

    writer = PlainWriter(artwork, Request("fr", "brief"), seed=1)
    " ".join(writer.guide())
    writer.say("date")          # "L'œuvre date de 1665."

Every sentence is true by construction and is held against the fact check all the same; one that
fails is left out. It is the baseline that any model has to beat in interest without losing truth,
and it says what a model leaves out. The sentences stand in `infer/phrases`, one table a language.
"""

from __future__ import annotations

import random
import re
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from data.artwork import Artwork, Form
from data.attribution import Attribution, read_attribution
from data.comparisons import FLAT_FORMS
from data.derive import derive
from data.prompt import WORDS, Request
from data.spoken import (
    age_phrase,
    attribution_phrase,
    date_phrase,
    death_phrase,
    period_phrase,
    shape_phrase,
    size_phrase,
)
from data.wording import load_wording
from infer.judge import Judge, count_words
from infer.required import Field
from infer.terms import clean, has_title, spoken_medium, spoken_subject, spoken_title

_CLAUSES = {"en": ("attributed", "formerly", "unknown"), "de": ("attributed", "formerly")}
"""Attributions that the wording tables give as a whole clause; the other languages as English."""

_ITEM = re.compile(r"[^\W\d_][\w' ’-]{1,40}")
_MOST_ITEMS = 4
_LONGEST_NOTE = 26  # words; the fact check objects to more than 30 in a sentence


class PlainWriter:
    """Sentences about one record; the same seed gives the same ones."""

    def __init__(self, artwork: Artwork, request: Request, seed: int = 0) -> None:
        self._artwork, self._request, self._seed = artwork, request, seed
        self._table = _load(request.language)
        self._words = load_wording(request.language)
        self._derived = derive(artwork)
        self._titled = has_title(artwork.title)
        self._form = artwork.form.value if request.language == "en" else ""

    def opener(self, field: Field) -> str:
        """How a sentence about the field begins."""
        return str(self._table["opener"][field])

    def opening(self) -> str:
        """A first sentence: the title, with the artist where nothing hedges the attribution."""
        title = self._quoted_title()
        by, plain = ("by", "plain") if self._titled else ("untitled_by", "untitled")
        credit = read_attribution(self._artwork.artist)
        if self._artwork.artist and attribution_phrase(credit, self._words) is None:
            return self._pick(f"opening.{by}", title=title, artist=self._artist_name(credit))
        return self._pick(f"opening.{plain}", title=title)

    def say(self, field: Field) -> str:
        """One sentence that says the field."""
        return {
            "title": self._title,
            "artist": self._artist,
            "date": self._date,
            "medium": self._medium,
        }[field]()

    def extras(self, text: str = "") -> Iterator[str]:
        """More sentences, the most telling first; none about a number that the text has."""
        facts = [*self._facts()]
        self._random("order").shuffle(facts)
        for sentence in [*self._notes(), *facts, *self._subjects(), *self._remarks()]:
            numbers = set(re.findall(r"\d+", sentence))
            if not numbers or not numbers <= set(re.findall(r"\d+", text)):
                yield sentence
        yield from self._looks()

    def closing(self, text: str = "") -> str:
        """A last sentence that sends the listener back to the work."""
        closings: list[str] = self._table["closing"]["any"]
        fresh = [closing for closing in closings if closing not in text]
        return self._random("closing").choice(fresh or closings)

    def guide(self) -> list[str]:
        """A whole guide within the bounds of its length."""
        fewest, most = WORDS[self._request.length]
        chance = self._random("guide")
        wanted = chance.randint(fewest + 5, most - 15)
        judge = Judge(self._artwork, self._request)
        closing = self.closing()
        said: list[str] = []
        if chance.random() < 0.3:
            said.append(next(self._looks()))
        if not self._titled:
            said.append(self._title())
        said += [self.say(field) for field in judge.missing("")]
        room = count_words(closing)
        for sentence in self.extras(" ".join(said)):
            text = " ".join(said)
            if count_words(text) + room >= wanted:
                break
            if sentence in said or count_words(f"{text} {sentence}") + room > most:
                continue
            if judge.judge(text, sentence).good:
                said.append(sentence)
        return [*said, closing]

    # The fields

    def _title(self) -> str:
        if not self._titled:
            return self._pick("opening.untitled")
        return self._pick("title.plain", title=self._quoted_title())

    def _quoted_title(self) -> str:
        opening, closing = self._table["quotes"]
        return f"{opening}{spoken_title(self._artwork.title, self._table)}{closing}"

    def _artist(self) -> str:
        credit = read_attribution(self._artwork.artist)
        phrase = attribution_phrase(credit, self._words)
        if phrase is None:
            return self._pick("artist.plain", artist=self._artist_name(credit))
        clauses = _CLAUSES.get(self._request.language, _CLAUSES["en"])
        kind = "clause" if credit.wording in clauses else "phrase"
        return self._pick(f"artist.{kind}", phrase=phrase)

    def _artist_name(self, credit: Attribution) -> str:
        """The artist field, or of one such as "French; Maynard" the name alone."""
        artist = self._artwork.artist or ""
        alone = credit.name if ";" in artist and not credit.joint else None
        return clean(alone or artist)

    def _date(self) -> str:
        dating, words = self._derived.dating, self._words
        if dating is None:
            return self._pick("date.given", date=clean(self._artwork.date or ""))
        if dating.bound != "at":
            return self._pick(f"date.limit_{dating.bound}", date=words.year(dating.latest))
        if dating.certainty != "exact":
            phrase = date_phrase(self._derived, words) or ""
            period = period_phrase(self._derived, words)
            if period and dating.precision == "century":
                gap = " :" if self._request.language == "fr" else ":"
                phrase = f"{phrase}{gap} {period}"
            return self._pick("date.clause", phrase=phrase)
        if dating.precision == "year" and dating.earliest == dating.latest:
            return self._pick("date.year", date=words.date("date.at", dating.earliest))
        spoken = date_phrase(self._derived, words) or period_phrase(self._derived, words)
        spoken = spoken or words.date("date.range", dating.earliest, dating.latest)
        return self._pick("date.spoken", date=spoken)

    def _medium(self) -> str:
        medium, known = spoken_medium(self._artwork.medium or "", self._table)
        return self._pick("medium.plain" if known else "medium.foreign", medium=medium)

    # What may be said besides

    def _facts(self) -> Iterator[str]:
        facts, words, form = self._derived, self._words, self._artwork.form
        size = size_phrase(form, facts, words)
        if size and facts.size and facts.size.part != "each":
            yield self._pick("fact.size", phrase=size)
        if facts.comparison:
            phrase = words.say(f"comparison.{facts.comparison}")
            yield self._pick("fact.comparison", phrase=phrase)
        if phrase := shape_phrase(facts, words) or "":
            yield self._pick("fact.shape", phrase=phrase)
        dated = facts.dating and facts.dating.precision != "century"
        if dated and (phrase := period_phrase(facts, words) or ""):
            yield self._pick("fact.period", phrase=phrase)
        if phrase := age_phrase(facts, words) or "":
            yield self._pick("fact.age", phrase=phrase)
        if facts.stage != "after death" and (phrase := death_phrase(facts, words) or ""):
            yield self._pick("fact.death", phrase=phrase)

    def _subjects(self) -> Iterator[str]:
        """What the cataloguer listed, in the record's own language only."""
        subjects = map(spoken_subject, self._artwork.subjects)
        items = [s for s in dict.fromkeys(subjects) if _ITEM.fullmatch(s)]
        if self._request.language != "en" or len(items) < 2:
            return
        chosen = items[:_MOST_ITEMS]
        listed = f"{', '.join(chosen[:-1])} {self._table['and']} {chosen[-1]}"
        yield self._pick("fact.subjects", list=listed)
        yield self._pick("fact.find")

    def _notes(self) -> Iterator[str]:
        if self._request.language == "en":
            for note in self._artwork.notes:
                if note.endswith(".") and count_words(note) <= _LONGEST_NOTE:
                    yield note

    def _remarks(self) -> Iterator[str]:
        medium = (self._artwork.medium or "").lower().replace("watercolor", "watercolour")
        for name in self._table["remark"]:
            if re.search(rf"\b{name}s?\b", medium):
                yield self._pick(f"remark.{name}")
                return

    def _looks(self) -> Iterator[str]:
        kind = "flat" if self._artwork.form in FLAT_FORMS else "standing"
        looks = list(self._table["look"][kind]["any"])
        self._random("look").shuffle(looks)
        for look in looks:
            yield look.format(form=self._noun)

    # Choice

    @property
    def _noun(self) -> str:
        return "work" if self._artwork.form is Form.object else self._form

    def _pick(self, key: str, **slots: Any) -> str:
        section, name = key.split(".")
        template = self._random(key).choice(self._table[section][name])
        phrase = str(slots.get("phrase", ""))
        slots["Phrase"] = phrase[:1].upper() + phrase[1:]
        return str(template.format(form=self._noun, **slots))

    def _random(self, purpose: str) -> random.Random:
        """A source of chance of its own for each purpose, so that none disturbs another."""
        return random.Random(f"{self._seed}:{purpose}")  # noqa: S311 variety, not secrecy


@cache
def _load(language: str) -> dict[str, Any]:
    path = Path(__file__).parent / "phrases" / f"{language}.toml"
    return tomllib.loads(path.read_text(encoding="utf-8"))
