"""`guide tell`: the guide of one work, streamed to the terminal.

guide tell --title "Girl with a Pearl Earring" --artist "Johannes Vermeer" --date "c. 1665"
guide tell work.json --length full --json
guide tell work.json --play --speak guide.mp3
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from contextlib import nullcontext
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console

from data.artwork import Artwork, Form
from data.clean import clean_artwork
from data.errors import RecordError
from data.records import read_records
from infer.options import Options, guide_options, read_options, record_path

if TYPE_CHECKING:
    from infer.speech.narration import Narration

_WIDTH = 80  # columns; longer lines are hard to read aloud from


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("record", required=False, metavar="[RECORD.json|-]")
@click.option("--title", help="Title of the work, the only field that is required.")
@click.option("--artist", help="Artist as the record gives it, with any “attributed to”.")
@click.option("--artist-bio", help="Life and origin, such as “Dutch, 1632–1675”.")
@click.option("--date", help="Date of the work.")
@click.option("--medium", help="Medium, such as “oil on canvas”.")
@click.option("--dimensions", help="Dimensions, such as “44.5 x 39 cm”.")
@click.option("--form", type=click.Choice(list(Form)), help="Art form.  [default: painting]")
@click.option("--subjects", multiple=True, help="Something depicted; repeat for more.")
@click.option("--note", "notes", multiple=True, help="A fact from the museum; repeat for more.")
@guide_options
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object with measurements.")
@click.option(
    "--speak",
    type=click.Path(path_type=Path),
    metavar="OUT",
    help="Speak it into a sound file as well: .wav, .mp3, .opus or .flac.",
)
@click.option("--play", is_flag=True, help="Play each sentence as soon as it is written.")
@click.option("--captions", is_flag=True, help="Write WebVTT captions beside the sound file.")
@click.option("--voice", default="", help="A voice of the catalog (guide models list).")
def tell(
    record: str | None,
    as_json: bool,
    speak: Path | None,
    play: bool,
    captions: bool,
    voice: str,
    **values: Any,
) -> None:
    """Write the guide of one work, given as options, as a JSON file, or on standard input (-)."""
    if captions and speak is None:
        raise click.UsageError("--captions are written beside a sound file; give --speak as well.")
    fields = {name: values.pop(name) for name in tuple(values) if name in Artwork.model_fields}
    artwork = _artwork(record, fields)
    options = read_options(**values)
    console = Console(stderr=True)
    narration = None
    if speak or play:
        narration = _narration(artwork, options, console, speak, captions, play, voice)
    with narration or nullcontext():
        result = _tell(artwork, options, console, narration, quiet=as_json)
        if as_json:
            result["language"] = options.request.language  # `guide speak` has to know
            click.echo(json.dumps(result, ensure_ascii=False))
        heard = narration.finish() if narration else []
    if not as_json:
        summary = " · ".join([_summary(result, draft=options.draft), *heard])
        console.print(summary, style="bright_black", highlight=False, soft_wrap=True)


def _tell(
    artwork: Artwork,
    options: Options,
    console: Console,
    narration: Narration | None,
    *,
    quiet: bool,
) -> dict[str, Any]:
    """Write the guide, showing it and having it spoken as it comes; returns what is known of it."""
    from infer.session import open_session

    with open_session(options, console) as session:
        telling = session.start(artwork, options)
        pieces = iter(telling)
        try:
            with session.preparing(artwork, options.request) as takes_long:
                # The opening needs no model; what comes after it is what one waits for.
                first = list(islice(pieces, 2 if takes_long else 1))
            shown = chain(first, pieces)
            _print_pieces(narration.follow(shown) if narration else shown, quiet=quiet)
        finally:
            telling.cancel()
        return telling.result()


def _narration(
    artwork: Artwork,
    options: Options,
    console: Console,
    speak: Path | None,
    captions: bool,
    play: bool,
    voice: str,
) -> Narration:
    """The voice that will say the guide, loaded while the model is.

    Raises:
        SpeechError: it has no voice, no sound device, or an unknown format to be written in.
        OutputError: the sound file could not be written.
    """
    from infer.speech.narration import SoundFile, open_narration

    sound = SoundFile(speak, artwork.title, artwork.artist or "", captions) if speak else None
    language = options.request.language
    return open_narration(
        language, console, sound=sound, play=play, voice=voice, whole=not options.draft
    )


def _artwork(record: str | None, fields: dict[str, Any]) -> Artwork:
    given = {name: value for name, value in fields.items() if value}
    if record is None:
        if not given:
            raise RecordError(
                "There is no record; give --title and other fields, a JSON file, or - for "
                "standard input."
            )
        return clean_artwork(given)
    if given:
        name = next(iter(given)).replace("notes", "note").replace("_", "-")
        raise RecordError(
            f"Give the record as a file or as options, not both ({record}, --{name})."
        )
    records = list(read_records(record_path(record)))
    if len(records) > 1:
        raise RecordError(f"{record} holds {len(records)} records; guide batch writes many guides.")
    return records[0].artwork


def _print_pieces(pieces: Iterable[str], *, quiet: bool) -> None:
    """Print text as it comes, wrapped at words on a terminal."""
    shown = _Wrapped(Console().width) if sys.stdout.isatty() else _Plain()
    begun = False
    try:
        for piece in pieces:
            if not quiet:
                begun = True
                shown.write(piece)
    finally:
        if begun:
            shown.end()


class _Plain:
    """Text as it is, for files and pipes."""

    def write(self, piece: str) -> None:
        sys.stdout.write(piece)
        sys.stdout.flush()

    def end(self) -> None:
        self.write("\n")


class _Wrapped(_Plain):
    """Text whose lines end before a word that would not fit."""

    def __init__(self, width: int) -> None:
        self._width, self._column, self._word = min(width, _WIDTH), 0, ""

    def write(self, piece: str) -> None:
        for letter in piece:
            if letter.isspace():
                self._print_word(letter)
            else:
                self._word += letter

    def end(self) -> None:
        self._print_word("\n")

    def _print_word(self, space: str) -> None:
        if self._column and self._column + len(self._word) > self._width:
            super().write("\n")
            self._column = 0
        self._column += len(self._word) + 1
        if space == "\n":
            self._column = 0
        super().write(self._word + space)
        self._word = ""


def _summary(result: dict[str, Any], *, draft: bool) -> str:
    parts = [result["model"]]
    if result["tokens"]:
        parts += [f"{result['tokens']} tokens", f"{result['tokens_per_second']:.1f} tokens/s"]
        parts.append(f"first token after {result['time_to_first_token']:.1f} s")
    if not draft:
        parts.append(f"first sentence after {result['time_to_first_sentence']:.1f} s")
    parts += _counts(result)
    if result["finish_reason"] == "length":
        parts.append("cut off at --max-tokens")
    return " · ".join(parts)


def _counts(result: dict[str, Any]) -> list[str]:
    """What the fact check saw, where there is something to say."""
    unsupported = sum(claim["verdict"] == "unsupported" for claim in result["claims"])
    counts = (
        (unsupported, "claims unsupported"),
        (result["redraws"], "redrawn"),
        (len(result["dropped"]), "dropped"),
    )
    return [f"{count} {what}" for count, what in counts if count]
