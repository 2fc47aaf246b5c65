"""An anytime-valid test: look after every vote, stop whenever it decides, and keep the error rate.

    test = SequentialTest(margin=0.1)
    test.decide(wins=34, ties=10, losses=12)    # Decision.a_better, b_better, equal or undecided

A vote is a number in [0, 1]: 1 where A wins, 1/2 for a tie, 0 where B wins; μ is its mean. Against
each of four hypotheses a gambler bets on the votes to come. Betting the share λ at odds that are
fair if the mean is m multiplies the capital by 1 + λ(x - m); under the hypothesis μ ≤ m no bet with
λ ≥ 0 can be expected to win, so the capital exceeds 1/a with probability a at most, whenever one
looks (Ville's inequality). The capital spread over many λ is again such a process: diversified
Kelly betting, Waudby-Smith and Ramdas, "Estimating means of bounded random variables by betting",
JRSS B 86 (2024), https://arxiv.org/abs/2010.09686. Being a mean of products, it depends on the
counts alone, not on their order.

    μ ≤ 1/2            refuted: A is better        μ ≥ 1/2            refuted: B is better
    μ ≥ 1/2 + margin   and μ ≤ 1/2 - margin        both refuted: equal within the margin

Each is tested at level/2. Whatever μ is, at most two of the refutations can make a false decision,
so a false decision is ever made with probability `level` at most.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray

BETS = 24
"""Shares of the capital, spread evenly from 0 to the most that cannot be lost at once."""

SEED = 17


class Decision(StrEnum):
    """What the votes say."""

    undecided = "undecided"
    a_better = "A is better"
    b_better = "B is better"
    equal = "equal within the margin"


CODES = (Decision.undecided, Decision.a_better, Decision.b_better, Decision.equal)
"""Decisions by the codes that `decide_all` gives."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """How many more votes a decision would take if votes go on as they have: median, 80 % range.

    None stands for more than were tried.
    """

    median: int | None
    low: int | None
    high: int | None
    tried: int


class SequentialTest:
    """A test at one level and margin."""

    def __init__(self, *, margin: float = 0.1, level: float = 0.05) -> None:
        """Make the test.

        Args:
            margin: how far the share of A's wins (ties half) may lie from 1/2 and still be equal.
            level: the most often that a false decision may ever be made.
        """
        import numpy as np

        if not 0 < margin < 0.5 or not 0 < level < 1:
            raise ValueError("the margin lies between 0 and 0.5, the level between 0 and 1")
        self.margin, self.level = margin, level
        self._threshold = float(np.log(2 / level))

    def decide(self, wins: float, ties: float, losses: float) -> Decision:
        """What so many votes say."""
        return CODES[int(self.decide_all(wins, ties, losses))]

    def decide_all(
        self, wins: ArrayLike, ties: ArrayLike, losses: ArrayLike
    ) -> NDArray[np.int64]:  # fmt: skip
        """The same for arrays of counts of one shape; returns places in `CODES`."""
        import numpy as np

        w, t, x = (np.asarray(count, dtype=np.float64) for count in (wins, ties, losses))
        above = self.log_capital(w, t, x, 0.5) >= self._threshold
        below = self.log_capital(x, t, w, 0.5) >= self._threshold
        near = (self.log_capital(x, t, w, 0.5 - self.margin) >= self._threshold) & (
            self.log_capital(w, t, x, 0.5 - self.margin) >= self._threshold
        )
        return np.where(above, 1, np.where(below, 2, np.where(near, 3, 0)))

    def log_capital(
        self, wins: ArrayLike, ties: ArrayLike, losses: ArrayLike, mean: float
    ) -> NDArray[np.float64]:
        """Logarithm of the capital of who bets that the mean lies above `mean` (an e-value).

        Who bets that it lies below 1 - `mean` has that of wins and losses exchanged.
        """
        import numpy as np

        bets = _bets(mean)
        w, t, x = (np.asarray(count, dtype=np.float64)[..., None] for count in (wins, ties, losses))
        logs = (
            w * np.log1p(bets * (1 - mean))
            + t * np.log1p(bets * (0.5 - mean))
            + x * np.log1p(-bets * mean)
        )
        return _log_mean_exp(logs)

    def log_capital_of(self, values: ArrayLike, mean: float) -> float:
        """The same for votes that are any numbers in [0, 1], such as the means of voters."""
        import numpy as np

        votes = np.asarray(values, dtype=np.float64)
        return float(
            _log_mean_exp(np.log1p(np.multiply.outer(_bets(mean), votes - mean)).sum(axis=-1))
        )

    def decide_values(self, values: ArrayLike) -> Decision:
        """What independent numbers in [0, 1] say, one a voter."""
        import numpy as np

        votes = np.asarray(values, dtype=np.float64)
        if self.log_capital_of(votes, 0.5) >= self._threshold:
            return Decision.a_better
        if self.log_capital_of(1 - votes, 0.5) >= self._threshold:
            return Decision.b_better
        low = 0.5 - self.margin
        if all(self.log_capital_of(v, low) >= self._threshold for v in (votes, 1 - votes)):
            return Decision.equal
        return Decision.undecided

    def forecast(
        self, values: ArrayLike, *, tried: int = 1000, futures: int = 200
    ) -> Forecast:  # fmt: skip
        """How many more votes it would take, if they come as those so far.

        Every future draws its votes from the votes so far and one of each kind more, weighted at
        random (the Bayesian bootstrap, Rubin 1981), and is followed until the test decides.
        """
        import numpy as np

        rng = np.random.default_rng(SEED)
        votes = np.asarray(values, dtype=np.float64)
        pool = np.concatenate([votes, [0.0, 0.5, 1.0]])
        limits = rng.dirichlet(np.ones(len(pool)), size=futures).cumsum(axis=1)
        bets = [(sign, mean, _bets(mean)) for mean in (0.5, 0.5 - self.margin) for sign in (1, -1)]
        logs = [
            np.tile(
                np.log1p(np.multiply.outer(_side(votes, sign) - mean, bet)).sum(axis=0),
                (futures, 1),
            )
            for sign, mean, bet in bets
        ]
        taken = np.full(futures, tried + 1)
        for vote in range(1, tried + 1):
            drawn = pool[(rng.random(futures)[:, None] > limits).sum(axis=1).clip(0, len(pool) - 1)]
            for log, (sign, mean, bet) in zip(logs, bets, strict=True):
                log += np.log1p(np.multiply.outer(_side(drawn, sign) - mean, bet))
            above, below, low, high = (_log_mean_exp(log) >= self._threshold for log in logs)
            taken[(taken > tried) & (above | below | (low & high))] = vote
            if (taken <= tried).all():
                break
        ordered = np.sort(taken)
        low_, median, high_ = (
            None if count > tried else int(count)
            for count in (ordered[int(share * (futures - 1))] for share in (0.1, 0.5, 0.9))
        )
        return Forecast(median, low_, high_, tried)


def follow(
    test: SequentialTest,
    shares: NDArray[np.float64],
    votes: int,
    rng: np.random.Generator,
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Run experiments vote by vote, looking after every one, each until it decides.

    Args:
        test: the test.
        shares: (experiments, 3), the shares of wins, ties and losses in each.
        votes: the most votes an experiment takes.
        rng: draws the votes.

    Returns:
        (experiments,) places in `CODES`, and (experiments,) votes taken; 0 where undecided.
    """
    import numpy as np

    count = len(shares)
    limits = shares.cumsum(axis=1)
    counts = np.zeros((count, 3))
    codes, taken = np.zeros(count, dtype=np.int64), np.zeros(count, dtype=np.int64)
    open_ = np.arange(count)
    for vote in range(1, votes + 1):
        drawn = rng.random(len(open_))
        outcome = (drawn[:, None] >= limits[open_, :2]).sum(axis=1)
        counts[open_, outcome] += 1
        now = test.decide_all(*counts[open_].T)
        decided = now > 0
        codes[open_[decided]], taken[open_[decided]] = now[decided], vote
        open_ = open_[~decided]
        if not len(open_):
            break
    return codes, taken


def _bets(mean: float) -> NDArray[np.float64]:
    """The shares of capital that are bet, up to a little below what a lost vote would take."""
    import numpy as np

    return np.arange(1, BETS + 1) / (BETS + 1) / mean


def _side(votes: NDArray[np.float64], sign: int) -> NDArray[np.float64]:
    """The votes as they are, or as B sees them."""
    return votes if sign > 0 else 1 - votes


def _log_mean_exp(logs: NDArray[np.float64]) -> NDArray[np.float64]:
    """Logarithm of the mean over the last axis of what the logarithms stand for."""
    import numpy as np

    highest = logs.max(axis=-1)
    total = np.exp(logs - highest[..., None]).mean(axis=-1)
    return np.asarray(highest + np.log(total), dtype=np.float64)
