"""The tables of the votes, for SQLAlchemy; they may lie in a database with others.

Base.metadata.create_all(engine)
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any, Literal, get_args

from sqlalchemy import JSON, ForeignKey, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from data.errors import GuideError
from infer.web.tables import Moment

Verdict = Literal["left", "right", "equal", "both bad"]
VERDICTS: tuple[str, ...] = get_args(Verdict)
Reason = Literal["wrong", "dull", "too long", "too short", "hard to follow", "other"]
REASONS: tuple[str, ...] = get_args(Reason)

_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")


class VoteError(GuideError):
    """An experiment cannot be made, found or voted in as asked."""


def check_name(name: str) -> None:
    """Whether a name can stand in an address.

    Raises:
        VoteError: it cannot.
    """
    if not _NAME.fullmatch(name):
        raise VoteError(f"{name!r} cannot stand in an address; use letters, digits, - and _.")


class Base(DeclarativeBase):
    """The tables of the votes; they may lie in a database with others."""

    type_annotation_map = {  # noqa: RUF012
        dict[str, Any]: JSON, list[str]: JSON, datetime: Moment
    }  # fmt: skip


class Experiment(Base):
    """What is compared with what, and by which rules."""

    __tablename__ = "ab_experiments"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    created: Mapped[datetime]
    votes_a_voter: Mapped[int]
    attention_every: Mapped[int]
    margin: Mapped[float]
    level: Mapped[float]
    variants: Mapped[list[Variant]] = relationship(order_by="Variant.id")


class Variant(Base):
    """One of the things compared, by its name."""

    __tablename__ = "ab_variants"
    __table_args__ = (UniqueConstraint("experiment_id", "name"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    experiment_id: Mapped[int] = mapped_column(ForeignKey(Experiment.id))
    name: Mapped[str]


class Text(Base):
    """The guide of one work by one variant, with the record and what was asked."""

    __tablename__ = "ab_texts"
    __table_args__ = (UniqueConstraint("variant_id", "work"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    variant_id: Mapped[int] = mapped_column(ForeignKey(Variant.id))
    work: Mapped[str] = mapped_column(index=True)
    artwork: Mapped[dict[str, Any]]
    request: Mapped[dict[str, Any]]
    guide: Mapped[str]
    variant: Mapped[Variant] = relationship()


class Ballot(Base):
    """Two texts that were shown to a voter; `expected` is the right side of an attention check."""

    __tablename__ = "ab_ballots"
    __table_args__ = (UniqueConstraint("experiment_id", "voter", "pair"),)
    id: Mapped[str] = mapped_column(primary_key=True)
    experiment_id: Mapped[int] = mapped_column(ForeignKey(Experiment.id), index=True)
    voter: Mapped[str] = mapped_column(index=True)
    pair: Mapped[str]
    left_id: Mapped[int] = mapped_column(ForeignKey(Text.id))
    right_id: Mapped[int] = mapped_column(ForeignKey(Text.id))
    expected: Mapped[str | None]
    shown: Mapped[datetime]
    left: Mapped[Text] = relationship(foreign_keys=left_id)
    right: Mapped[Text] = relationship(foreign_keys=right_id)
    vote: Mapped[Vote | None] = relationship(back_populates="ballot")

    @property
    def artwork(self) -> dict[str, Any]:
        """The work the voter stands before; one text of an attention check is of another."""
        return (self.right if self.expected == "right" else self.left).artwork


class Vote(Base):
    """What a voter said to a ballot."""

    __tablename__ = "ab_votes"
    ballot_id: Mapped[str] = mapped_column(ForeignKey(Ballot.id), primary_key=True)
    verdict: Mapped[str]
    reasons: Mapped[list[str]]
    cast: Mapped[datetime] = mapped_column(index=True)
    ballot: Mapped[Ballot] = relationship(back_populates="vote")


class Voter(Base):
    """Who came to the page of an experiment; `origin` is a keyed hash of address and day."""

    __tablename__ = "ab_voters"
    experiment_id: Mapped[int] = mapped_column(ForeignKey(Experiment.id), primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    origin: Mapped[str] = mapped_column(index=True)
    begun: Mapped[datetime]


class Judgement(Base):
    """What a model said to a pair, with the first text shown first; both orders are asked."""

    __tablename__ = "ab_judgements"
    __table_args__ = (UniqueConstraint("judge", "first_id", "second_id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    experiment_id: Mapped[int] = mapped_column(ForeignKey(Experiment.id), index=True)
    judge: Mapped[str]
    first_id: Mapped[int] = mapped_column(ForeignKey(Text.id))
    second_id: Mapped[int] = mapped_column(ForeignKey(Text.id))
    verdict: Mapped[str]
    reason: Mapped[str]
    made: Mapped[datetime]
    first: Mapped[Text] = relationship(foreign_keys=first_id)
    second: Mapped[Text] = relationship(foreign_keys=second_id)
