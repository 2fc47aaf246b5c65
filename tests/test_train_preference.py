"""Preference training: what a guide earns, and which pairs can be read."""

import pytest

from data.artwork import Artwork
from data.errors import RecordError
from data.prompt import END, Request
from train.preference import load_pairs
from train.reward import completeness, reward

VERMEER = Artwork(
    title="Girl with a Pearl Earring",
    artist="Johannes Vermeer",
    artist_bio="Dutch, 1632–1675",
    date="1665",
    medium="oil on canvas",
    dimensions="44.5 x 39 cm",
)
GUIDE = (
    "Johannes Vermeer painted Girl with a Pearl Earring in 1665, in oil on canvas. "
    "The canvas is about 45 centimetres high. Look at the face first, and then at the earring. "
    "Take your time. The artist was about 33. Step closer, and look for the edge of the canvas. "
    "Then step back again, and see how the whole picture looks from there."
)


def test_false_claim_costs_truth():
    lie = GUIDE.replace("in 1665", "in 1720")
    honest, false = (reward(text + END, VERMEER, Request()) for text in (GUIDE, lie))
    assert honest.truth == 1
    assert false.truth < honest.truth
    assert false.total < honest.total


def test_guide_that_does_not_end_earns_less():
    request = Request()
    assert reward(GUIDE, VERMEER, request).total < reward(GUIDE + END, VERMEER, request).total


def test_completeness_counts_title_artist_date_and_medium():
    assert completeness(GUIDE, VERMEER) == 1
    assert completeness("A painting by Vermeer, from 1665.", VERMEER) == 0.5


def test_length_outside_the_bounds_costs():
    assert reward("Vermeer." + END, VERMEER, Request()).length < 1
    assert reward(GUIDE + END, VERMEER, Request()).length == 1


def test_pair_without_a_rejected_script_is_named(tmp_path):
    path = tmp_path / "pairs.jsonl"
    path.write_text('{"id": "a", "chosen": "b"}\n')
    with pytest.raises(
        RecordError, match="line 1 lacks language, length, style, artwork, rejected"
    ):
        load_pairs(path)
