"""Sentences spoken, recorded and played while the next ones are still being written.

with Speaker(find_voice("en", console), play=True) as speaker:
    for sentence in guide:
        speaker.say(sentence)
    recording = speaker.finish()
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

from infer.speech.playback import Player
from infer.speech.recording import Recording
from infer.speech.voice import Voice


class Speaker:
    """A voice in a thread of its own: it is loaded there, and speaks what it is given in order."""

    def __init__(self, load: Callable[[], Voice], *, play: bool = False) -> None:
        self.spoken = 0
        """Sentences whose sound is ready."""
        self.first_ready_at: float | None = None
        """When the first of them was, on `time.perf_counter`'s clock."""
        self._given = 0
        self._load, self._plays = load, play
        self._player: Player | None = None
        self._recording: Recording | None = None
        self._error: BaseException | None = None
        self._stopped = threading.Event()
        self._sentences: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="voice", daemon=True)
        self._thread.start()

    def say(self, sentence: str) -> None:
        """Speak a sentence behind the others; returns at once.

        Raises:
            SpeechError: the voice failed at an earlier one, or there is no sound device.
        """
        self._raise_failure()
        if sentence.strip():
            self._given += 1
            self._sentences.put(sentence.strip())

    def is_busy(self) -> bool:
        """Whether a sentence that was given is not spoken yet."""
        return self._thread.is_alive() and self.spoken < self._given

    def finish(self) -> Recording:
        """Everything that was said, once it has been spoken and, if it is played, heard.

        Raises:
            SpeechError: as for `say`.
        """
        self._sentences.put(None)
        while self._thread.is_alive():
            self._thread.join(0.1)  # short, so that Windows sees Ctrl-C too
        self._raise_failure()
        if self._player is not None:
            self._player.close()
        assert self._recording is not None
        return self._recording

    @property
    def first_sound_at(self) -> float | None:
        """When the first sound was heard, on `time.perf_counter`'s clock; None if none was."""
        return self._player.first_sound_at if self._player else None

    def close(self) -> None:
        """Fall silent at once; after `finish` this does nothing."""
        self._stopped.set()
        self._sentences.put(None)
        if self._player is not None:
            self._player.close(now=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        self.close()

    def _run(self) -> None:
        try:
            voice = self._load()
            self._recording = Recording(voice.sample_rate)
            self._player = Player(voice.sample_rate) if self._plays else None
            while (sentence := self._sentences.get()) is not None and not self._stopped.is_set():
                samples = voice.speak(sentence)
                self.first_ready_at = self.first_ready_at or time.perf_counter()
                self._recording.add(sentence, samples)
                if self._player is not None:
                    self._player.play(samples)
                self.spoken += 1
        except BaseException as error:  # raised again for whoever uses the speaker
            self._error = error

    def _raise_failure(self) -> None:
        if self._error is not None:
            raise self._error
