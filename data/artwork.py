"""The museum record every stage speaks about, and how to read it from JSON, JSONL and CSV.

    from data.artwork import Artwork, read_records
    for record in read_records(Path("works.jsonl")):
        print(record.line, record.artwork.title)

Unknown fields are errors that name the nearest right one: a silently ignored `tittle` would
become a guide that leaves its title out.
"""

from __future__ import annotations

import csv
import difflib
import io
import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, StringConstraints, ValidationError

from data.errors import RecordError

LIST_SEPARATOR = "|"
"""Between the items of a list field (subjects, notes) in one CSV cell."""


class Form(StrEnum):
    """The art form: it decides the words a guide may use (only paintings are painted)."""

    painting = "painting"
    sculpture = "sculpture"
    drawing = "drawing"
    print = "print"
    photograph = "photograph"
    installation = "installation"
    object = "object"


def _blank_is_missing(value: object) -> object:
    if isinstance(value, str):
        return value.strip() or None
    return value


def _drop_blank_items(value: object) -> object:
    if isinstance(value, (list, tuple)):
        return tuple(v for v in value if not (isinstance(v, str) and not v.strip()))
    return () if value is None else value


Text = Annotated[str | None, BeforeValidator(_blank_is_missing)]
Item = Annotated[str, StringConstraints(strip_whitespace=True)]
Items = Annotated[tuple[Item, ...], BeforeValidator(_drop_blank_items)]


class Artwork(BaseModel):
    """One museum object's record; any field but the title may be missing.

    The first eight text fields and the two lists are what a guide may speak about; the last five
    are for attribution only and never reach a prompt.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)

    title: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
    artist: Text = None
    artist_bio: Text = None
    date: Text = None
    medium: Text = None
    dimensions: Text = None
    form: Annotated[Form, BeforeValidator(lambda v: _blank_is_missing(v) or Form.painting)] = (
        Form.painting
    )
    subjects: Items = ()
    notes: Items = ()
    museum: Text = None
    object_id: Text = None
    source_url: Text = None
    credit_line: Text = None
    licence: Text = None

    def as_record(self) -> dict[str, Any]:
        """The record as plain JSON types, without the fields that are missing."""
        return self.model_dump(mode="json", exclude_defaults=True) | {"form": self.form.value}


FIELDS = tuple(Artwork.model_fields)


@dataclass(frozen=True, slots=True)
class Record:
    """One artwork and the line of its file that it stands on (1 for a single JSON object)."""

    line: int
    artwork: Artwork


def parse_artwork(fields: object, where: str = "the record") -> Artwork:
    """Validate one mapping of field names to values.

    Raises:
        RecordError: a sentence naming `where`, the first wrong field, and the way out.
    """
    if not isinstance(fields, Mapping):
        raise RecordError(
            f"{where} is {_kind(fields)}, not an object with fields such as title and artist."
        )
    for name in fields:
        if name not in FIELDS:
            raise RecordError(f"{where} has an unknown field {name!r}{_nearest(str(name))}")
    title = fields.get("title")
    if title is None or (isinstance(title, str) and not title.strip()):
        raise RecordError(f"{where} has no title; give it one, the only field that is required.")
    try:
        return Artwork.model_validate(dict(fields))
    except ValidationError as error:
        raise RecordError(f"{where}: {_first_fault(error)}") from None


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
    except (json.JSONDecodeError, RecursionError) as error:
        if _looks_like_lines(text):
            yield from _read_jsonl(text, name)
            return
        raise RecordError(_json_fault(name, error)) from None
    if isinstance(content, list):
        if not content:
            raise RecordError(f"{name} holds an empty list; give it at least one record.")
        for number, fields in enumerate(content, 1):
            yield Record(number, parse_artwork(fields, f"{name}, record {number}"))
    else:
        yield Record(1, parse_artwork(content, name))


def _looks_like_lines(text: str) -> bool:
    """Whether the first line is a whole JSON object, so that the rest must be JSON lines."""
    first, _, rest = text.lstrip().partition("\n")
    try:
        return isinstance(json.loads(first), dict) and bool(rest.strip())
    except (json.JSONDecodeError, RecursionError):
        return False


def _read_jsonl(text: str, name: str) -> Iterator[Record]:
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        where = f"{name}, line {number}"
        try:
            fields = json.loads(line)
        except (json.JSONDecodeError, RecursionError) as error:
            raise RecordError(_json_fault(name, error, number)) from None
        yield Record(number, parse_artwork(fields, where))


def _json_fault(name: str, error: Exception, line: int | None = None) -> str:
    if not isinstance(error, json.JSONDecodeError):
        return f"{name} is nested too deeply to be a record."
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
                    f"{name}, line 1 has an unknown column {column!r}{_nearest(column)}"
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
    return parse_artwork(fields, where)


def _nearest(name: str) -> str:
    close = difflib.get_close_matches(name.lower().replace(" ", "_"), FIELDS, n=1, cutoff=0.6)
    if close:
        return f"; did you mean {close[0]!r}?"
    return f"; the fields are {', '.join(FIELDS)}."


def _kind(value: object) -> str:
    if value is None:
        return "null"
    names = {str: "a text", list: "a list", bool: "true or false", int: "a number"}
    return names.get(type(value), "a number")


def _first_fault(error: ValidationError) -> str:
    fault = error.errors()[0]
    field = str(fault["loc"][0]) if fault["loc"] else "the record"
    if fault["type"] == "enum":
        forms = ", ".join(Form)
        return f"form {fault['input']!r} is not one of {forms}."
    wanted = "a list of texts" if field in ("subjects", "notes") else "a text"
    return f"the field {field!r} must be {wanted}, not {_kind(fault['input'])}."
