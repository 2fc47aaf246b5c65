"""The fact check itself: a record compiled once, then any number of texts against it.

checker = Checker(artwork, "fr")
checker.check(script)                      # a whole guide, with findings of style
checker.check_sentence(sentence, before)   # one sentence, as it is written
"""

from __future__ import annotations

from data.artwork import Artwork
from data.facts.details import (
    detail_claims,
    pointing_sentences,
    shown,
    shows_people,
    sight_claims,
)
from data.facts.grammar import load_grammar
from data.facts.making import making_claims
from data.facts.naming import name_claims
from data.facts.passage import Passage
from data.facts.quantities import quantity_claims
from data.facts.record import Facts
from data.facts.report import Claim, Report
from data.facts.stories import story_claims
from data.facts.style import style_findings
from data.facts.text import fold


class Checker:
    """One record, ready to judge texts in one language; cheap to ask, so keep it."""

    def __init__(self, artwork: Artwork, language: str = "en") -> None:
        self.grammar = load_grammar(language)
        self.facts = Facts(artwork, self.grammar)
        self.shown = shown(self.facts)
        self.people = shows_people(self.facts)

    def check(self, text: str, *, length: str | None = None) -> Report:
        """Every claim of a text and the faults of its style.

        `length` ("brief" or "full") asks for a finding where the text is too short or too long.
        """
        passage = Passage(text, self.grammar)
        return Report(self._claims(passage, ""), tuple(style_findings(passage, length)))

    def check_sentence(self, sentence: str, before: str = "") -> Report:
        """The claims of one sentence; `before`, what was said already, may hold its hedges."""
        return Report(self._claims(Passage(sentence, self.grammar), fold(before)))

    def _claims(self, passage: Passage, context: str) -> tuple[Claim, ...]:
        pointing = pointing_sentences(passage)
        claims = [
            *quantity_claims(passage, self.facts),
            *name_claims(passage, self.facts),
            *making_claims(passage, self.facts),
            *detail_claims(passage, self.facts, pointing, self.shown),
            *sight_claims(passage, self.facts, pointing, people=self.people),
            *story_claims(passage, self.facts, context),
        ]
        return tuple(sorted(set(claims)))


def check(
    text: str, artwork: Artwork, language: str = "en", *, length: str | None = None
) -> Report:
    """Check one text against one record.

    Raises:
        GuideError: the check does not know the language.
    """
    return Checker(artwork, language).check(text, length=length)
