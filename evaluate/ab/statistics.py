"""What votes say: strengths, win rates, effects of side and length, agreement.

    strengths(votes)          # {"corpus": Interval(0.41, …), "small": Interval(-0.41, …)}
    side_and_length(votes)    # Effects(side=Interval(…), length=Interval(…))

Intervals come from drawing voters with replacement: a person's votes belong together.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from evaluate.ab.votes import Outcome, Votes
from evaluate.intervals import LEVEL, SEED, Interval, mean_interval

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

RESAMPLES = 400
"""Each fits a model anew."""


@dataclass(frozen=True, slots=True)
class WinRate:
    """Votes between two variants: A's share with ties half, and what it is made of."""

    a: str
    b: str
    share: Interval
    wins: int
    losses: int
    equal: int
    both_bad: int


@dataclass(frozen=True, slots=True)
class Effects:
    """What moves a vote besides the guide, in log odds: the left side, and twice the words."""

    side: Interval
    length: Interval


def win_rates(votes: Votes) -> list[WinRate]:
    """Every pair that was voted on."""
    found = []
    for a, b in votes.pairs:
        outcomes = votes.between(a, b)
        if outcomes:
            said = Counter(o.winner or o.verdict for o in outcomes)
            values = [outcome.value(a) for outcome in outcomes]
            voters = [outcome.voter for outcome in outcomes]
            share = mean_interval(values, voters, share=True)
            rate = WinRate(a, b, share, said[a], said[b], said["equal"], said["both bad"])
            found.append(rate)
    return found


def strengths(votes: Votes) -> dict[str, Interval]:
    """Bradley–Terry strengths in log odds around 0, strongest first.

    Ties count half to either side; to every pair that was voted on one tie is added, so that who
    has won every time is not infinitely strong.
    """

    def fit(outcomes: Sequence[Outcome]) -> NDArray[np.float64]:
        return fit_strengths(votes.variants, outcomes)

    means = fit(votes.outcomes)
    spread = _resample(votes.outcomes, fit)
    count = len(votes.outcomes)
    found = {
        name: _interval(float(means[place]), spread[:, place], count)
        for place, name in enumerate(votes.variants)
    }
    return dict(sorted(found.items(), key=lambda item: -item[1].mean))


def fit_strengths(variants: Sequence[str], outcomes: Sequence[Outcome]) -> NDArray[np.float64]:
    """Log strengths in the order of the variants, their mean 0 (evalica's solver)."""
    import evalica
    import numpy as np

    games: Counter[tuple[str, str, int]] = Counter()
    for outcome in outcomes:
        a, b = sorted((outcome.left, outcome.right))
        games[a, b, 0 if outcome.winner is None else 1 if outcome.winner == a else 2] += 1
    for a, b in {(a, b) for a, b, _ in games}:
        games[a, b, 0] += 1
    kinds = (evalica.Winner.Draw, evalica.Winner.X, evalica.Winner.Y)
    result = evalica.bradley_terry(
        [a for a, _, _ in games],
        [b for _, b, _ in games],
        [kinds[kind] for _, _, kind in games],
        weights=[float(count) for count in games.values()],
        tolerance=1e-10,
        limit=10_000,
    )
    logs = np.array([np.log(result.scores.get(name, np.nan)) for name in variants])
    return np.asarray(logs - np.nanmean(logs), dtype=np.float64)


def side_and_length(votes: Votes) -> Effects | None:
    """A logistic regression of the left text's wins; None with too few decided votes.

    Beside the side and the logarithm (to base 2) of the ratio of lengths, the variants' own
    strengths are in the model, so that a good variant that writes long does not pass for a taste
    for length.
    """
    decided = [outcome for outcome in votes.outcomes if outcome.winner is not None]
    if len(decided) < 4 * (len(votes.variants) + 1):
        return None

    def fit(outcomes: Sequence[Outcome]) -> NDArray[np.float64]:
        return _logistic(votes.variants, outcomes)

    means, spread = fit(decided), _resample(decided, fit)
    return Effects(
        *(_interval(float(means[place]), spread[:, place], len(decided)) for place in (0, 1))
    )


def agreement(votes: Votes) -> float | None:
    """Krippendorff's alpha between voters who saw the same pair; None where nobody did.

    Values are ordered: the one better, a tie, the other better. Krippendorff, "Computing
    Krippendorff's Alpha-Reliability" (2011); computed by evalica.
    """
    import evalica
    import numpy as np
    import pandas as pd  # type: ignore[import-untyped]

    cells: dict[str, dict[str, float]] = {}
    for outcome in votes.outcomes:
        a, b = sorted((outcome.left, outcome.right))
        cells.setdefault(f"{outcome.work}|{a}|{b}", {})[outcome.voter] = outcome.value(a)
    shared = {unit: given for unit, given in cells.items() if len(given) > 1}
    if len({value for given in shared.values() for value in given.values()}) < 2:
        return None
    # A row a voter, a column a pair.
    value = evalica.alpha(pd.DataFrame(shared, dtype=np.float64), distance="ordinal").alpha
    return float(value)


def _logistic(variants: Sequence[str], outcomes: Sequence[Outcome]) -> NDArray[np.float64]:
    """Coefficients of side, length and variants, by Newton's method with a weak normal prior."""
    import numpy as np

    rows = np.zeros((len(outcomes), 2 + len(variants)))
    won = np.zeros(len(outcomes))
    for place, outcome in enumerate(outcomes):
        rows[place, 0] = 1
        rows[place, 1] = np.log2(max(outcome.left_words, 1) / max(outcome.right_words, 1))
        rows[place, 2 + variants.index(outcome.left)] += 1
        rows[place, 2 + variants.index(outcome.right)] -= 1
        won[place] = outcome.winner == outcome.left
    prior = 0.1 * np.eye(rows.shape[1])
    weights = np.zeros(rows.shape[1])
    for _ in range(25):
        chance = 1 / (1 + np.exp(-rows @ weights))
        slope = rows.T @ (won - chance) - prior @ weights
        curve = (rows * (chance * (1 - chance))[:, None]).T @ rows + prior
        step = np.linalg.solve(curve, slope)
        weights += step
        if np.abs(step).max() < 1e-9:
            break
    return weights


def _resample(
    outcomes: Sequence[Outcome], fit: Callable[[Sequence[Outcome]], NDArray[np.float64]]
) -> NDArray[np.float64]:
    """(RESAMPLES, coefficients): the fit for voters drawn with replacement."""
    import numpy as np

    rng = np.random.default_rng(SEED)
    by_voter: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        by_voter.setdefault(outcome.voter, []).append(outcome)
    voters = list(by_voter.values())
    draws = rng.integers(len(voters), size=(RESAMPLES, len(voters)))
    return np.array([fit([o for place in draw for o in voters[place]]) for draw in draws])


def _interval(mean: float, spread: NDArray[np.float64], count: int) -> Interval:
    import numpy as np

    low, high = np.nanquantile(spread, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Interval(mean, min(float(low), mean), max(float(high), mean), count)
