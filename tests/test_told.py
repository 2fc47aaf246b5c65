"""What a model is told of a record, and what is kept from it."""

import pytest

from data.artwork import Artwork
from infer.told import told


@pytest.mark.parametrize(
    "subject",
    ["Wilding, Alexa", "Dante, 'La Vita Nuova'", "Revelation, chapter 21", "Sussex, West"],
)
def test_heading_of_an_index_with_a_name_is_left_out(subject):
    artwork = Artwork(title="Monna Vanna", subjects=("fan", subject, "dress"))
    assert told(artwork).subjects == ("fan", "dress")
    assert subject in artwork.subjects  # the check and the page have it still


@pytest.mark.parametrize(
    "subject", ["hat, cap", "individuals: female", "commedia dell'arte", "New York City", "Zürich"]
)
def test_words_and_plain_names_stay(subject):
    artwork = Artwork(title="t", subjects=(subject,))
    assert told(artwork) is artwork


def test_index_word_is_left_out_and_the_thing_stays():
    artwork = Artwork(title="t", subjects=("dog - non-specific", "fan", "Venice - non-specific"))
    assert told(artwork).subjects == ("dog", "fan", "Venice")
    assert "dog - non-specific" in artwork.subjects
