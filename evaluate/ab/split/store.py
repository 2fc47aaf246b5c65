"""Splits in the store: made, ended, and what each visitor was given and listened to.

    splits = SplitStore(store)
    splits.create("spring", Plan(a={}, b={"style": "literary"}))
    split = splits.current()
    variant = variant_of(split, visitor)                    # "a" or "b", always the same
    splits.give(split, visitor, variant, work="5f1c…")
    splits.hear("5f1c…", visitor, seconds=21.5, finished=False, duration=30.0)
    splits.end("spring", "killed", kept="a")

One split runs at a time. A visitor counts with the guides of a first visit (`window` seconds from
the first guide on), and only once that visit is over: what goes on changing could be looked at when
it suits. A guide that nobody listened to counts as not listened to.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from evaluate.ab.split.tables import OUTCOMES, Hearing, Split, State
from evaluate.ab.tables import VoteError, check_name
from infer.web.store import Store
from infer.web.tables import now


@dataclass(frozen=True, slots=True)
class Plan:
    """What a split compares, and by which rules."""

    a: dict[str, Any] = field(default_factory=dict)
    b: dict[str, Any] = field(default_factory=dict)
    share: float = 0.5
    outcome: str = "finished"
    margin: float = 0.1
    level: float = 0.05
    window: int = 7200
    most: int = 5000


@dataclass(frozen=True, slots=True)
class Visit:
    """A visitor's first visit: the mean outcome of its guides, in [0, 1]."""

    variant: str
    first: datetime
    guides: int
    value: float


class SplitStore:
    """The splits of one museum's store."""

    def __init__(self, store: Store) -> None:
        """Use a store in which our tables have been made."""
        self.store = store

    def create(self, name: str, plan: Plan) -> None:
        """Begin a split.

        Raises:
            VoteError: another one runs, the name is taken or none, or nothing would differ.
        """
        check_name(name)
        if plan.a == plan.b:
            raise VoteError("A and B are the same; give --b something that differs.")
        if plan.outcome not in OUTCOMES:
            raise VoteError(f"An outcome is one of {', '.join(OUTCOMES)}.")
        try:
            with self.store.writing() as session:
                if running := session.scalar(select(Split).where(Split.state == "running")):
                    raise VoteError(
                        f"The split {running.name!r} is running; stop it first: "
                        f"guide ab split stop {running.name}"
                    )
                fields = {name_: getattr(plan, name_) for name_ in Plan.__slots__}
                session.add(Split(name=name, created=now(), state="running", **fields))
        except IntegrityError:
            raise VoteError(f"There is a split {name!r} already; choose another name.") from None

    def find(self, name: str) -> Split:
        """A split by name.

        Raises:
            VoteError: there is none.
        """
        with self.store.reading() as session:
            return _found(session, name)

    def all(self) -> Sequence[Split]:
        """Every split, the oldest first."""
        with self.store.reading() as session:
            return session.scalars(select(Split).order_by(Split.id)).all()

    def current(self) -> Split | None:
        """The split that visitors are under: the newest, running or stopped in favour of B."""
        with self.store.reading() as session:
            newest = session.scalar(select(Split).order_by(Split.id.desc()).limit(1))
        if newest is None or newest.state == "killed":
            return None
        return newest if newest.state == "running" or newest.kept == "b" else None

    def end(self, name: str, state: State, kept: str, decision: str | None = None) -> Split:
        """End a split; from now on everybody gets the kept variant. What has ended can be killed.

        Raises:
            VoteError: there is no such split, or it was ended in that way before.
        """
        with self.store.writing() as session:
            split = _found(session, name)
            if split.state != "running" and state != "killed":
                raise VoteError(f"The split {name!r} was {split.state} already.")
            split.state, split.kept, split.ended = state, kept, now()
            split.decision = decision or split.decision
            return split

    def give(self, split: Split, visitor: str, variant: str, work: str) -> None:
        """A visitor was given the guide of a work; one given again changes nothing."""
        try:
            with self.store.writing() as session:
                mine = (Hearing.split_id == split.id, Hearing.visitor == visitor)
                first = session.scalar(select(func.min(Hearing.first)).where(*mine))
                if session.scalar(select(Hearing.id).where(*mine, Hearing.work == work)):
                    return
                session.add(
                    Hearing(
                        split_id=split.id, visitor=visitor, variant=variant, work=work,
                        first=first or now(), given=now(), seconds=0.0, duration=None,
                        finished=False,
                    )
                )  # fmt: skip
        except IntegrityError:
            pass  # the same visitor asked twice at once

    def hear(
        self, work: str, visitor: str, seconds: float, finished: bool, duration: float | None
    ) -> None:  # fmt: skip
        """A visitor says how long a guide was listened to; the longest time counts."""
        with self.store.writing() as session:
            for row in session.scalars(
                select(Hearing)
                .join(Split)
                .where(Hearing.work == work, Hearing.visitor == visitor, Split.state == "running")
            ):
                row.seconds = max(row.seconds, seconds)
                row.finished = row.finished or finished
                row.duration = duration or row.duration

    def visits(self, split: Split, at: datetime | None = None) -> list[Visit]:
        """The visits that are over, in the order in which they began."""
        over = (at or now()) - timedelta(seconds=split.window)
        with self.store.reading() as session:
            rows = session.scalars(
                select(Hearing)
                .where(Hearing.split_id == split.id, Hearing.first < over)
                .order_by(Hearing.first, Hearing.id)
            ).all()
        mine: dict[str, list[Hearing]] = {}
        for row in rows:
            if (row.given - row.first).total_seconds() <= split.window:
                mine.setdefault(row.visitor, []).append(row)
        return [
            Visit(
                heard[0].variant, heard[0].first, len(heard),
                sum(_value(row, split.outcome) for row in heard) / len(heard),
            )
            for heard in mine.values()
        ]  # fmt: skip


def variant_of(split: Split, visitor: str) -> str:
    """The visitor's variant, by a hash that is the same on every machine and day.

    The name of the split is part of it: who got B in one gets either in the next.
    """
    digest = hashlib.sha256(f"{split.name}\0{visitor}".encode()).digest()
    return "b" if int.from_bytes(digest[:8], "big") / 2**64 < split.share else "a"


def _value(row: Hearing, outcome: str) -> float:
    if outcome == "finished":
        return float(row.finished)
    if row.finished:
        return 1.0
    return min(1.0, max(0.0, row.seconds) / row.duration) if row.duration else 0.0


def _found(session: Session, name: str) -> Split:
    found = session.scalar(select(Split).where(Split.name == name))
    if found is None:
        known = ", ".join(session.scalars(select(Split.name).order_by(Split.id)))
        raise VoteError(f"There is no split {name!r}; there are: {known or 'none'}.")
    return found
