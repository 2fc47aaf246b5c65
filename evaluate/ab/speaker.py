"""Guides of a comparison, spoken by the server's voices and kept for a while.

    speaker = Speaker(services.voices)
    speaker.speaks("en"), speaker.mp3("This is a tall canvas.", "en")

Both guides of a pair have the same voice, the same loudness and the same empty tags.
"""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock
from typing import TYPE_CHECKING

from data.facts.text import sentences

if TYPE_CHECKING:
    from infer.web.speaking import Voices

KEPT = 200
"""Guides held in memory; of half a minute each, some 50 MB."""


class Speaker:
    """The sound of any text, made when it is first asked for."""

    def __init__(self, voices: Voices) -> None:
        """Speak by the voices that the server has."""
        self._voices = voices
        self._made: OrderedDict[tuple[str, str], bytes] = OrderedDict()
        self._lock = Lock()

    def speaks(self, language: str) -> bool:
        """Whether there is a voice for it."""
        return self._voices.available(language)

    def mp3(self, text: str, language: str) -> bytes | None:
        """The text spoken, as MP3; None where there is no voice."""
        key = (language, text)
        with self._lock:
            if key in self._made:
                self._made.move_to_end(key)
                return self._made[key]
        spoken = self._voices.begin(language, title="", artist="")
        if spoken is None:
            return None
        for start, end in sentences(text):
            spoken.say(text[start:end])
        _, files = spoken.finish().result()
        with self._lock:
            self._made[key] = files["mp3"]
            while len(self._made) > KEPT:
                self._made.popitem(last=False)
        return files["mp3"]
