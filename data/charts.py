"""The house style of charts in reports: matplotlib's SVG, which takes the page's size and font.

    with house_style():
        svg = figure(lambda axes: axes.plot([1, 2], [3, 4], color=INK), height=3.0)

Drawn without pyplot, so nothing global is touched, and the same data gives the same bytes.
"""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes

INK, FAINT = "#3b3a38", "#dedad2"
_WIDTH = 6.2  # inches; the page scales the drawing
_SETTINGS: Any = {
    "svg.fonttype": "none",
    "svg.hashsalt": "museum-guide",
    "font.size": 10,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": FAINT,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.spines.left": False,
    "grid.color": FAINT,
    "grid.linewidth": 0.7,
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.major.size": 0,
    "ytick.major.size": 0,
    "legend.frameon": False,
}


@dataclass(frozen=True, slots=True)
class Chart:
    """A drawing with what it shows in a line."""

    title: str
    note: str
    svg: str


@contextmanager
def house_style() -> Iterator[None]:
    """Draw with these colours, lines and letters."""
    import matplotlib as mpl

    with mpl.rc_context(_SETTINGS), warnings.catch_warnings():
        # The page's font draws the letters, whatever matplotlib's own lacks.
        warnings.filterwarnings("ignore", message="Glyph")
        yield


def figure(draw: Callable[[Axes], None], height: float = 3.0) -> str:
    """One pair of axes, so many inches high, as an element of a page."""
    from matplotlib.figure import Figure

    drawing = Figure(figsize=(_WIDTH, height), layout="constrained")
    drawing.patch.set_alpha(0)
    axes = drawing.subplots()
    axes.patch.set_alpha(0)
    draw(axes)
    out = io.StringIO()
    metadata: dict[str, Any] = {"Date": None, "Creator": None}
    drawing.savefig(out, format="svg", metadata=metadata)
    return _inline(out.getvalue())


def _inline(svg: str) -> str:
    """No prolog, no fixed size, the page's font."""
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r' (?:width|height)="[\d.]+pt"', "", svg, count=2)
    return re.sub(r"'DejaVu Sans'(?:, [^;\"]*)?", "inherit", svg)
