"""Where sentences end, in five languages, as the text grows."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infer.sentences import SentenceSplitter


@pytest.mark.parametrize(
    ("language", "text", "sentences"),
    [
        ("en", "It is old. It is large.", ["It is old.", "It is large."]),
        ("en", "By J. M. W. Turner. It is large.", ["By J. M. W. Turner.", "It is large."]),
        ("en", "It dates from c. 1665. Look!", ["It dates from c. 1665.", "Look!"]),
        ("en", "Mr. and Mrs. Hill sat. So did St. Jerome.",
         ["Mr. and Mrs. Hill sat.", "So did St. Jerome."]),
        ("en", "It is 44.5 centimetres high. Look.", ["It is 44.5 centimetres high.", "Look."]),
        ("en", "Where does it begin? Look! There.", ["Where does it begin?", "Look!", "There."]),
        ("en", "It is “The Jug.” Look at it.", ["It is “The Jug.”", "Look at it."]),
        ("en", "He waited ... and waited. Then he left.", ["He waited ... and waited.",
                                                          "Then he left."]),
        ("fr", "Où regarder ? Voici « Le Pont ! » Puis rien.",
         ["Où regarder ?", "Voici « Le Pont ! »", "Puis rien."]),
        ("de", "Er starb am 14. Dezember 1799. Sie sah zu.",
         ["Er starb am 14. Dezember 1799.", "Sie sah zu."]),
        ("de", "Im 17. Jahrhundert war das neu. Heute nicht.",
         ["Im 17. Jahrhundert war das neu.", "Heute nicht."]),
        ("es", "¿Dónde empieza? ¡Mire! Es un óleo.", ["¿Dónde empieza?", "¡Mire!", "Es un óleo."]),
        ("it", "È un olio su tela. Cercate il cane.", ["È un olio su tela.", "Cercate il cane."]),
    ],
)  # fmt: skip
def test_sentences_end_where_a_reader_would_pause(language, text, sentences):
    assert list(SentenceSplitter(language).split(text)) == sentences


def test_full_stops_of_the_title_end_nothing():
    title = "Where Do We Come From? What Are We?"
    splitter = SentenceSplitter("en", [title])
    text = f"Its title is {title} Paul Gauguin painted it. Look."
    assert list(splitter.split(text))[-1] == "Look."
    assert splitter.first_end("Its title is Where Do We Come From? What Are We? Paul") == 48


def test_sentence_is_not_whole_before_the_next_has_begun():
    splitter = SentenceSplitter("en")
    assert splitter.first_end("It is old.") is None
    assert splitter.first_end("It is old. ") is None
    assert splitter.first_end("It is old. I") == 10


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ("It is old.", True),
        ("It is “The Jug.”", True),
        ("It is old", False),
        ("It is by J.", False),
        ("Look at the", False),
        ("Where is it?", True),
    ],
)
def test_last_sentence_is_whole_or_cut_off(text, whole):
    assert SentenceSplitter("en").is_whole(text) is whole


@given(st.text(alphabet="aB1. ?!\n“”’", max_size=60), st.sampled_from(["en", "de"]))
def test_nothing_but_white_space_is_lost(text, language):
    sentences = list(SentenceSplitter(language).split(text))
    assert "".join("".join(sentences).split()) == "".join(text.split())


@given(st.text(alphabet="aB1. ?!", max_size=40), st.integers(1, 4))
def test_end_once_found_stays_where_it_is(text, step):
    splitter = SentenceSplitter("en")
    found = None
    for length in range(0, len(text), step):
        end = splitter.first_end(text[:length])
        assert found is None or end == found
        found = found or end
