"""Runs of measures in a museum's dimension text ("16 7/8 × 22 1/8 in. (42.9 × 56.2 cm)").

    from data.measures import read_runs
    read_runs("support: 610 x 456 mm")  # [Run(measures=(…), leading="support :", …)]

A run is up to four numbers with their units, joined by "x", perhaps repeated in brackets in other
units. `data/dimensions.py` decides what the runs mean. Numbers without a unit are no measures.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Final

_LENGTHS = {
    "mm": 0.1, "millimeter": 0.1, "millimetre": 0.1,
    "cm": 1.0, "centimeter": 1.0, "centimetre": 1.0,
    "dm": 10.0, "m": 100.0, "meter": 100.0, "metre": 100.0,
    "in": 2.54, "inch": 2.54, "inche": 2.54, '"': 2.54,
    "ft": 30.48, "foot": 30.48, "feet": 30.48, "'": 30.48,
}  # fmt: skip
_WEIGHTS = {
    "kg": 1.0, "kilogram": 1.0, "kilo": 1.0, "g": 0.001, "gram": 0.001, "gm": 0.001,
    "lb": 0.45359237, "pound": 0.45359237, "oz": 0.028349523125, "ounce": 0.028349523125,
}  # fmt: skip
_METRIC = {"mm", "cm", "dm", "m", "kg", "g", "gm"}
_SMALLER = {"ft": "in", "'": '"', "foot": "inch", "feet": "inche", "lb": "oz", "pound": "ounce"}
"""The unit that may follow each in one measure: 6 ft. 2 in., 5 lb. 11 oz."""

AXES: Final = {
    "h": "height", "ht": "height", "height": "height", "high": "height", "tall": "height",
    "w": "width", "width": "width", "wide": "width",
    "d": "d", "depth": "depth", "deep": "depth",
    "th": "depth", "thickness": "depth", "thick": "depth",
    "l": "length", "length": "length", "long": "length",
    "diam": "diameter", "dia": "diameter", "diameter": "diameter", "ø": "diameter",
    "wt": "weight", "weight": "weight",
}  # fmt: skip
"""What labels a measure; a lone "D." is depth or diameter and left to the reader of the run."""

_NEARLY = {"approx", "approximately", "c", "ca", "circa", "about", "~"}
MOST_MEASURES = 4
LONGEST_REMARK = 60
"""Tokens; a bracket that does not close within them is not a remark on a run."""
TOLERANCE, SLACK_CM = 0.05, 0.15
"""Two units of one measure may differ by this share and this much more (rounding, old rulers)."""
GREATEST = 1e6
"""Cm or kg; what is larger is no measure of a work."""


@dataclass(frozen=True, slots=True)
class Measure:
    """One number: `axis` is "" where the text names none, `value` in cm or kg, None if doubtful."""

    axis: str
    value: float | None


@dataclass(slots=True)
class Run:
    """Measures that belong together, with the words before and behind them."""

    measures: tuple[Measure, ...]
    metric: bool
    leading: str = ""
    trailing: str = ""


@dataclass(slots=True)
class _Item:
    axis: str = ""
    number: float | None = None
    factor: float = 0.0
    metric: bool = False
    weight: bool = False
    other: _Item | None = None
    compound: bool = False


@dataclass(slots=True)
class _Scanner:
    """A position in the tokens of one text."""

    tokens: list[str]
    at: int = 0

    def peek(self, ahead: int = 0) -> str:
        """The token at, or `ahead` of, the position; "" behind the last."""
        index = self.at + ahead
        return self.tokens[index] if index < len(self.tokens) else ""


_NUMBER = (
    r"\d+(?:/\d+){2,}|\d+(?:\.\d+){2,}\w*"  # a date, an accession number: no measures
    r"|\d+(?:[ -]+)\d+/\d+|\d+/\d+|\d{1,3}(?:,\d{3})+(?!\d)(?:\.\d+)?|\d*[.,]\d+|\d+"
)
_TOKEN = re.compile(rf"{_NUMBER}|[^\W\d_]+(?:'[^\W\d_]{{2,}})*\.?|\n|[^\s\w]|_")
_BEFORE_FRACTION = re.compile(r"(?<=\d)(?=[¼-¾⅐-⅞])")
_QUOTES = str.maketrans(
    {"″": '"', "“": '"', "”": '"', "„": '"', "′": "'", "’": "'", "‘": "'", "⁄": "/", "∕": "/"}
    | dict.fromkeys("×✕✖*хХ", " x ")
    | dict.fromkeys("‐‑‒–—―−", "-")
    | {"\r": "\n"}
)
_TIMES = {"x", "by"}


def read_runs(text: str) -> list[Run]:
    """Every run of measures with a unit, in the order of the text. Linear in its length."""
    scanner = _Scanner(_TOKEN.findall(_normalize(text)))
    runs: list[Run] = []
    pending: list[str] = []
    while scanner.at < len(scanner.tokens):
        start = scanner.at
        run = _read_run(scanner) if _may_start(scanner) else None
        if run is None:
            scanner.at = max(scanner.at, start + 1)
            pending += scanner.tokens[start : scanner.at]
            continue
        if not _is_torn(pending):
            _share_words(pending, runs, run)
            runs.append(run)
        pending = _remark(scanner)
    if runs:
        runs[-1].trailing = " ".join(pending)
    return runs


def _normalize(text: str) -> str:
    text = _BEFORE_FRACTION.sub(" ", text).translate(_QUOTES)
    text = unicodedata.normalize("NFKC", text).translate(_QUOTES)
    return text.replace("''", '"').lower()


def _is_torn(pending: list[str]) -> bool:
    """Whether what was read as a number is the end of another ("76.4 × 63. 7 cm")."""
    words = [token for token in pending[-3:] if token not in (".", ",", "-", "/")]
    if words and words[-1] in _TIMES:
        return not (len(words) > 1 and _axis(words[-2]))  # but "Height x width: 20 x 30 cm"
    return bool(words) and _is_number(words[-1])


def _share_words(pending: list[str], runs: list[Run], run: Run) -> None:
    """Words between two runs: up to a line's end they end the first, else they open the next."""
    cut = 0
    for index, token in enumerate(pending):
        if token in ("\n", ";"):
            cut = index + 1
            break
    if runs:
        runs[-1].trailing = " ".join(pending[:cut])
    run.leading = " ".join(pending[cut:] if runs else pending)


def _remark(scanner: _Scanner) -> list[str]:
    """Pass over a bracket behind a run; its words count where it holds no numbers of its own."""
    if scanner.peek() != "(":
        return []
    end = scanner.at + 1
    limit = min(len(scanner.tokens), scanner.at + LONGEST_REMARK)
    while end < limit and scanner.tokens[end] != ")":
        end += 1
    if end >= limit:
        return []
    words = scanner.tokens[scanner.at + 1 : end]
    scanner.at = end + 1
    return [] if any(_is_number(word) for word in words) else [*words, "\n"]


def _is_number(token: str) -> bool:
    return token[:1].isdigit() or (len(token) > 1 and token[1].isdigit() and token[0] in ".,")


def _axis(token: str) -> str:
    return AXES.get(token.rstrip("."), "")


def _may_start(scanner: _Scanner) -> bool:
    return _is_number(scanner.peek()) or bool(_axis(scanner.peek()))


def _value(token: str) -> float | None:
    """The number a token writes ("16 7/8", "13-11/16", "28,5"), or None for a date or the like."""
    if "/" in token:
        whole, _, fraction = token.replace("-", " ").rpartition(" ")
        above, _, below = fraction.partition("/")
        if "/" in below or not int(below) or int(above) >= int(below):
            return None
        return float(whole.strip() or 0) + int(above) / int(below)
    if re.fullmatch(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?", token):
        return float(token.replace(",", ""))
    try:
        return float(token.replace(",", "."))
    except ValueError:
        return None


def _unit(token: str) -> str:
    """The unit a token names, in its singular, or ""."""
    name = token.rstrip(".")
    for unit in (name, name.removesuffix("s")):
        if unit in _LENGTHS or unit in _WEIGHTS:
            return unit
    return ""


def _read_run(scanner: _Scanner) -> Run | None:
    """The run that starts here; on None the scanner has passed what cannot be one."""
    items = _read_items(scanner)
    if not items:
        return None
    others = _in_other_units(scanner, len(items))
    for item, other in zip(items, others, strict=False):
        item.other = item.other or other
    _share_units(items)
    if any(not (item.factor or item.other) for item in items):
        return None
    metric = any(item.metric or (item.other and item.other.metric) for item in items)
    measures = (("weight" if item.weight else item.axis, _settle(item)) for item in items)
    # Three decimals: a hundredth of a millimetre, and no 44.300000000000004.
    return Run(tuple(Measure(a, v and round(v, 3)) for a, v in measures), metric)


def _read_items(scanner: _Scanner) -> list[_Item]:
    items: list[_Item] = []
    while len(items) <= MOST_MEASURES:
        item = _read_item(scanner, bracket_allowed=bool(items))
        if item is None:
            break
        items.append(item)
        behind = scanner.peek(1)
        if scanner.peek() in _TIMES and (behind == "(" or _is_number(behind) or _axis(behind)):
            scanner.at += 1
            continue
        if scanner.peek() in (",", ";") and _goes_on(item, scanner):
            scanner.at += 1
            continue
        if not (item.axis and _axis(scanner.peek()) and _is_number(behind)):
            break
    return items


def _goes_on(item: _Item, scanner: _Scanner) -> bool:
    """Whether a comma is followed by one more measure: a weight, or "W. 41 in." after "H. 24"."""
    if _is_number(scanner.peek(1)):
        return _unit(scanner.peek(2)) in _WEIGHTS
    return bool(item.axis and _axis(scanner.peek(1))) and _is_number(scanner.peek(2))


def _read_item(scanner: _Scanner, *, bracket_allowed: bool = False) -> _Item | None:
    start = scanner.at
    item = _Item(axis=_axis(scanner.peek()))
    if item.axis:
        scanner.at += 1
        while scanner.peek() in (":", ".") or scanner.peek().rstrip(".") in _NEARLY:
            scanner.at += 1
    bracket = bracket_allowed and scanner.peek() == "(" and scanner.peek(2) == ")"
    scanner.at += bracket
    if not _is_number(scanner.peek()):
        scanner.at = start
        return None
    item.number = _read_number(scanner)
    scanner.at += bracket
    _read_unit(scanner, item)
    if not item.axis and (axis := _axis(scanner.peek())) and not _is_number(scanner.peek(1)):
        item.axis = axis
        scanner.at += 1
        if not item.factor:
            _read_unit(scanner, item)
    item.other = _in_brackets(scanner) if item.factor else None
    return item


def _read_number(scanner: _Scanner) -> float | None:
    """A number, or the middle of a narrow range; None for a wide one or what is no number."""
    low = _value(scanner.peek())
    scanner.at += 1
    if scanner.peek() not in ("-", "to") or not _is_number(scanner.peek(1)):
        return low
    high = _value(scanner.peek(1))
    scanner.at += 2
    if low is None or high is None or not low <= high <= low * 1.1:
        return None
    return (low + high) / 2


def _read_unit(scanner: _Scanner, item: _Item) -> None:
    unit = _unit(scanner.peek())
    if not unit:
        return
    scanner.at += 1
    item.weight = unit in _WEIGHTS
    item.metric = unit in _METRIC or unit.endswith(("meter", "metre", "gram", "kilo"))
    item.factor = (_WEIGHTS if item.weight else _LENGTHS)[unit]
    smaller = _unit(scanner.peek(1))
    if unit in _SMALLER and _is_number(scanner.peek()) and smaller in _SMALLER.values():
        rest = _value(scanner.peek())
        scanner.at += 2
        table = _WEIGHTS if item.weight else _LENGTHS
        if item.number is None or rest is None or smaller not in table:
            item.number = None
        else:
            item.number += rest * table[smaller] / item.factor
        item.compound = True
    while scanner.peek() == ".":
        scanner.at += 1


def _in_brackets(scanner: _Scanner) -> _Item | None:
    """The same measure in other units, as in "6 15/16 in. (17.6 cm)"."""
    if scanner.peek() != "(" or not _is_number(scanner.peek(1)):
        return None
    start = scanner.at
    scanner.at += 1
    other = _Item(number=_read_number(scanner))
    _read_unit(scanner, other)
    if other.factor and scanner.peek() == ")":
        scanner.at += 1
        return other
    scanner.at = start
    return None


def _in_other_units(scanner: _Scanner, count: int) -> list[_Item]:
    """The same measures once more: in brackets, or behind "/" or "="."""
    start = scanner.at
    if scanner.peek() == "(" and scanner.peek(1).rstrip(".") in _NEARLY and scanner.peek(2) == ")":
        scanner.at += 3  # "(approx.) (30.5 x 20.3 cm)"
    sign = scanner.peek()
    if sign not in ("(", "[", "/", "="):
        scanner.at = start
        return []
    scanner.at += 1
    others = _read_items(scanner)
    _share_units(others)
    close = {"(": ")", "[": "]"}.get(sign)
    if len(others) == count and all(o.factor for o in others) and close in (None, scanner.peek()):
        scanner.at += close is not None
        return others
    scanner.at = start
    return []


def _share_units(items: list[_Item]) -> None:
    """A unit stands for the numbers before it that have none ("16 x 22 in.")."""
    unit: _Item | None = None
    for item in reversed(items):
        if item.factor and not item.weight:
            unit = item
        elif not item.factor and unit is not None and not unit.compound:
            item.factor, item.metric = unit.factor, unit.metric


def _settle(item: _Item) -> float | None:
    """The measure in cm or kg; None where it is doubtful."""
    value = _agreed(item)
    return value if value is not None and 0 < value < GREATEST else None


def _agreed(item: _Item) -> float | None:
    """The measure, metric before imperial; None where the two contradict each other."""
    own = item.number * item.factor if item.number is not None and item.factor else None
    if item.other is None or item.other.number is None:
        return own if item.other is None or item.number is None else None
    other = item.other.number * item.other.factor
    if item.other.weight != item.weight and item.factor:
        return None
    if own is not None and abs(own - other) > TOLERANCE * max(own, other) + SLACK_CM:
        return None
    return other if item.other.metric or own is None else own
