"""`guide speak`: a text or a guide as sound, into a file or out of the loudspeaker.

guide speak guide.txt --out guide.mp3 --captions
guide tell work.json --json | guide speak - --play
"""

from __future__ import annotations

import json
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from data.errors import RecordError
from data.prompt import LANGUAGES

if TYPE_CHECKING:
    from infer.speech.aloud import Speaker


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("file", metavar="FILE|-")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="OUT",
    help=("Sound file to write: .wav, .mp3, .opus or .flac."),
)
@click.option("--play", is_flag=True, help="Play it, from the first sentence on.")
@click.option("--captions", is_flag=True, help="Write WebVTT captions beside the sound file.")
@click.option(
    "--language",
    type=click.Choice(list(LANGUAGES)),
    help=("Language of the text.  [default: the guide's own, else en]"),
)
@click.option("--voice", default="", help="A voice of the catalog (guide models list).")
@click.option("--title", help="Title for the file's tags.  [default: the guide's own]")
@click.option("--artist", help="Artist for the file's tags.  [default: the guide's own]")
def speak(
    file: str, out: Path | None, play: bool, captions: bool, voice: str, **given: Any
) -> None:
    """Speak a text, or a guide as `guide tell --json` prints it, from a file or standard input."""
    if out is None and not play:
        raise click.UsageError("Say where the sound goes: --out FILE, --play, or both.")
    if captions and out is None:
        raise click.UsageError("--captions are written beside a sound file; give --out as well.")
    guide = read_guide(file, **given)
    from infer.speech.narration import SoundFile, open_narration, sentences_of

    console = Console(stderr=True)
    sound = SoundFile(out, guide.title, guide.artist, captions) if out else None
    sentences = list(sentences_of([guide.text], guide.language))
    with open_narration(guide.language, console, sound=sound, play=play, voice=voice) as narration:
        for _ in narration.follow(sentences):
            pass
        _show(narration.speaker, len(sentences), console)
        heard = narration.finish()
    console.print(" · ".join(heard), style="bright_black", highlight=False, soft_wrap=True)


def _show(speaker: Speaker, sentences: int, console: Console) -> None:
    """A bar until the last sentence has been spoken."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("Speaking", total=sentences)
        while speaker.is_busy():
            progress.update(task, completed=speaker.spoken)
            time.sleep(0.05)


@dataclass(frozen=True, slots=True)
class Guide:
    """What is spoken, in which language, and what its file is called inside."""

    text: str
    language: str
    title: str = ""
    artist: str = ""


def read_guide(
    file: str, language: str | None = None, title: str | None = None, artist: str | None = None
) -> Guide:
    """A guide from a file, or from standard input where the name is `-`.

    Raises:
        RecordError: it cannot be read, holds no text, or is JSON of another kind.
    """
    name = "standard input" if file == "-" else file
    text = _read(file, name)
    record: dict[str, Any] = {}
    if text.lstrip().startswith("{"):
        record = _parse(text, name)
        text = record["guide"]
    if not text.strip():
        raise RecordError(f"{name} holds no text to speak.")
    artwork = record.get("artwork") or {}
    return Guide(
        text,
        language or record.get("language") or "en",
        artwork.get("title") or "" if title is None else title,
        artwork.get("artist") or "" if artist is None else artist,
    )


def _read(file: str, name: str) -> str:
    try:
        data = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise RecordError(f"{name} is not text in UTF-8.") from None
    except OSError as error:
        raise RecordError(f"{name} cannot be read: {error.strerror or error}.") from None


def _parse(text: str, name: str) -> dict[str, Any]:
    try:
        record = json.loads(text)
    except ValueError as error:
        lines = [line for line in text.splitlines() if line.strip()]
        if len(lines) > 1 and all(line.lstrip().startswith("{") for line in lines):
            raise RecordError(
                f"{name} holds {len(lines)} guides; guide speak takes one of them at a time."
            ) from None
        raise RecordError(f"{name} begins like JSON and is not valid: {error}.") from None
    if not isinstance(record.get("guide"), str):
        raise RecordError(
            f'{name} has no text at "guide"; it has to be what guide tell --json prints.'
        )
    return dict(record)
