"""The museum's works in the store: found, added, changed.

    works = Works(store)
    total, found = works.search("vermeer pearl", limit=20, offset=0)
    works.by_stop(7), works.get(work_id)

Accents and case make no difference to the search; every word has to occur in title or artist.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Select, func, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from data.artwork import Artwork
from data.facts.text import fold
from infer.web import schemas
from infer.web.problems import ProblemError
from infer.web.store import Store
from infer.web.tables import Guide, Work, now


class Works:
    """The works of one store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def search(
        self, query: str = "", *, limit: int = 20, offset: int = 0
    ) -> tuple[int, list[schemas.WorkSummary]]:
        """How many works match, and one page of them, by stop and title."""
        chosen = _matching(query)
        with self._store.reading() as session:
            total = session.scalar(select(func.count()).select_from(chosen.subquery())) or 0
            page = chosen.order_by(Work.stop.is_(None), Work.stop, Work.title, Work.id)
            rows = list(session.scalars(page.limit(limit).offset(offset)))
            guides = _offered(session, [row.id for row in rows])
        return total, [schemas.WorkSummary(**_summary(row, guides)) for row in rows]

    def get(self, work_id: str) -> schemas.Work:
        """One work.

        Raises:
            ProblemError: there is none of that id.
        """
        with self._store.reading() as session:
            return _full(session, _found(session, work_id))

    def by_stop(self, stop: int) -> schemas.Work:
        """The work at a stop of the tour.

        Raises:
            ProblemError: there is none.
        """
        with self._store.reading() as session:
            row = session.scalar(select(Work).where(Work.stop == stop))
            if row is None:
                raise ProblemError(404, f"There is no work at stop {stop}.")
            return _full(session, row)

    def all(self) -> list[schemas.Work]:
        """Every work, by stop and title."""
        with self._store.reading() as session:
            order = select(Work).order_by(Work.stop.is_(None), Work.stop, Work.title, Work.id)
            return [_full(session, row) for row in session.scalars(order)]

    def ids(self) -> list[str]:
        """Every work's id, by stop and title."""
        with self._store.reading() as session:
            order = (Work.stop.is_(None), Work.stop, Work.title, Work.id)
            return list(session.scalars(select(Work.id).order_by(*order)))

    def add(self, artwork: Artwork, stop: int | None = None) -> str:
        """Add a work; returns its id.

        Raises:
            ProblemError: another work stands at that stop.
        """
        with self._store.writing() as session:
            _require_free(session, stop, None)
            row = Work(id=uuid.uuid4().hex)
            _fill(row, artwork, stop)
            session.add(row)
            _flush(session, stop)
            return row.id

    def change(self, work_id: str, artwork: Artwork, stop: int | None) -> None:
        """Put another record in the place of a work's.

        Raises:
            ProblemError: there is no such work, or another stands at that stop.
        """
        with self._store.writing() as session:
            row = _found(session, work_id)
            _require_free(session, stop, work_id)
            _fill(row, artwork, stop)
            _flush(session, stop)

    def put(self, artwork: Artwork, stop: int | None) -> bool:
        """Add a work, or change the one that it is already; returns whether it was added.

        A work is known again by museum and object id, else by title and artist.

        Raises:
            ProblemError: another work stands at that stop.
        """
        with self._store.writing() as session:
            row = session.scalar(select(Work).where(Work.identity == identity(artwork)).limit(1))
            added = row is None
            if row is None:
                row = Work(id=uuid.uuid4().hex, stop=None)
            _require_free(session, stop, row.id)
            _fill(row, artwork, row.stop if stop is None else stop)
            session.add(row)
            _flush(session, stop)
            return added

    def delete(self, work_id: str) -> None:
        """Remove a work and its guides.

        Raises:
            ProblemError: there is no such work.
        """
        with self._store.writing() as session:
            session.delete(_found(session, work_id))


def record_hash(record: dict[str, Any]) -> str:
    """A name for a record's content."""
    text = json.dumps(record, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def identity(artwork: Artwork) -> str:
    """What two records of one work have in common."""
    if artwork.object_id:
        parts = ["object", artwork.museum or "", artwork.object_id]
    else:
        parts = ["title", artwork.title, artwork.artist or ""]
    return hashlib.sha256("\n".join(map(folded, parts)).encode()).hexdigest()


def folded(text: str) -> str:
    """Text without accents and case, for comparing."""
    plain = fold(text).replace("ß", "ss").replace("æ", "ae").replace("œ", "oe")
    return " ".join(plain.split())


def _matching(query: str) -> Select[Work]:
    chosen = select(Work)
    for word in folded(query).split():
        found = Work.found_by.contains(word, autoescape=True)
        is_stop = word.isascii() and word.isdigit() and len(word) <= 6
        chosen = chosen.where(or_(found, Work.stop == int(word)) if is_stop else found)
    return chosen


def _offered(session: Session, work_ids: Sequence[str]) -> dict[str, list[schemas.StoredGuide]]:
    """The guide that visitors get of each work in each language, length and style."""
    rows: Iterable[Guide] = session.scalars(
        select(Guide)
        .where(Guide.work_id.in_(work_ids), Guide.state == "done", Guide.withdrawn.is_(None))
        .order_by(Guide.approved.is_(None), Guide.approved.desc(), Guide.created.desc())
    )
    offered: dict[str, list[schemas.StoredGuide]] = {}
    seen = set()
    for row in rows:
        what = (row.work_id, row.language, row.length, row.style)
        if what in seen:
            continue
        seen.add(what)
        guide = schemas.StoredGuide(
            id=row.id, language=row.language, length=row.length, style=row.style, label=row.label
        )
        offered.setdefault(row.work_id or "", []).append(guide)
    return offered


def _summary(row: Work, guides: dict[str, list[schemas.StoredGuide]]) -> dict[str, Any]:
    return {
        "id": row.id,
        "stop": row.stop,
        "title": row.title,
        "artist": row.artist or None,
        "date": row.record.get("date"),
        "form": row.record["form"],
        "guides": guides.get(row.id, []),
    }


def _full(session: Session, row: Work) -> schemas.Work:
    return schemas.Work(artwork=row.record, **_summary(row, _offered(session, [row.id])))


def _found(session: Session, work_id: str) -> Work:
    row = session.get(Work, work_id)
    if row is None:
        raise ProblemError(404, "There is no such work.")
    return row


def _fill(row: Work, artwork: Artwork, stop: int | None) -> None:
    row.stop, row.title, row.artist = stop, artwork.title, artwork.artist or ""
    row.record, row.identity = artwork.as_record(), identity(artwork)
    row.found_by = folded(f"{artwork.title} {artwork.artist or ''}")
    row.updated = now()


def _require_free(session: Session, stop: int | None, work_id: str | None) -> None:
    if stop is None:
        return
    other = session.scalar(select(Work).where(Work.stop == stop))
    if other is not None and other.id != work_id:
        raise ProblemError(
            409, f"Stop {stop} is taken by {other.title}; give this work another number."
        )


def _flush(session: Session, stop: int | None) -> None:
    try:
        session.flush()
    except IntegrityError:  # another process was quicker
        raise ProblemError(409, f"Stop {stop} is taken; give this work another number.") from None
