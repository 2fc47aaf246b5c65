"""`guide check`: a text with what its record does not support marked, and the reasons below.

    guide check guide.txt --record work.json --language fr
    guide tell work.json --json | guide check -
    guide check guides.jsonl

On a terminal the unsupported parts are coloured, elsewhere they stand in [[double brackets]]. The
exit status is 0 where nothing is unsupported, 1 where something is, 2 for input that cannot be
used.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.text import Text

from data.artwork import Artwork
from data.clean import clean_artwork
from data.errors import RecordError
from data.facts.checker import Checker
from data.facts.grammar import LANGUAGES
from data.facts.report import Claim, Report
from data.facts.style import LENGTHS
from data.records import read_records

TEXT_FIELDS = ("guide", "script")
_UNSUPPORTED = 1


@dataclass(frozen=True, slots=True)
class _Checked:
    name: str
    text: str
    report: Report


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("file", metavar="FILE|-")
@click.option(
    "--record",
    type=click.Path(path_type=Path),
    metavar="RECORD.json",
    help="The record a plain text is about.",
)
@click.option(
    "--language", type=click.Choice(LANGUAGES), help="Language of the text.  [default: en]"
)
@click.option("--length", type=click.Choice(list(LENGTHS)), help="Also mind the length.")
@click.option("--style", is_flag=True, help="Also print the faults of style.")
def check(
    file: str, record: Path | None, language: str | None, length: str | None, style: bool
) -> None:
    """Mark what a guide says that its record does not support.

    FILE is a plain text with --record, or JSON lines that hold `guide` or `script` and `artwork`.
    """
    content = _read(file)
    rows: Iterable[Row] | None = _text_row(content, file, record, language)
    if rows is None:
        rows = _json_rows(content, file, language)
    console = Console(width=80 if sys.stdout.isatty() else 10_000, highlight=False)
    wrong = False
    for number, (name, text, artwork, spoken) in enumerate(rows):
        report = Checker(artwork, spoken).check(text, length=length)
        wrong = wrong or not report.clean
        if number:
            console.print()
        _show(console, _Checked(name, text, report), style=style or length is not None)
    if wrong:
        sys.exit(_UNSUPPORTED)


def _read(file: str) -> str:
    try:
        raw = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except OSError as error:
        raise RecordError(f"{file} cannot be read: {error.strerror or error}.") from None
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise RecordError(f"{_name(file)} is not UTF-8; save it as UTF-8 and try again.") from None
    if not text.strip():
        raise RecordError(f"{_name(file)} is empty; give it the text of a guide.")
    return text


def _name(file: str) -> str:
    return "standard input" if file == "-" else file


Row = tuple[str, str, Artwork, str]


def _text_row(
    content: str, file: str, record: Path | None, language: str | None
) -> list[Row] | None:
    """The one row of a plain text and its record; None where the content is JSON."""
    if record is None:
        if content.lstrip()[0] == "{":
            return None
        raise RecordError(
            f"{_name(file)} is a plain text; say with --record RECORD.json what it is about."
        )
    records = list(read_records(record))
    if len(records) != 1:
        raise RecordError(f"{record} holds {len(records)} records; a text is about one.")
    return [("", content.strip(), records[0].artwork, language or "en")]


def _json_rows(content: str, file: str, language: str | None) -> Iterator[Row]:
    """Rows of JSON lines, or of one JSON object over several lines."""
    try:
        yield _row(json.loads(content), _name(file), language)
    except (ValueError, RecursionError):
        for number, line in enumerate(content.split("\n"), 1):
            if line.strip():
                where = f"{_name(file)}, line {number}"
                try:
                    fields = json.loads(line)
                except (ValueError, RecursionError):
                    raise RecordError(f"{where}: this is not valid JSON; mend that line.") from None
                yield _row(fields, where, language)


def _row(fields: Any, where: str, language: str | None) -> Row:
    if not isinstance(fields, dict):
        raise RecordError(f"{where} is not an object with `guide` or `script`, and `artwork`.")
    text = next((fields[n] for n in TEXT_FIELDS if isinstance(fields.get(n), str)), None)
    if text is None:
        raise RecordError(f"{where} has no text; put the guide into `guide` or `script`.")
    if "artwork" not in fields:
        raise RecordError(f"{where} has no `artwork`; put the record there.")
    spoken = language or fields.get("language") or "en"
    if spoken not in LANGUAGES:
        raise RecordError(f"{where}: the language {spoken!r} is not one of {', '.join(LANGUAGES)}.")
    artwork = clean_artwork(fields["artwork"], f"{where}, artwork")
    return str(fields.get("id") or ""), text, artwork, spoken


def _show(console: Console, checked: _Checked, *, style: bool) -> None:
    if checked.name:
        console.print(Text(checked.name, style="bold"))
    console.print(_marked(checked.text, checked.report.unsupported, plain=not console.is_terminal))
    for claim in checked.report.unsupported:
        said = checked.text[claim.start : claim.end].strip()
        console.print(Text(f"- {said}: {claim.reason}"))
    if style:
        for finding in checked.report.findings:
            said = checked.text[slice(*finding.span)]
            said = said if len(said) < 40 else said[:37] + "…"
            console.print(Text(f"~ {said}: {finding.reason}"))


def _marked(text: str, claims: tuple[Claim, ...], *, plain: bool) -> Text:
    """The text with its unsupported stretches marked; overlapping ones are one."""
    marked, at = Text(), 0
    for start, end in _stretches(claims):
        marked.append(text[at:start])
        said = text[start:end]
        marked.append(f"[[{said}]]" if plain else said, style="" if plain else "bold red underline")
        at = end
    marked.append(text[at:])
    return marked


def _stretches(claims: tuple[Claim, ...]) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    for start, end in sorted(c.span for c in claims):
        if found and start <= found[-1][1]:
            found[-1] = found[-1][0], max(end, found[-1][1])
        else:
            found.append((start, end))
    return found
