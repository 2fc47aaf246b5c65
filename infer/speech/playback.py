"""Sound out of the machine's loudspeaker, sentence after sentence (sounddevice, PortAudio).

with Player(22050) as player:
    player.play(samples)        # returns at once; what is played waits in a queue
"""

from __future__ import annotations

import queue
import threading
import time
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from data.errors import SpeechError
from infer.speech.encode import resampled

if TYPE_CHECKING:
    from infer.speech.loudness import Samples

_PIECE = 0.1  # seconds written at a time, so that Ctrl-C is heard at once


class Player:
    """The loudspeaker, fed by a thread of its own while the next sentence is being spoken."""

    def __init__(self, rate: int) -> None:
        """Open the sound device.

        Raises:
            SpeechError: there is none, or no PortAudio to reach it with.
        """
        self.first_sound_at: float | None = None
        self._rate = rate
        self._stream, self._device_rate = _open_stream(rate)
        self._pieces: queue.SimpleQueue[Samples | None] = queue.SimpleQueue()
        self._stopped = threading.Event()
        self._error: Exception | None = None
        self._thread = threading.Thread(target=self._run, name="player", daemon=True)
        self._thread.start()

    def play(self, samples: Samples) -> None:
        """Play behind what is already waiting."""
        self._pieces.put(samples)

    def close(self, *, now: bool = False) -> None:
        """Wait until all has been heard, or stop `now`.

        Raises:
            SpeechError: the device went away.
        """
        if now:
            self._stopped.set()
        self._pieces.put(None)
        while self._thread.is_alive():
            self._thread.join(0.1)  # short, so that Windows sees Ctrl-C too
        if self._error is not None and not now:
            raise SpeechError(f"The sound device failed ({self._error}).") from None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        self.close(now=error is not None)

    def _run(self) -> None:
        try:
            while (samples := self._pieces.get()) is not None and not self._stopped.is_set():
                self._write(resampled(samples, self._rate, self._device_rate))
            if self._stopped.is_set():
                self._stream.abort()
            else:
                self._stream.stop()  # plays what its buffer still holds
            self._stream.close()
        except Exception as error:  # told to whoever closes the player
            self._error = error

    def _write(self, samples: Samples) -> None:
        step = int(_PIECE * self._device_rate)
        for start in range(0, len(samples), step):
            if self._stopped.is_set():
                return
            if self.first_sound_at is None:
                self.first_sound_at = time.perf_counter()
            self._stream.write(samples[start : start + step].reshape(-1, 1))


def check_device() -> None:
    """Whether there is something to play on, before anyone has waited for a guide.

    Raises:
        SpeechError: there is no sound device, or no PortAudio to reach it with.
    """
    sounddevice = _sounddevice()
    try:
        sounddevice.query_devices(kind="output")
    except (sounddevice.PortAudioError, ValueError) as error:
        raise _no_device(error) from None


def _open_stream(rate: int) -> tuple[Any, int]:
    """The default output device, at the voice's rate or, where it has not that, its own."""
    sounddevice = _sounddevice()
    try:
        device = sounddevice.query_devices(kind="output")
        try:
            sounddevice.check_output_settings(channels=1, dtype="float32", samplerate=rate)
        except sounddevice.PortAudioError:
            rate = int(device["default_samplerate"])
        stream = sounddevice.OutputStream(samplerate=rate, channels=1, dtype="float32")
        stream.start()
    except (sounddevice.PortAudioError, ValueError) as error:
        raise _no_device(error) from None
    return stream, rate


def _sounddevice() -> Any:
    try:
        import sounddevice
    except ImportError:
        raise SpeechError(
            "To play, sounddevice has to be installed: just setup speech, or "
            "pip install '.[speech]'."
        ) from None
    except OSError:
        raise SpeechError(
            "To play, the PortAudio library has to be installed (on Debian and Ubuntu: "
            "sudo apt install libportaudio2); a sound file needs none."
        ) from None
    return sounddevice


def _no_device(error: Exception) -> SpeechError:
    reason = str(error).strip().splitlines()[0]
    return SpeechError(
        f"There is no sound device to play on ({reason}); write a sound file instead."
    )
