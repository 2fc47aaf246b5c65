"""The record: what it holds, and what is refused with which sentence."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.artwork import FIELDS, Artwork, Form, parse_artwork
from data.errors import RecordError


def test_only_the_title_is_required():
    artwork = parse_artwork({"title": "Untitled"})
    assert artwork == Artwork(title="Untitled")
    assert artwork.form is Form.painting
    assert artwork.subjects == ()


def test_empty_fields_are_missing_fields():
    fields = {"title": " The Kiss ", "artist": "  ", "date": None, "notes": ["", "A note. "]}
    artwork = parse_artwork(fields)
    assert artwork == Artwork(title="The Kiss", notes=("A note.",))


def test_record_survives_a_round_trip_through_json():
    fields = {"title": "T", "form": "print", "subjects": ["a", "b"], "museum": "M"}
    assert parse_artwork(fields).as_record() == fields


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({}, "the record has no title; give it one, the only field that is required."),
        ({"title": "  "}, "the record has no title; give it one, the only field that is required."),
        (
            {"title": "A", "tittle": "B"},
            "the record has an unknown field 'tittle'; did you mean 'title'?",
        ),
        (
            {"title": "A", "Artist Bio": "B"},
            "the record has an unknown field 'Artist Bio'; did you mean 'artist_bio'?",
        ),
        (
            {"title": "A", "xyz": 1},
            f"the record has an unknown field 'xyz'; the fields are {', '.join(FIELDS)}.",
        ),
        ({"title": 7}, "the record: the field 'title' must be a text, not a number."),
        (
            {"title": "A", "notes": "one"},
            "the record: the field 'notes' must be a list of texts, not a text.",
        ),
        (
            {"title": "A", "form": "poem"},
            (
                "the record: form 'poem' is not one of painting, sculpture, drawing, print, "
                "photograph, installation, object."
            ),
        ),
        (
            ["A"],
            "the record is a list, not an object with fields such as title and artist.",
        ),
    ],
)
def test_faulty_fields_are_named(fields, sentence):
    with pytest.raises(RecordError) as error:
        parse_artwork(fields)
    assert str(error.value) == sentence


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.sampled_from(FIELDS), inner),
    max_leaves=8,
)


@given(json_values)
def test_any_json_value_is_a_record_or_a_record_error(value):
    try:
        assert parse_artwork(value).title
    except RecordError as error:
        assert str(error)
