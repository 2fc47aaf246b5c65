"""Everyday things a work can be compared with, and which comparison is true of it.

    from data.comparisons import compare_flat, compare_standing
    compare_flat(height=201, width=110)   # "door_height"
    compare_standing(height=9.4)          # "mug_height"

The keys are said by the `comparison` table of `data/wording`. Each thing has the size that one
meets in daily life and the span of sizes for which "about as big as" holds; where no span holds,
there is no comparison. All lengths are centimetres.
"""

from __future__ import annotations

from dataclasses import dataclass

from data.artwork import Form

FLAT_FORMS = frozenset({Form.painting, Form.drawing, Form.print, Form.photograph})
"""What hangs on a wall or lies on a sheet; everything else stands in the room."""

Span = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A thing with two sides that a flat work can be as big as, whichever way up it hangs."""

    key: str
    short: Span
    long: Span


@dataclass(frozen=True, slots=True)
class Mark:
    """A thing with one well-known measure."""

    key: str
    span: Span


SHEETS = (
    Sheet("bank_card", (5.0, 5.8), (8.0, 9.1)),  # ISO/IEC 7810 ID-1: 5.4 x 8.6
    Sheet("postcard", (9.6, 11.2), (14.0, 16.0)),  # A6 10.5 x 14.8; American 10.2 x 15.2
    Sheet("paper", (20.0, 22.4), (27.0, 31.0)),  # A4 21 x 29.7; Letter 21.6 x 27.9
    Sheet("record_sleeve", (29.5, 33.5), (29.5, 33.5)),  # 31.5 x 31.5
    Sheet("single_bed", (84.0, 98.0), (188.0, 212.0)),  # 90 x 190 to 90 x 200
    Sheet("double_bed", (136.0, 164.0), (188.0, 212.0)),  # 140 to 160 x 200
    Sheet("table_tennis", (144.0, 162.0), (258.0, 290.0)),  # 152.5 x 274
)
SMALLER = (
    ("smaller_than_bank_card", 5.1, 8.1),
    ("smaller_than_postcard", 9.2, 13.4),
    ("smaller_than_paper", 19.5, 26.5),
)
"""Key, and the short and long sides below which a work is plainly smaller than that thing."""

SMALL_MARKS = (
    Mark("mug_height", (9.0, 10.5)),
    Mark("hand_height", (16.8, 19.4)),  # adults' mean: women 17.2, men 18.9
    Mark("bottle_height", (28.5, 32.0)),  # 0.75 l Bordeaux bottle: 30
    Mark("seat_height", (43.0, 47.5)),
)
MARKS = (
    Mark("table_height", (71.0, 78.0)),
    Mark("worktop_height", (87.0, 95.0)),
    Mark("handle_height", (99.5, 108.0)),  # 100 to 105
    Mark("child_height", (111.0, 121.0)),  # WHO growth reference at six: 115 to 116
    Mark("adult_height", (160.0, 180.0)),
    Mark("taller_than_people", (189.0, 193.0)),
    Mark("door_height", (193.0, 211.0)),  # 198 to 204
    Mark("taller_than_door", (218.0, 236.0)),
    Mark("ceiling_height", (236.0, 256.0)),  # 240 to 250
    Mark("taller_than_door", (256.0, 290.0)),
    Mark("higher_than_ceiling", (290.0, float("inf"))),
)
WIDE_MARKS = (
    Mark("car_width", (425.0, 480.0)),
    Mark("bus_width", (1140.0, 1260.0)),
)


def compare_flat(height: float, width: float) -> str | None:
    """The key of the truest comparison for a flat work: by both sides, by width, by height."""
    short, long = sorted((height, width))
    for sheet in SHEETS:
        if _holds(sheet.short, short) and _holds(sheet.long, long):
            return sheet.key
    for key, most_short, most_long in SMALLER:
        if short < most_short and long < most_long:
            return key
    return _mark(WIDE_MARKS, width) or _mark(MARKS, height)


def compare_standing(height: float) -> str | None:
    """The key of the truest comparison for a thing that stands, by its height."""
    return _mark(SMALL_MARKS + MARKS, height)


def _mark(marks: tuple[Mark, ...], value: float) -> str | None:
    return next((mark.key for mark in marks if _holds(mark.span, value)), None)


def _holds(span: Span, value: float) -> bool:
    low, high = span
    return low <= value < high
