"""The voices of the server: sentences spoken as they come, one thread for all.

    voices = Voices(console)
    spoken = voices.begin("en", title="…", artist="…")   # None where the language has no voice
    future = spoken.say("A sentence.")                   # of its WAV
    spoken.times(), spoken.files()

Speaking is some twenty times faster than listening, so that one thread serves many guides.
"""

from __future__ import annotations

import logging
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from data.errors import GuideError, SpeechError
from data.prompt import LANGUAGES
from infer.web.schemas import Format

if TYPE_CHECKING:
    from rich.console import Console

MASTER: Format = "flac"
"""The format kept of every guide: everything else can be made of it without loss."""
USUAL: Format = "mp3"
"""The format that browsers ask for, made at once."""
KEPT: tuple[Format, ...] = (MASTER, USUAL)

_log = logging.getLogger("guide.serve")


class Voices:
    """A voice a language, opened when it is first needed."""

    def __init__(self, console: Console, *, silent: bool = False) -> None:
        self._console, self._silent = console, silent
        self._voices: dict[str, Any] = {}
        self._lock = threading.Lock()
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="guide-voice")

    def prepare(self, language: str, *, fetch: bool) -> None:
        """Open a language's voice, fetched if wished; where there is none, the log says so."""
        if self._silent:
            return
        try:
            if not fetch and language not in _present():
                raise SpeechError(_how_to_fetch(language))
            with self._lock:
                self._voices.setdefault(language, _open(language, self._console))
        except (GuideError, ImportError) as error:
            _log.info("Guides in %s are text alone: %s", LANGUAGES[language], error)

    def available(self, language: str) -> bool:
        """Whether the language can be heard."""
        return not self._silent and (language in self._voices or language in _present())

    def begin(self, language: str, *, title: str, artist: str) -> Spoken | None:
        """A guide to be spoken; None where the language has no voice."""
        voice = self._voice(language)
        return Spoken(voice, self._pool, title, artist) if voice else None

    def close(self) -> None:
        """End the thread."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _voice(self, language: str) -> Any:
        """The voice, opened if it is here; nothing is fetched while somebody waits."""
        if not self.available(language):
            return None
        with self._lock:
            if language not in self._voices:
                self._voices[language] = _open(language, self._console)
            return self._voices[language]


class Spoken:
    """The sound of one guide as it grows."""

    def __init__(self, voice: Any, pool: ThreadPoolExecutor, title: str, artist: str) -> None:
        from infer.speech import Recording

        self.name: str = voice.name
        self._voice, self._pool = voice, pool
        self._title, self._artist = title, artist
        self._recording = Recording(voice.sample_rate)

    def say(self, sentence: str) -> Future[bytes]:
        """Speak a sentence; the result is its WAV."""
        return self._pool.submit(self._say, sentence)

    def finish(self) -> Future[tuple[list[tuple[float, float]], dict[Format, bytes]]]:
        """When each sentence is spoken, in seconds, and the whole in the formats that are kept."""
        return self._pool.submit(self._finish)

    def _say(self, sentence: str) -> bytes:
        from infer.speech import encode

        samples = self._voice.speak(sentence)
        self._recording.add(sentence, samples)
        return encode(samples, self._voice.sample_rate, "wav")

    def _finish(self) -> tuple[list[tuple[float, float]], dict[Format, bytes]]:
        from infer.speech import encode

        samples = self._recording.samples()
        files = {
            name: encode(
                samples, self._voice.sample_rate, name, title=self._title, artist=self._artist
            )
            for name in KEPT
        }
        return [(c.start, c.end) for c in self._recording.captions()], files


def convert(master: bytes, format_: Format, *, title: str, artist: str) -> bytes:
    """The kept sound in another format."""
    from infer.speech import encode

    samples, rate = _decoded(master)
    return encode(samples, rate, format_, title=title, artist=artist)


def cut(master: bytes, start: float, end: float) -> bytes:
    """A part of the kept sound, as WAV; seconds."""
    from infer.speech import encode

    samples, rate = _decoded(master)
    return encode(samples[round(start * rate) : round(end * rate)], rate, "wav")


def captions(sentences: list[tuple[str, float, float]]) -> str:
    """WebVTT of sentences and their seconds."""
    from infer.speech import Caption, webvtt

    return webvtt([Caption(start, end, text) for text, start, end in sentences])


def _decoded(master: bytes) -> tuple[Any, int]:
    import io

    import soundfile

    samples, rate = soundfile.read(io.BytesIO(master), dtype="float32")
    return samples, rate


def _open(language: str, console: Console) -> Any:
    from infer.speech import open_voice

    return open_voice(language, console)


def _how_to_fetch(language: str) -> str:
    from models.voices import voice_of_language

    return f"guide models pull {voice_of_language(language)[0]} fetches a voice."


def _present() -> list[str]:
    """Languages whose voice lies here."""
    try:
        from infer.speech import spoken_languages
    except ImportError:
        return []
    return spoken_languages()
