"""Faults of style, apart from truth: worn words, symbols, abbreviations, greetings, length.

    for finding in style_findings(passage, "brief"): ...

The standard is that of a guide for the ear: one idea a sentence, nothing that cannot be spoken.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from functools import lru_cache
from importlib.resources import files

from data.facts.grammar import whole
from data.facts.passage import Passage
from data.facts.report import Finding

LENGTHS = {"brief": (50, 85), "full": (105, 155)}
"""Words a guide should have, fewest and most."""
LONGEST_SENTENCE = 30
"""Words after which a listener loses the thread; most sentences stay under 20."""
_SYMBOL = re.compile(r"[×&%@#*_/\\<>{}\[\]()=+~^|°§€$£½¼¾⅛•]|https?:")
_SPOKEN_WORD = re.compile(r"[^\W_]+(?:['’.,\-][^\W_]+)*")


@lru_cache(maxsize=8)
def _patterns(language: str) -> dict[str, re.Pattern[str]]:
    path = files("data.facts").joinpath("words/style.toml")
    table = tomllib.loads(path.read_text("utf-8"))
    return {name: whole(entry[language]) for name, entry in table.items()}


_REASONS = {
    "worn": "a worn word",
    "abbreviation": "an abbreviation; write what is spoken",
    "greeting": "a greeting or a farewell",
}


def style_findings(passage: Passage, length: str | None) -> Iterator[Finding]:
    """Every fault, in the order of the text."""
    findings = [*_words(passage), *_symbols(passage), *_sentences(passage), *_repeats(passage)]
    if length is not None:
        findings += _length(passage, length)
    yield from sorted(findings)


def _words(passage: Passage) -> Iterator[Finding]:
    for name, pattern in _patterns(passage.grammar.language).items():
        for match in pattern.finditer(passage.folded):
            yield Finding(match.span(), name, _REASONS[name])


def _symbols(passage: Passage) -> Iterator[Finding]:
    for match in _SYMBOL.finditer(passage.text):
        yield Finding(match.span(), "symbol", f"{match[0]!r} cannot be spoken")


def _sentences(passage: Passage) -> Iterator[Finding]:
    for sentence in passage.sentences:
        spoken = len(_SPOKEN_WORD.findall(passage.text, sentence.start, sentence.end))
        if spoken > LONGEST_SENTENCE:
            yield Finding(
                (sentence.start, sentence.end), "sentence length", f"{spoken} words in one sentence"
            )


def _repeats(passage: Passage) -> Iterator[Finding]:
    seen: set[str] = set()
    for sentence in passage.sentences:
        said = " ".join(w.folded for w in sentence.words)
        if len(sentence.words) > 3 and said in seen:
            yield Finding((sentence.start, sentence.end), "repetition", "said before")
        seen.add(said)


def _length(passage: Passage, length: str) -> Iterator[Finding]:
    fewest, most = LENGTHS[length]
    spoken = len(_SPOKEN_WORD.findall(passage.text))
    if not fewest <= spoken <= most:
        yield Finding(
            (0, len(passage.text)),
            "length",
            f"{spoken} words; a {length} guide has {fewest} to {most}",
        )
