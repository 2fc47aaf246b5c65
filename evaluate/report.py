"""The evaluation's report: one HTML file with charts and guides side by side, worst first.

html = render(run)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, PackageLoader

from data.prompt import LANGUAGES, record_lines
from evaluate.charts import colour, draw_charts
from evaluate.completeness import FIELDS
from evaluate.metrics import BY_KEY, METRICS, Measured
from evaluate.show import said
from evaluate.summary import GROUPS, Summary

if TYPE_CHECKING:
    from evaluate.results import Run

SHOWN = 60
"""Works that the page shows side by side; results.jsonl holds all."""
_OPENINGS = 5
_BROKEN_DOWN = ("true", "unsupported", "completeness", "parent", "in_length")
_KINDS = {"true": "Truth", "completeness": "What is said", "parent": "Against the reference",
          "words": "Speech", "redraws": "How it was made"}  # fmt: skip
"""The metric that each part of the table begins with."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a guide, with what is wrong with it or an empty text."""

    text: str
    reason: str


def render(run: Run) -> str:
    """The page as text; it needs nothing besides itself."""
    environment = Environment(
        loader=PackageLoader("evaluate", "."), autoescape=True, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    examples = worst_first(run)
    return environment.get_template("report.html.j2").render(
        about=run.about,
        summaries=run.summaries,
        colours={s.variant: colour(place) for place, s in enumerate(run.summaries)},
        charts=draw_charts(run.summaries, run.measured),
        kinds=_kinds(run.summaries),
        groups=_groups(run.summaries),
        openings={s.variant: s.openings[:_OPENINGS] for s in run.summaries},
        examples=[_example(measured) for measured in examples[:SHOWN]],
        unshown=max(0, len(examples) - SHOWN),
    )


def worst_first(run: Run) -> list[list[Measured]]:
    """The guides of each task, the task with most unsupported claims and least said first."""
    tasks: dict[str, list[Measured]] = {}
    for measured in run.measured.values():
        for one in measured:
            tasks.setdefault(one.task.key, []).append(one)
    return sorted(tasks.values(), key=_badness, reverse=True)


def pieces(one: Measured) -> list[Piece]:
    """A guide cut at its unsupported claims; of claims that overlap the first is marked."""
    found, position = [], 0
    for claim in one.unsupported:
        if claim.start >= position:
            found.append(Piece(one.guide[position : claim.start], ""))
            found.append(Piece(claim.said, f"{claim.kind}: {claim.reason}"))
            position = claim.end
    found.append(Piece(one.guide[position:], ""))
    return [piece for piece in found if piece.text]


def _badness(measured: Sequence[Measured]) -> tuple[float, float]:
    counts = [one.values["unsupported"] or 0.0 for one in measured]
    said = [one.values["completeness"] or 0.0 for one in measured]
    return sum(counts) / len(counts), -sum(said) / len(said)


def _kinds(summaries: Sequence[Summary]) -> list[tuple[str, list[dict[str, Any]]]]:
    """The parts of the table of all metrics; what no variant has a figure for is left out."""
    kinds: list[tuple[str, list[dict[str, Any]]]] = []
    for metric in METRICS:
        if metric.key in _KINDS:
            kinds.append((_KINDS[metric.key], []))
        cells = [said(metric, summary.overall.get(metric.key)) for summary in summaries]
        if any(cells):
            kinds[-1][1].append({"label": metric.label, "note": metric.note, "cells": cells})
    speech = next(rows for kind, rows in kinds if kind == "Speech")
    for order in (1, 2, 3):
        cells = [f"{summary.distinct[order]:.2f}" for summary in summaries]
        note = "over the set: Li et al. 2016"
        speech.append({"label": f"distinct {order}-grams", "note": note, "cells": cells})
    return [(kind, rows) for kind, rows in kinds if rows]


def _groups(summaries: Sequence[Summary]) -> list[dict[str, Any]]:
    """A table a group that has more than one member: kinds down, metrics of each variant across."""
    tables = []
    for group in GROUPS:
        names = dict.fromkeys(name for s in summaries for name in s.by[group])
        if len(names) < 2:
            continue
        keys = [key for key in _BROKEN_DOWN if any(key in s.overall for s in summaries)]
        rows = []
        for name in names:
            shown = _named(group, name)  # once, before its first variant
            for summary in summaries:
                if name in summary.by[group]:
                    found = summary.by[group][name]
                    cells = [said(BY_KEY[key], found.get(key)) for key in keys]
                    rows.append((shown, summary.variant, found["true"].count, cells))
                    shown = ""
        labels = [BY_KEY[key].label for key in keys]
        tables.append({"name": group, "labels": labels, "rows": rows})
    return tables


def _named(group: str, name: str) -> str:
    return LANGUAGES.get(name, name) if group == "language" else name


def _example(measured: Sequence[Measured]) -> dict[str, Any]:
    task = measured[0].task
    return {
        "title": task.artwork.title,
        "artist": task.artwork.artist,
        "id": task.id,
        "asked": task.request,
        "record": "\n".join(record_lines(task.artwork, task.request.language)),
        "reference": task.reference,
        "guides": [
            {
                "variant": one.variant,
                "pieces": pieces(one),
                "claims": one.unsupported,
                "unsaid": [name for name in FIELDS if one.values[name] == 0],
                "words": int(one.values["words"] or 0),
                "parent": one.values["parent"],
            }
            for one in measured
        ],
    }
