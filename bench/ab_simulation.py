"""How often the anytime-valid test errs and how soon it decides, peeking after every vote.

    python -m bench.ab_simulation                       # 10,000 experiments a line
    python -m bench.ab_simulation --experiments 1000    # a quick look

Beside it stands what most people do: a z-test looked at after every vote until p < 0.05.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bench.common import machine
from evaluate.ab.sequential import CODES, Decision, SequentialTest, follow

Z = 1.959964  # two-sided 5 %
HEAD = " mean   ties   A better   B better      equal  undecided      false   median   90 % votes"
FIRST_LOOK = 10  # votes before which nobody would look at a z-test


@dataclass(frozen=True)
class Case:
    """A truth about the votes: the share that A wins with ties counted half, and the ties."""

    mean: float
    ties: float

    @property
    def shares(self) -> tuple[float, float, float]:
        """Wins, ties and losses."""
        decided = 1 - self.ties
        win = (self.mean - self.ties / 2) / decided
        return win * decided, self.ties, (1 - win) * decided

    def is_true(self, decision: Decision, margin: float) -> bool:
        """Whether a decision is right; both may be where the difference is within the margin."""
        apart = round(self.mean - 0.5, 9)
        return {
            Decision.a_better: apart > 0,
            Decision.b_better: apart < 0,
            Decision.equal: abs(apart) < margin,
        }[decision]


def naive_errors(case: Case, experiments: int, votes: int, rng: np.random.Generator) -> float:
    """Share of experiments in which a z-test, looked at after every vote, ever finds a winner."""
    counts = np.zeros((experiments, 3))
    fooled = np.zeros(experiments, dtype=bool)
    limits = np.cumsum(case.shares)[:2]
    for vote in range(1, votes + 1):
        outcome = (rng.random(experiments)[:, None] >= limits).sum(axis=1)
        counts[np.arange(experiments), outcome] += 1
        if vote >= FIRST_LOOK:
            spread = np.sqrt(np.maximum(counts[:, 0] + counts[:, 2], 1))
            fooled |= np.abs(counts[:, 0] - counts[:, 2]) > Z * spread
    return float(fooled.mean())


def row(
    case: Case, codes: NDArray[np.int64], taken: NDArray[np.int64], margin: float
) -> tuple[str, float]:
    """A line of the table, and the share of false decisions."""
    said = {decision: float((codes == place).mean()) for place, decision in enumerate(CODES)}
    false = sum(
        share for decision, share in said.items()
        if decision is not Decision.undecided and not case.is_true(decision, margin)
    )  # fmt: skip
    votes = taken[codes > 0]
    median, late = np.quantile(votes, [0.5, 0.9]) if len(votes) else (np.nan, np.nan)
    shares = [said[decision] for decision in (*CODES[1:], Decision.undecided)]
    cells = "".join(f"{100 * share:9.2f} %" for share in (*shares, false))
    return f"{case.mean:5.2f}{100 * case.ties:5.0f} %{cells}{median:9.0f}{late:7.0f}", false


def pair_of_visitors(a: float, b: float) -> Case:
    """(1 + a - b) / 2 of a visitor of A and one of B, who finish with these chances."""
    return Case((1 + a - b) / 2, a * b + (1 - a) * (1 - b))


def table(
    cases: Sequence[Case], options: argparse.Namespace, margin: float, rng: np.random.Generator
) -> float:
    """Print a line a case; returns the worst share of false decisions."""
    test, worst = SequentialTest(margin=margin, level=options.level), 0.0
    for case in cases:
        shares = np.tile(case.shares, (options.experiments, 1))
        text, false = row(case, *follow(test, shares, options.votes, rng), margin)
        worst = max(worst, false)
        print(text, flush=True)
    return worst


def main() -> None:
    """Print the table and the worst error rate."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--experiments", type=int, default=10_000)
    parser.add_argument("--votes", type=int, default=1000, help="most votes of an experiment")
    parser.add_argument("--margin", type=float, default=0.1)
    parser.add_argument("--level", type=float, default=0.05)
    parser.add_argument("--split", action="store_true", help="only the pairs of a split")
    parser.add_argument("--seed", type=int, default=17)
    options = parser.parse_args()
    begun = time.perf_counter()
    rng = np.random.default_rng(options.seed)
    print(
        f"{options.experiments:,} experiments a line, a look after each of {options.votes} votes\n"
        f"level {options.level}, equal within {options.margin}; mean: A's wins, ties half\n{HEAD}"
    )
    means = (0.5, 0.52, 0.55, 0.5 + options.margin, 0.65, 0.7, 0.8)
    cases = [Case(mean, ties) for ties in (0.0, 0.3) for mean in means]
    worst = 0.0 if options.split else table(cases, options, options.margin, rng)
    print(
        "pairs of visitors of a split, A finishing 60 % of guides, B 60, 62, 70 and 80 %; equal "
        f"within {options.margin}\n{HEAD}"
    )
    pairs = [pair_of_visitors(0.6, b) for b in (0.6, 0.62, 0.6 + options.margin, 0.8)]
    worst = max(worst, table(pairs, options, options.margin / 2, rng))
    naive = naive_errors(Case(0.5, 0.0), options.experiments, options.votes, rng)
    print(
        f"most false decisions: {100 * worst:.2f} %, allowed are {100 * options.level:.0f} %\n"
        "a z-test at 5 %, looked at after every vote, finds a winner between equals in "
        f"{100 * naive:.1f} %\n"
        f"{time.perf_counter() - begun:.0f} s; {machine()}"
    )


if __name__ == "__main__":
    main()
