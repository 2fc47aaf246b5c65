"""Museums' dimension texts read into centimetres: which part, which side, which unit."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.artwork import Form
from data.dimensions import Size, parse_all_dimensions, parse_dimensions

CHECKED = Path(__file__).parent / "fixtures" / "dimensions.jsonl"


def size(text: str, form: Form = Form.painting) -> dict[str, Any]:
    """What the text gives, without what it does not give."""
    parsed = parse_dimensions(text, form)
    assert parsed is not None, text
    return given_fields(parsed)


def given_fields(parsed: Size) -> dict[str, Any]:
    fields = dataclasses.asdict(parsed)
    del fields["label"]
    return {name: value for name, value in fields.items() if value not in (None, "")}


def checked_rows() -> list[tuple[str, dict[str, Any] | None]]:
    rows = (json.loads(line) for line in CHECKED.read_text(encoding="utf-8").splitlines())
    return [(row["text"], row["value"]) for row in rows]


@pytest.mark.parametrize(("text", "value"), checked_rows())
def test_two_hundred_texts_checked_by_eye(text: str, value: dict[str, Any] | None) -> None:
    if value is None:
        assert parse_dimensions(text) is None
    else:
        assert size(text) == value


@pytest.mark.parametrize(
    ("text", "height", "width"),
    [
        ("718 x 502 mm", 71.8, 50.2),
        ("16 7/8 × 22 1/8 in. (42.9 × 56.2 cm)", 42.9, 56.2),
        ("15-5/8 x 11-1/2 in.  (39.7 x 29.2 cm)", 39.7, 29.2),
        ("16⅞ × 22⅛ in.", 42.863, 56.198),
        ('65.7cm x 51.3cm (25 7/8" x 20 3/16"), Accurate', 65.7, 51.3),
        ("16 x 14 in. (40.6 cm. x 35.6 cm. )", 40.6, 35.6),
        ("152 mm x 190 mm", 15.2, 19.0),
        ("28,5 x 30,2 cm", 28.5, 30.2),
        ("1,988 x 3,067 mm", 198.8, 306.7),
        ("10.3 x .9 cm", 10.3, 0.9),
        ("44 7/8 in. × 9 ft. 3 in. (114 × 282 cm)", 114.0, 282.0),
        ("101 1/2 in. × 17ft. 4 1/2 in.", 257.81, 529.59),
        ("4' 2 3/4\" H x 2' 7\" W", 128.905, 78.74),
        ("6 ft x 12 ft (1.8 m x 3.5 m)", 180.0, 350.0),
        ("H. 24-1/2, W. 41-1/2 in.", 62.23, 105.41),
        ("H. 6 15/16 in. (17.6 cm)\r\nW. 15 15/16 in. (40.5 cm)", 17.6, 40.5),
        ("W. 30 cm x H. 20 cm", 20.0, 30.0),
        ("Height x width: 20 x 30 cm", 20.0, 30.0),
        ("H x W x D: 20 x 30 x 5 cm", 20.0, 30.0),
        ("H. 12 x W. 8 in. (approx.) (30.5 x 20.3 cm)", 30.5, 20.3),
        ("20 by 30 centimetres", 20.0, 30.0),
        ("20–21 × 30 cm", 20.5, 30.0),
        ("10 x 12 in.; 25.4 x 30.5 cm", 25.4, 30.48),
    ],
)
def test_units_fractions_and_sides(text: str, height: float, width: float) -> None:
    parsed = parse_dimensions(text)
    assert parsed is not None
    assert (parsed.height, parsed.width) == pytest.approx((height, width), abs=0.03)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Diameter: 18 3/4 in. (47.6 cm)\nFramed diameter: 25 1/2 in.", {"diameter": 47.6}),
        ("Overall: Diameter 5.5 cm", {"diameter": 5.5, "part": "overall"}),
        ("Overall (diameter): 5.5 cm", {"diameter": 5.5, "part": "overall"}),
        ("56.5 diameter x 2.5cm", {"diameter": 56.5}),
        ("H. 4 in. × Diam. 9 in. (10.2 × 22.9 cm)", {"height": 10.2, "diameter": 22.9}),
        ("L. 31 x  W. 28 1/2 in. (78.7 x 72.4 cm)", {"length": 78.7, "width": 72.4}),
        ("Height 6.4 cm", {"height": 6.4}),
        ("W. 45 1/2 × D. 5 7/8 in. (115.6 × 15 cm)", {"width": 115.6, "depth": 15.0}),
        ("H. 9 × W. 5 × D. 2 in.", {"height": 22.86, "width": 12.7, "depth": 5.08}),
        ("114 x 273 x 197 mm, 6.1 kg",
         {"height": 11.4, "width": 27.3, "depth": 19.7, "weight_kg": 6.1}),
        ("15 15/16 in., 2 lb. (40.4 cm, 0.9 kg)", {"height": 40.4, "weight_kg": 0.9}),
        ("framed: 115 x 12.5 cm; diameter: 68 cm", {"diameter": 68.0}),
        ("H. 40 cm; Wt. 5 lb. 11 oz. (2580 g)", {"height": 40.0, "weight_kg": 2.58}),
    ],
)  # fmt: skip
def test_labelled_measures(text: str, expected: dict[str, Any]) -> None:
    assert size(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("frame: 489 x 570 x 58 mm\nsupport: 380 x 480 mm", (38.0, 48.0, "support")),
        ("40 x 30 in. (101.6 x 76.2 cm)\nFramed: 56 × 46 × 4 in.", (101.6, 76.2, "")),
        ("framed: 64 x 52.5 cm; unframed: 54 x 42.5 cm", (54.0, 42.5, "unframed")),
        ("Framed: 40 x 60 in. (101.6 x 152.4 cm)", (101.6, 152.4, "frame")),
        ("Sight: 46.7 x 38.1cm Mat: 71.1 × 55.9 cm", (46.7, 38.1, "image")),
        ('69.5cm x 51.4cm (27 3/8" x 20 1/4"), Image', (69.5, 51.4, "image")),
        ('54.3 x 38.7 cm (21 3/8 x 15 1/4"), Stretcher 66 x 50.8 cm (26 x 20"), Frame',
         (54.3, 38.7, "support")),
        ("support, each: 3336 x 443 mm", (333.6, 44.3, "each")),
        ("support (1): 2000 x 1000 mm\nsupport (2): 2000 x 1000 mm", (200.0, 100.0, "each")),
        ("support, each: 800 x 1000 mm\ndisplayed: 2640 x 3240 mm", (264.0, 324.0, "displayed")),
        ("Overall, with engaged frame, 20 x 12 7/8 in. (50.8 x 32.7 cm)", (50.8, 32.7, "overall")),
        ("Left wing: 87.7 x 29.5 cm, painted surface 86.4 x 27.9 cm", (87.7, 29.5, "component")),
        ("image: 121.8 x 53.5 cm; overall: 259.7 x 89.5 cm", (121.8, 53.5, "image")),
        ("overall: 52 x 40 cm; painted surface 50 x 38 cm", (52.0, 40.0, "overall")),
        ("Image: 33 × 14 cm\nOverall with mounting: 79 × 25 cm", (33.0, 14.0, "image")),
        ("Painting: H. 8 in. (20.3 cm)\r\n  W. 4 in. (10.2 cm)\r\nMat: H. 19 in. (48.3 cm)",
         (20.3, 10.2, "image")),
        ("Painting: H. 8 × W. 4 in.\nPage: H. 11 × W. 7 in.", (20.32, 10.16, "image")),
        ("framed: 115 x 12.5 cm; image: 98 x 33.5 cm; overall: 35 cm", (98.0, 33.5, "image")),
        ("Overall (shaped top): 179.4 × 131.4 cm", (179.4, 131.4, "overall")),
        ("Frame: 61 x 50.8 cm Mat: 55.9 × 40.6 cm", (61.0, 50.8, "frame")),
        ("Confirmed: 2542 x 4572 x 34 mm (displayed)", (254.2, 457.2, "displayed")),
    ],
)  # fmt: skip
def test_which_part_to_speak_of(text: str, expected: tuple[float, float, str]) -> None:
    parsed = parse_dimensions(text)
    assert parsed is not None
    assert (parsed.height, parsed.width, parsed.part) == expected


@pytest.mark.parametrize(
    ("form", "part"),
    [(Form.drawing, "sheet"), (Form.print, "plate"), (Form.photograph, "image")],
)
def test_works_on_paper_are_measured_as_their_form_is(form: Form, part: str) -> None:
    text = "sheet: 30 x 25 cm; plate: 20 x 16 cm; image: 19 x 15 cm"
    assert size(text, form)["part"] == part


@pytest.mark.parametrize(
    "text",
    [
        "",
        "dimensions variable",
        "Overall display dimensions variable",
        "duration: 11min, 33sec",
        "support: 712 x 914",
        "2289 x 2235 x 35",
        "6/24/13 exam form",
        "Diameter of bell: 29.1 cm",
        "Circumference: 30 cm",
        "Cal. .69 in. (17.5 mm)",
        "W. 30 x 20 cm",
        "Stretcher: 76.4 × 63. 7 cm",
        "Mat: 55.9 x 40.6cm",
        'x 35.6cm (x 14"), Accurate',
        "Not including case: dimensions variable",
        "1 x 2 x 3 x 4 x 5 cm",
        "support: 1346 x 1105 mm\nsupport: 2470 x 1213 mm",
        "central panel: 174 x 152.4 cm; each wing; 174 x 66 cm",
        "9 x 12 in. (24.1 x 32.4 cm) to 10 x 14 in. (23.5 x 35.6 cm)",
    ],
)
def test_what_is_not_certain_is_not_read(text: str) -> None:
    assert parse_dimensions(text) is None


def test_units_that_contradict_each_other_leave_the_side_out() -> None:
    assert size("7 1/8 x 5 in. (18.1 x 5 cm)") == {"height": 18.1}


def test_a_d_beside_a_height_alone_may_be_depth_or_diameter() -> None:
    assert size("H. 20 × D. 10 cm") == {"height": 20.0}


def test_a_measure_of_nothing_is_none() -> None:
    (frame,) = parse_all_dimensions("frame: 500 x 0 x 75 mm")
    assert (frame.height, frame.width, frame.depth) == (50.0, None, 7.5)


@pytest.mark.parametrize("text", ['1001000"', "Height: 99,999,999 cm", "5 cm (9999999 in.)"])
def test_a_measure_of_many_miles_is_none(text: str) -> None:
    assert parse_all_dimensions(text) == ()


def test_a_wide_range_is_no_measure() -> None:
    assert size("20–40 × 30 cm") == {"width": 30.0}


def test_a_lone_number_is_not_the_height_of_an_object() -> None:
    assert parse_dimensions("12.3 cm", Form.object) is None
    assert size("12.3 cm", Form.painting) == {"height": 12.3}


def test_a_lone_last_number_is_dropped() -> None:
    assert size("support: 1068 x 1220 mm, 4 mm")["height"] == 106.8


def test_every_part_is_given_in_the_order_of_the_text() -> None:
    text = "frame: 48 x 57 cm\nsupport: 38 x 48 cm\nMat: H. 50 cm\n W. 60 cm, 3 kg"
    parts = [given_fields(part) for part in parse_all_dimensions(text)]
    assert parts == [
        {"height": 48.0, "width": 57.0, "part": "frame"},
        {"height": 38.0, "width": 48.0, "part": "support"},
        {"height": 50.0, "width": 60.0, "weight_kg": 3.0, "part": "mat"},
    ]


LENGTHS = st.integers(10, 99_999).map(lambda tenths: tenths / 10)
LABELS = st.sampled_from(["", "support: ", "Overall: ", "sheet: ", "image: ", "unconfirmed: "])
TIMES = st.sampled_from([" x ", " × ", "x", " X ", " by "])


@given(st.lists(LENGTHS, min_size=1, max_size=3), LABELS, TIMES, st.sampled_from(["cm", "mm", "m"]))
def test_written_measures_come_back(
    lengths: list[float], label: str, times: str, unit: str
) -> None:
    factor = {"cm": 1, "mm": 0.1, "m": 100}[unit]
    parsed = parse_dimensions(label + times.join(f"{n:g}" for n in lengths) + f" {unit}")
    assert parsed is not None
    sides = [parsed.height, parsed.width, parsed.depth]
    expected = [n * factor for n in map(float, (f"{n:g}" for n in lengths))]
    assert sides[: len(lengths)] == pytest.approx(expected, rel=1e-4)
    assert sides[len(lengths) :] == [None] * (3 - len(lengths))


@given(
    st.lists(st.tuples(st.integers(1, 200), st.integers(0, 15)), min_size=2, max_size=3),
    st.sampled_from([" in.", '"', " inches"]),
    st.booleans(),
)
def test_written_inches_come_back(
    sides: list[tuple[int, int]], unit: str, with_metric: bool
) -> None:
    inches = [f"{whole} {part}/16" if part else str(whole) for whole, part in sides]
    centimetres = [(whole + part / 16) * 2.54 for whole, part in sides]
    text = " x ".join(inches) + unit
    if with_metric:
        text += " (" + " x ".join(f"{n:.1f}" for n in centimetres) + " cm)"
    parsed = parse_dimensions(text)
    assert parsed is not None
    got = [parsed.height, parsed.width, parsed.depth][: len(sides)]
    assert got == pytest.approx(centimetres, abs=0.051)


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    for part in parse_all_dimensions(text):
        values = dataclasses.astuple(part)[:6]
        assert any(value and value > 0 for value in values)


@given(
    st.text(alphabet=st.sampled_from("0123456789 ./,-x×()cmin\"'HWD:;\nframeoverall"), max_size=80)
)
def test_text_that_looks_like_measures_never_breaks(text: str) -> None:
    assert isinstance(parse_dimensions(text), Size | None)


@pytest.mark.parametrize(
    "piece",
    [
        "1",
        "1 ",
        "1 x ",
        "1 x 1 cm ",
        "(",
        "1 cm (",
        "(1 cm",
        "H. ",
        "1/1",
        "1,",
        "x",
        "1 cm, ",
        "in ",
    ],
)
def test_a_very_long_text_ends(piece: str) -> None:
    assert isinstance(parse_dimensions(piece * (100_000 // len(piece))), Size | None)
