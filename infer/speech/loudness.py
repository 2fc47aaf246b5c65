"""Loudness: every voice and every file at -16 LUFS, the level of podcasts on phones.

    level = Loudness.of(samples_of_a_voice, 22050)
    level.apply(sentence)          # as it comes; the whole guide will be as loud
    normalise(guide, 22050)        # measured as a whole, for a file

Measured by ITU-R BS.1770-4 (pyloudnorm). Speech at -16 LUFS has peaks above full scale, so a
limiter that looks ahead takes them down; it knows nothing of what came before, so that a sentence
sounds the same alone and in its guide.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Samples = NDArray[np.float32]

TARGET = -16.0
"""LUFS; what Apple asks of podcasts, within what AES TD1008 recommends for speech."""
CEILING = 10 ** (-1.0 / 20)
"""Highest sample, -1 dBFS: what lossy coders need so as not to overshoot full scale."""
TOLERANCE = 0.1
"""LUFS by which a whole file may miss the target."""
_ROUNDS = 8  # of measuring and correcting; the limiter takes some loudness away each time
_LOOK_AHEAD = 0.004  # seconds, about a period of a low voice: the limiter follows words, not waves
_BLOCK = 0.4  # seconds, the gating block of BS.1770; anything shorter cannot be measured


@dataclass(frozen=True, slots=True)
class Loudness:
    """The gain that brings one voice to the target, decided once, so that it can be streamed."""

    gain: float
    rate: int

    @classmethod
    def of(cls, samples: Samples, rate: int, target: float = TARGET) -> Loudness:
        """The gain for a voice, from some seconds of its speech."""
        return cls(_gain(samples, rate, target), rate)

    def apply(self, samples: Samples) -> Samples:
        """A piece of that voice's speech at the target."""
        return limit(samples * self.gain, self.rate)


def loudness(samples: Samples, rate: int) -> float:
    """Integrated loudness in LUFS; minus infinity for silence and what is too short to measure."""
    from pyloudnorm import Meter

    if len(samples) <= _BLOCK * rate:
        return float("-inf")
    return float(Meter(rate).integrated_loudness(samples))


def normalise(samples: Samples, rate: int, target: float = TARGET) -> Samples:
    """The samples at the target loudness, no peak above -1 dBFS; silence stays silence."""
    return limit(samples * _gain(samples, rate, target), rate)


def limit(samples: Samples, rate: int, ceiling: float = CEILING) -> Samples:
    """Take peaks above the ceiling down smoothly, beginning a little before them."""
    import numpy as np
    from scipy.ndimage import minimum_filter1d, uniform_filter1d

    samples = np.asarray(samples, dtype=np.float32)
    if not len(samples) or float(np.abs(samples).max()) <= ceiling:
        return samples
    needed = ceiling / np.maximum(np.abs(samples), ceiling)
    window = 2 * int(_LOOK_AHEAD * rate) + 1
    # The mean over a window of the minimum over the same window is never above what is needed.
    smooth = uniform_filter1d(minimum_filter1d(needed, window), window)
    return np.asarray(np.clip(samples * smooth, -ceiling, ceiling), dtype=np.float32)


def _gain(samples: Samples, rate: int, target: float) -> float:
    """The factor after which, limited, the samples have the target loudness; 1 where none can."""
    gain, heard = 1.0, loudness(samples, rate)
    for _ in range(_ROUNDS):
        missing = target - heard
        if abs(missing) > 100 or abs(missing) < TOLERANCE / 2:
            break
        gain *= 10 ** (missing / 20)
        heard = loudness(limit(samples * gain, rate), rate)
    return gain
