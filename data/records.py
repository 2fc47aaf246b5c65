"""Records as people give them: read from JSON, JSONL and CSV, and cleaned on the way in.

    from data.records import read_records
    for record in read_records(Path("works.jsonl")):
        print(record.line, record.artwork.title)

This is the one door for files of records; everything behind it sees clean text.
"""

from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from data.artwork import FIELDS, Artwork, nearest_field
from data.clean import clean_artwork
from data.errors import RecordError

LIST_SEPARATOR = "|"
"""Between the items of a list field (subjects, notes) in one CSV cell."""


@dataclass(frozen=True, slots=True)
class Record:
    """One artwork and the line of its file that it stands on (1 for a single JSON object)."""

    line: int
    artwork: Artwork


def read_records(path: Path | None) -> Iterator[Record]:
    """Read every record of a `.csv`, `.json` or `.jsonl` file, or of standard input for None.

    JSON may hold one object or a list of them; anything that is neither JSON nor CSV is read as
    JSON lines.

    Raises:
        RecordError: the file cannot be read, or a line of it cannot be used.
    """
    name = "standard input" if path is None else str(path)
    text = _read_text(path, name)
    if not text.strip():
        raise RecordError(f"{name} is empty; give it at least one record with a title.")
    if path is not None and path.suffix.lower() == ".csv":
        yield from _read_csv(text, name)
    elif path is not None and path.suffix.lower() == ".jsonl":
        yield from _read_jsonl(text, name)
    else:
        yield from _read_json(text, name)


def _read_text(path: Path | None, name: str) -> str:
    try:
        raw = sys.stdin.buffer.read() if path is None else path.read_bytes()
    except OSError as error:
        raise RecordError(f"{name} cannot be read: {error.strerror or error}.") from None
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise RecordError(
            f"{name}, line {line}: the text is not UTF-8; save the file as UTF-8 and try again."
        ) from None


def _read_json(text: str, name: str) -> Iterator[Record]:
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        if _looks_like_lines(text):
            yield from _read_jsonl(text, name)
            return
        raise RecordError(_json_fault(name, error)) from None
    if isinstance(content, list):
        if not content:
            raise RecordError(f"{name} holds an empty list; give it at least one record.")
        for number, fields in enumerate(content, 1):
            yield Record(number, clean_artwork(fields, f"{name}, record {number}"))
    else:
        yield Record(1, clean_artwork(content, name))


def _looks_like_lines(text: str) -> bool:
    """Whether the first line is a whole JSON object, so that the rest must be JSON lines."""
    first, _, rest = text.lstrip().partition("\n")
    try:
        return isinstance(json.loads(first), dict) and bool(rest.strip())
    except (ValueError, RecursionError):
        return False


def _read_jsonl(text: str, name: str) -> Iterator[Record]:
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        where = f"{name}, line {number}"
        try:
            fields = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise RecordError(_json_fault(name, error, number)) from None
        yield Record(number, clean_artwork(fields, where))


def _json_fault(name: str, error: Exception, line: int | None = None) -> str:
    if not isinstance(error, json.JSONDecodeError):
        # json lets a number of more than 4,300 digits fail as any other number would.
        what = (
            "is nested too deeply" if isinstance(error, RecursionError) else "has a number too long"
        )
        return f"{name}{f', line {line}' if line else ''} {what} to be a record."
    return (
        f"{name}, line {line or error.lineno}, column {error.colno}: this is not valid JSON "
        f"({error.msg}); mend that line and try again."
    )


def _read_csv(text: str, name: str) -> Iterator[Record]:
    rows = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = [column.strip() for column in next(rows)]
        for column in header:
            if column not in FIELDS:
                raise RecordError(
                    f"{name}, line 1 has an unknown column {column!r}{nearest_field(column)}"
                )
        if len(set(header)) < len(header):
            raise RecordError(f"{name}, line 1 names a column twice; keep one of them.")
        line = rows.line_num + 1
        empty = True
        for row in rows:
            if row:
                empty = False
                yield Record(line, _csv_artwork(header, row, f"{name}, line {line}"))
            line = rows.line_num + 1
    except csv.Error as error:
        raise RecordError(
            f"{name}, line {rows.line_num}: this is not valid CSV ({error}); mend that line."
        ) from None
    if empty:
        raise RecordError(f"{name} has a header and no record below it.")


def _csv_artwork(header: list[str], row: list[str], where: str) -> Artwork:
    if len(row) != len(header):
        raise RecordError(
            f"{where} has {len(row)} cells where the header has {len(header)}; "
            "put cells that hold a comma between double quotes."
        )
    fields: dict[str, object] = {}
    for column, cell in zip(header, row, strict=True):
        fields[column] = cell.split(LIST_SEPARATOR) if column in ("subjects", "notes") else cell
    return clean_artwork(fields, where)
