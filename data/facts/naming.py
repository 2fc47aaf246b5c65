"""Claims made of names: people, places, peoples.

    for claim in name_claims(passage, facts): ...

A capital letter inside a sentence makes a name, but for German nouns; at its beginning only a
word that the dictionary does not have. A name stands when the record has it, in this spelling, a
near one, or in translation; places and peoples are compared by what they mean (Anvers, Antwerp).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from data.facts.lexicon import given_names, is_common, lore, nations, place
from data.facts.passage import Passage, Sentence
from data.facts.record import Facts
from data.facts.report import Claim, Kind, Verdict
from data.facts.text import Word

_ENDINGS = {
    "en": ("", "s"),
    "fr": ("", "e", "s", "es", "ne", "nes", "ienne", "iennes"),
    "de": ("", "e", "er", "en", "es", "em", "in", "innen", "ern"),
    "es": ("", "a", "s", "as", "es", "os", "o"),
    "it": ("", "a", "i", "e", "o", "he", "hi"),
}
_PARTICLES = frozenset("van von de da di del della der den du la le el al ter ten y e und of".split())


@dataclass(frozen=True, slots=True)
class _Name:
    words: tuple[Word, ...]

    @property
    def span(self) -> tuple[int, int]:
        return self.words[0].start, self.words[-1].end

    @property
    def folded(self) -> str:
        return " ".join(w.folded for w in self.words)


def name_claims(passage: Passage, facts: Facts) -> Iterator[Claim]:
    """One claim for each run of capitalised words that name something."""
    title_words = _quoted_words(passage) if passage.grammar.language != "en" else frozenset()
    for sentence in passage.sentences:
        for name in _names(sentence, passage, facts):
            if passage.in_quotes(name.words[0].start) and passage.grammar.language != "en":
                continue
            claim = _judge(name, passage, facts, title_words)
            if claim is not None:
                yield claim
        yield from _peoples(sentence, passage, facts)


def _quoted_words(passage: Passage) -> frozenset[str]:
    """Words of what stands in quotation marks: in translation, the title."""
    return frozenset(w.folded for w in passage.words if passage.in_quotes(w.start))


def _names(sentence: Sentence, passage: Passage, facts: Facts) -> Iterator[_Name]:
    run: list[Word] = []
    for i, word in enumerate(sentence.words):
        if _is_name(word, i, sentence, passage, facts):
            gap = passage.text[run[-1].end : word.start] if run else ""
            if run and gap not in (" ", "-", "\u00a0"):
                yield _Name(tuple(run))
                run = []
            run.append(word)
        elif run:
            yield _Name(tuple(run))
            run = []
    if run:
        yield _Name(tuple(run))


def _is_name(
    word: Word, i: int, sentence: Sentence, passage: Passage, facts: Facts
) -> bool:
    if not word.capitalised or len(word.written) < 2 or word.digits:
        return False
    language = passage.grammar.language
    if word.folded in facts.words:
        return True
    first = i == 0 or passage.text[word.start - 1] in "«“„\"'(¿¡"
    if language == "en" and word.folded in _ENGLISH_CAPITALS:
        return False
    if passage.grammar.phrases["months"].fullmatch(word.folded):
        return False
    if language == "de" or first:
        follows = i + 1 < len(sentence.words) and sentence.words[i + 1].capitalised
        if word.folded in given_names() and follows and (language != "de" or not is_common(word.written, language)):
            return True
        return not is_common(word.written, language)
    return True


_ENGLISH_CAPITALS = frozenset(
    "i god sunday monday tuesday wednesday thursday friday saturday i'm i'd mr mrs sir lady saint".split()
)


def _judge(
    name: _Name, passage: Passage, facts: Facts, title_words: frozenset[str]
) -> Claim | None:
    unknown = [w for w in name.words if not facts.names(w) and w.folded not in title_words]
    if not unknown:
        return Claim(name.span, Kind.name, Verdict.supported, "the record has this name")
    language = passage.grammar.language
    if all(_of_a_nation(w.folded, language) for w in unknown):
        return None  # judged with the peoples
    where = place(name.folded) or place(unknown[0].folded)
    if where:
        if where & facts.places or any(i[0] == "c" and i[2:] in facts.countries for i in where):
            return Claim(name.span, Kind.place, Verdict.supported, "the record has this place")
    said = passage.text[unknown[0].start : unknown[-1].end]
    if all(w.folded in lore() for w in unknown) and not where:
        return Claim(name.span, Kind.name, Verdict.unclear, f"{said} is out of myth or scripture, not out of the record")  # fmt: skip
    if where:
        return Claim(name.span, Kind.place, Verdict.unsupported, f"the record does not name the place {said}")  # fmt: skip
    return Claim(name.span, Kind.name, Verdict.unsupported, f"the record does not name {said}")


def _of_a_nation(folded: str, language: str) -> frozenset[str]:
    table = nations(language)
    for ending in _ENDINGS[language]:
        stem = folded.removesuffix(ending) if ending else folded
        if stem in table:
            return table[stem]
    if language in ("es", "it") and folded[-1:] in "aeios" and len(folded) > 5:
        for end in ("o", "e", "a", "es", ""):
            if folded[:-1] + end in table:
                return table[folded[:-1] + end]
    return frozenset()


def _peoples(sentence: Sentence, passage: Passage, facts: Facts) -> Iterator[Claim]:
    """Nationalities, in any spelling the language has for them."""
    language = passage.grammar.language
    for i, word in enumerate(sentence.words):
        if language == "en" and not word.capitalised:
            continue
        if word.folded in facts.words:
            continue
        codes = _of_a_nation(word.folded, language)
        if not codes:
            continue
        span = (word.start, word.end)
        if codes & facts.countries:
            yield Claim(span, Kind.nationality, Verdict.supported, "the record names this country")
        elif passage.in_quotes(word.start) and language != "en":
            continue
        elif passage.grammar.phrases["term"].search(
            " ".join(w.folded for w in sentence.words[max(0, i - 4) : i + 3])
        ):
            yield Claim(span, Kind.nationality, Verdict.unclear, "a word about a language")
        else:
            yield Claim(span, Kind.nationality, Verdict.unsupported,
                        f"the record does not say {word.written}")  # fmt: skip
