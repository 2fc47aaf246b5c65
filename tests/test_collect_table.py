"""Tables of objects: the Met's bulk file and a museum's own export."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.artwork import Form
from data.collect.met import Met
from data.collect.table import MetTable, Table, api_shape, parse_mapping, read_rows
from data.errors import RecordError

FIXTURES = Path(__file__).parent / "fixtures" / "collect"
OWN = {"Inv.-Nr.": "object_id", "Titel": "title", "Schlagworte": "subjects", "Gattung": "form"}


def rows(name="MetObjects.csv", **options):
    return [row for _, _, row in read_rows(FIXTURES / name, **options)]


def write(path, text, encoding="utf-8"):
    path.write_text(text, encoding=encoding, newline="")
    return path


def test_bulk_file_says_what_the_api_says():
    import json

    body = json.loads((FIXTURES / "met.json").read_text(encoding="utf-8"))
    from_api, from_table = Met().read(body), MetTable().read(rows()[0])
    assert from_table.fields == from_api.fields
    assert (from_table.form, from_table.years) == (from_api.form, from_api.years)


def test_bulk_files_several_artists_are_told_apart():
    work = MetTable().read(rows()[1])
    assert work.fields["artist"] == "Attributed to Mara Holt (?) and Elsa Holt"


def test_bulk_files_cell_may_hold_line_ends():
    assert "\r\n" in MetTable().read(rows()[1]).fields["dimensions"]


def test_bulk_files_rights_and_empty_classification_are_read():
    work = MetTable().read(rows()[2])
    assert (work.public_domain, work.form) == (False, Form.object)


@given(st.dictionaries(st.sampled_from(list(rows()[0])), st.text(max_size=20)))
def test_any_row_of_the_bulk_file_has_the_apis_shape(cells):
    shaped = api_shape(cells | {"Object ID": "7"})
    assert Met().read(shaped).object_id == "7"


def test_own_export_is_read_by_its_mapping():
    (first, second) = rows("export-cp1252.csv", encoding="cp1252")
    table = Table("ours", OWN, "Our Museum")
    work = table.read(first)
    assert work.fields == {
        "object_id": "A 17",
        "title": "Blick über die Elbe",
        "subjects": ["Fluss", "Schiffe"],
        "form": Form.painting,
        "museum": "Our Museum",
    }
    assert table.read(second).form is Form.sculpture


def test_own_export_without_a_form_column_holds_paintings():
    assert Table("ours", {"T": "title"}).read({"T": "Ferry"}).form is Form.painting


def test_own_export_without_a_rights_column_is_free():
    assert Table("ours", {"T": "title"}).read({"T": "Ferry"}).public_domain


@pytest.mark.parametrize(
    ("cell", "free"), [("Yes", True), ("CC0", True), ("", False), ("no", False)]
)
def test_own_exports_rights_column_decides(cell, free):
    table = Table("ours", {"T": "title", "R": "public_domain"})
    assert table.read({"T": "Ferry", "R": cell}).public_domain is free


def test_first_column_that_is_not_blank_fills_a_field():
    table = Table("ours", {"T": "title", "T2": "title", "K": "subjects", "K2": "subjects"})
    fields = table.read({"T": " ", "T2": "Ferry", "K": "a|b", "K2": "c"}).fields
    assert (fields["title"], fields["subjects"]) == ("Ferry", ["a", "b", "c"])


def test_mapping_is_read_from_the_last_equals_sign():
    assert parse_mapping(["a=b=title", "Wer = artist"]) == {"a=b": "title", "Wer": "artist"}


@pytest.mark.parametrize(
    ("pair", "said"),
    [
        ("Titel", "is not column=field"),
        ("=title", "is not column=field"),
        ("Titel=tittle", "did you mean 'title'"),
        ("Titel=xyzzy", "use title, artist"),
    ],
)
def test_mapping_that_cannot_be_used_is_named(pair, said):
    with pytest.raises(RecordError, match=said):
        parse_mapping([pair])


def test_mapped_column_must_be_in_the_table():
    table = Table("ours", {"Titel": "title", "Kunstler": "artist"})
    with pytest.raises(RecordError, match="no column 'Kunstler'; did you mean 'Künstler'"):
        table.check(["Titel", "Künstler"], "ours.csv")


def test_title_must_be_mapped():
    with pytest.raises(RecordError, match=r"No column of ours\.csv is mapped to title"):
        Table("ours", {"Wer": "artist"}).check(["Titel", "Wer"], "ours.csv")


def test_other_table_is_no_bulk_file():
    with pytest.raises(RecordError, match=r"not the Met's MetObjects\.csv"):
        MetTable().check(["Titel"], "ours.csv")


@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_delimiter_is_told_by_the_header(tmp_path, mark):
    path = write(tmp_path / "t.csv", f"a{mark}b{mark}c\r\n1{mark}2{mark}3\r\n")
    assert [row for _, _, row in read_rows(path)] == [{"a": "1", "b": "2", "c": "3"}]


def test_blank_lines_and_short_rows_are_no_fault(tmp_path):
    path = write(tmp_path / "t.csv", "a,b\n\n1\n,\n3,4\n")
    assert [row for _, _, row in read_rows(path)] == [{"a": "1"}, {"a": "3", "b": "4"}]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "has no header"),
        ("a,b\n1,2,3\n", "line 2 has 3 cells where the header has 2"),
        ('a,b\n"1,2\n', "not valid CSV"),
        ('a,b\n"1"x,2\n', "line 2: this is not valid CSV"),
        ("version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "pointer of Git LFS"),
    ],
)
def test_table_that_cannot_be_read_is_named(tmp_path, text, said):
    path = write(tmp_path / "t.csv", text)
    with pytest.raises(RecordError, match=said):
        list(read_rows(path))


def test_wrong_encoding_names_the_option():
    with pytest.raises(RecordError, match="--encoding cp1252"):
        rows("export-cp1252.csv")


def test_unknown_encoding_is_named():
    with pytest.raises(RecordError, match="'klingon' is no encoding"):
        rows(encoding="klingon")


def test_absent_file_is_named(tmp_path):
    with pytest.raises(RecordError, match=r"absent\.csv cannot be read"):
        list(read_rows(tmp_path / "absent.csv"))


@given(st.lists(st.lists(st.text(max_size=8), min_size=3, max_size=3), max_size=5))
def test_whatever_is_written_is_read_again(tmp_path_factory, cells):
    path = tmp_path_factory.getbasetemp() / "written.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, quoting=csv.QUOTE_ALL).writerows([["a", "b", "c"], *cells])
    written = [row for row in cells if any(row)]
    assert [list(row.values()) for _, _, row in read_rows(path)] == written
