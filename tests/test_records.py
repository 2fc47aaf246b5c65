"""Records as people give them: JSON, JSONL and CSV, cleaned, faults named with their line."""

import io
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.artwork import FIELDS, Artwork, parse_artwork
from data.clean import clean_artwork
from data.errors import RecordError
from data.records import read_records

MESSY = {
    "title": "老梅図襖|Old Plum",
    "artist": "Kan\u00c3\u00b4 &amp;amp; Sons",
    "date": "n.d.",
    "medium": "Ink &lt;i&gt;and&lt;/i&gt; gold\r\non paper",
    "subjects": ["plum", "plum", ""],
}
CLEAN = Artwork(
    title="Old Plum", artist="Kanô & Sons", medium="Ink and gold\non paper", subjects=("plum",)
)


def write(tmp_path: Path, name: str, text: str) -> Path:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("name", ["one.json", "lines.jsonl"])
def test_what_is_read_is_cleaned(tmp_path, name):
    path = write(tmp_path, name, json.dumps(MESSY))
    assert next(read_records(path)).artwork == CLEAN


def test_csv_is_cleaned_too(tmp_path):
    cells = [*(MESSY[f] for f in ("title", "artist", "date", "medium")), "plum|plum|"]
    quoted = ",".join(f'"{cell}"' for cell in cells)
    path = write(tmp_path, "works.csv", f"title,artist,date,medium,subjects\n{quoted}\n")
    assert next(read_records(path)).artwork == CLEAN


def test_what_was_read_and_written_again_reads_the_same(tmp_path):
    once = write(tmp_path, "once.json", json.dumps(MESSY))
    artwork = next(read_records(once)).artwork
    twice = write(tmp_path, "twice.json", json.dumps(artwork.as_record()))
    assert next(read_records(twice)).artwork == artwork


def test_a_title_that_is_only_markup_is_no_title(tmp_path):
    path = write(tmp_path, "a.jsonl", '{"title": "A"}\n{"title": "<i>&nbsp;</i>"}\n')
    with pytest.raises(RecordError, match="line 2 has no title"):
        list(read_records(path))


def test_half_a_character_pair_is_no_stumbling_block(tmp_path):
    path = write(tmp_path, "a.json", '{"title": "A \\ud83d"}')
    assert next(read_records(path)).artwork.title.encode("utf-8")


def test_json_file_holds_one_record_or_a_list(tmp_path):
    one = write(tmp_path, "one.json", '{"title": "A"}')
    two = write(tmp_path, "two.json", '[{"title": "A"}, {"title": "B"}]')
    assert [r.artwork.title for r in read_records(one)] == ["A"]
    assert [(r.line, r.artwork.title) for r in read_records(two)] == [(1, "A"), (2, "B")]


def test_jsonl_keeps_line_numbers_over_blank_lines(tmp_path):
    path = write(tmp_path, "works.jsonl", '{"title": "A"}\n\n{"title": "B"}\n')
    assert [(r.line, r.artwork.title) for r in read_records(path)] == [(1, "A"), (3, "B")]


def test_jsonl_may_hold_line_separators_inside_a_text(tmp_path):
    path = write(tmp_path, "works.jsonl", json.dumps({"title": "A\u2028B"}, ensure_ascii=False))
    assert next(read_records(path)).artwork.title == "A\nB"


def test_standard_input_may_be_json_or_json_lines(monkeypatch):
    for text, titles in (('{"title": "A"}', ["A"]), ('{"title":"A"}\n{"title":"B"}', ["A", "B"])):
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
        assert [r.artwork.title for r in read_records(None)] == titles


def test_csv_splits_lists_at_bars_and_keeps_commas_in_quotes(tmp_path):
    path = write(
        tmp_path, "works.csv", 'title,medium,subjects\n"Still Life, 1665",oil,jug|lemon|\n'
    )
    assert [r.artwork for r in read_records(path)] == [
        Artwork(title="Still Life, 1665", medium="oil", subjects=("jug", "lemon"))
    ]


def test_byte_order_mark_of_spreadsheets_is_ignored(tmp_path):
    path = tmp_path / "works.csv"
    path.write_bytes(b"\xef\xbb\xbftitle\nA\n")
    assert next(read_records(path)).artwork.title == "A"


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("a.json", "", "{} is empty; give it at least one record with a title."),
        ("a.json", "[]", "{} holds an empty list; give it at least one record."),
        (
            "a.json",
            '{"title": "A",}',
            (
                "{}, line 1, column 15: this is not valid JSON (Illegal trailing comma before end of "
                "object); mend that line and try again."
            ),
        ),
        (
            "a.jsonl",
            '{"title": "A"}\n{"title": \n',
            (
                "{}, line 2, column 11: this is not valid JSON (Expecting value); mend that line and "
                "try again."
            ),
        ),
        (
            "a.jsonl",
            '{"title": "A"}\n{"artist": "B"}\n',
            "{}, line 2 has no title; give it one, the only field that is required.",
        ),
        (
            "a.csv",
            "title,artst\nA,B\n",
            "{}, line 1 has an unknown column 'artst'; did you mean 'artist'?",
        ),
        (
            "a.csv",
            "title,artist\nA,B\nC,D,E\n",
            (
                "{}, line 3 has 3 cells where the header has 2; put cells that hold a comma between "
                "double quotes."
            ),
        ),
        ("a.csv", "title\n", "{} has a header and no record below it."),
        (
            "a.csv",
            'title\n"A\n',
            "{}, line 2: this is not valid CSV (unexpected end of data); mend that line.",
        ),
        ("a.csv", "title,title\nA,B\n", "{}, line 1 names a column twice; keep one of them."),
    ],
)
def test_faulty_files_are_named_with_the_line(tmp_path, name, text, sentence):
    path = write(tmp_path, name, text)
    with pytest.raises(RecordError) as error:
        list(read_records(path))
    if "Illegal trailing comma" in sentence:  # Python 3.13's words for the same fault
        assert str(error.value).startswith(f"{path}, line 1, column ")
    else:
        assert str(error.value) == sentence.format(path)


def test_text_that_is_not_utf8_is_named_with_the_line(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_bytes(b'{"title": "A"}\n{"title": "\xe9"}\n')
    with pytest.raises(RecordError, match="line 2: the text is not UTF-8"):
        list(read_records(path))


def test_missing_file_is_named(tmp_path):
    with pytest.raises(RecordError, match=r"none\.json cannot be read: No such file"):
        list(read_records(tmp_path / "none.json"))


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.sampled_from(FIELDS), inner),
    max_leaves=8,
)


@given(json_values)
def test_any_json_value_becomes_a_clean_record_or_a_record_error(value):
    try:
        artwork = clean_artwork(value)
    except RecordError as error:
        assert str(error)
    else:
        assert clean_artwork(artwork.as_record()) == artwork
        assert parse_artwork(artwork.as_record()) == artwork
