"""Many measured guides of one variant as means with intervals, in all and by kind of work.

from evaluate.summary import summarize
summary = summarize("small", measured)
summary.overall["true"].mean, summary.by["language"]["fr"]["true"].low
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from data.facts import Kind
from evaluate.intervals import Interval, mean_interval
from evaluate.metrics import METRICS, Measured, Metric, distinct, openings

Means = dict[str, Interval]

GROUPS: dict[str, Callable[[Measured], str]] = {
    "form": lambda m: m.task.artwork.form.value,
    "language": lambda m: m.task.request.language,
    "length": lambda m: m.task.request.length,
    "style": lambda m: m.task.request.style,
}

ORDERS = (1, 2, 3)


@dataclass(frozen=True, slots=True)
class Summary:
    """What one variant reaches; `kinds` counts unsupported claims a guide by their kind."""

    variant: str
    guides: int
    works: int
    overall: Means
    by: dict[str, dict[str, Means]]
    kinds: Means
    distinct: dict[int, float]
    openings: list[tuple[str, int]]

    def as_json(self) -> dict[str, Any]:
        """The summary as plain types."""
        return asdict(self)


def summarize(variant: str, measured: Sequence[Measured]) -> Summary:
    """Means of at least one guide. Distinct-n and openings are of the whole set: no intervals."""
    guides = [one.guide for one in measured]
    return Summary(
        variant=variant,
        guides=len(measured),
        works=len({one.task.work for one in measured}),
        overall=means(measured),
        by={name: _by(measured, kind) for name, kind in GROUPS.items()},
        kinds=_kinds(measured),
        distinct={order: distinct(guides, order) for order in ORDERS},
        openings=openings(guides).most_common(),
    )


def means(measured: Sequence[Measured]) -> Means:
    """Every metric that any of the guides has."""
    found = {}
    for metric in METRICS:
        pairs = [
            (value, one.task.work)
            for one in measured
            if (value := one.values.get(metric.key)) is not None
        ]
        if pairs:
            found[metric.key] = _mean(metric, *zip(*pairs, strict=True))
    return found


def _mean(metric: Metric, values: Sequence[float], works: Sequence[str]) -> Interval:
    if metric.mean != "geometric":
        return mean_interval(values, works, share=metric.mean == "share")
    logs = mean_interval([math.log(value) for value in values], works)
    return Interval(math.exp(logs.mean), math.exp(logs.low), math.exp(logs.high), logs.count)


def _by(measured: Sequence[Measured], kind: Callable[[Measured], str]) -> dict[str, Means]:
    groups: dict[str, list[Measured]] = {}
    for one in measured:
        groups.setdefault(kind(one), []).append(one)
    return {name: means(group) for name, group in sorted(groups.items(), key=lambda g: -len(g[1]))}


def _kinds(measured: Sequence[Measured]) -> Means:
    """Unsupported claims a guide of each kind that occurs, the commonest first."""
    works = [one.task.work for one in measured]
    found = {}
    for kind in Kind:
        counts = [
            float(sum(claim.kind == kind.value for claim in one.unsupported)) for one in measured
        ]
        if any(counts):
            found[kind.value] = mean_interval(counts, works)
    return dict(sorted(found.items(), key=lambda item: -item[1].mean))
