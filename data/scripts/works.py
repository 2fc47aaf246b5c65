"""The works to write for: a file of records, or what was collected.

artworks = read_works(Path("data/raw/collect.sqlite"))
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from data.artwork import Artwork
from data.errors import RecordError
from data.records import read_records

DATABASES = (".sqlite", ".db")


def read_works(path: Path | None) -> list[Artwork]:
    """Every record of a file or of standard input (None), or what was collected and is wanted.

    Raises:
        RecordError: the file cannot be read, or a record of it cannot be used.
        GuideError: the database cannot be used, or holds no wanted work.
    """
    if path is not None and not path.exists():
        raise RecordError(
            f"{path} does not exist; collect works with guide collect, or name a file of records."
        )
    if path is None or path.suffix not in DATABASES:
        return [record.artwork for record in read_records(path)]
    from data.collect.export import export
    from data.collect.store import Store

    with Store.open(path) as store, tempfile.TemporaryDirectory() as folder:
        works = Path(folder) / "works.jsonl"
        export(store, works)
        return [record.artwork for record in read_records(works)]
