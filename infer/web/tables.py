"""The tables of the store: works, guides with their sentences, history and audio, jobs, access.

Migrations under `migrations/` bring a database to this shape; a test holds the two together.
Times are UTC. The same tables serve SQLite and PostgreSQL.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    DateTime,
    ForeignKey,
    Index,
    LargeBinary,
    MetaData,
    String,
    Text,
    TypeDecorator,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

ID = String(32)


class Moment(TypeDecorator[datetime]):
    """A point in time, in UTC whatever the database keeps (SQLite forgets the zone)."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: object) -> datetime | None:
        """Into the database."""
        return value.astimezone(UTC) if value else None

    def process_result_value(self, value: datetime | None, dialect: object) -> datetime | None:
        """Out of the database."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def now() -> datetime:
    """The present moment."""
    return datetime.now(UTC)


class Base(DeclarativeBase):
    """The tables of the server; a plug-in's may lie in the same database."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012
        dict[str, Any]: JSON,
        list[dict[str, Any]]: JSON,
        list[str]: JSON,
        datetime: Moment,
    }


class Work(Base):
    """A work of the museum: its record, and the number of its stop on the tour."""

    __tablename__ = "works"

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    stop: Mapped[int | None] = mapped_column(unique=True)
    title: Mapped[str] = mapped_column(Text)
    artist: Mapped[str] = mapped_column(Text)
    record: Mapped[dict[str, Any]]
    identity: Mapped[str] = mapped_column(String(64), index=True)  # for importing it again
    found_by: Mapped[str] = mapped_column(Text)  # title and artist, folded for the search
    created: Mapped[datetime] = mapped_column(default=now)
    updated: Mapped[datetime] = mapped_column(default=now)
    guides: Mapped[list[Guide]] = relationship(
        back_populates="work", cascade="all, delete-orphan", passive_deletes=True
    )


class Guide(Base):
    """One guide: what was asked, who wrote it, what it says, and what the museum did with it."""

    __tablename__ = "guides"
    __table_args__ = (
        Index(None, "work_id", "language", "length", "style", "state"),
        Index(None, "record_hash", "language", "length", "style", "state"),
    )

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    work_id: Mapped[str | None] = mapped_column(ForeignKey(Work.id, ondelete="CASCADE"))
    record_hash: Mapped[str] = mapped_column(String(64))
    artwork: Mapped[dict[str, Any]]
    language: Mapped[str] = mapped_column(String(8))
    length: Mapped[str] = mapped_column(String(8))
    style: Mapped[str] = mapped_column(String(16))
    model: Mapped[str] = mapped_column(Text)
    seed: Mapped[int] = mapped_column(BigInteger)
    prompt_hash: Mapped[str] = mapped_column(String(64))
    state: Mapped[str] = mapped_column(String(16))  # writing, done, failed
    edited: Mapped[bool] = mapped_column(default=False)
    approved: Mapped[datetime | None]
    withdrawn: Mapped[datetime | None]
    text: Mapped[str] = mapped_column(Text, default="")
    claims: Mapped[list[dict[str, Any]]] = mapped_column(default=list)
    measures: Mapped[dict[str, Any]] = mapped_column(default=dict)
    voice: Mapped[str | None] = mapped_column(Text)
    created: Mapped[datetime] = mapped_column(default=now)
    updated: Mapped[datetime] = mapped_column(default=now)
    work: Mapped[Work | None] = relationship(back_populates="guides")
    sentences: Mapped[list[Sentence]] = relationship(
        order_by="Sentence.position", cascade="all, delete-orphan", passive_deletes=True
    )

    @property
    def label(self) -> str:
        """What visitors are told of its origin."""
        if self.edited:
            return "edited"
        return "approved" if self.approved else "machine"


class Sentence(Base):
    """One sentence of a guide, and when it is spoken; its sound only until the guide's is whole."""

    __tablename__ = "sentences"

    guide_id: Mapped[str] = mapped_column(
        ForeignKey(Guide.id, ondelete="CASCADE"), primary_key=True
    )
    position: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str] = mapped_column(Text)
    start: Mapped[float | None]  # seconds
    end: Mapped[float | None]
    wav: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)


class Audio(Base):
    """The sound of a whole guide in one format."""

    __tablename__ = "audio"

    guide_id: Mapped[str] = mapped_column(
        ForeignKey(Guide.id, ondelete="CASCADE"), primary_key=True
    )
    format: Mapped[str] = mapped_column(String(8), primary_key=True)
    content: Mapped[bytes] = mapped_column(LargeBinary)


class History(Base):
    """What happened to a guide, with its text from then on."""

    __tablename__ = "history"

    id: Mapped[int] = mapped_column(primary_key=True)
    guide_id: Mapped[str] = mapped_column(ForeignKey(Guide.id, ondelete="CASCADE"), index=True)
    at: Mapped[datetime] = mapped_column(default=now)
    action: Mapped[str] = mapped_column(String(16))  # written, edited, approved, …
    actor: Mapped[str] = mapped_column(Text)
    text: Mapped[str] = mapped_column(Text)


class Job(Base):
    """Guides to be written ahead; `owner` and `beat` say which process is at it and still lives."""

    __tablename__ = "jobs"

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    state: Mapped[str] = mapped_column(String(16), index=True)  # waiting, running, done, cancelled
    created: Mapped[datetime] = mapped_column(default=now)
    owner: Mapped[str | None] = mapped_column(ID)
    beat: Mapped[datetime | None]
    items: Mapped[list[JobItem]] = relationship(
        order_by="JobItem.position", cascade="all, delete-orphan", passive_deletes=True
    )


class JobItem(Base):
    """One guide of a job."""

    __tablename__ = "job_items"
    __table_args__ = (Index(None, "job_id", "state"),)

    job_id: Mapped[str] = mapped_column(ForeignKey(Job.id, ondelete="CASCADE"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    work_id: Mapped[str] = mapped_column(ID)
    language: Mapped[str] = mapped_column(String(8))
    length: Mapped[str] = mapped_column(String(8))
    style: Mapped[str] = mapped_column(String(16))
    state: Mapped[str] = mapped_column(String(16))  # waiting, done, failed
    fault: Mapped[str | None] = mapped_column(Text)


class Login(Base):
    """A curator's session, under the hash of its cookie."""

    __tablename__ = "logins"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    created: Mapped[datetime] = mapped_column(default=now)
    expires: Mapped[datetime]


class Token(Base):
    """A token for scripts, under its hash."""

    __tablename__ = "tokens"

    name: Mapped[str] = mapped_column(String(100), primary_key=True)
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    created: Mapped[datetime] = mapped_column(default=now)


class Secret(Base):
    """A key made once and shared by every process on this store."""

    __tablename__ = "secrets"

    name: Mapped[str] = mapped_column(String(100), primary_key=True)
    value: Mapped[str] = mapped_column(Text)
