"""The store: one database, brought up to date when it is opened, and its transactions.

    store = Store.open("sqlite:///museum-guide.sqlite")
    with store.reading() as session:
        session.scalars(select(Work))
    with store.writing() as session:
        session.add(Work(…))

SQLite (in WAL mode, so that visitors read while a guide is written) is for one laptop; with
PostgreSQL several `guide serve` may share a store.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any, Self

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from filelock import FileLock
from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.orm import Session

from data.errors import GuideError

_MIGRATING = 7_061_964_115  # the advisory lock of PostgreSQL under which one process migrates
_PATIENCE = 30  # seconds for a lock


class StoreError(GuideError):
    """The store cannot be opened, or not be brought up to date."""


class Store:
    """The database; threads may share it."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._writer = engine.execution_options(writing=True)

    @classmethod
    def open(cls, url: str) -> Self:
        """Connect, create what is missing, and migrate to the shape of this version.

        Raises:
            StoreError: the URL is none, the database cannot be reached, or is of a newer version.
        """
        address = _address(url)
        shown = address.render_as_string(hide_password=True)
        try:
            engine = _engine(address)
            _migrate(engine, address)
        except ImportError as error:
            raise StoreError(
                f"{shown} needs the package {error.name}; install it with pip."
            ) from None
        except (SQLAlchemyError, OSError) as error:
            reason = " ".join(str(getattr(error, "orig", None) or error).split())
            raise StoreError(
                f"The store {shown} cannot be used ({reason}); mend that, or give another with "
                "--store."
            ) from None
        return cls(engine)

    @property
    def is_shared(self) -> bool:
        """Whether other processes are likely to work on it too."""
        return self.engine.dialect.name != "sqlite"

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A transaction that changes nothing."""
        with Session(self.engine, expire_on_commit=False) as session:
            yield session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """A transaction: kept where the block ends well, else undone."""
        with Session(self._writer, expire_on_commit=False) as session, session.begin():
            yield session

    def close(self) -> None:
        """Let go of the database."""
        self.engine.dispose()


def _address(url: str) -> URL:
    try:
        address = make_url(url)
    except ArgumentError:
        raise StoreError(
            f"{url!r} is no address of a store; give sqlite:///FILE or postgresql://USER@HOST/NAME."
        ) from None
    if address.drivername in ("postgresql", "postgres"):
        return address.set(drivername="postgresql+psycopg")
    if address.get_backend_name() not in ("sqlite", "postgresql"):
        raise StoreError(
            f"A store is SQLite or PostgreSQL, not {address.get_backend_name()}; give "
            "sqlite:///FILE or postgresql://USER@HOST/NAME."
        )
    if address.get_backend_name() == "sqlite" and address.database in (None, "", ":memory:"):
        raise StoreError("The store has to be a file, such as sqlite:///museum-guide.sqlite.")
    return address


def _engine(address: URL) -> Engine:
    if address.get_backend_name() != "sqlite":
        # Said outright, because a cluster made under the C locale has no encoding of its own.
        return create_engine(
            address,
            connect_args={"client_encoding": "utf8"},
            pool_pre_ping=True,
            pool_size=10,
            max_overflow=40,
        )
    engine = create_engine(
        address,
        connect_args={"timeout": _PATIENCE, "check_same_thread": False},
        pool_size=10,
        max_overflow=40,
    )
    event.listen(engine, "connect", _configure)
    event.listen(engine, "begin", _begin)
    return engine


def _configure(connection: Any, _record: Any) -> None:
    """Settings of one SQLite connection; the driver is kept from beginning transactions itself."""
    connection.isolation_level = None
    for setting in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {setting}")


def _begin(connection: Connection) -> None:
    # A transaction that is going to write says so at once: one that finds out later that another
    # wrote meanwhile would fail instead of waiting.
    writing = connection.get_execution_options().get("writing")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")


def _migrate(engine: Engine, address: URL) -> None:
    if engine.dialect.name == "sqlite":
        folder = Path(str(address.database)).absolute().parent
        if not folder.is_dir():
            raise StoreError(f"There is no folder {folder} for the store; make it first.")
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    lock = (
        FileLock(f"{address.database}.lock", timeout=_PATIENCE)
        if engine.dialect.name == "sqlite"
        else nullcontext()
    )
    try:
        with lock, engine.begin() as connection:
            if engine.dialect.name == "postgresql":
                connection.execute(text(f"SELECT pg_advisory_xact_lock({_MIGRATING})"))
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    except CommandError as error:
        raise StoreError(
            f"The store {address.render_as_string(hide_password=True)} was made by a newer "
            f"version of Museum Guide ({error}); use that version, or another store."
        ) from None
