"""`guide tell`: the guide of one work, streamed to the terminal.

guide tell --title "Girl with a Pearl Earring" --artist "Johannes Vermeer" --date "c. 1665"
guide tell work.json --length full --json
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from typing import Any

import click
from rich.console import Console

from data.artwork import Artwork, Form, parse_artwork, read_records
from data.errors import RecordError
from infer.options import guide_options, read_options, record_path
from infer.result import result_record

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
def tell(record: str | None, as_json: bool, **values: Any) -> None:
    """Write the guide of one work, given as options, as a JSON file, or on standard input (-)."""
    fields = {name: values.pop(name) for name in tuple(values) if name in Artwork.model_fields}
    artwork = _artwork(record, fields)
    from infer.session import Session  # loads llama.cpp, which a faulty record need not wait for

    options = read_options(**values)
    console = Console(stderr=True)
    with Session(options.model, console) as session:
        generation = session.start(artwork, options)
        pieces = iter(generation)
        try:
            with session.preparing(artwork, options.request):
                first = next(pieces, "")
            text = _print_pieces(_chain(first, pieces), quiet=as_json)
        finally:
            generation.cancel()
        result = result_record(text, artwork, session.name, generation)
    if as_json:
        click.echo(json.dumps(result, ensure_ascii=False))
    else:
        console.print(_summary(result), style="bright_black", highlight=False)


def _artwork(record: str | None, fields: dict[str, Any]) -> Artwork:
    given = {name: value for name, value in fields.items() if value}
    if record is None:
        if not given:
            raise RecordError(
                "There is no record; give --title and other fields, a JSON file, or - for "
                "standard input."
            )
        return parse_artwork(given)
    if given:
        name = next(iter(given)).replace("notes", "note").replace("_", "-")
        raise RecordError(
            f"Give the record as a file or as options, not both ({record}, --{name})."
        )
    records = list(read_records(record_path(record)))
    if len(records) > 1:
        raise RecordError(f"{record} holds {len(records)} records; guide batch writes many guides.")
    return records[0].artwork


def _chain(first: str, rest: Iterator[str]) -> Iterator[str]:
    yield first
    yield from rest


def _print_pieces(pieces: Iterable[str], *, quiet: bool) -> str:
    """Print text as it comes, wrapped at words on a terminal; returns the whole text."""
    shown = _Wrapped(Console().width) if sys.stdout.isatty() else _Plain()
    text = ""
    try:
        for piece in pieces:
            text += piece
            if not quiet:
                shown.write(piece)
    finally:
        if not quiet and text:
            shown.end()
    return text


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


def _summary(result: dict[str, Any]) -> str:
    line = (
        f"{result['model']} · {result['tokens']} tokens · "
        f"{result['tokens_per_second']:.1f} tokens/s · "
        f"first token after {result['time_to_first_token']:.1f} s"
    )
    return line + (" · cut off at --max-tokens" if result["finish_reason"] == "length" else "")
