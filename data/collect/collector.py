"""The collecting itself: list, fetch, judge, keep; stop anywhere and go on from there.

    collector = Collector(Met(), client, store, Wanted(), watcher)
    outcome = collector.run(Query(departments=("11",)), limit=500)

What is done and what is still to do stands in the store alone, so going on after an interruption
is the same as beginning.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Protocol

from data.collect.http import (
    Answer,
    BlockedError,
    Client,
    FaultError,
    GoneError,
    UnavailableError,
)
from data.collect.judge import FAILED, GONE, UNREADABLE, Wanted, judge
from data.collect.source import Body, BodyError, Page, Query, Reader, Source
from data.collect.store import CHUNK, DUE, STATES, Due, Held, Store

BY_NUMBER = "by number"
"""The walk that stands for objects asked for by number."""

MOST_FAILURES = 3
"""As many objects in a row that the source cannot serve mean that the source itself is down."""


class Watcher(Protocol):
    """Whoever shows how far the collector is."""

    def expect(self, done: int, total: int) -> None:
        """`done` of `total` objects are settled."""

    def kept(self, more: int) -> None:
        """So many more wanted works have come in."""


@dataclass(slots=True)
class Outcome:
    """What one run did, in objects."""

    new: int = 0
    unchanged: int = 0
    gone: int = 0
    failed: int = 0
    wanted: int = 0
    waiting: int = 0
    unseen: int = 0


class Collector:
    """Brings part of one source into the store."""

    def __init__(
        self, source: Source, client: Client, store: Store, wanted: Wanted, watcher: Watcher
    ) -> None:
        self._source, self._client, self._store = source, client, store
        self._wanted, self._watcher = wanted, watcher
        self._outcome = Outcome()
        self._limit: int | None = None
        self._walks: list[str] = []

    def run(self, query: Query, *, limit: int | None = None, refresh: bool = False) -> Outcome:
        """Collect until nothing is left or `limit` wanted works are held.

        With `refresh`, what is held is compared with the source again, and only what changed is
        fetched.

        Raises:
            SourceError: the source cannot be used; everything fetched so far is kept.
        """
        self._outcome, self._limit = Outcome(), limit
        name = self._source.name
        remember(self._store, self._source, name, self._wanted)
        self._store.retry_failed(name)
        self._walks = [BY_NUMBER] if query.object_ids else self._source.walks(query)
        if query.object_ids:
            page = Page(object_ids=query.object_ids, total=len(query.object_ids))
            self._store.put_page(name, BY_NUMBER, 1, page, None)
        for walk in self._walks:
            if refresh:
                self._doubt(walk)
            if walk != BY_NUMBER and not self._enough():
                self._list(walk)
        self._fetch()
        self._outcome.wanted = self._count_wanted()
        self._outcome.waiting = self._store.count(name, self._walks, DUE)
        return self._outcome

    def _count_wanted(self) -> int:
        return self._store.count(self._source.name, self._walks, ("held", "stale"), wanted=True)

    def _enough(self) -> bool:
        return self._limit is not None and self._count_wanted() >= self._limit

    # Listings

    def _doubt(self, walk: str) -> None:
        """Mark what may have changed, so that it is asked for again.

        Where the source lists what changed since a day, only that; else everything, with the
        entity tags we hold. The day before the last look covers every time zone.
        """
        name = self._source.name
        seen = self._store.page(name, walk, 1)
        if seen is None:
            return
        day = date.fromisoformat(seen.checked[:10]) - timedelta(days=1)
        since = self._source.since(walk, day.isoformat())
        if since is not None:
            changed = self._source.read_page(self.listing(since).body)
            self._store.doubt_works(name, walk, changed.object_ids)
        elif walk == BY_NUMBER:
            self._store.doubt_works(name, walk)
        self._store.doubt_pages(name, walk)

    def _list(self, walk: str) -> None:
        """Request every listing of the walk that is not there yet."""
        number = pages = 1
        while number <= pages:
            known = self._store.page(self._source.name, walk, number)
            if known is None or known.stale:
                known_etag = known.etag if known else None
                answer = self.listing(self._source.page_path(walk, number), known_etag)
                if answer.unchanged:
                    self._store.keep_page(self._source.name, walk, number)
                    pages = known.pages if known else pages
                else:
                    pages = self._put_page(walk, number, answer)
                self._show()
                if self._enough():
                    return
            else:
                pages = known.pages
            number += 1
        self._count_unseen(walk)

    def _put_page(self, walk: str, number: int, answer: Answer) -> int:
        page = self._source.read_page(answer.body)
        held = [self._held(body, _compact(body)) for body in page.bodies]
        new = self._store.put_page(self._source.name, walk, number, page, answer.etag, held)
        self._outcome.new += new
        self._watcher.kept(sum(one.reason is None for one in held))
        self._outcome.unchanged += len(held) - new
        return page.pages

    def _count_unseen(self, walk: str) -> None:
        """A collection that changes between two pages can hide an object; say so."""
        first = self._store.page(self._source.name, walk, 1)
        if first is not None:
            seen = self._store.count(self._source.name, [walk], STATES)
            self._outcome.unseen += max(0, first.total - seen)

    def listing(self, path: str, etag: str | None = None) -> Answer:
        """Fetch a listing, without which there is nothing to go on with.

        Raises:
            SourceError: with what to do.
        """
        try:
            return self._client.get(path, etag)
        except GoneError as error:
            raise UnavailableError(
                f"{self._client.base_url}{path} is not there ({error}); check the base URL."
            ) from None
        except FaultError as error:
            raise self._given_up(error) from None

    # Objects

    def _fetch(self) -> None:
        name, failures = self._source.name, 0
        listed, due = self._show()
        left = None if self._limit is None else self._limit - self._count_wanted()
        for one in self._due():
            if left is not None and left <= 0:
                return
            try:
                answer = self._client.get(self._source.object_path(one.object_id), one.etag)
                kept = self._keep(one, answer)
                failures = 0
                left = left - 1 if left is not None and kept else left
            except GoneError:
                self._store.settle(name, one.object_id, "gone", GONE)
                self._outcome.gone += 1
                failures = 0
            except BlockedError as error:
                raise self._given_up(error) from None
            except FaultError as error:
                failures += 1
                if failures >= MOST_FAILURES:
                    raise self._given_up(error) from None
                self._store.settle(name, one.object_id, "failed", FAILED)
                self._outcome.failed += 1
            due -= 1
            self._watcher.expect(listed - due, listed)

    def _due(self) -> Iterator[Due]:
        """Everything to fetch, a bounded number of identifiers in memory at a time."""
        while due := self._store.due(self._source.name, self._walks):
            yield from due

    def _keep(self, one: Due, answer: Answer) -> bool:
        """Store a fetched object; whether it is a wanted one that was not held before."""
        name = self._source.name
        if answer.unchanged:
            self._store.settle(name, one.object_id, "held")
            self._outcome.unchanged += 1
            return False
        try:
            body = self._source.unwrap(answer.body)
            held = self._held(body, _compact(body), one.object_id)
        except BodyError:
            held = Held(one.object_id, answer.raw, "", UNREADABLE)
        if self._store.put(name, held, answer.etag):
            self._outcome.new += 1
        else:
            self._outcome.unchanged += 1
        wanted = held.reason is None and not one.held
        if wanted:
            self._watcher.kept(1)
        return wanted

    def _held(self, body: Body, raw: bytes, object_id: str | None = None) -> Held:
        """An object under the number it was listed by, which an answer may spell otherwise."""
        try:
            work = self._source.read(body)
        except BodyError:
            return Held(object_id or str(body.get("id")), raw, "", UNREADABLE)
        reason = judge(work, self._wanted)
        return Held(object_id or work.object_id, raw, work.modified, reason)

    def _show(self) -> tuple[int, int]:
        """Tell the watcher, and return, how many objects are listed and how many are due."""
        name = self._source.name
        listed, due = (self._store.count(name, self._walks, states) for states in (STATES, DUE))
        announced = sum(
            first.total
            for walk in self._walks
            if walk != BY_NUMBER and (first := self._store.page(name, walk, 1))
        )
        self._watcher.expect(listed - due, max(listed, announced))
        return listed, due

    def _given_up(self, error: FaultError) -> UnavailableError:
        return UnavailableError(
            f"{error}, time after time; everything fetched so far is kept, run the same command "
            "later to go on."
        )


def remember(store: Store, source: Reader, reader: str, wanted: Wanted) -> None:
    """Note a source's filters; where they are others than before, judge what is held again.

    No request is made for it. The note comes last, so that a run killed in between judges again.
    """
    note = (reader, wanted.model_dump_json())
    if store.source(source.name) == note:
        return
    batch: list[tuple[str, str | None]] = []
    for row in store.works(source.name):
        try:
            batch.append((row.object_id, judge(source.read(row.body()), wanted)))
        except BodyError:
            batch.append((row.object_id, UNREADABLE))
        if len(batch) >= CHUNK:
            store.set_reasons(source.name, batch)
            batch = []
    store.set_reasons(source.name, batch)
    store.set_source(source.name, *note)


def _compact(body: Body) -> bytes:
    """An object as its source sent it, without the envelope and the white space."""
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
