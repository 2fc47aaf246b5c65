"""The voices: what each language is spoken by, under which licence, and where its files come from.

    from models.voices import get_voice, fetch_voice
    fetch_voice("en_US-joe-medium", get_voice("en_US-joe-medium"), console)

`models/voices.toml` is shipped; `voices-local.toml` in the models folder holds the user's own, in
the same shape, and wins where both have a name.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, model_validator
from rich.console import Console

from data.errors import SpeechError
from models.catalog import Source, StoredFile, known, models_folder, shipped_and_own
from models.fetch import fetch

SHIPPED_VOICES = Path(__file__).with_name("voices.toml")
OWN_VOICES = "voices-local.toml"

Engine = Literal["piper", "kokoro"]
_FILES: dict[Engine, set[str]] = {"piper": {"model", "config"}, "kokoro": {"model", "style"}}


class VoiceEntry(BaseModel):
    """One voice: its engine and the files that the engine needs."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    language: str
    engine: Engine
    description: str = ""
    licence: str = ""
    style: str = ""
    files: dict[str, StoredFile]

    @model_validator(mode="after")
    def _has_its_files(self) -> Self:
        if set(self.files) != _FILES[self.engine]:
            needed = " and ".join(sorted(_FILES[self.engine]))
            raise ValueError(f"a {self.engine} voice has the files {needed}")
        return self

    @property
    def size(self) -> int | None:
        """Bytes of all its files; None where one is unknown."""
        sizes = [file.size for file in self.files.values()]
        return None if None in sizes else sum(size or 0 for size in sizes)

    def path(self, name: str) -> Path:
        """Where that file of the voice lies: "model", "config" or "style"."""
        return self.files[name].path

    def is_present(self) -> bool:
        """Whether all its files are there."""
        return all(file.is_present() for file in self.files.values())


def load_voices() -> dict[str, VoiceEntry]:
    """Every known voice by name, the user's own last.

    Raises:
        ModelError: `voices-local.toml` is not valid; the sentence names the voice and the key.
    """
    return shipped_and_own(SHIPPED_VOICES, models_folder() / OWN_VOICES, VoiceEntry)


def get_voice(name: str) -> VoiceEntry:
    """The voice of that name.

    Raises:
        SpeechError: no such name; the sentence gives the nearest and all known ones.
    """
    voices = load_voices()
    if name in voices:
        return voices[name]
    raise SpeechError(f"There is no voice called {name!r}; {known(name, voices)}.")


def voice_of_language(language: str) -> tuple[str, VoiceEntry]:
    """The voice that speaks a language: the first that is here, else the first of the catalog.

    Raises:
        SpeechError: the language has none.
    """
    voices = load_voices()
    fitting = {name: voice for name, voice in voices.items() if voice.language == language}
    if not fitting:
        known = ", ".join(sorted({voice.language for voice in voices.values()}))
        raise SpeechError(
            f"The language {language!r} has no voice (there are voices for {known}); add one to "
            f"{models_folder() / OWN_VOICES}."
        )
    present = (item for item in fitting.items() if item[1].is_present())
    return next(present, next(iter(fitting.items())))


def fetch_voice(name: str, voice: VoiceEntry, console: Console) -> Source | None:
    """Make sure that a voice's files are present, and say which source gave the first of them.

    Raises:
        DownloadError: no source could give one of them; what arrived is kept for the next try.
        ModelError: the disk is too full, or another process is fetching the same file.
    """
    source = None
    for file in voice.files.values():
        got = fetch(name, file, console)
        source = source or got
    return source
