"""The collector's database: one SQLite file that survives being killed at any moment.

    with Store.open(Path("data/raw/collect.sqlite"), writing=True) as store:
        store.put_page("met", walk, 1, page, etag, judged=[])

Every change is one transaction that leaves the database true: a listing with the identifiers it
brought, an object with its body. So whoever opens it next knows what is still to be done.

    pages    the listings requested, with their entity tags
    listed   which objects a listing named, in its order
    works    every object: its state, its body as sent (zlib), why it is not wanted
    sources  how each source's bodies are to be read, and the filters of its last run

An object is `waiting` (listed, not fetched), `stale` (held, to be asked for again), `held`, `gone`,
or `failed` (the source kept failing on it; the next run tries again).
"""

from __future__ import annotations

import json
import sqlite3
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from data.collect.database import open_database
from data.collect.source import Page

CHUNK = 500
_LISTED = """
    FROM pages JOIN listed ON page = pages.id JOIN works USING (source, object_id)
    WHERE source = ? AND walk IN (SELECT value FROM json_each(?))
    AND state IN (SELECT value FROM json_each(?))
"""
_DUE = f"""
    SELECT DISTINCT object_id, state = 'stale', works.etag
    {_LISTED} ORDER BY page, position LIMIT {CHUNK}
"""
_COUNT = f"SELECT COUNT(DISTINCT object_id) {_LISTED} AND (? OR reason IS NULL)"
_IDS = f"SELECT DISTINCT object_id {_LISTED} ORDER BY page, position"
_WORKS = """
    SELECT id, source, object_id, state, reason, body FROM works
    WHERE source = ? AND id > ? AND (? OR body IS NOT NULL) ORDER BY id LIMIT ?
"""
DUE = ("waiting", "stale")
STATES = ("waiting", "stale", "held", "gone", "failed")


@dataclass(frozen=True, slots=True)
class Held:
    """An object as it is put into the database; `reason` None means it is wanted."""

    object_id: str
    raw: bytes
    modified: str
    reason: str | None


@dataclass(frozen=True, slots=True)
class PageRow:
    """A listing that was requested before."""

    etag: str | None
    pages: int
    total: int
    checked: str
    stale: bool


@dataclass(frozen=True, slots=True)
class Due:
    """An object to fetch; `held` where there is a body that may still be current."""

    object_id: str
    held: bool
    etag: str | None


@dataclass(frozen=True, slots=True)
class WorkRow:
    """A stored object; `raw` is None where there is no body."""

    source: str
    object_id: str
    state: str
    reason: str | None
    raw: bytes | None

    def body(self) -> Any:
        """The body, parsed."""
        return json.loads(self.raw or b"null")


class Store:
    """The database of one collection run after another."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    @classmethod
    @contextmanager
    def open(cls, path: Path, *, writing: bool = False) -> Iterator[Self]:
        """Open the database, creating it when `writing`; one writer at a time.

        Raises:
            StoreError: it cannot be used.
        """
        with open_database(path, writing=writing) as connection:
            yield cls(connection)

    @contextmanager
    def _change(self) -> Iterator[sqlite3.Connection]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield self._db
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    # Sources

    def set_source(self, source: str, reader: str, wanted: str) -> None:
        """Remember how to read a source and what is wanted of it."""
        with self._change() as db:
            db.execute(
                "INSERT INTO sources VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET"
                " reader = excluded.reader, wanted = excluded.wanted",
                (source, reader, wanted),
            )

    def source(self, source: str) -> tuple[str, str] | None:
        """A source's reader and filters, as given to `set_source`."""
        row = self._db.execute("SELECT reader, wanted FROM sources WHERE source = ?", (source,))
        found = row.fetchone()
        return (found[0], found[1]) if found else None

    def sources(self) -> list[str]:
        """Every source there is anything of."""
        return [row[0] for row in self._db.execute("SELECT source FROM sources ORDER BY rowid")]

    # Listings

    def page(self, source: str, walk: str, number: int) -> PageRow | None:
        """What is known of a listing; None if it was never requested."""
        row = self._db.execute(
            "SELECT etag, pages, total, checked, stale FROM pages"
            " WHERE source = ? AND walk = ? AND number = ?",
            (source, walk, number),
        ).fetchone()
        return PageRow(row[0], row[1], row[2], row[3], bool(row[4])) if row else None

    def put_page(
        self,
        source: str,
        walk: str,
        number: int,
        page: Page,
        etag: str | None,
        held: Sequence[Held] = (),
    ) -> int:
        """Store a listing with everything it brought; how many of its bodies are new or changed."""
        with self._change() as db:
            db.execute(
                "INSERT INTO pages (source, walk, number, etag, pages, total, checked)"
                " VALUES (?, ?, ?, ?, ?, ?, datetime('now')) ON CONFLICT DO UPDATE SET"
                " etag = excluded.etag, pages = excluded.pages, total = excluded.total,"
                " checked = excluded.checked, stale = 0",
                (source, walk, number, etag, page.pages, page.total),
            )
            ids = [*page.object_ids, *(one.object_id for one in held)]
            self._list(db, source, walk, number, ids)
            db.executemany(
                "INSERT OR IGNORE INTO works (source, object_id, state) VALUES (?, ?, 'waiting')",
                ((source, object_id) for object_id in page.object_ids),
            )
            return sum(self._put(db, source, one, None) for one in held)

    def _list(
        self, db: sqlite3.Connection, source: str, walk: str, number: int, ids: Iterable[str]
    ) -> None:
        db.executemany(
            "INSERT OR IGNORE INTO listed SELECT id, ?, ? FROM pages"
            " WHERE source = ? AND walk = ? AND number = ?",
            ((name, position, source, walk, number) for position, name in enumerate(ids)),
        )

    def keep_page(self, source: str, walk: str, number: int) -> None:
        """A listing is unchanged."""
        with self._change() as db:
            db.execute(
                "UPDATE pages SET stale = 0, checked = datetime('now')"
                " WHERE source = ? AND walk = ? AND number = ?",
                (source, walk, number),
            )

    def doubt_pages(self, source: str, walk: str) -> None:
        """Ask for every listing of a walk again."""
        with self._change() as db:
            db.execute("UPDATE pages SET stale = 1 WHERE source = ? AND walk = ?", (source, walk))

    def doubt_works(self, source: str, walk: str, changed: Iterable[str] | None = None) -> int:
        """Ask again for the held objects of a walk (all of them, or only `changed`); how many."""
        with self._change() as db:
            db.execute("CREATE TEMP TABLE changed (object_id TEXT PRIMARY KEY)")
            try:
                rows = changed if changed is not None else self.listed_ids(source, [walk])
                db.executemany("INSERT OR IGNORE INTO changed VALUES (?)", ((i,) for i in rows))
                return db.execute(
                    "UPDATE works SET state = 'stale' WHERE source = :source AND state = 'held'"
                    " AND object_id IN (SELECT object_id FROM changed) AND object_id IN"
                    " (SELECT object_id FROM listed JOIN pages ON pages.id = page"
                    "  WHERE source = :source AND walk = :walk)",
                    {"source": source, "walk": walk},
                ).rowcount
            finally:
                db.execute("DROP TABLE changed")

    def listed_ids(self, source: str, walks: Sequence[str]) -> list[str]:
        """The identifiers that the walks named, in order."""
        values = (source, json.dumps(walks), json.dumps(STATES))
        return [row[0] for row in self._db.execute(_IDS, values)]

    # Objects

    def due(self, source: str, walks: Sequence[str]) -> list[Due]:
        """The next objects of the walks to fetch, in the order of their listings."""
        values = (source, json.dumps(walks), json.dumps(DUE))
        return [Due(row[0], bool(row[1]), row[2]) for row in self._db.execute(_DUE, values)]

    def count(
        self,
        source: str,
        walks: Sequence[str],
        states: Sequence[str] = STATES,
        *,
        wanted: bool = False,
    ) -> int:
        """How many objects of the walks are in one of the states; with `wanted`, kept ones only."""
        values = (source, json.dumps(walks), json.dumps(states), not wanted)
        return int(self._db.execute(_COUNT, values).fetchone()[0])

    def put(self, source: str, held: Held, etag: str | None) -> bool:
        """Store an object's body; whether it differs from the one held before."""
        with self._change() as db:
            return self._put(db, source, held, etag)

    def put_all(self, source: str, held: Iterable[Held]) -> int:
        """Store many objects in one transaction; how many are new or changed."""
        with self._change() as db:
            return sum(self._put(db, source, one, None) for one in held)

    def _put(self, db: sqlite3.Connection, source: str, held: Held, etag: str | None) -> bool:
        body = zlib.compress(held.raw)
        before = db.execute(
            "SELECT body FROM works WHERE source = ? AND object_id = ?", (source, held.object_id)
        ).fetchone()
        db.execute(
            "INSERT INTO works (source, object_id, state, reason, body, etag, modified, fetched)"
            " VALUES (?, ?, 'held', ?, ?, ?, ?, datetime('now')) ON CONFLICT DO UPDATE SET"
            " state = excluded.state, reason = excluded.reason, body = excluded.body,"
            " etag = excluded.etag, modified = excluded.modified, fetched = excluded.fetched",
            (source, held.object_id, held.reason, body, etag, held.modified),
        )
        return before is None or before[0] != body

    def settle(self, source: str, object_id: str, state: str, reason: str | None = None) -> None:
        """Give an object another state: `held` again, `gone` or `failed`."""
        with self._change() as db:
            db.execute(
                "UPDATE works SET state = :state, reason = CASE :state WHEN 'held' THEN reason"
                " ELSE :reason END, fetched = datetime('now')"
                " WHERE source = :source AND object_id = :object_id",
                {"state": state, "reason": reason, "source": source, "object_id": object_id},
            )

    def retry_failed(self, source: str) -> None:
        """Let this run try again what failed in the last one."""
        with self._change() as db:
            db.execute(
                "UPDATE works SET state = CASE WHEN body IS NULL THEN 'waiting' ELSE 'stale' END,"
                " reason = NULL WHERE source = ? AND state = 'failed'",
                (source,),
            )

    def set_reasons(self, source: str, reasons: Iterable[tuple[str, str | None]]) -> None:
        """Store new judgements: (object_id, reason)."""
        with self._change() as db:
            db.executemany(
                "UPDATE works SET reason = ? WHERE source = ? AND object_id = ?",
                ((reason, source, object_id) for object_id, reason in reasons),
            )

    def works(self, source: str, *, with_body: bool = True) -> Iterator[WorkRow]:
        """Every object of a source; with `with_body` only those whose body is held."""
        last = 0
        while True:
            rows = self._db.execute(_WORKS, (source, last, not with_body, CHUNK)).fetchall()
            for row in rows:
                raw = zlib.decompress(row[5]) if row[5] is not None else None
                yield WorkRow(row[1], row[2], row[3], row[4], raw)
            if not rows:
                return
            last = rows[-1][0]

    def tally(self, source: str) -> dict[tuple[str, str | None], int]:
        """How many objects of a source are in each state, for each reason."""
        rows = self._db.execute(
            "SELECT state, reason, COUNT(*) FROM works WHERE source = ? GROUP BY state, reason",
            (source,),
        )
        return {(row[0], row[1]): row[2] for row in rows}
