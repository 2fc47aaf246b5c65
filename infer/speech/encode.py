"""Sound files: WAV, MP3, Opus and FLAC, with title and artist.

    data = encode(samples, 22050, "mp3", title="Bull III", artist="Le Corbusier")

libsndfile (soundfile) writes all four; mutagen puts the tags that libsndfile does not.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast, get_args

from data.errors import SpeechError

if TYPE_CHECKING:
    from infer.speech.loudness import Samples

Format = Literal["wav", "mp3", "opus", "flac"]
FORMATS = get_args(Format)
MEDIA_TYPES: dict[Format, str] = {
    "wav": "audio/wav",
    "mp3": "audio/mpeg",
    "opus": "audio/ogg; codecs=opus",
    "flac": "audio/flac",
}
"""What each format is called over HTTP."""

_OPUS_RATE = 24_000  # Opus knows 8, 12, 16, 24 and 48 kHz
_MP3_LEVEL = 0.6  # of libsndfile's scale; in mono at 22 kHz about 48 kbit/s, good for speech
_BLOCK = 16_384  # samples; libsndfile's Ogg encoders overflow their stack on very long writes


def format_of(path: Path) -> Format:
    """The format that a file's name asks for.

    Raises:
        SpeechError: it is none of the four.
    """
    name = path.suffix.lower().removeprefix(".")
    if name not in FORMATS:
        raise SpeechError(
            f"{path}: the ending of a sound file is .{', .'.join(FORMATS[:-1])} or .{FORMATS[-1]}."
        )
    return cast("Format", name)


def encode(
    samples: Samples,
    rate: int,
    format: Format,  # noqa: A002
    *,
    title: str = "",
    artist: str = "",
) -> bytes:
    """A whole file in memory.

    Args:
        samples: mono, float32, -1 to 1.
        rate: samples a second.
        format: one of FORMATS.
        title: put into the file's tags, as is `artist`, where not empty.
        artist: see `title`.
    """
    if format == "opus":
        samples, rate = resampled(samples, rate, _OPUS_RATE), _OPUS_RATE
    file = io.BytesIO()
    _write(file, samples, rate, format, {"title": title, "artist": artist})
    if (title or artist) and format != "wav":
        file.seek(0)
        _tag(file, format, title, artist)
    return file.getvalue()


def _write(
    file: io.BytesIO,
    samples: Samples,
    rate: int,
    format: Format,  # noqa: A002
    tags: dict[str, str],
) -> None:
    from soundfile import SoundFile

    container, subtype, options = {
        "wav": ("WAV", "PCM_16", {}),
        "mp3": ("MP3", "MPEG_LAYER_III", {"compression_level": _MP3_LEVEL}),
        "opus": ("OGG", "OPUS", {}),
        "flac": ("FLAC", "PCM_16", {}),
    }[format]
    with SoundFile(
        file, "w", rate, channels=1, subtype=subtype, format=container, **options
    ) as sound:
        if format == "wav":  # mutagen would put ID3 into it, which few players look for
            for name, text in tags.items():
                if text:
                    setattr(sound, name, text)
        for start in range(0, len(samples), _BLOCK):
            sound.write(samples[start : start + _BLOCK])


def _tag(file: io.BytesIO, format: Format, title: str, artist: str) -> None:  # noqa: A002
    if format == "mp3":
        from mutagen.id3 import ID3, TIT2, TPE1

        frames = ID3()
        frames.add(TIT2(encoding=3, text=title))
        frames.add(TPE1(encoding=3, text=artist))
        frames.save(file)
        return
    from mutagen.flac import FLAC
    from mutagen.oggopus import OggOpus

    tags: Any = (FLAC if format == "flac" else OggOpus)(file)
    tags["title"], tags["artist"] = title, artist
    file.seek(0)
    tags.save(file)


def resampled(samples: Samples, rate: int, wanted: int) -> Samples:
    """At another rate, by a polyphase filter."""
    from math import gcd

    import numpy as np
    from scipy.signal import resample_poly

    if rate == wanted or not len(samples):
        return samples
    step = gcd(rate, wanted)
    return np.asarray(resample_poly(samples, wanted // step, rate // step), dtype=np.float32)
