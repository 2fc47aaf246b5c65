"""Derived facts: arithmetic that holds for any record, and the lines for records as they come."""

import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.artwork import Form, parse_artwork
from data.comparisons import compare_flat, compare_standing
from data.derive import Derived, derive, derived_lines
from data.wording import LANGUAGES

FIXTURE = Path(__file__).parent / "fixtures" / "derived_lines.toml"
RECORDS: dict[str, Any] = tomllib.loads(FIXTURE.read_text(encoding="utf-8"))

# Sizes of the things compared with, in centimetres, from standards and tables of measures; kept
# apart from the spans in data/comparisons.py that are tested against them.
SHEETS = {
    "bank_card": (5.4, 8.6),
    "postcard": (10.5, 14.8),
    "paper": (21.3, 28.8),
    "record_sleeve": (31.5, 31.5),
    "single_bed": (90, 200),
    "double_bed": (150, 200),
    "table_tennis": (152.5, 274),
}
HEIGHTS = {
    "mug_height": 9.5,
    "hand_height": 18,
    "bottle_height": 30,
    "seat_height": 45,
    "table_height": 75,
    "worktop_height": 91,
    "handle_height": 104,
    "child_height": 116,
    "adult_height": 170,
    "door_height": 201,
    "ceiling_height": 245,
}
WIDTHS = {"car_width": 450, "bus_width": 1200}
TALLER = {"taller_than_people": 185, "taller_than_door": 211, "higher_than_ceiling": 270}
SMALLER = {
    "smaller_than_bank_card": (5.4, 8.6),
    "smaller_than_postcard": (10.2, 14.8),
    "smaller_than_paper": (21, 27.9),
}
TOLERANCE = 0.12

centimetres = st.floats(min_value=1, max_value=600).map(lambda value: round(value, 1))
years = st.integers(min_value=1400, max_value=1700)


def facts(**fields: object) -> Derived:
    return derive(parse_artwork({"title": "Untitled", **fields}))


def lines(language: str = "en", **fields: object) -> list[str]:
    return derived_lines(parse_artwork({"title": "Untitled", **fields}), language)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", RECORDS)
def test_lines_of_real_shapes(name: str, language: str) -> None:
    artwork = parse_artwork(RECORDS[name]["record"])
    assert derived_lines(artwork, language) == RECORDS[name]["lines"][language]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", RECORDS)
def test_lines_are_short(name: str, language: str) -> None:
    for line in derived_lines(parse_artwork(RECORDS[name]["record"]), language):
        assert len(line.split()) <= 15


@given(height=centimetres, width=centimetres)
def test_orientation_and_ratio_follow_the_sides(height: float, width: float) -> None:
    found = facts(dimensions=f"{height} x {width} cm")
    assert found.ratio == pytest.approx(max(height, width) / min(height, width))
    if found.orientation in ("square", "nearly square"):
        assert max(height, width) <= 1.1 * min(height, width)
    else:
        assert found.orientation == ("wide" if width > height else "tall")


@pytest.mark.parametrize("form", [Form.sculpture, Form.object, Form.installation])
def test_what_stands_in_the_room_has_no_orientation(form: Form) -> None:
    found = facts(dimensions="50 x 20 cm", form=form.value)
    assert (found.orientation, found.ratio) == (None, None)


@given(height=centimetres, width=centimetres)
def test_a_comparison_of_a_flat_work_is_true(height: float, width: float) -> None:
    key = compare_flat(height, width)
    short, long = sorted((height, width))
    if key in SHEETS:
        real_short, real_long = SHEETS[key]
        assert short == pytest.approx(real_short, rel=TOLERANCE)
        assert long == pytest.approx(real_long, rel=TOLERANCE)
    elif key in SMALLER:
        assert short < SMALLER[key][0]
        assert long < SMALLER[key][1]
    elif key in WIDTHS:
        assert width == pytest.approx(WIDTHS[key], rel=TOLERANCE)
    elif key is not None:
        assert_true_of_height(key, height)


@given(height=centimetres)
def test_a_comparison_of_a_standing_work_is_true(height: float) -> None:
    key = compare_standing(height)
    if key is not None:
        assert_true_of_height(key, height)


def assert_true_of_height(key: str, height: float) -> None:
    if key in HEIGHTS:
        assert height == pytest.approx(HEIGHTS[key], rel=TOLERANCE)
    else:
        assert height > TALLER[key]


@pytest.mark.parametrize("key", [*SHEETS, *SMALLER, *WIDTHS, *HEIGHTS])
def test_every_thing_is_compared_with_its_own_size(key: str) -> None:
    if key in SHEETS:
        assert compare_flat(*SHEETS[key]) == key
    elif key in SMALLER:
        short, long = SMALLER[key]
        assert compare_flat(short * 0.8, long * 0.8) == key
    elif key in WIDTHS:
        assert compare_flat(66, WIDTHS[key]) == key
    else:
        assert compare_standing(HEIGHTS[key]) == key


@given(born=years, age=st.integers(20, 60), left=st.integers(0, 30))
def test_age_is_of_the_year_before_or_after_the_birthday(born: int, age: int, left: int) -> None:
    found = facts(artist="Ann Lee", artist_bio=f"{born}–{born + age + left}", date=str(born + age))
    assert found.age == (age - 1, age)
    assert found.about_age == age


@given(born=years, age=st.integers(10, 60), took=st.integers(1, 20))
def test_age_over_a_range_begins_with_its_first_year(born: int, age: int, took: int) -> None:
    found = facts(
        artist="Ann Lee",
        artist_bio=f"{born}–{born + 90}",
        date=f"{born + age}–{born + age + took}",
    )
    assert found.age == (age - 1, age + took)
    assert found.about_age == age


def test_circa_widens_the_age_span() -> None:
    found = facts(artist="Ann Lee", artist_bio="1600–1680", date="c. 1640")
    assert (found.age, found.about_age) == ((34, 45), 40)


@given(born=years, died=st.integers(20, 90), after=st.integers(1, 300))
def test_there_is_no_age_after_death(born: int, died: int, after: int) -> None:
    found = facts(
        artist="Ann Lee", artist_bio=f"{born}–{born + died}", date=str(born + died + after)
    )
    assert (found.age, found.about_age, found.stage) == (None, None, "after death")


@pytest.mark.parametrize(
    ("year", "stage"),
    [("1620", "youth"), ("1630", "early career"), ("1650", "middle"), ("1668", "late"),
     ("1670", "last year"), ("1700", "after death")],
)  # fmt: skip
def test_stage_of_life(year: str, stage: str) -> None:
    assert facts(artist="Ann Lee", artist_bio="1600–1670", date=year).stage == stage


@pytest.mark.parametrize(
    "artist", ["workshop of Ann Lee", "after Ann Lee", "Unidentified artist", "Ann Lee; Bo Orr"]
)
def test_the_age_of_another_hand_is_not_known(artist: str) -> None:
    found = facts(artist=artist, artist_bio="1600–1670", date="1640")
    assert (found.age, found.stage) == (None, None)


@pytest.mark.parametrize(
    ("date", "century", "part", "decade"),
    [
        ("1665", 17, "middle", 1660),
        ("1601", 17, "early", 1600),
        ("1668", 17, "late", 1660),
        ("1733–6", 18, "early", 1730),
        ("1895–1905", None, None, None),
        ("1840–1872", 19, None, None),
        ("17th century", 17, None, None),
        ("late 12th century", 12, "late", None),
        ("1st quarter 19th century", 19, "first_quarter", None),
        ("2nd half 19th century", 19, "second_half", None),
        ("525–515 BCE", -6, "late", None),
        ("3rd quarter of the 7th century BCE", -7, "third_quarter", None),
        ("500 BCE–500 CE", None, None, None),
        ("after 1595", None, None, None),
    ],
)
def test_period(date: str, century: int | None, part: str | None, decade: int | None) -> None:
    found = facts(date=date)
    assert (found.century, found.century_part, found.decade) == (century, part, decade)


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"dimensions": "dimensions variable"},
        {"dimensions": "40 x 30"},
        {"date": "n.d."},
        {"date": "undated", "artist_bio": "1600–1670", "artist": "Ann Lee"},
        {"dimensions": "Frame: 40 x 30 cm"},
        {"artist": "Ann Lee", "artist_bio": "active in Rome"},
    ],
)
def test_what_cannot_be_known_gives_no_line(fields: dict[str, str]) -> None:
    assert lines(**fields) == []


@pytest.mark.parametrize(
    ("dimensions", "said"),
    [
        ("H. 20 in. (50.8 cm); Diam. 12 in. (30.5 cm)",
         "About 51 centimetres high and 30 centimetres across"),
        ("Diam. 30.5 cm", "About 30 centimetres across"),
        ("30 x 20 x 90 cm", "About 30 centimetres high and 90 centimetres deep"),
    ],
)  # fmt: skip
def test_things_in_the_round_are_said_by_their_telling_measures(dimensions: str, said: str) -> None:
    assert lines(dimensions=dimensions, form="sculpture")[0] == said


@pytest.mark.parametrize(
    ("dimensions", "said"),
    [
        ("100 x 104 cm", "Nearly square"),
        ("100 x 115 cm", "A little wider than it is tall"),
        ("100 x 140 cm", "Wider than it is tall"),
        ("100 x 172 cm", "Much wider than it is tall"),
        ("100 x 190 cm", "Wider than it is tall, nearly twice as wide as high"),
        ("300 x 100 cm", "Taller than it is wide, about three times as high as wide"),
        ("350 x 100 cm", "Taller than it is wide, more than three times as high as wide"),
    ],
)
def test_shape_is_said_by_degrees(dimensions: str, said: str) -> None:
    assert lines(dimensions=dimensions)[1] == said
