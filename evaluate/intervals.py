"""Means with intervals: the bootstrap over works, and the randomization test for pairs.

    from evaluate.intervals import mean_interval
    mean_interval([1, 0, 1, 1], ["sea", "sea", "boat", "girl"], share=True)  # 0.75, 0.33 to 1

Several guides of one work are not independent, so whole works are drawn with replacement (cluster
bootstrap, percentile interval: Efron and Tibshirani, An Introduction to the Bootstrap, 1993,
chapters 13 and 16; for paired systems Koehn, "Statistical Significance Tests for Machine
Translation Evaluation", EMNLP 2004, https://aclanthology.org/W04-3250).
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

RESAMPLES = 2000
SEED = 17
LEVEL = 0.95
_EXACT = 14
"""Works up to which every change of signs is tried; above, as many as `RESAMPLES` times five."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean, the interval it lies in at 95 %, and the number of values."""

    mean: float
    low: float
    high: float
    count: int


def mean_interval(
    values: Sequence[float], works: Sequence[Hashable], *, share: bool = False
) -> Interval:
    """The mean of at least one value; `works` names the work of each.

    Of a `share`, values from 0 to 1, that is 0 or 1 throughout no resample differs, which would say
    that there is no doubt; there the exact bound for that many works stands in (Clopper and
    Pearson, 1934).
    """
    import numpy as np

    sums, counts = _by_work(values, works)
    mean = float(sums.sum() / counts.sum())
    if share and mean in (0.0, 1.0):
        bound = float(((1 - LEVEL) / 2) ** (1 / len(sums)))
        return Interval(mean, min(mean, bound), max(mean, 1 - bound), len(values))
    weights = _draws(len(sums))
    means = (weights @ sums) / (weights @ counts)
    low, high = np.quantile(means, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    # A resample that rounds differently must not put the mean outside its own interval.
    return Interval(mean, min(float(low), mean), max(float(high), mean), len(values))


def randomization_p(differences: Sequence[float], works: Sequence[Hashable]) -> float:
    """How likely a mean difference this low or lower is if neither system is worse (one-sided).

    The signs of each work's differences are changed at random: Fisher's randomization test, as
    Dror et al., "The Hitchhiker's Guide to Testing Statistical Significance in Natural Language
    Processing", ACL 2018, https://aclanthology.org/P18-1128, recommend for small samples. Exact
    up to 14 works; otherwise drawn, counting the observed signs among the draws.
    """
    import numpy as np

    sums, _ = _by_work(differences, works)
    sums = sums[sums != 0]
    if not len(sums):
        return 1.0
    if len(sums) <= _EXACT:
        bits = np.arange(2 ** len(sums))[:, None] >> np.arange(len(sums))
        totals = (1 - 2 * (bits & 1)) @ sums
        return float(np.mean(totals <= sums.sum() + 1e-9))
    rng = np.random.default_rng(SEED)
    signs = rng.choice((-1.0, 1.0), size=(5 * RESAMPLES, len(sums)))
    as_low = np.sum(signs @ sums <= sums.sum() + 1e-9)
    return float((as_low + 1) / (len(signs) + 1))


def _by_work(
    values: Sequence[float], works: Sequence[Hashable]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Sum and number of the values of each work."""
    import numpy as np

    places: dict[Hashable, int] = {}
    index = [places.setdefault(work, len(places)) for work in works]
    counts = np.bincount(index).astype(np.float64)
    sums = np.bincount(index, weights=np.asarray(values, dtype=np.float64)).astype(np.float64)
    return sums, counts


def _draws(works: int) -> NDArray[np.float64]:
    """(RESAMPLES, works): how often each work is drawn in each resample; the same every time."""
    import numpy as np

    rng = np.random.default_rng(SEED)
    return rng.multinomial(works, np.full(works, 1 / works), size=RESAMPLES).astype(np.float64)
