"""Two variants on the same works: paired differences, and the works that changed most.

    differences(a, b)    # [Difference("true", a=0.4, b=0.6, change=Interval(0.2, 0.05, 0.35, 60))]

A paired bootstrap: works are drawn, and with each work both of its guides (Koehn 2004).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from evaluate.intervals import Interval, mean_interval
from evaluate.metrics import METRICS, Measured, Metric
from evaluate.works import EvaluationError


@dataclass(frozen=True, slots=True)
class Difference:
    """A metric's two means over the pairs, and B's minus A's."""

    metric: Metric
    a: float
    b: float
    change: Interval

    @property
    def verdict(self) -> str:
        """`better` or `worse` of B where the interval leaves 0 out and one way is better."""
        if not self.metric.better or self.change.low <= 0 <= self.change.high:
            return ""
        return "better" if (self.change.mean > 0) == (self.metric.better == "higher") else "worse"


@dataclass(frozen=True, slots=True)
class Pair:
    """One task's guide of either variant."""

    a: Measured
    b: Measured

    def change(self, metric: str) -> float:
        """B's value minus A's; 0 where one has none."""
        one, other = self.a.values.get(metric), self.b.values.get(metric)
        return 0.0 if one is None or other is None else other - one


def pair(a: Sequence[Measured], b: Sequence[Measured]) -> list[Pair]:
    """The tasks that both have a guide for.

    Raises:
        EvaluationError: there is none.
    """
    others = {one.task.key: one for one in b}
    pairs = [Pair(one, others[one.task.key]) for one in a if one.task.key in others]
    if not pairs:
        raise EvaluationError("The two have no work in common, so nothing can be compared.")
    return pairs


def differences(pairs: Sequence[Pair]) -> list[Difference]:
    """Every metric that both variants have."""
    found = []
    for metric in METRICS:
        rows = [
            (one, other, p.a.task.work)
            for p in pairs
            if (one := p.a.values.get(metric.key)) is not None
            and (other := p.b.values.get(metric.key)) is not None
        ]
        if rows:
            a, b, works = zip(*rows, strict=True)
            change = mean_interval([y - x for x, y in zip(a, b, strict=True)], works)
            found.append(Difference(metric, sum(a) / len(a), sum(b) / len(b), change))
    return found


def most_changed(pairs: Sequence[Pair], count: int) -> list[Pair]:
    """By unsupported claims, then by what is said, then by agreement with the reference."""
    keys = ("unsupported", "completeness", "parent")
    ranked = sorted(pairs, key=lambda p: tuple(abs(p.change(k)) for k in keys), reverse=True)
    return [p for p in ranked if any(p.change(key) for key in keys)][:count]
