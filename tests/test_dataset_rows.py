"""What belongs together, what is a duplicate, what can do without notes, and how rows are parted."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.artwork import Artwork
from data.dataset.duplicates import duplicates_of, shingles
from data.dataset.groups import group_works, title_key
from data.dataset.notes import NotesDropper
from data.dataset.rows import Row, parse_row
from data.dataset.split import Sizes, SplitError, split
from data.errors import RecordError
from data.prompt import CORPUS, Request

SCRIPT = (
    "Jan Both painted The Ford around 1640, in oil on canvas. It is about 50 centimetres high and "
    "40 centimetres wide. Look for the river first, then follow the road to the left."
)


def row(name="r1", script=SCRIPT, language="en", **fields):
    fields = {"title": "The Ford", "artist": "Jan Both"} | fields
    return Row(name, Artwork(**fields), Request(language), script)


def together(one, other):
    first, second = group_works([Artwork(**one), Artwork(**other)])
    return first == second


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"title": "Water Lilies"}, {"title": "Water-Lilies"}),
        ({"title": "The Ford"}, {"title": "Ford"}),
        ({"title": "Untitled, No. 3"}, {"title": "Untitled, No. 25"}),
        ({"title": "Composition VII"}, {"title": "Composition VIII"}),
        ({"title": "The Ford (second version)"}, {"title": "The Ford"}),
        ({"title": "Haystacks in Snow"}, {"title": "Haystack in Snow"}),
        ({"title": "L'Été"}, {"title": "L’Ete"}),
    ],
)
def test_titles_of_one_artist_that_differ_a_little_belong_together(one, other):
    assert together(one | {"artist": "Claude Monet"}, other | {"artist": "Claude Monet"})


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Rembrandt van Rijn", "Rijn, Rembrandt van"),
        ("Rembrandt", "Rembrandt van Rijn"),
        ("workshop of Jacopo Tintoretto", "Jacopo Tintoretto"),
        ("Barbara Hepworth", "Dame Barbara Hepworth"),
    ],
)
def test_names_of_one_artist_belong_together_under_one_title(one, other):
    title = {"title": "Self-Portrait"}
    assert together(title | {"artist": one}, title | {"artist": other})


def test_one_title_by_two_artists_is_two_groups():
    title = {"title": "Self-Portrait"}
    assert not together(title | {"artist": "Mary Cassatt"}, title | {"artist": "Berthe Morisot"})


@pytest.mark.parametrize("artist", [None, "Unknown", "British School"])
def test_works_by_nobody_known_are_grouped_by_work(artist):
    fields = {"title": "Portrait of a Man", "artist": artist, "date": "1650"}
    assert not together(
        fields | {"museum": "Tate", "object_id": "1"},
        fields | {"museum": "Tate", "object_id": "2", "date": "1720"},
    )


def test_one_object_with_two_titles_is_one_group():
    place = {"museum": "Tate", "object_id": "N1"}
    assert together({"title": "The Ford"} | place, {"title": "A River with Cattle"} | place)


def test_one_record_under_two_numbers_is_one_group():
    fields = {"title": "Mask", "date": "1890", "medium": "wood", "dimensions": "40 cm"}
    assert together(fields | {"object_id": "a"}, fields | {"object_id": "b", "credit_line": "Gift"})


def test_groups_do_not_depend_on_the_order_of_the_works():
    works = [Artwork(title=t, artist="A Person") for t in ("Red 1", "Blue", "Red 2", "Blues")]
    assert group_works(works) == group_works(works[::-1])[::-1]


@given(st.text(min_size=1))
def test_every_title_has_a_key(title):
    assert title_key(title) or not title.strip()


def test_a_title_of_numbers_alone_keeps_them():
    assert title_key("1947") != title_key("1948")


def test_the_same_script_twice_is_a_duplicate():
    again = row("r2", SCRIPT.upper())
    assert duplicates_of([row(), again], 0.8) == {"r2": ("r1", 1.0)}


def test_a_script_with_a_word_changed_is_a_near_duplicate():
    found = duplicates_of([row(), row("r2", SCRIPT.replace("river", "stream"))], 0.8)
    twin, likeness = found["r2"]
    assert twin == "r1"
    assert 0.8 <= likeness < 1


def test_another_script_of_the_same_work_is_no_duplicate():
    other = "Here a road leads away from the water. Jan Both called it The Ford, in about 1640."
    assert duplicates_of([row(), row("r2", other)], 0.8) == {}


def test_the_same_words_in_two_languages_are_no_duplicate():
    assert duplicates_of([row(), row("r2", language="de")], 0.8) == {}


@given(st.text())
def test_a_script_has_shingles(script):
    assert shingles(script)


def dropped(script, notes, **fields):
    others = [row(f"o{n}", SCRIPT.replace("river", f"thing {n}")) for n in range(5)]
    noted = row("r1", script, notes=notes, date="c. 1640", medium="oil on canvas",
                dimensions="50 × 40 cm", **fields)  # fmt: skip
    return NotesDropper([*others, noted]).drop(noted)


def test_a_script_that_does_not_need_its_notes_loses_them():
    script = SCRIPT.partition(" Look")[0]
    bare = dropped(script, ["The picture belonged to a bishop."])
    assert bare is not None
    assert (bare.id, bare.artwork.notes, bare.script) == ("r1-bare", (), script)


def test_a_script_that_tells_a_note_keeps_it():
    script = f"{SCRIPT} A bishop once owned it."
    assert dropped(script, ["The picture belonged to a bishop."]) is None


def test_a_claim_that_only_the_notes_support_keeps_them():
    script = f"{SCRIPT} It was cleaned in 1987."
    assert dropped(script, ["Restored 1987."]) is None


def test_notes_are_kept_where_the_script_is_in_another_language():
    noted = row(language="de", script="Jan Both malte die Furt.", notes=["A ford."])
    assert NotesDropper([noted]).drop(noted) is None


def groups(*sizes):
    return {f"g{n}": [f"g{n}-{i}" for i in range(size)] for n, size in enumerate(sizes)}


def rows_of(part):
    return [one for group in part for one in group]


def test_a_share_is_met_to_within_a_group():
    parts = split(groups(*[3] * 100), Sizes(validation=0.1, test=0.05), seed=1)
    assert {name: len(rows_of(part)) for name, part in parts.items()} == {
        "train": 255,
        "validation": 30,
        "test": 15,
    }


@given(st.lists(st.integers(1, 9), min_size=2, max_size=40), st.integers(0, 5))
def test_no_group_is_on_two_sides(sizes, seed):
    try:
        parts = split(groups(*sizes), Sizes(validation=0.2, test=0.2), seed)
    except SplitError:
        return  # too few groups to leave any for training
    sides = [{one.partition("-")[0] for one in rows_of(part)} for part in parts.values()]
    assert sum(map(len, sides)) == len(set().union(*sides)) == len(sizes)


@given(st.lists(st.integers(1, 9), min_size=20, max_size=40), st.integers(0, 5))
def test_numbers_are_met_exactly(sizes, seed):
    parts = split(groups(*sizes), Sizes(train=9, validation=4, test=3), seed)
    assert {name: len(rows_of(part)) for name, part in parts.items()} == {
        "train": 9,
        "validation": 4,
        "test": 3,
    }


def test_another_seed_is_another_split():
    one, other = (split(groups(*[1] * 50), Sizes(), seed) for seed in (1, 2))
    assert one["validation"] != other["validation"]


def test_a_new_group_moves_no_more_than_the_edge():
    before = rows_of(split(groups(*[1] * 100), Sizes(), 1)["validation"])
    after = rows_of(split(groups(*[1] * 104), Sizes(), 1)["validation"])
    assert len(set(before) - set(after)) <= 4


def test_more_rows_than_there_are_is_refused():
    with pytest.raises(SplitError, match="There are 10 rows and 12 are asked for"):
        split(groups(*[1] * 10), Sizes(train=10, validation=2), 1)


def test_nothing_left_to_train_on_is_refused():
    with pytest.raises(SplitError, match="leave none to train on"):
        split(groups(4), Sizes(), 1)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("{", "not valid JSON"),
        ("[]", "is no object"),
        ('{"id": "a"}', "has no language"),
        ('{"id":"a","language":"xx","length":"brief","style":"clear","script":"s"}', "'xx'"),
        ('{"id":"a","language":"en","length":"brief","style":"clear","script":"s"}', "artwork"),
        (
            '{"id":"a","language":"en","length":"brief","style":"clear","script":"<END>"}',
            "holds <END>",
        ),
    ],
)
def test_a_wrong_row_is_named(line, words):
    with pytest.raises(RecordError, match=words) as error:
        parse_row(line, "rows.jsonl, line 3")
    assert "rows.jsonl, line 3" in str(error.value)


def test_a_row_of_the_corpus_comes_back_as_it_was():
    line = CORPUS.read_text(encoding="utf-8").partition("\n")[0]
    again = parse_row(line, "the corpus")
    assert again == parse_row(json.dumps(again.as_json()), "again")
