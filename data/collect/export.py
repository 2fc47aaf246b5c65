"""Clean Artworks out of the database, as JSONL, CSV or Parquet.

    with Store.open(path) as store:
        summary = export(store, Path("works.jsonl"))

Every body is read and judged anew, so a mapping that has become better since counts. The file
appears under its name only when it is whole.
"""

from __future__ import annotations

import csv
import json
import os
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from data.artwork import FIELDS, Artwork, Form
from data.clean import clean_artwork
from data.collect.judge import UNREADABLE, Wanted, judge
from data.collect.registry import SOURCES, reader_of
from data.collect.source import BodyError, RawWork, Reader
from data.collect.store import Store, WorkRow
from data.errors import OutputError, RecordError
from data.records import LIST_SEPARATOR

FORMATS = (".jsonl", ".csv", ".parquet")
LISTS = ("subjects", "notes")
ROW_GROUP = 1000  # rows held in memory before they are written to Parquet
DOUBLE = "already exported from another source"

Write = Callable[[Artwork], None]


@dataclass(slots=True)
class Summary:
    """How many works were written, and why others were not."""

    written: int = 0
    left_out: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class Narrower:
    """What an export leaves out on top of the filters of the collecting."""

    sources: tuple[str, ...] = ()
    forms: tuple[Form, ...] = ()
    complete: bool = False
    limit: int | None = None


def export(
    store: Store,
    out: Path,
    narrower: Narrower | None = None,
    on_work: Callable[[int], None] = lambda _written: None,
) -> Summary:
    """Write every wanted work to `out`; an object that two sources hold comes from the first.

    Raises:
        OutputError: nothing is wanted, the ending is unknown, or the file cannot be written.
    """
    narrower = narrower or Narrower()
    summary = Summary()
    with writer(out) as write:
        seen: set[tuple[str | None, str]] = set()
        for work, wanted in _works(store, narrower):
            artwork, reason = _clean(work, wanted)
            key = (artwork.museum, artwork.object_id or "") if artwork else (None, "")
            if artwork is None or key in seen:
                summary.left_out[reason or DOUBLE] += 1
                continue
            seen.add(key)
            write(artwork)
            summary.written += 1
            on_work(summary.written)
            if summary.written == narrower.limit:
                break
        if not summary.written:
            raise OutputError(
                f"No work is wanted, so {out} was not written; `guide collect report` says why."
            )
    return summary


def _works(store: Store, narrower: Narrower) -> Iterator[tuple[RawWork | None, Wanted]]:
    """Every held object, with what is wanted of its source; None where it cannot be read."""
    names = [known.name for known in SOURCES]
    held = store.sources()
    for source in narrower.sources or sorted(held, key=lambda name: name not in names):
        reader = reader_of(store, source)
        note = store.source(source)
        wanted = Wanted.model_validate_json(note[1]) if note else Wanted()
        wanted = wanted.model_copy(
            update={
                "forms": narrower.forms or wanted.forms,
                "complete": narrower.complete or wanted.complete,
            }
        )
        for row in store.works(source):
            if row.state in ("held", "stale"):
                yield _read(reader, row), wanted


def _read(reader: Reader, row: WorkRow) -> RawWork | None:
    try:
        return reader.read(row.body())
    except BodyError:
        return None


def _clean(work: RawWork | None, wanted: Wanted) -> tuple[Artwork | None, str | None]:
    """The clean record, or the reason why there is none."""
    if work is None:
        return None, UNREADABLE
    reason = judge(work, wanted)
    if reason:
        return None, reason
    try:
        return clean_artwork(work.fields), None
    except RecordError:
        return None, "missing title"


@contextmanager
def writer(out: Path) -> Iterator[Write]:
    """A function that writes one artwork; `out` appears when the block ends without an error.

    Raises:
        OutputError: the ending is unknown, pyarrow is absent, or the file cannot be written.
    """
    formats = {".jsonl": _jsonl, ".csv": _csv, ".parquet": _parquet}
    make = formats.get(out.suffix.lower())
    if make is None:
        raise OutputError(f"{out} must end in {', '.join(FORMATS[:-1])} or {FORMATS[-1]}.")
    part = out.with_name(f".{out.name}.part")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with make(part) as write:
            yield write
        with part.open("rb") as whole:
            os.fsync(whole.fileno())
        part.replace(out)
    except OSError as error:
        raise OutputError(f"{out} cannot be written: {error.strerror or error}.") from None
    finally:
        with suppress(OSError):  # whatever went wrong has been told already
            part.unlink()


@contextmanager
def _jsonl(path: Path) -> Iterator[Write]:
    with path.open("w", encoding="utf-8", newline="\n") as file:

        def write(artwork: Artwork) -> None:
            file.write(json.dumps(artwork.as_record(), ensure_ascii=False) + "\n")

        yield write


@contextmanager
def _csv(path: Path) -> Iterator[Write]:
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(FIELDS)

        def write(artwork: Artwork) -> None:
            rows.writerow(_cell(value) for value in artwork.model_dump(mode="json").values())

        yield write


def _cell(value: Any) -> str:
    """One cell; a separator inside an item becomes a slash, or it would come back as two items."""
    if isinstance(value, list):
        return LIST_SEPARATOR.join(item.replace(LIST_SEPARATOR, "/") for item in value)
    return value or ""


@contextmanager
def _parquet(path: Path) -> Iterator[Write]:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        raise OutputError(
            "Parquet needs pyarrow, which is not installed; run `pip install pyarrow`, or export "
            "to .jsonl or .csv."
        ) from None
    schema = pyarrow.schema(
        [
            (name, pyarrow.list_(pyarrow.string()) if name in LISTS else pyarrow.string())
            for name in FIELDS
        ]
    )
    rows: list[dict[str, Any]] = []
    with pyarrow.parquet.ParquetWriter(path, schema) as file:

        def write(artwork: Artwork) -> None:
            rows.append(artwork.model_dump(mode="json"))
            if len(rows) == ROW_GROUP:
                _flush(file, rows, schema)

        yield write
        _flush(file, rows, schema)


def _flush(file: Any, rows: list[dict[str, Any]], schema: Any) -> None:
    import pyarrow

    if rows:
        file.write_table(pyarrow.Table.from_pylist(rows, schema))
        rows.clear()
