"""`guide check` as a user runs it: exact output and exit status."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from data.errors import GuideError
from data.facts.command import check

RECORD = {"title": "Snow Scene", "artist": "Mark Fisher", "artist_bio": "1841–1923", "date": "1894",
          "medium": "Oil paint on canvas", "dimensions": "457 x 660 mm"}  # fmt: skip


@pytest.fixture
def record(tmp_path):
    path = tmp_path / "work.json"
    path.write_text(json.dumps(RECORD))
    return path


def run(*arguments, text=None):
    return CliRunner().invoke(check, [str(a) for a in arguments], input=text)


def test_a_clean_text_is_printed_as_it_is(record):
    result = run("-", "--record", record, text="Mark Fisher painted Snow Scene in 1894.\n")
    assert (result.output, result.exit_code) == ("Mark Fisher painted Snow Scene in 1894.\n", 0)


def test_what_is_unsupported_is_bracketed_with_its_reason_below(record):
    result = run("-", "--record", record, text="Mark Fisher painted it in 1901, in Venice.")
    assert result.output == (
        "Mark Fisher painted it in [[1901]], in [[Venice]].\n"
        "- 1901: 1901 is not a year of the record\n"
        "- Venice: the record does not name the place Venice\n"
    )
    assert result.exit_code == 1


def test_json_lines_carry_their_own_records_and_languages(tmp_path):
    rows = [
        {"id": "a", "script": "Peint en 1894.", "artwork": RECORD, "language": "fr"},
        {"id": "b", "guide": "Painted in 1894.", "artwork": RECORD},
    ]
    path = tmp_path / "guides.jsonl"
    path.write_text("\n".join(json.dumps(r) for r in rows))
    result = run(path)
    assert (result.output, result.exit_code) == ("a\nPeint en 1894.\n\nb\nPainted in 1894.\n", 0)


def test_a_record_is_cleaned_before_it_is_asked(tmp_path):
    messy = RECORD | {"title": "雪|Snow Scene", "artist": "Mark &amp;#70;isher"}
    path = tmp_path / "guides.jsonl"
    path.write_text(json.dumps({"guide": "Mark Fisher painted Snow Scene.", "artwork": messy}))
    assert run(path).exit_code == 0


def test_style_is_printed_when_asked(record):
    result = run("-", "--record", record, "--style", text="A stunning snow scene of 1894.")
    assert "~ stunning: a worn word" in result.output


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("Just a text.", "standard input is a plain text; say with --record RECORD.json"),
        ("", "standard input is empty"),
        ('{"guide": "A text."}', "has no `artwork`"),
        ('{"artwork": {"title": "T"}}', "has no text"),
        ('{"guide": "T", "artwork": {"titel": "T"}}', "did you mean 'title'"),
        ('{"guide": "T", "artwork": {"title": "T"}, "language": "pt"}', "the language 'pt'"),
        ('{"guide": ', "line 1: this is not valid JSON"),
    ],
)
def test_input_that_cannot_be_used_is_told_in_a_sentence(text, sentence):
    result = run("-", text=text)
    assert isinstance(result.exception, GuideError)
    assert sentence in str(result.exception)
