"""Opening the scripts' database: its schema, its owner's mark, one writing teacher at a time.

with open_database(Path("data/raw/scripts.sqlite"), create=True) as connection:
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
APPLICATION_ID = 0x4D475343  # "MGSC": tells our files from any other SQLite database

_SCHEMA = """
CREATE TABLE works (key TEXT PRIMARY KEY, artwork TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE jobs (
    id INTEGER PRIMARY KEY, work TEXT NOT NULL REFERENCES works (key), language TEXT NOT NULL,
    length TEXT NOT NULL, style TEXT NOT NULL, notes INTEGER NOT NULL,
    UNIQUE (work, language, length, style, notes));
CREATE TABLE attempts (
    id INTEGER PRIMARY KEY, job INTEGER NOT NULL REFERENCES jobs (id), model TEXT NOT NULL,
    prompt_version TEXT NOT NULL, candidate INTEGER NOT NULL, try INTEGER NOT NULL,
    messages TEXT NOT NULL, answer TEXT NOT NULL, script TEXT, verdict TEXT NOT NULL,
    faults TEXT NOT NULL, unclear INTEGER NOT NULL, prompt_tokens INTEGER NOT NULL,
    completion_tokens INTEGER NOT NULL, cost REAL NOT NULL, seconds REAL NOT NULL,
    written TEXT NOT NULL, UNIQUE (job, model, prompt_version, candidate, try));
CREATE TABLE reviews (
    job INTEGER PRIMARY KEY REFERENCES jobs (id), attempt INTEGER NOT NULL REFERENCES attempts (id),
    decision TEXT NOT NULL, script TEXT NOT NULL, reviewed TEXT NOT NULL);
"""


class ScriptsError(GuideError):
    """The scripts' database cannot be used, or has nothing of what is asked."""


@contextmanager
def open_database(path: Path, *, create: bool = False) -> Iterator[sqlite3.Connection]:
    """Open the database, creating it where `create` says so.

    Raises:
        ScriptsError: it is absent, not ours, damaged or full.
    """
    if not create and not path.exists():
        raise ScriptsError(
            f"{path} does not exist; write some with guide scripts write, or name --database."
        )
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        connection = _connect(path)
    except (sqlite3.Error, OSError) as error:
        raise ScriptsError(f"{path} cannot be used as the scripts' database ({error}).") from None
    try:
        yield connection
    except sqlite3.Error as error:
        raise ScriptsError(f"{path} cannot be read or written ({error}).") from None
    finally:
        connection.close()


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Be the one that asks a teacher; a review may go on meanwhile.

    Raises:
        ScriptsError: another one is at it, and the same guides would be paid for twice; or nothing
            can be written there.
    """
    lock = FileLock(f"{path}.lock")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire(timeout=0)
    except Timeout:
        raise ScriptsError(
            f"Another guide scripts write is writing to {path}; wait for it to end, or name "
            "another --database."
        ) from None
    except OSError as error:
        raise ScriptsError(
            f"{path} cannot be written ({error.strerror or error}); name another --database."
        ) from None
    try:
        yield
    finally:
        lock.release()


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, timeout=30)
    try:
        owner = connection.execute("PRAGMA application_id").fetchone()[0]
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        if not connection.execute("SELECT 1 FROM sqlite_master").fetchone():
            connection.execute("PRAGMA journal_mode = WAL")
            connection.executescript(
                f"BEGIN; {_SCHEMA} PRAGMA application_id = {APPLICATION_ID};"
                f" PRAGMA user_version = {SCHEMA_VERSION}; COMMIT;"
            )
        elif owner != APPLICATION_ID or version != SCHEMA_VERSION:
            raise sqlite3.DatabaseError("it holds something else")
        connection.execute("PRAGMA synchronous = FULL")  # an answer was paid for
    except BaseException:
        connection.close()
        raise
    return connection
