"""The records of a collection: JSONL, CSV or Parquet, from a file or any address that fsspec knows.

    for item in read_works("s3://museum/objects.parquet"):
        if isinstance(item, Fault): print(item.reason)
        else: print(item.line, item.artwork.title)

They are read once, by the process that starts the run: 500,000 take minutes, their guides days.
A record that cannot be used is one fault among many and stops nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, cast

from data.artwork import Artwork
from data.clean import clean_artwork
from data.errors import RecordError
from data.records import read_records

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

ENDINGS = (".jsonl", ".jsonl.gz", ".parquet", ".csv")


@dataclass(frozen=True, slots=True)
class Work:
    """An artwork and where its record stands."""

    source: str
    line: int
    artwork: Artwork


@dataclass(frozen=True, slots=True)
class Fault:
    """A record that has no guide, and why; `artwork` is what could be read of it."""

    source: str
    line: int
    reason: str
    artwork: dict[str, Any] | None = None

    def as_dict(self) -> dict[str, Any]:
        """A line of failures.jsonl."""
        return {
            "source": self.source,
            "line": self.line,
            "reason": self.reason,
            "artwork": self.artwork,
        }


def read_works(source: str) -> Iterator[Work | Fault]:
    """Every record of a file, of a folder's files, or of an address with `*` in it.

    Raises:
        RecordError: there is nothing to read, or not to be read.
    """
    filesystem, paths = _files(source)
    for path in paths:
        name = path if _is_local(filesystem) else filesystem.unstrip_protocol(path)
        try:
            yield from _read(filesystem, path, name)
        except OSError as error:
            raise RecordError(f"{name} cannot be read: {error.strerror or error}.") from None


def open_filesystem(address: str) -> tuple[AbstractFileSystem, str]:
    """What serves an address, and the path there.

    Raises:
        RecordError: no file system of that name is installed.
    """
    import fsspec

    try:
        filesystem, path = fsspec.core.url_to_fs(address)
    except (ImportError, ValueError) as error:
        protocol = address.partition("://")[0]
        raise RecordError(
            f"{address} cannot be reached: {error}; install what fsspec needs for {protocol}."
        ) from None
    return filesystem, str(path)


def _files(source: str) -> tuple[AbstractFileSystem, list[str]]:
    filesystem, path = open_filesystem(source)
    try:
        if "*" in source:
            paths = [str(p) for p in filesystem.glob(path)]
        elif filesystem.isdir(path):
            paths = [str(p) for p in filesystem.ls(path, detail=False)]
        else:
            paths = [path]
            if not filesystem.exists(path):
                raise RecordError(f"{source} cannot be read: there is no such file.")
    except OSError as error:
        raise RecordError(f"{source} cannot be read: {error.strerror or error}.") from None
    readable = sorted(p for p in paths if p.endswith(ENDINGS))
    if not readable:
        raise RecordError(f"{source} holds no {', '.join(ENDINGS)} file; give the path of one.")
    return filesystem, readable


def _read(filesystem: AbstractFileSystem, path: str, name: str) -> Iterator[Work | Fault]:
    if path.endswith(".csv"):
        # A faulty table is refused as a whole, and read as `guide tell` and the local batch do.
        if not _is_local(filesystem):
            raise RecordError(f"{name} is CSV on another machine; give a local file, or Parquet.")
        for record in read_records(Path(path)):
            yield Work(name, record.line, record.artwork)
        return
    compression = "gzip" if path.endswith(".gz") else None
    with cast("IO[bytes]", filesystem.open(path, "rb", compression=compression)) as file:
        rows = _parquet_rows(file, name) if path.endswith(".parquet") else _json_rows(file, name)
        for number, fields in rows:
            yield fields if isinstance(fields, Fault) else _work(fields, name, number)


def _work(fields: object, name: str, number: int) -> Work | Fault:
    try:
        return Work(name, number, clean_artwork(fields, f"{name}, line {number}"))
    except RecordError as error:
        return Fault(name, number, str(error), fields if isinstance(fields, dict) else None)


def _json_rows(file: IO[bytes], name: str) -> Iterator[tuple[int, object]]:
    for number, line in enumerate(file, 1):
        if not line.strip():
            continue
        try:
            yield number, json.loads(line)
        except (ValueError, RecursionError) as error:
            reason = error.msg if isinstance(error, json.JSONDecodeError) else "not UTF-8"
            yield number, Fault(name, number, f"{name}, line {number} is not valid JSON: {reason}.")


def _parquet_rows(file: IO[bytes], name: str) -> Iterator[tuple[int, object]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.ParquetFile(file)
    except pa.ArrowInvalid:
        raise RecordError(f"{name} is not a Parquet file, or is damaged.") from None
    number = 0
    for batch in table.iter_batches(batch_size=1024):
        for row in batch.to_pylist():
            number += 1
            yield number, {key: value for key, value in row.items() if value is not None}


def _is_local(filesystem: AbstractFileSystem) -> bool:
    from fsspec.implementations.local import LocalFileSystem

    return isinstance(filesystem, LocalFileSystem)
