"""What evaluation prints on the terminal: tables of metrics, differences, changes and verdicts.

print_table(metrics_table(summaries))
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table
from rich.text import Text

from evaluate.intervals import Interval
from evaluate.metrics import BY_KEY, METRICS, Metric

if TYPE_CHECKING:
    from evaluate.comparison import Difference, Pair
    from evaluate.gate import Verdict
    from evaluate.summary import Summary

_PIPE_WIDTH = 160  # columns where there is no terminal to ask
_COLOUR = {"better": "green", "worse": "red"}


def print_table(table: Table) -> None:
    """Print to standard output; a pipe gets whole lines, not those of an 80-column terminal."""
    console = Console()
    if not console.is_terminal:
        console = Console(width=_PIPE_WIDTH)
    console.print(table)


def said(metric: Metric, interval: Interval | None) -> str:
    """A mean with its interval as text; empty where there is none."""
    if interval is None:
        return ""
    mean, low, high = (number(metric, v) for v in (interval.mean, interval.low, interval.high))
    return f"{mean} [{low} to {high}]"


def number(metric: Metric, value: float) -> str:
    """A value as people read it: shares in percent."""
    if metric.mean == "share":
        return f"{100 * value:.{metric.digits}f} %"
    return f"{value:.{metric.digits}f}"


def metrics_table(summaries: Sequence[Summary]) -> Table:
    """A line a metric, a column a variant: mean and interval at 95 %."""
    shown = Table(box=None, pad_edge=False)
    shown.add_column("mean [95 %]", no_wrap=True)
    for summary in summaries:
        shown.add_column(f"{summary.variant} ({summary.guides} guides)", justify="right")
    for metric in METRICS:
        cells = [said(metric, summary.overall.get(metric.key)) for summary in summaries]
        if any(cells):
            shown.add_row(metric.label, *cells)
    for kind in dict.fromkeys(kind for summary in summaries for kind in summary.kinds):
        cells = [said(BY_KEY["unsupported"], summary.kinds.get(kind)) for summary in summaries]
        shown.add_row(f"  unsupported {kind}", *cells, style="bright_black")
    distinct = (" ".join(f"{v:.2f}" for v in s.distinct.values()) for s in summaries)
    shown.add_row("distinct 1-, 2-, 3-grams", *distinct)
    return shown


def differences_table(
    found: Sequence[Difference], names: tuple[str, str], pairs: int
) -> Table:  # fmt: skip
    """A line a metric: both means, the difference with its interval, and which is better."""
    a, b = names
    shown = Table(box=None, pad_edge=False)
    shown.add_column(f"{pairs} pairs", no_wrap=True)
    for name in (a, b, f"{b} − {a} [95 %]", ""):
        shown.add_column(name, justify="right")
    for one in found:
        verdict = one.verdict
        shown.add_row(
            one.metric.label,
            number(one.metric, one.a),
            number(one.metric, one.b),
            said(one.metric, one.change),
            Text(f"{b} is {verdict}" if verdict else "", style=_COLOUR.get(verdict, "")),
        )
    return shown


def changes_table(pairs: Sequence[Pair], names: tuple[str, str]) -> Table:
    """The works that changed most, with both values."""
    shown = Table(box=None, pad_edge=False)
    shown.add_column("changed most")
    labels = {"unsupported": "unsupported", "completeness": "complete", "parent": "PARENT"}
    for label in labels.values():
        shown.add_column(f"{label}: {names[0]} → {names[1]}", justify="right")
    for pair in pairs:
        cells = []
        for key in labels:
            values = (pair.a.values.get(key), pair.b.values.get(key))
            cells.append(" → ".join("–" if v is None else number(BY_KEY[key], v) for v in values))
        shown.add_row(f"{pair.a.task.artwork.title} ({pair.a.task.id})", *cells)
    return shown


def verdicts_table(verdicts: Sequence[Verdict], default: str, model: str) -> Table:
    """What the gate says of a model."""
    shown = Table(box=None, pad_edge=False)
    shown.add_column("gate", no_wrap=True)
    for name in (f"{default}, kept", f"{model}, now", "difference [95 %]", "p", ""):
        shown.add_column(name, justify="right")
    for one in verdicts:
        metric = BY_KEY[one.metric]
        word = Text("worse", style="red") if one.worse else Text("passes", style="green")
        shown.add_row(
            metric.label, number(metric, one.default), number(metric, one.model),
            said(metric, one.difference), f"{one.p:.3f}", word,
        )  # fmt: skip
    return shown
