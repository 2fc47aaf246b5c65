"""The shipped corpus: every row is a guide, and says nothing the fact check knows to be wrong."""

from __future__ import annotations

import json
from collections import Counter
from importlib.resources import files

import pytest

from data.clean import clean_artwork
from data.errors import RecordError
from data.facts import Checker
from data.guides import read_corpus

GUIDES = read_corpus()
FEWEST, MOST = 45, 165


def test_every_row_has_an_id_of_its_own():
    assert max(Counter(g.id for g in GUIDES).values()) == 1


def test_every_record_is_clean():
    assert [g.id for g in GUIDES if clean_artwork(g.artwork.as_record()) != g.artwork] == []


@pytest.mark.parametrize("language", ["en", "fr", "de", "es", "it"])
def test_no_row_has_an_unsupported_claim(language):
    rows = [g for g in GUIDES if g.language == language]
    reports = {g.id: Checker(g.artwork, language).check(g.script).unsupported for g in rows}
    assert {i: c for i, c in reports.items() if c} == {}


def test_every_script_is_about_as_long_as_it_says():
    long = [g.id for g in GUIDES if g.length == "full" and len(g.script.split()) < 95]
    assert long == []
    assert all(FEWEST <= len(g.script.split()) <= MOST for g in GUIDES)


def test_the_card_counts_the_rows():
    card = files("data").joinpath("corpus/README.md").read_text("utf-8")
    assert f"{len(GUIDES):,} scripts" in card


def test_a_row_that_is_no_guide_is_named_by_its_line(tmp_path):
    row = {"id": "x", "language": "xx", "length": "brief", "style": "clear",
           "artwork": {"title": "T"}, "script": "S"}  # fmt: skip
    path = tmp_path / "guides.jsonl"
    path.write_text(json.dumps(row))
    with pytest.raises(RecordError, match=r"line 1: language"):
        read_corpus(path)
