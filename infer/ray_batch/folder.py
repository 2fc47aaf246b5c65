"""The output of a run: a folder of Parquet parts, with the failures apart, here or at an address.

    guides-00000.parquet …   the guides, with the columns that a line of `guide batch` has
    failures.jsonl           works without a guide: source, line, reason, record
    options.json             what was asked for; another run has to ask the same

A part appears under its name only when it is whole, and is never changed: what is there after a
`kill -9` is what was written.
"""

from __future__ import annotations

import json
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from filelock import FileLock, Timeout

from data.artwork import Artwork
from data.errors import OutputError
from infer.lines import artwork_key
from infer.ray_batch.works import Fault, open_filesystem
from infer.table import as_record, in_groups, write_table

if TYPE_CHECKING:
    import pyarrow.parquet as pq

FAILURES, OPTIONS = "failures.jsonl", "options.json"


class OutputFolder:
    """Guides and failures of one run and of those before it."""

    def __init__(self, address: str) -> None:
        self.address = address.rstrip("/")
        self._files, self._path = open_filesystem(self.address)
        self._parts = 0

    def open(self, options: dict[str, Any]) -> Counter[str]:
        """Make the folder, or go on with it; how often each artwork is written already.

        Raises:
            OutputError: it was made with other options, or cannot be written.
        """
        try:
            self._files.makedirs(self._path, exist_ok=True)
            self._check_options(options)
            for path in self._files.glob(f"{self._path}/.*.part"):
                self._files.rm(path)
            return self._written()
        except OSError as error:
            raise OutputError(
                f"{self.address} cannot be written: {error.strerror or error}."
            ) from None

    @contextmanager
    def locked(self) -> Iterator[None]:
        """One run at a time; at an address that is no local folder, the user sees to it."""
        if not self._is_local():
            yield
            return
        folder = Path(self._path)
        if not folder.parent.is_dir():
            raise OutputError(f"{folder} cannot be written: there is no folder {folder.parent}.")
        if folder.exists() and not folder.is_dir():
            raise OutputError(f"{folder} is a file; guides of a cluster go into a folder of parts.")
        try:
            with FileLock(folder.with_name(f".{folder.name}.lock"), blocking=False):
                yield
        except Timeout:
            raise OutputError(f"Another guide batch is writing {folder}; wait for it.") from None

    def write(self, rows: list[dict[str, Any]]) -> None:
        """Write one part.

        Raises:
            OutputError: it cannot be written.
        """
        name = f"guides-{self._parts:05}.parquet"
        while self._files.exists(f"{self._path}/{name}"):
            self._parts += 1
            name = f"guides-{self._parts:05}.parquet"
        self._parts += 1
        with self._whole(name) as file:
            write_table(file, in_groups(rows))

    def write_failures(self, faults: list[Fault]) -> None:
        """Say what has no guide, or that nothing has none."""
        path = f"{self._path}/{FAILURES}"
        if not faults:
            if self._files.exists(path):
                self._files.rm(path)
            return
        with self._whole(FAILURES) as file:
            for fault in faults:
                line = json.dumps(fault.as_dict(), ensure_ascii=False) + "\n"
                file.write(line.encode("utf-8"))

    def parts(self) -> list[str]:
        """Paths of the parts, in the order in which they were written."""
        return sorted(str(path) for path in self._files.glob(f"{self._path}/guides-*.parquet"))

    @contextmanager
    def _whole(self, name: str) -> Iterator[Any]:
        """A file that gets its name when all of it is there."""
        half = f"{self._path}/.{name}.{uuid.uuid4().hex[:8]}.part"
        try:
            with self._files.open(half, "wb") as file:
                yield file
            self._files.mv(half, f"{self._path}/{name}")
        except OSError as error:
            raise OutputError(
                f"{self.address}/{name} cannot be written: {error.strerror or error}."
            ) from None

    def _check_options(self, options: dict[str, Any]) -> None:
        path = f"{self._path}/{OPTIONS}"
        if not self._files.exists(path):
            if self._files.ls(self._path):
                raise OutputError(
                    f"{self.address} holds something else; choose another or an empty folder."
                )
            with self._whole(OPTIONS) as file:
                file.write(json.dumps(options, indent=1).encode())
            return
        used = json.loads(self._files.cat_file(path))
        for name, value in options.items():
            if used.get(name) != value:
                raise OutputError(
                    f"{self.address} was written with --{name.replace('_', '-')} "
                    f"{used.get(name)}, not {value}; use the same options to go on, or another "
                    "folder."
                )

    def _written(self) -> Counter[str]:
        import pyarrow as pa

        counts: Counter[str] = Counter()
        for path in self.parts():
            try:
                with self._files.open(path, "rb") as file:
                    counts.update(_artworks(file))
            except (pa.ArrowInvalid, KeyError):
                raise OutputError(
                    f"{path} was not written by guide batch; choose another folder."
                ) from None
        return counts

    def _is_local(self) -> bool:
        from fsspec.implementations.local import LocalFileSystem

        return isinstance(self._files, LocalFileSystem)


def _artworks(file: Any) -> Iterator[str]:
    import pyarrow.parquet as pq

    table: pq.ParquetFile = pq.ParquetFile(file)
    for batch in table.iter_batches(columns=["artwork"]):
        for row in batch.to_pylist():
            yield artwork_key(Artwork.model_validate(as_record(row["artwork"])))
