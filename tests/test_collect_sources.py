"""What each source's bodies say, told from our own small fixtures in the sources' shapes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.artwork import FIELDS, Form
from data.collect.aic import Chicago
from data.collect.cleveland import Cleveland
from data.collect.http import GoneError
from data.collect.judge import Wanted, judge
from data.collect.met import Met, department_numbers
from data.collect.source import BodyError, Query, form_of
from data.errors import RecordError

FIXTURES = Path(__file__).parent / "fixtures" / "collect"
ANY_FORM = tuple(Form)


def fixture(name):
    return json.loads((FIXTURES / name).read_text(encoding="utf-8"))


def met(**changes):
    return Met().read(fixture("met.json") | changes)


# The Met


def test_met_body_becomes_a_record():
    assert met().fields == {
        "title": "Boats at Low Water",
        "artist": "Mara Holt",
        "artist_bio": "British, Whitby 1841–1902 Whitby",
        "date": "ca. 1873",
        "medium": "Oil on canvas",
        "dimensions": "20 x 24 1/2 in. (50.8 x 62.2 cm)",
        "form": Form.painting,
        "subjects": ["Boats", "Harbors"],
        "museum": "The Metropolitan Museum of Art",
        "object_id": "1",
        "source_url": "https://www.metmuseum.org/art/collection/search/1",
        "credit_line": "Gift of a Friend, 1900",
        "licence": "CC0-1.0",
    }


def test_met_body_of_49_keys_is_read():
    work = Met().read(fixture("met-49-keys.json"))
    assert (work.fields["artist"], work.form) == ("After a design by Mara Holt", Form.object)


def test_met_null_lists_are_empty():
    work = Met().read(fixture("met-nulls.json"))
    assert (work.fields["subjects"], work.fields["artist"]) == ([], "")


def test_met_year_zero_without_a_date_is_no_year():
    assert Met().read(fixture("met-nulls.json")).years is None


@pytest.mark.parametrize(
    ("prefix", "suffix", "artist"),
    [
        ("", "", "Mara Holt"),
        ("Circle of", "", "Circle of Mara Holt"),
        ("Attributed to", "(?)", "Attributed to Mara Holt (?)"),
        ("", ", and Workshop", "Mara Holt, and Workshop"),
        ("and", "", "Mara Holt"),
        ("Medalist:", "", "Mara Holt"),
        ("", "or", "Mara Holt"),
    ],
)
def test_met_attribution_is_spoken(prefix, suffix, artist):
    work = met(artistPrefix=prefix, artistSuffix=suffix)
    assert work.fields["artist"] == artist


@pytest.mark.parametrize(
    ("suffix", "others", "artist"),
    [
        ("", ["Elsa Holt"], "Mara Holt and Elsa Holt"),
        ("", ["and Elsa Holt"], "Mara Holt and Elsa Holt"),
        ("or", ["Elsa Holt"], "Mara Holt or Elsa Holt"),
        ("and/or", ["and Elsa Holt"], "Mara Holt and/or Elsa Holt"),
        ("", ["completed by Elsa Holt"], "Mara Holt, completed by Elsa Holt"),
        ("", ["Elsa Holt", "Ida Holt"], "Mara Holt, Elsa Holt and Ida Holt"),
        ("", ["A", "B", "C", "D"], "Mara Holt and others"),
        ("or", ["A", "B", "C", "D"], "Mara Holt and others"),
    ],
)
def test_met_makers_of_the_same_role_are_named_and_lose_the_single_bio(suffix, others, artist):
    makers = [{"role": "Artist", "name": name} for name in ["Mara Holt", *others]]
    work = met(artistSuffix=suffix, constituents=makers)
    assert (work.fields["artist"], work.fields["artist_bio"]) == (artist, "")


def test_met_maker_of_another_role_is_not_an_artist():
    makers = [{"role": "Artist", "name": "Mara Holt"}, {"role": "Sitter", "name": "Elsa Holt"}]
    assert met(constituents=makers).fields["artist"] == "Mara Holt"


def test_met_listing_with_null_identifiers_is_empty():
    page = Met().read_page({"total": 0, "objectIDs": None})
    assert (page.object_ids, page.total) == ((), 0)


def test_met_listing_names_each_object_once():
    assert Met().read_page({"total": 3, "objectIDs": [5, 3, 5]}).object_ids == ("5", "3")


@pytest.mark.parametrize("message", ["Not a valid object", "ObjectID not found"])
def test_met_message_instead_of_an_object_means_gone(message):
    with pytest.raises(GoneError, match=message):
        Met().unwrap({"message": message})


def test_met_paintings_are_looked_for_where_they_are():
    assert Met().walks(Query()) == ["/objects?departmentIds=11"]


def test_met_sculptures_are_looked_for_everywhere():
    assert Met().walks(Query(forms=(Form.sculpture,))) == ["/objects"]


def test_met_search_is_one_listing_a_department():
    walks = Met().walks(Query(departments=("6", "11"), search="cats & dogs"))
    assert walks == [
        "/search?q=cats+%26+dogs&departmentId=6",
        "/search?q=cats+%26+dogs&departmentId=11",
    ]


DEPARTMENTS = {
    "departments": [
        {"departmentId": 11, "displayName": "European Paintings"},
        {"departmentId": 12, "displayName": "European Sculpture and Decorative Arts"},
        {"departmentId": 19, "displayName": "Photographs"},
    ]
}


def test_met_departments_are_found_by_number_name_or_part_of_it():
    found = department_numbers(DEPARTMENTS, ["11", "photo", "european paintings"])
    assert found == ("11", "19", "11")


@pytest.mark.parametrize(("name", "fits"), [("European", "several"), ("Armour", "none")])
def test_met_department_must_be_clear(name, fits):
    with pytest.raises(RecordError, match=f"fits {fits} of the Met's: European Paintings;"):
        department_numbers(DEPARTMENTS, [name])


# The Art Institute of Chicago


def aic(position=0, **changes):
    return Chicago().read(fixture("aic-page.json")["data"][position] | changes)


def test_aic_body_becomes_a_record():
    work = aic()
    assert (work.fields["artist"], work.fields["artist_bio"]) == (
        "Jonas Lindh",
        "Swedish, 1822–1899",
    )
    assert work.fields["source_url"] == "https://www.artic.edu/artworks/11"
    assert work.fields["subjects"] == ["rivers", "boats"]


def test_aic_bio_in_brackets_is_taken_off_the_name():
    fields = aic(1).fields
    assert (fields["artist"], fields["artist_bio"]) == ("Jonas Lindh", "Swedish, 1822–1899")


def test_aic_culture_in_the_place_of_an_artist_is_no_artist():
    assert aic(2).fields["artist"] == ""


def test_aic_unknown_artist_is_no_artist():
    work = aic(artist_display="Artist unknown\nFlemish", artist_title="Unknown")
    assert work.fields["artist"] == ""


def test_aic_attribution_of_the_display_line_is_kept():
    work = aic(artist_display="Workshop of Jonas Lindh\nSwedish, 1822–1899")
    assert work.fields["artist"] == "Workshop of Jonas Lindh"


def test_aic_body_without_a_display_line_has_the_short_name():
    body = fixture("aic-page.json")["data"][0]
    del body["artist_display"]
    assert Chicago().read(body).fields["artist"] == "Jonas Lindh"


def test_aic_old_body_without_a_type_is_told_by_its_classification():
    work = aic(artwork_type_title=None, classification_title="oil on canvas")
    assert work.form is Form.painting


def test_aic_object_comes_with_and_without_its_envelope():
    assert Chicago().unwrap({"data": {"id": 4}}) == Chicago().unwrap({"id": 4}) == {"id": 4}


def test_aic_error_body_instead_of_an_object_means_gone():
    with pytest.raises(GoneError, match="cannot be found"):
        Chicago().unwrap({"status": 404, "error": "Not found", "detail": "It cannot be found."})


def test_aic_text_under_another_licence_is_not_asked_for():
    (walk,) = Chicago().walks(Query())
    assert "description" not in walk


# Cleveland


def cleveland(position=0, **changes):
    return Cleveland().read(fixture("cleveland-page.json")["data"][position] | changes)


def test_cleveland_body_becomes_a_record():
    fields = cleveland().fields
    assert (fields["artist"], fields["artist_bio"]) == ("Pieter Vos", "Dutch, 1611-1670")
    assert fields["notes"] == ["The ice on the <em>canal</em> was painted last."]


def test_cleveland_qualifiers_of_both_ages_are_spoken():
    old = cleveland(2).fields["artist"]
    creators = [{"description": "Pieter Vos (Dutch, 1611-1670)", "qualifier": "attributed to"}]
    new = cleveland(creators=creators).fields["artist"]
    assert (old, new) == ("workshop of Pieter Vos and Studio", "attributed to Pieter Vos")


def test_cleveland_null_lists_are_empty():
    assert cleveland(creators=None).fields["artist"] == ""


def test_cleveland_work_in_copyright_is_no_public_domain():
    assert not cleveland(1).public_domain


def test_cleveland_page_past_the_end_is_empty():
    page = Cleveland().read_page({"data": [], "info": {"total": 250, "parameters": {}}})
    assert (list(page.bodies), page.pages) == ([], 3)


# All of them


SOURCES = [Met(), Chicago(), Cleveland()]
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=5,
)


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.name)
@pytest.mark.parametrize("body", [None, [], {}, "x", 3, {"data": None}, {"error": {}}])
def test_body_of_another_shape_is_a_body_error(source, body):
    with pytest.raises(BodyError):
        source.unwrap(body)
    with pytest.raises(BodyError):
        source.read_page(body)


@pytest.mark.parametrize(
    ("source", "name"),
    [(SOURCES[0], "met.json"), (SOURCES[1], "aic-page.json"), (SOURCES[2], "cleveland-page.json")],
    ids=["met", "aic", "cleveland"],
)
@given(data=st.data())
def test_any_value_in_any_field_gives_a_record_or_a_body_error(source, name, data):
    body = fixture(name)
    body = dict(body["data"][0] if "data" in body else body)
    body[data.draw(st.sampled_from(sorted(body)))] = data.draw(JSON_VALUES)
    try:
        work = source.read(body)
    except BodyError:
        return
    assert set(work.fields) <= set(FIELDS)


@pytest.mark.parametrize(
    ("descriptions", "form"),
    [
        (["Paintings"], Form.painting),
        (["Paintings-Panels"], Form.painting),
        (["Chordophone-Zither-plucked-virginal|Paintings"], Form.painting),
        (["", "Painting"], Form.painting),
        (["Wood-Sculpture"], Form.sculpture),
        (["Stone-Reliefs-Inscribed"], Form.sculpture),
        (["Works on Paper-Engravings"], Form.print),
        (["Works on Paper-Drawings"], Form.drawing),
        (["Drawing and Watercolor"], Form.drawing),
        (["Photographs"], Form.photograph),
        (["Installations"], Form.installation),
        (["Textiles-Printed"], Form.object),
        (["Codices", "Folio from an illustrated manuscript"], Form.object),
        (["", ""], Form.object),
    ],
)
def test_form_is_told_by_the_sources_own_words(descriptions, form):
    assert form_of(descriptions) is form


# Filters


@pytest.mark.parametrize(
    ("changes", "wanted", "reason"),
    [
        ({}, {}, None),
        ({}, {"complete": True}, None),
        ({"classification": "Drawings"}, {}, "not a painting"),
        ({}, {"forms": ("sculpture", "object")}, "not a sculpture or an object"),
        ({"isPublicDomain": False}, {}, "not public domain"),
        ({"isPublicDomain": False}, {"public_domain_only": False}, None),
        ({}, {"departments": ("asian",)}, "another department"),
        ({}, {"departments": ("asian", "EUROPEAN")}, None),
        ({}, {"first_year": 1879}, "before 1879"),
        ({}, {"first_year": 1878, "last_year": 1878}, None),
        ({}, {"last_year": 1867}, "after 1867"),
        ({"objectBeginDate": None, "objectEndDate": None}, {"last_year": 1800}, "after 1800"),
        ({"title": " \r\n"}, {}, "missing title"),
        ({"artistDisplayName": "", "constituents": None}, {}, None),
        (
            {"artistDisplayName": "", "constituents": None, "medium": None},
            {"complete": True},
            "missing artist, medium",
        ),
        ({"dimensions": "Dimensions unavailable"}, {"complete": True}, "missing dimensions"),
        (
            {"objectDate": "", "objectBeginDate": 0, "objectEndDate": 0},
            {"last_year": 1900},
            "no year to compare",
        ),
    ],
)
def test_skipped_work_has_a_reason(changes, wanted, reason):
    assert judge(met(**changes), Wanted(**wanted)) == reason
