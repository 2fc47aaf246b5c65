"""The columns of a guide in Parquet: those of a line of `guide batch`, with their types.

    write_table(Path("guides.parquet"), to_table(rows))
    pyarrow.parquet.read_table("guides.parquet").to_pylist()

The types are fixed, so that the parts that many workers make, and files of many runs, can be read
as one table. A field of an artwork that is missing in a line is null here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from data.artwork import FIELDS

if TYPE_CHECKING:
    import pyarrow

LISTS = ("subjects", "notes")
ROW_GROUP = 1000
"""Guides of one row group, and lines held in memory while a file is converted."""


def schema() -> pyarrow.Schema:
    """The columns, in the order in which a line has them."""
    import pyarrow as pa

    text, whole, real = pa.string(), pa.int64(), pa.float64()
    texts = pa.list_(text)
    artwork = pa.struct([(name, texts if name in LISTS else text) for name in FIELDS])
    options = pa.struct(
        [
            *((name, text) for name in ("language", "length", "style", "model")),
            *((name, real) for name in ("temperature", "top_p", "min_p")),
            *((name, whole) for name in ("seed", "max_tokens")),
            ("draft", pa.bool_()),
            ("opening", pa.string()),
        ]
    )
    return pa.schema(
        [
            ("guide", text),
            ("artwork", artwork),
            ("model", text),
            ("finish_reason", text),
            ("prompt_tokens", whole),
            ("tokens", whole),
            ("seconds", real),
            ("time_to_first_token", real),
            ("tokens_per_second", real),
            ("time_to_first_sentence", real),
            ("check_seconds", real),
            ("redraws", whole),
            ("dropped", pa.list_(_texts_of("sentence", "reason"))),
            ("plain", texts),
            ("claims", pa.list_(_texts_of("text", "kind", "verdict", "reason"))),
            ("findings", pa.list_(_texts_of("text", "kind", "reason"))),
            ("options", options),
        ]
    )


def to_table(rows: list[dict[str, Any]]) -> pyarrow.Table:
    """Lines of a batch as a table."""
    import pyarrow as pa

    return pa.Table.from_pylist(rows, schema=schema())


def as_record(artwork: Mapping[str, Any]) -> dict[str, Any]:
    """An artwork of a table as a line has it: without the fields that are missing."""
    return {name: value for name, value in artwork.items() if value}


def write_table(file: Path | BinaryIO, tables: Iterable[pyarrow.Table]) -> None:
    """Write tables of guides into one Parquet file."""
    import pyarrow.parquet as pq

    with pq.ParquetWriter(file, schema(), compression="zstd") as writer:
        for table in tables:
            writer.write_table(table)


def in_groups(rows: Iterable[dict[str, Any]]) -> Iterator[pyarrow.Table]:
    """Tables of at most `ROW_GROUP` rows each."""
    group: list[dict[str, Any]] = []
    for row in rows:
        group.append(row)
        if len(group) == ROW_GROUP:
            yield to_table(group)
            group = []
    if group:
        yield to_table(group)


def _texts_of(*names: str) -> pyarrow.StructType:
    import pyarrow as pa

    return pa.struct([(name, pa.string()) for name in names])
