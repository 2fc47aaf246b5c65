"""The database of votes and traffic splits: the museum's own store, or another like it.

    store = open_database("postgresql://museum@localhost/museum", create=True)

Our tables lie beside those of the museum's store and touch none of them.
"""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.exc import DatabaseError

from evaluate.ab.tables import Base, VoteError
from infer.web.settings import DEFAULT_STORE
from infer.web.store import Store, StoreError

_FILE = "sqlite:///"


def open_database(where: Path | str = DEFAULT_STORE, *, create: bool = False) -> Store:
    """Connect and see to it that our tables are there.

    Args:
        where: a file for SQLite, or a store's URL as `guide serve` takes it.
        create: make an SQLite file that is not there yet.

    Raises:
        VoteError: it is absent, or cannot be used.
    """
    url = str(where) if "://" in str(where) else f"{_FILE}{where}"
    if url.startswith(_FILE) and not create and not Path(url.removeprefix(_FILE)).exists():
        raise VoteError(
            f"There is no {url.removeprefix(_FILE)}; make an experiment with guide ab create."
        )
    try:
        if url.startswith(_FILE):
            Path(url.removeprefix(_FILE)).parent.mkdir(parents=True, exist_ok=True)
        store = Store.open(url)
    except (StoreError, OSError) as error:
        raise VoteError(str(error)) from None
    make_tables(store.engine)
    return store


def make_tables(engine: Engine) -> None:
    """Add what is missing; of two processes that begin at once, the later finds it made."""
    import evaluate.ab.split.tables  # noqa: F401 (its tables join the metadata)

    try:
        Base.metadata.create_all(engine)
    except DatabaseError:
        Base.metadata.create_all(engine)
