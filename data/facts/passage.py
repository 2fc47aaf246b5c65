"""A text made ready for the rules: folded, cut into words, sentences and numbers.

passage = Passage(text, load_grammar("en"))
for sentence in passage.sentences: ...
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

from data.facts.grammar import Grammar
from data.facts.numbers import Number, compound_ages, find_numbers
from data.facts.text import Word, fold, sentences, words

_LONGEST = 800
"""Characters of a sentence beyond which it is cut, so that no text takes long."""
_QUOTED = re.compile(r"[«“„\"]\s*([^«»“”„\"]{1,160}?)\s*[»”“\"]")


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence of a passage: its span, its folded text and its words."""

    start: int
    end: int
    folded: str
    words: tuple[Word, ...]

    @property
    def asks(self) -> bool:
        """Whether it is a question."""
        return self.folded.rstrip("\"' )").endswith("?")


class Passage:
    """A text as every rule sees it; offsets are those of the text as given."""

    def __init__(self, text: str, grammar: Grammar) -> None:
        self.text = text
        self.grammar = grammar
        self.folded = fold(text)
        self.words = words(text, self.folded)
        self.sentences = self._sentences()
        self.numbers: list[Number] = []
        for sentence in self.sentences:
            self.numbers += find_numbers(list(sentence.words), self.folded, grammar)
            self.numbers += compound_ages(list(sentence.words), grammar)
        self.numbers.sort(key=lambda n: (n.start, -n.end))
        self.quoted = [(m.start(), m.end()) for m in _QUOTED.finditer(text)]
        self._starts = [s.start for s in self.sentences]
        self._lore: dict[int, list[int]] = {}  # by the sentence's start

    def _sentences(self) -> list[Sentence]:
        found = []
        starts = [w.start for w in self.words]
        for start, end in self._spoken():
            first, last = bisect_right(starts, start - 1), bisect_right(starts, end - 1)
            found.append(
                Sentence(start, end, self.folded[start:end], tuple(self.words[first:last]))
            )
        return found

    def _spoken(self) -> Iterator[tuple[int, int]]:
        """The sentences, those cut that no breath would last for: rules look at all of one."""
        for start, end in sentences(self.text):
            while end - start > _LONGEST:
                cut = self.text.rfind(" ", start + _LONGEST // 2, start + _LONGEST)
                cut = cut if cut > 0 else start + _LONGEST
                yield start, cut
                start = cut
            yield start, end

    def sentence_at(self, offset: int) -> Sentence:
        """The sentence that holds a character."""
        return self.sentences[max(0, bisect_right(self._starts, offset) - 1)]

    def tells_lore(self, offset: int, but: tuple[int, int] = (0, 0)) -> bool:
        """Whether the sentence tells what myth, scripture or books say, which no record settles.

        Words in the span `but` do not count: Winslow Homer tells no epic.
        """
        sentence = self.sentence_at(offset)
        if sentence.start not in self._lore:
            told = self.grammar.phrases["lore"].finditer(sentence.folded)
            self._lore[sentence.start] = [sentence.start + m.start() for m in told]
        return any(not but[0] <= start < but[1] for start in self._lore[sentence.start])

    def in_quotes(self, offset: int) -> bool:
        """Whether a character stands between quotation marks."""
        i = bisect_right(self.quoted, (offset, len(self.text) + 1)) - 1
        return i >= 0 and self.quoted[i][0] <= offset < self.quoted[i][1]

    def before(self, offset: int, reach: int = 48) -> str:
        """Folded text of the same sentence that ends at `offset`."""
        return self.folded[max(self.sentence_at(offset).start, offset - reach) : offset]

    def begun(self, offset: int) -> str:
        """All folded text of the same sentence that ends at `offset`."""
        return self.folded[self.sentence_at(offset).start : offset]

    def after(self, offset: int, reach: int = 48) -> str:
        """Folded text that begins at `offset`."""
        return self.folded[offset : offset + reach]
