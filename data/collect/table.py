"""A table of objects: the Met's bulk CSV, or a museum's own export with a column mapping.

    table = Table("mine", {"Titel": "title", "Künstler": "artist"}, columns)
    work = table.read(row)

A row is kept as it stands in the file; the mapping is kept beside it and applied when reading.
"""

from __future__ import annotations

import csv
import difflib
import itertools
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from data.artwork import FIELDS, Form
from data.collect.met import Met
from data.collect.source import Body, RawWork, Reader, form_of
from data.errors import RecordError
from data.records import LIST_SEPARATOR

TARGETS = (*FIELDS, "classification", "department", "public_domain", "first_year", "last_year")
"""What a column can be mapped to: Artwork's fields and what the filters ask about."""

YES = frozenset({"true", "yes", "y", "1", "x", "cc0", "public domain", "ja", "oui", "sí", "sì"})
"""Cells that mean that a work is in the public domain; a table without such a column vouches."""

LISTS = ("subjects", "notes")
DELIMITERS = ",;\t"
LONGEST_CELL = 2**20
LFS_POINTER = b"version https://git-lfs.github.com"
ROW = "\N{NUMBER SIGN}"
"""The key under which a stored row carries its number: no column of a table is called so."""


def parse_mapping(pairs: Iterable[str]) -> dict[str, str]:
    """Read `column=field` options; a column's name may hold "=".

    Raises:
        RecordError: a pair has no "=", or names an unknown field.
    """
    mapping: dict[str, str] = {}
    for pair in pairs:
        column, separator, field = pair.rpartition("=")
        if not separator or not column.strip():
            raise RecordError(f"--map {pair!r} is not column=field, such as --map Titel=title.")
        if field.strip() not in TARGETS:
            close = difflib.get_close_matches(field.strip().casefold(), TARGETS, n=1)
            hint = f"; did you mean {close[0]!r}?" if close else "; use " + ", ".join(TARGETS)
            raise RecordError(f"--map {pair!r} names no field of a record{hint}.")
        mapping[column.strip()] = field.strip()
    return mapping


class Table:
    """Rows of a museum's own export, read through a mapping of columns to fields."""

    def __init__(self, name: str, mapping: Mapping[str, str], museum: str | None = None) -> None:
        self.name = name
        self._mapping = dict(mapping)
        self._museum = museum

    def reader(self) -> str:
        """The reader's description for the store."""
        return json.dumps({"map": self._mapping, "museum": self._museum}, ensure_ascii=False)

    def check(self, columns: Sequence[str], where: str) -> None:
        """Raises RecordError where a mapped column is not in the table, or no title is mapped."""
        for column in self._mapping:
            if column not in columns:
                close = difflib.get_close_matches(column, columns, n=1)
                hint = f"did you mean {close[0]!r}?" if close else f"it has {', '.join(columns)}."
                raise RecordError(f"{where} has no column {column!r}; {hint}")
        if "title" not in self._mapping.values():
            raise RecordError(
                f"No column of {where} is mapped to title; add --map COLUMN=title "
                f"(it has {', '.join(columns)})."
            )

    def read(self, body: Body) -> RawWork:
        """Map a row: the first column that is not blank fills a field, list cells add up."""
        found: dict[str, Any] = {}
        for column, field in self._mapping.items():
            cell = str(body.get(column) or "").strip()
            if field in LISTS:
                found.setdefault(field, []).extend(cell.split(LIST_SEPARATOR) if cell else [])
            elif cell and field not in found:
                found[field] = cell
        form = form_of([found.get("form", ""), found.get("classification", "")])
        targets = set(self._mapping.values())
        if not {"form", "classification"} & targets:
            form = Form.painting  # as for any record that does not say
        number = found.get("object_id") or f"row {body.get(ROW)}"
        fields = {name: value for name, value in found.items() if name in FIELDS}
        museum = found.get("museum") or self._museum or ""
        return RawWork(
            object_id=number,
            fields=fields | {"object_id": number, "form": form, "museum": museum},
            form=form,
            public_domain="public_domain" not in targets or _yes(found.get("public_domain", "")),
            department=found.get("department", ""),
            classification=found.get("classification", ""),
            years=_years(found),
        )


class MetTable:
    """Rows of MetObjects.csv, the Met's bulk file, in the shape of its API."""

    name = "met-csv"

    def reader(self) -> str:
        """The reader's description for the store."""
        return "met-csv"

    def check(self, columns: Sequence[str], where: str) -> None:
        """Raises RecordError where the file is no MetObjects.csv."""
        for column in ("Object ID", "Title", "Classification", "Is Public Domain"):
            if column not in columns:
                raise RecordError(
                    f"{where} has no column {column!r}, so it is not the Met's MetObjects.csv; "
                    "leave --preset out and map its columns with --map."
                )

    def read(self, body: Body) -> RawWork:
        """Map a row through the API's reader, so that both say the same."""
        return Met().read(api_shape(body))


READERS: dict[str, type[MetTable]] = {"met": MetTable}


def table_reader(source: str, reader: str) -> Reader:
    """The reader that `Table.reader` or `MetTable.reader` described."""
    if reader == MetTable.name:
        return MetTable()
    description = json.loads(reader)
    return Table(source, description["map"], description["museum"])


_API_KEYS = {
    "title": "Title",
    "department": "Department",
    "objectName": "Object Name",
    "objectDate": "Object Date",
    "medium": "Medium",
    "dimensions": "Dimensions",
    "creditLine": "Credit Line",
    "classification": "Classification",
    "metadataDate": "Metadata Date",
}
_ARTIST_KEYS = {
    "artistRole": "Artist Role",
    "artistPrefix": "Artist Prefix",
    "artistDisplayName": "Artist Display Name",
    "artistDisplayBio": "Artist Display Bio",
    "artistSuffix": "Artist Suffix",
}


def api_shape(row: Body) -> dict[str, Any]:
    """A row of MetObjects.csv as the API would send it; cells of several artists hold "|"."""
    cells = {
        key: [part.strip() for part in _cell(row, column).split("|")]
        for key, column in _ARTIST_KEYS.items()
    }
    shaped: dict[str, Any] = {key: _cell(row, column) for key, column in _API_KEYS.items()}
    shaped |= {key: values[0] for key, values in cells.items()}
    makers = [
        {"role": role, "name": f"{prefix} {name} {suffix}".strip().replace(" ,", ",")}
        for role, prefix, name, _bio, suffix in itertools.zip_longest(*cells.values(), fillvalue="")
    ]
    shaped["objectID"] = _number(row, "Object ID")
    shaped["isPublicDomain"] = _cell(row, "Is Public Domain").casefold() == "true"
    shaped["objectBeginDate"] = _number(row, "Object Begin Date")
    shaped["objectEndDate"] = _number(row, "Object End Date")
    shaped["constituents"] = makers if any(maker["name"] for maker in makers) else None
    tags = [tag.strip() for tag in _cell(row, "Tags").split("|") if tag.strip()]
    shaped["tags"] = [{"term": tag} for tag in tags] or None
    return shaped


def read_rows(
    path: Path, encoding: str = "utf-8-sig", delimiter: str | None = None
) -> Iterator[tuple[list[str], int, dict[str, str]]]:
    """Yield (columns, row number from 1, row) of a delimited file with a header, one at a time.

    The delimiter is the one of comma, semicolon and tab that the header holds most of.

    Raises:
        RecordError: the file cannot be read, is no such table, or a row has too many cells.
    """
    try:
        with path.open("rb") as file:
            if file.read(len(LFS_POINTER)) == LFS_POINTER:
                raise RecordError(
                    f"{path} is only a pointer of Git LFS, not the file; fetch it with "
                    "`git lfs pull`, or download it from the museum's page."
                )
        csv.field_size_limit(LONGEST_CELL)
        with path.open(encoding=encoding, newline="") as file:
            header = file.readline()
            file.seek(0)
            mark = delimiter or max(DELIMITERS, key=header.count)
            yield from _rows(csv.reader(file, delimiter=mark, strict=True), path)
    except OSError as error:
        raise RecordError(f"{path} cannot be read: {error.strerror or error}.") from None
    except UnicodeDecodeError as error:
        raise RecordError(
            f"{path} is not {encoding} text ({error.reason} at byte {error.start}); name its "
            "encoding, for example --encoding cp1252."
        ) from None
    except LookupError:
        raise RecordError(f"{encoding!r} is no encoding; try utf-8 or cp1252.") from None


def _rows(rows: Any, path: Path) -> Iterator[tuple[list[str], int, dict[str, str]]]:
    try:
        columns = [column.strip() for column in next(rows, [])]
        if not any(columns):
            raise RecordError(f"{path} has no header; its first line must name the columns.")
        number = 0
        for cells in rows:
            if not any(cells):
                continue
            number += 1
            if len(cells) > len(columns):
                raise RecordError(
                    f"{path}, line {rows.line_num} has {len(cells)} cells where the header has "
                    f"{len(columns)}; put cells that hold the delimiter between double quotes."
                )
            yield columns, number, dict(zip(columns, cells, strict=False))
    except csv.Error as error:
        raise RecordError(
            f"{path}, line {rows.line_num}: this is not valid CSV ({error}); mend that line."
        ) from None


def _cell(row: Body, column: str) -> str:
    return str(row.get(column) or "").strip()


def _number(row: Body, column: str) -> int | None:
    try:
        return int(_cell(row, column))
    except ValueError:
        return None


def _yes(cell: str) -> bool:
    return cell.casefold() in YES


def _years(found: Mapping[str, str]) -> tuple[int, int] | None:
    numbers = [_number(found, name) for name in ("first_year", "last_year")]
    known = [number for number in numbers if number is not None]
    return (known[0], known[-1]) if known else None
