"""Opening the collector's database: its schema, its owner's mark, one writer at a time.

with open_database(Path("data/raw/collect.sqlite"), writing=True) as connection:
...
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from data.errors import GuideError

SCHEMA_VERSION = 1
APPLICATION_ID = 0x4D474344  # "MGCD": tells our files from any other SQLite database

# The key's columns stand first in `listed`: SQLite 3.40 finds a NULL that is not there otherwise.
_SCHEMA = """
CREATE TABLE pages (
    id INTEGER PRIMARY KEY, source TEXT NOT NULL, walk TEXT NOT NULL, number INTEGER NOT NULL,
    etag TEXT, pages INTEGER NOT NULL, total INTEGER NOT NULL, checked TEXT NOT NULL,
    stale INTEGER NOT NULL DEFAULT 0, UNIQUE (source, walk, number));
CREATE TABLE listed (
    page INTEGER NOT NULL REFERENCES pages (id), object_id TEXT NOT NULL,
    position INTEGER NOT NULL, PRIMARY KEY (page, object_id)) WITHOUT ROWID;
CREATE TABLE works (
    id INTEGER PRIMARY KEY, source TEXT NOT NULL, object_id TEXT NOT NULL, state TEXT NOT NULL,
    reason TEXT, body BLOB, etag TEXT, modified TEXT, fetched TEXT,
    UNIQUE (source, object_id));
CREATE INDEX works_by_state ON works (source, state, reason);
CREATE TABLE sources (source TEXT PRIMARY KEY, reader TEXT NOT NULL, wanted TEXT NOT NULL);
"""


class StoreError(GuideError):
    """The collector's database cannot be used."""


@contextmanager
def open_database(path: Path, *, writing: bool = False) -> Iterator[sqlite3.Connection]:
    """Open the database, creating it when `writing`.

    Raises:
        StoreError: it is absent, not ours, damaged, full, or another collector is writing.
    """
    if not writing and not path.exists():
        raise StoreError(f"{path} does not exist; collect something first, or name --database.")
    lock = FileLock(f"{path}.lock")
    try:
        if writing:
            path.parent.mkdir(parents=True, exist_ok=True)
            lock.acquire(timeout=0)
        connection = _connect(path, writing)
    except Timeout:
        raise StoreError(
            f"Another collector is writing to {path}; wait for it to end, or collect into "
            "another file with --database."
        ) from None
    except (sqlite3.Error, OSError) as error:
        lock.release()
        raise StoreError(f"{path} cannot be used as the collector's database ({error}).") from None
    try:
        yield connection
    except sqlite3.Error as error:
        raise StoreError(f"{path} cannot be read or written ({error}).") from None
    finally:
        connection.close()
        lock.release()


def _connect(path: Path, writing: bool) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, timeout=30)
    try:
        _claim(connection, writing)
        connection.execute("PRAGMA synchronous = FULL")  # an object costs a second; losing it, two
    except BaseException:
        connection.close()
        raise
    return connection


def _claim(connection: sqlite3.Connection, writing: bool) -> None:
    """Lay out an empty file; refuse one that holds something else."""
    owner = connection.execute("PRAGMA application_id").fetchone()[0]
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    empty = not connection.execute("SELECT 1 FROM sqlite_master").fetchone()
    if empty and writing:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.executescript(
            f"BEGIN; {_SCHEMA} PRAGMA application_id = {APPLICATION_ID};"
            f" PRAGMA user_version = {SCHEMA_VERSION}; COMMIT;"
        )
    elif owner != APPLICATION_ID or version != SCHEMA_VERSION:
        raise sqlite3.DatabaseError("it holds something else")
