"""Claims about peoples and origins, in any form the language has for them.

    for claim in people_claims(sentence, passage, facts, known): ...

Peoples are compared by the country they mean: "Dutch" in the record supports "néerlandaise".
"""

from __future__ import annotations

from collections.abc import Iterator

from data.facts.lexicon import given_names, is_common, main_country, nations, place
from data.facts.passage import Passage, Sentence
from data.facts.record import Facts
from data.facts.report import Claim, Kind, Verdict

_ENDINGS = {
    "en": ("", "s", "man", "men", "woman", "women"),
    "fr": ("", "e", "s", "es", "ne", "nes", "ienne", "iennes"),
    "de": ("", "e", "er", "en", "es", "em", "in", "innen", "ern"),
    "es": ("", "a", "s", "as", "es", "os", "o"),
    "it": ("", "a", "i", "e", "o", "he", "hi"),
}

_ENGLISH = frozenset({"GB-ENG"})
"""A word for a people that is said of a language and its country's ways more often still."""


def spoken_countries(passage: Passage, facts: Facts) -> frozenset[str]:
    """Countries of the places the text rightly names: Genoa is in Italy, whatever the record."""
    found: set[str] = set()
    for word in passage.words:
        if not word.capitalised or word.folded in given_names() or word.folded in facts.makers:
            continue
        if facts.names(word) and not is_common(word.written, passage.grammar.language):
            found |= main_country(word.folded)
    return frozenset(found)


def people_claims(
    sentence: Sentence, passage: Passage, facts: Facts, known: frozenset[str]
) -> Iterator[Claim]:
    """Nationalities, in any spelling the language has for them."""
    language = passage.grammar.language
    for i, word in enumerate(sentence.words):
        if language == "en" and not word.capitalised:
            continue
        if word.folded in facts.words or (place(word.folded) and word.capitalised):
            continue
        codes = of_a_nation(word.folded, language)
        if not codes:
            continue
        span = (word.start, word.end)
        if _belong(codes, known) or facts.cognate(word.folded):
            yield Claim(span, Kind.nationality, Verdict.supported, "the record names this country")
        elif passage.in_quotes(word.start) and language != "en":
            continue
        elif passage.tells_lore(word.start):
            yield Claim(span, Kind.nationality, Verdict.unclear, "told of myth, scripture or books")
        elif (
            _speaks_of_language(i, sentence)
            or (codes == _ENGLISH and not _of_somebody(i, sentence, passage))
            or passage.grammar.phrases["term"].search(
                " ".join(w.folded for w in sentence.words[max(0, i - 4) : i + 3])
            )
        ):
            yield Claim(span, Kind.nationality, Verdict.unclear, "a word about a language")
        else:
            yield Claim(
                span,
                Kind.nationality,
                Verdict.unsupported,
                f"the record does not say {word.written}",
            )


def _belong(codes: frozenset[str], known: frozenset[str]) -> bool:
    """Whether one of the codes is known: a part of a country also where only the country is."""
    return any(
        code in known
        or ("-" in code and code[:2] in known and not any(k.startswith(code[:3]) for k in known))
        for code in codes
    )


def _of_somebody(i: int, sentence: Sentence, passage: Passage) -> bool:
    """Whether the word tells where somebody, or somebody's art, is from: not an English garden."""
    near = " ".join(w.folded for w in sentence.words[max(0, i - 1) : i + 3])
    alone = passage.folded[sentence.words[i].end :].lstrip()[:1] in (",", ".", ";", ":", "")
    is_so = i > 0 and passage.grammar.phrases["is"].fullmatch(sentence.words[i - 1].folded)
    return bool(passage.grammar.phrases["person"].search(near)) or bool(alone and is_so)


def _speaks_of_language(i: int, sentence: Sentence) -> bool:
    """In French, auf Englisch, en italiano."""
    return i > 0 and sentence.words[i - 1].folded in ("in", "en", "auf", "im", "speaks", "speakers")


def of_a_nation(folded: str, language: str) -> frozenset[str]:
    """Codes of the countries whose people or language the word names."""
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
