"""What a split says so far, and when it stops by itself.

    found = report(splits, "spring")
    found.decision, found.sentence
    settle(splits, "spring")        # ends it where it is decided

Visitors of the two variants are paired in the order in which they came, the first of A with the
first of B and so on. A pair counts (1 + a - b) / 2, a number in [0, 1] whose mean is 1/2 where both
are alike, so the anytime-valid test of the votes takes it as it is. Which variant a visitor gets
depends on nothing but a hash, so pairs are independent draws. Who has no partner yet waits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from evaluate.ab.sequential import Decision, Forecast, SequentialTest
from evaluate.ab.split.store import SplitStore, Visit
from evaluate.ab.split.tables import Split
from evaluate.intervals import Interval, mean_interval

FARTHEST = 2000
"""Pairs of visitors that a forecast looks ahead."""

LOPSIDED = 0.001
"""How rarely a split that draws as it should is ever called lopsided."""


@dataclass(frozen=True, slots=True)
class Arm:
    """One variant: visitors whose visit is over, guides a visitor, the mean outcome."""

    name: str
    options: dict[str, Any]
    visitors: int
    guides: float
    outcome: Interval | None


@dataclass(frozen=True, slots=True)
class SplitReport:
    """Everything about a split."""

    name: str
    state: str
    kept: str | None
    outcome: str
    arms: tuple[Arm, Arm]
    pairs: int
    decision: Decision
    forecast: Forecast | None
    lopsided: bool
    full: bool  # as many visitors of each as were planned for have come

    @property
    def sentence(self) -> str:
        """The decision in words."""
        measure = {"finished": "are finished more often", "listened": "are listened to longer"}
        if self.decision in (Decision.a_better, Decision.b_better):
            better = "A" if self.decision is Decision.a_better else "B"
            return f"guides of {better} {measure[self.outcome]}"
        if self.decision is Decision.equal:
            return "A and B are equal within the margin"
        if self.forecast is None:
            return "undecided"
        median = self.forecast.median
        more = f"about {median}" if median is not None else f"more than {self.forecast.tried}"
        return f"undecided; {more} more pairs of visitors as things stand"


def report(
    splits: SplitStore, name: str, at: datetime | None = None, *, ahead: bool = True
) -> SplitReport:
    """Work everything out; how long it may still take only where one wants to look `ahead`.

    Raises:
        VoteError: there is no such split.
    """
    split = splits.find(name)
    visits = splits.visits(split, at)
    arms = tuple(_arm(which, split, visits) for which in ("a", "b"))
    values = pair_values(visits)
    # Half the margin, because (1 + a - b) / 2 moves half as far as the difference does.
    test = SequentialTest(margin=split.margin / 2, level=split.level)
    decision = test.decide_values(values)
    undecided = decision is Decision.undecided
    return SplitReport(
        name=name, state=split.state, kept=split.kept, outcome=split.outcome,
        arms=(arms[0], arms[1]), pairs=len(values), decision=decision,
        forecast=test.forecast(values, tried=FARTHEST) if undecided and ahead else None,
        lopsided=lopsided(arms[0].visitors, arms[1].visitors, split.share),
        full=len(values) >= split.most,
    )  # fmt: skip


def pair_values(visits: Sequence[Visit]) -> list[float]:
    """(1 + a - b) / 2 of each pair, in the order in which its later visitor came."""
    a, b = ([v.value for v in visits if v.variant == which] for which in ("a", "b"))
    return [(1 + one - other) / 2 for one, other in zip(a, b, strict=False)]


def lopsided(a: int, b: int, share: float) -> bool:
    """Whether so many visitors of each cannot be chance: then something loses visitors of one.

    Twice the capital of who bets on either side of the share planned, looked at at any time.
    """
    import numpy as np

    test = SequentialTest()
    threshold = np.log(2 / LOPSIDED)
    above = test.log_capital(float(b), 0.0, float(a), share)
    below = test.log_capital(float(a), 0.0, float(b), 1 - share)
    return bool(max(above, below) >= threshold)


def settle(splits: SplitStore, name: str, at: datetime | None = None) -> SplitReport:
    """Stop a running split that is decided, or has had all its visitors; a lopsided one goes on.

    Everybody then gets the better variant, A where neither is.

    Raises:
        VoteError: there is no such split.
    """
    found = report(splits, name, at, ahead=False)
    ripe = found.decision is not Decision.undecided or found.full
    if found.state == "running" and ripe and not found.lopsided:
        kept = "b" if found.decision is Decision.b_better else "a"
        splits.end(name, "stopped", kept, str(found.decision))
        return report(splits, name, at, ahead=False)
    return found


def _arm(which: str, split: Split, visits: Sequence[Visit]) -> Arm:
    mine = [visit for visit in visits if visit.variant == which]
    values = [visit.value for visit in mine]
    return Arm(
        name=which.upper(),
        options=split.a if which == "a" else split.b,
        visitors=len(mine),
        guides=sum(visit.guides for visit in mine) / max(1, len(mine)),
        outcome=mean_interval(values, [str(n) for n in range(len(values))], share=True)
        if values else None,
    )  # fmt: skip
