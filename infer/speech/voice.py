"""A voice made ready: found, fetched if need be, loaded and levelled.

    voice = open_voice("en", console)
    samples = voice.speak("Bull III was painted in 1953.")    # float32, mono, -16 LUFS

The engines stand behind one small interface: `piper` for every language, `kokoro` for those who
installed the extra of that name.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from data.errors import SpeechError
from infer.speech.loudness import Loudness
from infer.speech.speakable import speakable
from models.voices import VoiceEntry, fetch_voice, get_voice, load_voices, voice_of_language

if TYPE_CHECKING:
    from rich.console import Console

    from infer.speech.loudness import Samples

PAUSE = 0.4
"""Seconds of silence behind each sentence, as a reader takes them between sentences."""
_QUIET = 0.01  # of the loudest sample; what lies below it at either end is no speech (-40 dB)
_EDGE = 0.05  # seconds of that kept, so that no consonant is cut
_LONGEST = 400  # characters spoken at once; an engine's memory grows with them
_SAMPLE_TEXT = {
    "en": "This is a quiet room, and a painting hangs on its far wall. Look at it for a while.",
    "fr": "Voici une salle tranquille, avec un tableau au mur du fond. Regardez-le un moment.",
    "de": "Dies ist ein stiller Raum, und hinten hängt ein Gemälde. Sehen Sie es eine Weile an.",
    "es": "Esta es una sala tranquila, con un cuadro en la pared del fondo. Mírelo un rato.",
    "it": "Questa è una sala tranquilla, con un quadro sulla parete di fondo. Guardatelo un po'.",
}
"""What a voice says to itself to learn how loud it is; six seconds or so."""


class SpeechEngine(Protocol):
    """What turns words into sound."""

    @property
    def sample_rate(self) -> int:
        """Samples a second."""

    def synthesize(self, text: str) -> Samples:
        """The sound of one sentence, mono, float32, at the engine's own level."""


class Voice:
    """One voice; several threads may use it, one sentence is spoken at a time."""

    def __init__(self, name: str, language: str, engine: SpeechEngine) -> None:
        self.name, self.language = name, language
        self.sample_rate = engine.sample_rate
        self._engine = engine
        self._lock = threading.Lock()
        text = _SAMPLE_TEXT.get(language) or _SAMPLE_TEXT["en"]
        self.loudness = Loudness.of(engine.synthesize(text), self.sample_rate)

    def speak(self, text: str) -> Samples:
        """The sound of a sentence at -16 LUFS, a short pause behind it.

        The text is made speakable first. One that holds nothing to say gives the pause alone.
        """
        words = speakable(text, self.language)
        with self._lock:
            pieces = [self._engine.synthesize(breath) for breath in breaths(words)]
        return self._with_pause(pieces)

    def _with_pause(self, pieces: list[Samples]) -> Samples:
        import numpy as np

        pause = np.zeros(int(PAUSE * self.sample_rate), dtype=np.float32)
        spoken = np.concatenate([*pieces, pause[:0]])
        if not spoken.any():
            return pause
        loud = np.flatnonzero(np.abs(spoken) > _QUIET * np.abs(spoken).max())
        edge = int(_EDGE * self.sample_rate)
        first, last = (loud[0], loud[-1]) if len(loud) else (0, 0)
        trimmed = spoken[max(0, first - edge) : last + edge + 1]
        return np.concatenate([self.loudness.apply(trimmed), pause])


def breaths(words: str) -> list[str]:
    """What is spoken at once: a sentence, or parts of one that is longer than anyone could say."""
    import textwrap

    return [part for part in textwrap.wrap(words, _LONGEST) if any(map(str.isalnum, part))]


def open_voice(language: str, console: Console, name: str = "") -> Voice:
    """The voice of a language, or the one of that name, fetched if it is absent.

    Raises:
        SpeechError: the language has no voice, the name is unknown or of another language, or the
            engine is not installed or cannot read the voice.
        DownloadError: the voice could not be fetched.
    """
    return find_voice(language, console, name)()


def find_voice(language: str, console: Console, name: str = "") -> Callable[[], Voice]:
    """What loads the voice that `open_voice` opens; all that may go wrong before has been tried.

    Raises:
        SpeechError, DownloadError: as for `open_voice`.
    """
    entry = get_voice(name) if name else None
    if entry is None:
        name, entry = voice_of_language(language)
    if entry.language != language:
        raise SpeechError(f"The voice {name} speaks {entry.language!r}, not {language!r}.")
    engine = _engine_of(entry)  # before megabytes are fetched for an engine that is not there
    fetch_voice(name, entry, console)
    return lambda: Voice(name, language, engine(name, entry))


def spoken_languages() -> list[str]:
    """The languages whose voice is here, in the catalog's order; none where the extra is absent."""
    from importlib.util import find_spec

    modules = {"piper": "piper", "kokoro": "kokoro_onnx"}
    voices = load_voices().values()
    here = (v.language for v in voices if v.is_present() and find_spec(modules[v.engine]))
    return list(dict.fromkeys(here))


class _Loader(Protocol):
    def __call__(self, name: str, voice: VoiceEntry, /) -> SpeechEngine: ...


def _engine_of(entry: VoiceEntry) -> _Loader:
    """The engine's loader.

    Raises:
        SpeechError: the engine is not installed.
    """
    try:
        if entry.engine == "kokoro":
            from infer.speech.kokoro import KokoroEngine as Engine
        else:
            from infer.speech.piper import PiperEngine as Engine  # type: ignore[assignment]
    except ImportError as error:
        extra = "kokoro" if entry.engine == "kokoro" else "speech"
        raise SpeechError(
            f"To speak, {error.name or entry.engine} has to be installed: "
            f"just setup {extra}, or pip install '.[{extra}]'."
        ) from None
    return Engine
