r"""How large a work is, in centimetres, read from a museum's own wording.

    from data.dimensions import parse_dimensions
    parse_dimensions("support: 610 x 456 mm\nframe: 790 x 640 x 60 mm")  # Size(height=61.0, …)

`parse_all_dimensions` gives every measured part, `parse_dimensions` the one to speak of. Height
comes first, then width and depth, unless labels (H., W., Diam.) say otherwise. What is not certain
is None: a number without a unit, two units that contradict each other, a "D." that may be depth or
diameter, several parts of different size without a whole.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from data.artwork import Form
from data.measures import AXES, Run, read_runs


@dataclass(frozen=True, slots=True)
class Size:
    """One measured part: centimetres (and kilograms), None where the text does not give them."""

    height: float | None = None
    width: float | None = None
    depth: float | None = None
    diameter: float | None = None
    length: float | None = None
    weight_kg: float | None = None
    part: str = ""
    """overall, sheet, image, plate, support, unframed, displayed; each (one of several alike),
    component (one of several); frame, mount, mat, case, base, closed; another label as the text
    has it; or "" where it names none."""
    label: str = ""
    """The words of the text that `part` was told from."""


_STATUS = {
    "accurate", "approx", "approximate", "approximately", "ca", "circa", "about",
    "confirmed", "unconfirmed", "verified", "estimate", "estimated", "dimensions", "dimension",
    "dims", "size", "measurements", "component", "is", "are", "to", "and", "the",
}  # fmt: skip
"""Words about the measuring, not about the part measured."""

_AROUND = (
    ("unframed", r"unframed|without frame|no frame|w/o frame|exclud\w+ frame"),
    ("frame", r"fram(?:e|ed|es|ing)"),
    ("mount", r"mount(?:ed|ing|s)?|knobs?|sticks|rollers?"),
    ("mat", r"mat|mats|matted|passe-?partout"),
    ("case", r"case|locket|vitrine|box|storage"),
    ("base", r"(?<!with )(?:base|pedestal|plinth|socle|stand)"),
    ("closed", r"closed|folded|rolled"),
)
_ITSELF = (
    ("displayed", r"display(?:ed)?|install(?:ed|ation)|assembled"),
    ("sheet", r"sheets?|page|folios?|leaf"),
    ("plate", r"plate|platemark"),
    ("image", r"image|painting|picture|composition|painted (?:surface|area)|illumination"),
    ("overall", r"overall|object|entire|total|whole|unspecified element|art only"),
    ("support", r"supports?|stretcher|panels?|board|canvas|ivory|copper|paper"),
    ("image", r"sight|visible"),
)


def _patterns(parts: tuple[tuple[str, str], ...]) -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple((part, re.compile(rf"\b(?:{words})\b")) for part, words in parts)


_AROUND_PATTERNS, _ITSELF_PATTERNS = _patterns(_AROUND), _patterns(_ITSELF)
_SURROUNDINGS = {part for part, _ in _AROUND} - {"unframed"}
_KNOWN = {part for part, _ in _AROUND + _ITSELF} | {"", "each", "component"}
_OWN_FRAME = re.compile(r"\b(?:with )?(?:original )?engaged (?:\( \w+ \) )?frame")
_EACH = re.compile(r"\b(?:each|every|individual)\b|^supports$")
_COMPONENT = re.compile(
    r"\b(?:left|right|cent(?:er|re|ral)|middle|upper|lower|top|bottom|wings?|recto|verso|piece"
    r"|part|section)\b|\( (?:\w{1,3}|\w+ [a-z\d]) \)|\bhand\b"
)
_LEFT_OUT = re.compile(r"\b(?:not including|excluding|without|w/o)\b[^,;()]*")
_OF_THE_WHOLE = re.compile(r"^overall ?,|\bincluding\b")
_SHAPE = re.compile(r"\bshaped top\b")
_AXIS_WORDS = AXES.keys() - {"high", "tall", "wide", "deep", "thick", "long"}
_PLACE_OF_AXIS = re.compile(r"^(?:of|at|between|around)\b")

_WHOLE = ("unframed", "", "overall", "support", "sheet", "image", "plate", "displayed")
_WHOLE_OF = {
    Form.drawing: ("unframed", "", "sheet", "overall", "support", "image", "plate", "displayed"),
    Form.print: ("unframed", "", "plate", "image", "sheet", "overall", "support", "displayed"),
    Form.photograph: ("unframed", "", "image", "sheet", "plate", "overall", "support", "displayed"),
}
IMAGE_SHARE = 0.6
"""A painting that fills less of its "overall" is a scroll or leaf in a mounting: say the image."""
ALIKE = 0.03
"""Parts whose sides differ by less than this share are alike, as the panels of a screen are."""


@dataclass(slots=True)
class _Part:
    """A part while its runs are gathered: values by axis ("d" is depth or diameter)."""

    values: dict[str, float | None]
    label: str
    metric: bool
    on_part: bool
    """It measures a place on the work ("diameter of foot"), not the work."""
    lone: bool = False
    """One number without any label of its axis."""
    explicit: bool = False
    """Its axes are labelled, so that more labelled measures may follow."""


def parse_dimensions(text: str, form: Form = Form.painting) -> Size | None:
    """The size of the work itself, as a guide should speak of it, or None where none is certain.

    Unframed goes before framed, the whole before its parts; a frame alone is given as such. Of
    several parts alike one is given, its `part` "each"; several unlike parts without a whole
    give None. A lone number is a height, but not for an object, which may lie on its side.
    """
    parts = _gather(text)
    if form in (Form.object, Form.installation):
        parts = [part for part in parts if not _is_lone_number(part)]
    whole_parts = (_size(part) for part in parts if not _PLACE_OF_AXIS.match(part.label))
    sizes = [size for size in whole_parts if size is not None]
    sizes = [size for size in sizes if _sides(size)] or sizes  # a weight alone is no size
    if any(size.part in _WHOLE and _area(size) for size in sizes):
        sizes = [size for size in sizes if size.part not in _WHOLE or _area(size)]
    for kind in _WHOLE_OF.get(form, _WHOLE):
        if group := [size for size in sizes if size.part == kind]:
            chosen = _one_of(group, sizes)
            return _image_in_mounting(chosen, sizes) if form is Form.painting else chosen
    for group in _lesser_groups(sizes):
        return _one_of(group, sizes)
    return None


def _lesser_groups(sizes: list[Size]) -> Iterator[list[Size]]:
    """Parts to speak of where the text gives no whole, best first: parts, others, surroundings."""
    parts = [size for size in sizes if size.part in ("each", "component")]
    others = [size for size in sizes if size.part not in _KNOWN]
    yield from (group for group in (parts, others) if group)
    around = [size for size in sizes if size.part in ("closed", "mount", "frame")]
    if around:  # the smallest comes nearest to the work; a mat, a case or a base says nothing of it
        yield [min(around, key=_area)]


def parse_all_dimensions(text: str) -> tuple[Size, ...]:
    """Every measured part in the order of the text; parts without any certain measure left out."""
    sizes = (_size(part) for part in _gather(text))
    return tuple(size for size in sizes if size is not None)


def _gather(text: str) -> list[_Part]:
    runs = read_runs(text)
    parts: list[_Part] = []
    for run, words in zip(runs, _labels(runs), strict=True):
        named = _name_axes(run, words)
        if named is None or (run.leading == "," and not any(m.axis for m in run.measures)):
            continue  # "31 kg, 95 mm": nothing says what the last number measures
        axes, label, on_part = named
        values = {a: m.value for a, m in zip(axes, run.measures, strict=True) if a}
        lone = [m.axis for m in run.measures] == [""] and label == words
        explicit = any(m.axis for m in run.measures)
        part = _Part(values, label, run.metric, on_part, lone, explicit)
        if label or not _join(part, parts):
            parts.append(part)
    return parts


def _labels(runs: list[Run]) -> list[str]:
    """The words that name each run: before it as a rule, behind it in "20 x 16 in., Image"."""
    before = [_label(run.leading) for run in runs]
    for i in range(1, len(runs)):
        if runs[i].leading.startswith(", painted surface"):  # of the wing just measured
            before[i] = f"{before[i - 1]}, {before[i]}"
    behind = [_label(run.trailing) for run in runs]
    if runs and not before[0] and _is_plain(behind[-1]) and not any(":" in r.leading for r in runs):
        shifted = [*before[1:], behind[-1]]
        if all(_is_plain(label) for label in shifted):
            return shifted
    return [b or (a if _is_plain(a) else "") for b, a in zip(before, behind, strict=True)]


def _label(words: str) -> str:
    """The words without those about the measuring, and without signs at either end."""
    kept = [w for w in words.split(" ") if w not in ("\n", "c.") and w.rstrip(".") not in _STATUS]
    text = re.sub(r"\((?: ,)* \)", "", " ".join(kept)).replace(" ,", ",")
    text = text.strip(" ,.:;-")
    return text[2:-2] if text.startswith("( ") and text.find(")") == len(text) - 1 else text


def _is_plain(label: str) -> bool:
    """Whether the label is one known word, such as may stand behind the measures it names."""
    return label == "no frame" or (
        bool(label) and " " not in label and _kind(label) in _KNOWN - {"component"}
    )


def _name_axes(run: Run, label: str) -> tuple[list[str], str, bool] | None:
    """The axis of each measure, the label without axis words, and whether it names a place.

    None where the axes cannot be told.
    """
    axes = [m.axis for m in run.measures]
    count = sum(axis != "weight" for axis in axes)
    words = label.split(" ")
    spoken = [i for i, word in enumerate(words) if word.strip("().:,") in _AXIS_WORDS]
    on_part = False
    if words[-1] in ("x", "by") and axes[0] and not any(_lengths(axes[1:])):
        found = [AXES[words[i].strip("().:,")] for i in spoken]  # "Height x width: 20 x 30 cm"
        axes = [*found, axes[0]]
        return (axes, "", False) if len(axes) == count == len(set(axes)) else None
    if spoken and not any(axis for axis in axes if axis != "weight"):
        found = [AXES[words[i].strip("().:,")] for i in spoken]
        found = [axis for axis in found if axis != "weight"]
        if len(found) != count:
            return None
        axes = [*found, *["weight"] * (len(axes) - count)]
        on_part = bool(" ".join(words[spoken[-1] + 1 :]).strip(" ():,."))
        kept = (w for i, w in enumerate(words) if i not in spoken and w not in ("x", "by"))
        label = _label(re.sub(r"\( *\)", "", " ".join(kept)))
        label = "" if label == "other" else label  # "Other (weight): 33 lb."
    elif count and (not axes[0] or axes[0] == "height") and not any(_lengths(axes[1:])):
        if count > 3 or (count == 1 and not axes[0] and _kind(label) not in _KNOWN):
            return None
        axes[:count] = ["height", "width", "depth"][:count]
    elif "" in axes and axes[0] not in ("diameter", "length"):
        return None
    return (axes, label, on_part) if len(set(axes)) == len(axes) else None


def _lengths(axes: list[str]) -> list[str]:
    return [axis for axis in axes if axis != "weight"]


def _join(part: _Part, parts: list[_Part]) -> bool:
    """Add unlabelled measures ("W. 5 in." behind "H. 3 in.") to the part they go on with."""
    target = next((p for p in reversed(parts) if not p.on_part), None)
    if target is None:
        return False
    if _kind(target.label) in _SURROUNDINGS and not target.explicit:
        return False  # "framed: 115 x 12.5 cm; diameter: 68 cm"
    if part.explicit and not target.values.keys() & part.values.keys():
        target.values |= part.values
        return True
    return target.metric != part.metric and _alike(target.values, part.values)


def _kind(label: str) -> str:
    """The part a label names: one of the known ones, or the label itself."""
    if not label:
        return ""
    words = _SHAPE.sub("", _OWN_FRAME.sub("", label))
    for kind, pattern in _AROUND_PATTERNS:
        if pattern.search(words):
            return kind
        words = _LEFT_OUT.sub("", words)  # past "unframed", which says it too
    if _EACH.search(words):
        return "each"
    if _COMPONENT.search(words) and not _OF_THE_WHOLE.search(words):
        return label if "painted surface" in words else "component"
    for kind, pattern in _ITSELF_PATTERNS:
        if pattern.search(words):
            return kind
    return label


def _size(part: _Part) -> Size | None:
    """The part as a size; a "D." beside a width is its depth, beside a height alone unknown."""
    values = dict(part.values)
    d = values.pop("d", None)
    if d is not None and "depth" not in values and "width" in values:
        values["depth"] = d
    if not any(values.values()):
        return None
    return Size(
        height=values.get("height"),
        width=values.get("width"),
        depth=values.get("depth"),
        diameter=values.get("diameter"),
        length=values.get("length"),
        weight_kg=values.get("weight"),
        part=_kind(part.label),
        label=part.label,
    )


def _is_lone_number(part: _Part) -> bool:
    return part.lone and part.values.keys() == {"height"}


def _alike(one: dict[str, float | None], other: dict[str, float | None]) -> bool:
    if one.keys() != other.keys():
        return False
    pairs = [(one[axis], other[axis]) for axis in one]
    return all(a and b and abs(a - b) <= ALIKE * max(a, b) for a, b in pairs)


def _one_of(group: list[Size], sizes: list[Size]) -> Size | None:
    """The one size of several of the same kind."""
    if len(group) == 1:
        return group[0]
    for kind in ("overall", "displayed"):
        whole = [size for size in sizes if size.part == kind]
        if len(whole) == 1:
            return whole[0]
    first, *others = group
    if all(_alike(_sides(first), _sides(other)) for other in others):
        return replace(first, part="each" if first.part in (*_WHOLE, "component") else first.part)
    return None


def _sides(size: Size) -> dict[str, float | None]:
    """Height and width, or what is given instead: depth alone makes no part unlike another."""
    sides = {"height": size.height, "width": size.width}
    rest = {"diameter": size.diameter, "length": size.length, "depth": size.depth}
    return {k: v for k, v in sides.items() if v} or {k: v for k, v in rest.items() if v}


def _image_in_mounting(size: Size | None, sizes: list[Size]) -> Size | None:
    """The image instead of a much larger "overall", which then is its mounting."""
    images = [other for other in sizes if other.part == "image"]
    if size is None or size.part not in ("", "overall", "sheet") or len(images) != 1:
        return size
    if size.part == "sheet" and "painting" not in images[0].label:  # else the page of a book
        return size
    whole, image = _area(size), _area(images[0])
    framed = min((_area(other) for other in sizes if other.part == "frame"), default=whole)
    in_mounting = image < IMAGE_SHARE * whole or framed < whole
    return images[0] if whole and image and in_mounting else size


def _area(size: Size) -> float:
    return (size.height or 0) * (size.width or 0)
