"""The tables of traffic splits, beside those of the votes."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal, get_args

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from evaluate.ab.tables import Base

Outcome = Literal["listened", "finished"]
OUTCOMES: tuple[str, ...] = get_args(Outcome)

State = Literal["running", "stopped", "killed"]


class Split(Base):
    """What visitors get, how it is measured, and how it ended; times in UTC."""

    __tablename__ = "ab_splits"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    created: Mapped[datetime]
    a: Mapped[dict[str, Any]]  # options over the museum's own; A is what visitors got before
    b: Mapped[dict[str, Any]]
    share: Mapped[float]  # of visitors who get B
    outcome: Mapped[str]
    margin: Mapped[float]
    level: Mapped[float]
    window: Mapped[int]  # seconds from a visitor's first guide during which guides count
    most: Mapped[int]  # visitors of each variant, after which it stops undecided
    state: Mapped[str] = mapped_column(index=True)
    kept: Mapped[str | None]  # the variant that everybody gets after the end: "a" or "b"
    decision: Mapped[str | None]
    ended: Mapped[datetime | None]


class Hearing(Base):
    """A work whose guide a visitor was given, and how long it was listened to."""

    __tablename__ = "ab_hearings"
    __table_args__ = (
        UniqueConstraint("split_id", "visitor", "work"),
        Index(None, "split_id", "first"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    split_id: Mapped[int] = mapped_column(ForeignKey(Split.id))
    visitor: Mapped[str]  # a keyed hash
    variant: Mapped[str]
    work: Mapped[str]  # its id in the museum's store
    first: Mapped[datetime]  # when this visitor was given the first guide of this split
    given: Mapped[datetime]
    seconds: Mapped[float]
    duration: Mapped[float | None]  # of the whole guide, where it was spoken
    finished: Mapped[bool]
