"""What is measured of one guide, against values worked out by hand."""

import math

import pytest
from sacrebleu.metrics.chrf import CHRF

from data.artwork import Artwork
from data.prompt import Request
from evaluate.completeness import completeness, said_fields
from evaluate.intervals import mean_interval, randomization_p
from evaluate.metrics import distinct, measure, openings, record_table
from evaluate.parent import SMALLEST, parent
from evaluate.summary import summarize
from evaluate.works import Task
from tests.conftest import VERMEER

ARTWORK = Artwork.model_validate(VERMEER)
GOOD = (
    "Girl with a Pearl Earring is small. Johannes Vermeer painted it around 1665, in oil on canvas. "
    "It is about 45 centimetres high. Look for the earring."
)
TASK = Task("one", ARTWORK, Request(), GOOD)


def values(guide, task=TASK, **made):
    return measure("x", task, guide, made).values


def test_parent_of_the_reference_itself():
    table = [("title", ["blue", "boat"])]
    text = ["a", "blue", "boat", "rests", "here"]
    # λ = 1 − the reference's recall of the table = 0, and every n-gram is in the reference.
    assert parent(text, text, table).f1 == pytest.approx(1.0)


def test_parent_precision_counts_what_only_the_table_supports():
    # Unigrams: "a" is in the reference (1), "blue" in the table (1), "dog" in neither (0): 2/3.
    # Bigrams: (a, blue): 1 of 2 words in the table; (blue, dog): 1 of 2. 1/2.
    # Trigram: 1 of 3 words in the table. No 4-gram: the smallest value.
    table = [("colour", ["blue"])]
    found = parent(["a", "blue", "dog"], ["a", "cat"], table, weight=0.5)
    by_hand = (2 / 3 * 1 / 2 * 1 / 3 * SMALLEST) ** (1 / 4)
    assert found.precision == pytest.approx(by_hand)


def test_parent_recall_asks_only_for_what_the_table_entails():
    # Reference unigrams: "blue" (weight 1, found), "boat" (1, not found), "sails" (0): 1/2.
    # Bigrams: (blue, boat) weight 1, (boat, sails) 1/2, none found; trigram weight 2/3, not found.
    table = [("colour", ["blue"]), ("thing", ["boat"])]
    found = parent(["blue", "sky"], ["blue", "boat", "sails"], table, weight=0.5)
    of_reference = (1 / 2 * SMALLEST * SMALLEST * 1) ** (1 / 4)  # no 4-gram asks for nothing
    of_table = 1 / 2
    assert found.recall == pytest.approx(math.sqrt(of_reference * of_table))


def test_parent_recall_of_a_value_keeps_its_order():
    # Longest common subsequence of (oil, on, canvas) and (canvas, oil, on) is (oil, on).
    found = parent(["canvas", "oil", "on"], ["x"], [("medium", ["oil", "on", "canvas"])], weight=1)
    assert found.recall == pytest.approx(2 / 3)


def test_parent_of_a_text_that_shares_nothing():
    assert parent(["cat"], ["dog"], [("title", ["boat"])]).f1 == 0


def test_table_says_the_size_as_it_is_spoken():
    words = {word for _, value in record_table(ARTWORK, "en") for word in value}
    assert "centimetres" in words
    assert "x" not in words


def test_true_guide():
    found = values(GOOD)
    assert (found["true"], found["unsupported"], found["completeness"]) == (1.0, 0.0, 1.0)


def test_unsupported_claim_is_counted_and_located():
    measured = measure("x", TASK, GOOD.replace("1665", "1702"), {})
    assert measured.values["true"] == 0.0
    assert [claim.said for claim in measured.unsupported] == ["1702"]
    claim = measured.unsupported[0]
    assert measured.guide[claim.start : claim.end] == "1702"


@pytest.mark.parametrize(
    ("without", "field"),
    [
        ("Girl with a Pearl Earring is small. ", "title"),
        ("Johannes Vermeer ", "artist"),
        (" around 1665", "date"),
        (", in oil on canvas", "medium"),
        ("It is about 45 centimetres high. ", "size"),
    ],
)
def test_each_field_that_is_not_said(without, field):
    guide = GOOD.replace(without, "").replace("Look for the earring.", "Look.")
    found = values(guide)
    assert [name for name in ("title", "artist", "date", "medium", "size") if not found[name]] == [
        field
    ]
    assert found["completeness"] == pytest.approx(4 / 5)


def test_comparison_says_the_size():
    from data.facts import check

    guide = "It is about as big as a sheet of office paper."
    artwork = Artwork(title="Scroll", dimensions="29 x 21 cm")
    assert said_fields(guide, artwork, "en", check(guide, artwork))["size"] is True


def test_field_that_the_record_lacks_is_not_asked_for():
    from data.facts import check

    artwork = Artwork(title="Scroll")
    said = said_fields("Scroll.", artwork, "en", check("Scroll.", artwork))
    assert said == {"title": True, "artist": None, "date": None, "medium": None, "size": None}
    assert completeness(said) == 1.0


def test_chrf_is_sacrebleus():
    guide = "Johannes Vermeer painted a girl."
    assert values(guide)["chrf"] == CHRF().sentence_score(guide, [GOOD]).score


def test_without_a_reference_nothing_is_compared_with_it():
    found = values(GOOD, Task("one", ARTWORK, Request()))
    assert (found["chrf"], found["parent"]) == (None, None)


def test_spoken_seconds_are_words_at_the_pace_of_a_speaker():
    assert values("one two three four five.")["spoken"] == pytest.approx(2.0)


def test_repetition_is_the_share_of_trigrams_heard_before():
    # Eight words, six trigrams, of which "a b c" comes twice: 1/6.
    assert values("a b c d a b c e")["repetition"] == pytest.approx(1 / 6)


def test_worn_words_are_counted():
    assert values("A stunning masterpiece.")["worn"] == 2.0


@pytest.mark.parametrize(
    ("guide", "made", "stops"),
    [
        ("A whole sentence.", {"finish_reason": "stop"}, 1.0),
        ("A whole sentence.", {"finish_reason": "length"}, 0.0),
        ("Half a", {"finish_reason": "stop"}, 0.0),
        ("By a person.", {}, 1.0),
    ],
)
def test_stops_cleanly(guide, made, stops):
    assert values(guide, **made)["stops"] == stops


@pytest.mark.parametrize("language", ["en", "fr", "de", "es", "it"])
def test_short_words_and_sentences_are_easier_to_read(language):
    task = Task("x", ARTWORK, Request(language))
    easy = values("La luna. La casa. La mano.", task)["reading_ease"]
    hard = values("Interpretazionalistico internazionalizzazione " * 9 + ".", task)["reading_ease"]
    assert easy > hard


def test_guide_without_a_word_has_no_reading_ease():
    assert values("…")["reading_ease"] is None


def test_distinct_is_of_the_whole_set():
    assert distinct(["a b", "a b"], 1) == pytest.approx(2 / 4)
    assert distinct(["a b", "c d"], 2) == 1.0
    assert distinct([], 2) == 0.0


def test_openings_are_counted():
    assert openings(["Look at this.", "Look at this thing", "No"]) == {"look at this": 2, "no": 1}


def test_interval_of_equal_shares_is_not_without_doubt():
    found = mean_interval([1.0] * 10, list(range(10)), share=True)
    assert found.mean == found.high == 1.0
    assert found.low == pytest.approx(0.025**0.1)


def test_guides_of_one_work_count_as_one():
    alone = mean_interval([0, 1] * 20, list(range(40)))
    together = mean_interval([0] * 20 + [1] * 20, ["a"] * 20 + ["b"] * 20)
    assert together.high - together.low > 2 * (alone.high - alone.low)


def test_interval_holds_the_mean_nineteen_times_in_twenty():
    import numpy as np

    rng = np.random.default_rng(1)
    hits = 0
    for _ in range(200):
        found = mean_interval(list(rng.normal(3, 1, 40)), list(range(40)))
        hits += found.low <= 3 <= found.high
    assert 0.90 <= hits / 200 <= 0.99


def test_randomization_counts_signs_exactly():
    # All three lower: one arrangement of eight is as low.
    assert randomization_p([-1, -2, -3], ["a", "b", "c"]) == pytest.approx(1 / 8)
    assert randomization_p([0, 0], ["a", "b"]) == 1.0


def test_randomization_of_many_works_agrees_with_the_exact_test():
    sign_test = sum(math.comb(20, k) for k in range(14, 21)) / 2**20
    drawn = randomization_p([-1.0] * 14 + [1.0] * 6, list(range(20)))
    assert drawn == pytest.approx(sign_test, abs=0.01)


def test_summary_breaks_down_by_kind_of_work():
    french = Task("two", ARTWORK, Request("fr"))
    measured = [measure("x", TASK, GOOD, {}), measure("x", french, "Peint en 1702.", {})]
    summary = summarize("x", measured)
    assert summary.works == 1
    assert summary.by["language"]["en"]["true"].mean == 1.0
    assert summary.by["language"]["fr"]["true"].mean == 0.0
    assert summary.kinds["year"].mean == 0.5


def test_perplexity_is_averaged_over_logarithms():
    measured = [measure("x", TASK, GOOD, {}) for _ in range(2)]
    measured[0].values["perplexity"], measured[1].values["perplexity"] = 2.0, 8.0
    assert summarize("x", measured).overall["perplexity"].mean == pytest.approx(4.0)
