"""A guide as it was spoken: its sound, and when each sentence begins and ends.

    recording = Recording(voice.sample_rate)
    recording.add(sentence, voice.speak(sentence))
    recording.samples(), webvtt(recording.captions())

WebVTT: https://www.w3.org/TR/webvtt1/
"""

from __future__ import annotations

import html
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from infer.speech.loudness import Samples


@dataclass(frozen=True, slots=True)
class Caption:
    """A sentence and its time in seconds from the beginning."""

    start: float
    end: float
    text: str


class Recording:
    """Sentences and their samples, in the order in which they were said."""

    def __init__(self, rate: int) -> None:
        self.rate = rate
        self._captions: list[Caption] = []
        self._pieces: list[Samples] = []
        self._length = 0  # samples

    def add(self, sentence: str, samples: Samples) -> Caption:
        """Put a sentence behind the others; returns when it is heard."""
        start = self.duration
        self._pieces.append(samples)
        self._length += len(samples)
        caption = Caption(start, self.duration, sentence)
        self._captions.append(caption)
        return caption

    @property
    def duration(self) -> float:
        """Seconds of what has been added."""
        return self._length / self.rate

    def captions(self) -> list[Caption]:
        """Every sentence with its time."""
        return list(self._captions)

    def samples(self) -> Samples:
        """All of it in one array, float32, mono."""
        import numpy as np

        return np.concatenate(self._pieces) if self._pieces else np.zeros(0, dtype=np.float32)


def webvtt(captions: Iterable[Caption]) -> str:
    """The captions as a WebVTT file: one cue a sentence, named by its number."""
    cues = (
        f"{number}\n{_time(caption.start)} --> {_time(caption.end)}\n{_text(caption.text)}\n"
        for number, caption in enumerate(captions, 1)
    )
    return "\n".join(["WEBVTT\n", *cues])


def _text(sentence: str) -> str:
    """One line, with the characters escaped that mark up a cue (a title may hold them)."""
    return html.escape(" ".join(sentence.split()), quote=False)


def _time(seconds: float) -> str:
    milliseconds = round(seconds * 1000)
    minutes, milliseconds = divmod(milliseconds, 60_000)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{milliseconds // 1000:02}.{milliseconds % 1000:03}"
