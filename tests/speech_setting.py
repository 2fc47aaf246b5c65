"""What the tests of the voice share: the English voice, fetched once, and sound read back."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from models.voices import fetch_voice, get_voice

JOE = "en_US-joe-medium"

TEXT = (
    "Girl with a Pearl Earring was painted by Johannes Vermeer around 1665. "
    "It is about 44 centimetres high. Look at the pearl."
)


@dataclass(frozen=True)
class Sound:
    """A sound file read back by libsndfile."""

    samples: Any
    rate: int
    tags: dict[str, str]

    @property
    def seconds(self) -> float:
        return len(self.samples) / self.rate

    @property
    def loudness(self) -> float:
        """LUFS, by the library itself rather than by our own function."""
        from pyloudnorm import Meter

        return float(Meter(self.rate).integrated_loudness(self.samples))

    @property
    def peak(self) -> float:
        return float(abs(self.samples).max())


def read_sound(file: Path | bytes) -> Sound:
    import soundfile

    data = file if isinstance(file, bytes) else file.read_bytes()
    with soundfile.SoundFile(io.BytesIO(data)) as sound:
        tags = sound.copy_metadata()
        return Sound(sound.read(dtype="float32"), sound.samplerate, tags)


def link_voice(name: str, models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put a voice, fetched once into the checkout, into the models folder of the tests."""
    with monkeypatch.context() as patch:
        patch.delenv("GUIDE_MODELS", raising=False)
        voice = get_voice(name)
        fetch_voice(name, voice, Console(stderr=True))
        originals = [file.path for file in voice.files.values()]
    (models / "voices").mkdir(exist_ok=True)
    for original in originals:
        link = models / "voices" / original.name
        if not link.exists():
            link.symlink_to(original)
