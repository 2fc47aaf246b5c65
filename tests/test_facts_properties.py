"""The fact check on any text whatever: it never raises, and its spans lie in the text, in order."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.artwork import Artwork
from data.facts import Checker
from data.facts.grammar import LANGUAGES
from data.facts.text import fold, sentences

RECORD = Artwork(
    title="The Plains of Heaven", artist="John Martin", artist_bio="1789–1854", date="1851–3",
    medium="Oil paint on canvas", dimensions="1988 x 3067 mm", notes=("Two angels stand there.",),
)  # fmt: skip
CHECKERS = {language: Checker(RECORD, language) for language in LANGUAGES}
PIECES = st.sampled_from([
    "1851", "about", "two metres thirty", "zwei Meter dreißig", "un mètre vingt", "XVIIe siècle",
    "Martin", "painted", "«", "»", "\"", "oil on canvas", "taller than wide", "in his forties",
    ". ", "? ", ", ", " ", "\n", "1/2", "½", "İ", "ß", "e\u0301", "\u202e", "0", "99999999999999999999",
    "von", "Paris", "rot", "la", "Look for the", "dogs", "(", "!", "’", "-", "century", "n°",
])  # fmt: skip
TEXTS = st.one_of(st.text(max_size=300), st.lists(PIECES, max_size=40).map(" ".join))


@given(text=TEXTS, language=st.sampled_from(LANGUAGES))
@settings(max_examples=300, deadline=None)
def test_any_text_gives_a_report_whose_spans_lie_in_order_inside_it(text, language):
    report = CHECKERS[language].check(text, length="brief")
    spans = [c.span for c in report.claims]
    assert spans == sorted(spans)
    for start, end in [*spans, *(f.span for f in report.findings)]:
        assert 0 <= start <= end <= len(text)


@given(text=TEXTS, language=st.sampled_from(LANGUAGES))
@settings(max_examples=60, deadline=None)
def test_the_same_text_gives_the_same_report(text, language):
    again = Checker(RECORD, language).check(text)
    assert again == CHECKERS[language].check(text)


@given(text=st.text(max_size=200))
def test_folding_keeps_every_character_in_its_place(text):
    assert len(fold(text)) == len(text)


@given(text=st.text(max_size=200))
def test_sentences_lie_in_order_and_lose_nothing_but_space(text):
    spans = list(sentences(text))
    assert all(a[1] <= b[0] for a, b in pairwise(spans))
    assert sum(len("".join(text[s:e].split())) for s, e in spans) == len("".join(text.split()))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    "piece",
    ["a", "1", "one ", "Martin ", "1851 ", '"', "e\u0301", "two metres ", ". ", "il y a ", "red "],
)
def test_a_hundred_thousand_characters_are_read_to_the_end(piece, language):
    text = (piece * 100_000)[:100_000]
    assert CHECKERS[language].check(text).claims is not None


@given(fields=st.fixed_dictionaries(
    {"title": st.text(min_size=1, max_size=60).filter(str.strip)},
    optional={name: st.text(max_size=60) for name in ("artist", "artist_bio", "date", "medium", "dimensions")},
))  # fmt: skip
@settings(max_examples=150, deadline=None)
def test_any_record_can_be_checked_against(fields):
    Checker(Artwork(**fields), "fr").check("Une toile de 1851, haute de deux mètres.")
