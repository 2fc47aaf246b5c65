"""A guide spoken while it is being written: from its pieces to the loudspeaker and a sound file.

with open_narration("en", console, sound=SoundFile(Path("guide.mp3")), play=True) as narration:
for piece in narration.follow(telling):
print(piece, end="")
narration.finish()
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from data.errors import GuideError, OutputError
from infer.sentences import SentenceSplitter
from infer.speech.aloud import Speaker
from infer.speech.encode import encode, format_of
from infer.speech.loudness import normalise
from infer.speech.playback import check_device
from infer.speech.recording import Recording, webvtt
from infer.speech.voice import find_voice

if TYPE_CHECKING:
    from rich.console import Console


def sentences_of(pieces: Iterable[str], language: str) -> Iterator[str]:
    """Sentences as they complete in text that comes in pieces of any size."""
    splitter, rest = SentenceSplitter(language), ""
    for piece in pieces:
        rest += piece
        while (end := splitter.first_end(rest)) is not None:
            yield rest[:end].strip()
            rest = rest[end:]
    if rest.strip():
        yield rest.strip()


@dataclass(frozen=True, slots=True)
class SoundFile:
    """Where a guide's sound is to go, and what its tags say."""

    path: Path
    title: str = ""
    artist: str = ""
    captions: bool = False

    def check(self) -> None:
        """Whether it could be written, before anything is spoken.

        Raises:
            SpeechError: its ending names no format.
            OutputError: its folder is not there or may not be written.
        """
        format_of(self.path)
        folder = self.path.parent
        if not folder.is_dir() or not os.access(folder, os.W_OK):
            raise OutputError(f"{self.path} cannot be written: {folder} is no folder to write in.")
        if self.path.is_dir():
            raise OutputError(f"{self.path} is a folder; give the name of a sound file.")

    def write(self, recording: Recording) -> list[Path]:
        """Write the sound at -16 LUFS and, if wanted, its captions beside it; whole or not at all.

        Raises:
            OutputError: the disk would not have it.
        """
        sound = normalise(recording.samples(), recording.rate)
        data = encode(
            sound, recording.rate, format_of(self.path), title=self.title, artist=self.artist
        )
        written = [_write(self.path, data)]
        if self.captions:
            text = webvtt(recording.captions())
            written.append(_write(self.path.with_suffix(".vtt"), text.encode()))
        return written


def _write(path: Path, data: bytes) -> Path:
    part = path.with_name(f".{path.name}.part")
    try:
        part.write_bytes(data)
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise OutputError(f"{path} cannot be written: {error.strerror or error}.") from None
    return path


class Narration:
    """One guide, its speaker, and where its sound goes."""

    def __init__(
        self,
        speaker: Speaker,
        language: str,
        sound: SoundFile | None,
        console: Console,
        *,
        whole: bool,
    ) -> None:
        self.speaker = speaker
        self._language, self._sound, self._console, self._whole = language, sound, console, whole
        self._started_at = time.perf_counter()
        self._failed = False

    def follow(self, pieces: Iterable[str]) -> Iterator[str]:
        """The pieces as they are, each sentence of them spoken as soon as it is complete."""
        if self._whole:
            for piece in pieces:
                self._say(piece)
                yield piece
            return
        splitter, rest = SentenceSplitter(self._language), ""
        for piece in pieces:
            rest += piece
            while (end := splitter.first_end(rest)) is not None:
                self._say(rest[:end])
                rest = rest[end:]
            yield piece
        self._say(rest)

    def finish(self) -> list[str]:
        """Wait for the voice, write the sound file, and say how it went in a few words.

        Raises:
            SpeechError: the voice failed; the guide's text is not touched by that.
            OutputError: the file could not be written.
        """
        with self._console.status("Speaking …"):
            recording = self.speaker.finish()
            written = self._sound.write(recording) if self._sound else []
        heard = [f"{recording.duration:.1f} s of sound"]
        if self.speaker.first_sound_at is not None:
            seconds = self.speaker.first_sound_at - self._started_at
            heard.append(f"first sound after {seconds:.1f} s")
        return heard + [str(path) for path in written]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        self.speaker.close()

    def _say(self, sentence: str) -> None:
        try:
            if not self._failed:
                self.speaker.say(sentence)
        except GuideError:
            self._failed = True  # the text goes on; `finish` says what was wrong


def open_narration(
    language: str,
    console: Console,
    *,
    sound: SoundFile | None = None,
    play: bool = False,
    voice: str = "",
    whole: bool = True,
) -> Narration:
    """A voice that begins to load, once all has been tried that can fail before.

    Args:
        language: of the text.
        console: where a download shows its progress.
        sound: the file to write at the end.
        play: whether to play sentences as they are spoken.
        voice: a name of the catalog instead of the language's own voice.
        whole: whether each piece that will be followed is a whole sentence.

    Raises:
        SpeechError: no voice, no engine, no sound device, or an unknown format.
        DownloadError: the voice could not be fetched.
        OutputError: the sound file could not be written.
    """
    if sound:
        sound.check()
    if play:
        check_device()
    speaker = Speaker(find_voice(language, console, voice), play=play)
    return Narration(speaker, language, sound, console, whole=whole)
