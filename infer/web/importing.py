"""Works from a file that a curator uploads: JSON, JSON lines or CSV, with an optional `stop`.

    done = import_works(works, "works.csv", content)
    done.added, done.updated, done.faults

What is right is taken over and what is wrong is named, line by line, so that a long list with two
faults is not typed again. A record that is there already is updated, so that the same file may
come again.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from typing import Any

from data.clean import clean_artwork
from data.errors import RecordError
from data.records import LIST_SEPARATOR
from infer.web import schemas
from infer.web.problems import ProblemError
from infer.web.works import Works

SUFFIXES = (".json", ".jsonl", ".csv")
LAST_STOP = 999_999
MOST_FAULTS = 100
"""Faults told at once; then something else is wrong with the file."""


def import_works(works: Works, name: str, content: bytes) -> schemas.Imported:
    """Add or update the works of one file.

    Raises:
        RecordError: the file as a whole cannot be read.
    """
    added = updated = 0
    faults: list[str] = []
    for where, fields in _rows(name, content):
        try:
            if isinstance(fields, RecordError):
                raise fields
            stop = _stop(fields, where)
            if works.put(clean_artwork(fields, where), stop):
                added += 1
            else:
                updated += 1
        except RecordError as error:
            faults.append(str(error))
        except ProblemError as error:
            faults.append(f"{where}: {error}")
        if len(faults) == MOST_FAULTS:
            faults.append("There are more faults than are told here; mend these first.")
            break
    return schemas.Imported(added=added, updated=updated, faults=faults)


def _rows(name: str, content: bytes) -> Iterator[tuple[str, Any]]:
    """Every record with where it stands; one that cannot be read is its error."""
    suffix = name[name.rfind(".") :].lower()
    if suffix not in SUFFIXES:
        raise RecordError(f"{name} is none of {', '.join(SUFFIXES)}; export the works as one.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise RecordError(
            f"{name}, line {line}: the text is not UTF-8; save the file as UTF-8 and try again."
        ) from None
    if not text.strip():
        raise RecordError(f"{name} is empty; give it at least one record with a title.")
    return {".csv": _csv, ".jsonl": _lines, ".json": _json}[suffix](name, text)


def _json(name: str, text: str) -> Iterator[tuple[str, Any]]:
    try:
        found = json.loads(text)
    except json.JSONDecodeError as error:
        raise RecordError(
            f"{name}, line {error.lineno}, column {error.colno}: this is not valid JSON "
            f"({error.msg}); mend that line and try again."
        ) from None
    except (ValueError, RecursionError):  # a number of thousands of digits, a thousand brackets
        raise RecordError(f"{name} is nested too deeply, or its numbers are too long.") from None
    for number, fields in enumerate(found if isinstance(found, list) else [found], 1):
        yield f"{name}, record {number}", fields


def _lines(name: str, text: str) -> Iterator[tuple[str, Any]]:
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        where = f"{name}, line {number}"
        try:
            yield where, json.loads(line)
        except (ValueError, RecursionError):
            yield where, RecordError(f"{where} is not valid JSON; mend that line and try again.")


def _csv(name: str, text: str) -> Iterator[tuple[str, Any]]:
    rows = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = [column.strip() for column in next(rows)]
        for row in rows:
            where = f"{name}, line {rows.line_num}"
            if not row:
                continue
            if len(row) != len(header):
                yield (
                    where,
                    RecordError(
                        f"{where} has {len(row)} cells where the header has {len(header)}; "
                        "put cells that hold a comma between double quotes."
                    ),
                )
                continue
            fields: dict[str, Any] = dict(zip(header, row, strict=True))
            for column in ("subjects", "notes"):
                if column in fields:
                    fields[column] = fields[column].split(LIST_SEPARATOR)
            yield where, fields
    except csv.Error as error:
        raise RecordError(
            f"{name}, line {rows.line_num}: this is not valid CSV ({error}); mend that line."
        ) from None


def _stop(fields: Any, where: str) -> int | None:
    """The number of the stop, taken out of the fields."""
    if not isinstance(fields, dict) or "stop" not in fields:
        return None
    value = fields.pop("stop")
    text = str(value).strip()
    if value is None or not text:
        return None
    if (
        isinstance(value, bool)
        or not (text.isascii() and text.isdigit())
        or not (1 <= int(text) <= LAST_STOP)
    ):
        raise RecordError(f"{where}: stop {value!r} is no number from 1 to {LAST_STOP}.")
    return int(text)
