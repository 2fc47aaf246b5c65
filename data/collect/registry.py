"""Every source there is, and what reads the bodies of each.

reader_of(store, "met").read(body)
"""

from __future__ import annotations

from data.collect.aic import Chicago
from data.collect.cleveland import Cleveland
from data.collect.met import Met
from data.collect.source import Reader
from data.collect.store import Store
from data.collect.table import table_reader
from data.errors import OutputError

SOURCES = (Met, Chicago, Cleveland)
"""The services. Where two sources hold the same object, these come before tables."""


def reader_of(store: Store, source: str) -> Reader:
    """What reads a source's bodies."""
    for known in SOURCES:
        if known.name == source:
            return known()
    note = store.source(source)
    if note is None:
        raise OutputError(f"Nothing was collected from {source!r}; see `guide collect report`.")
    return table_reader(source, note[0])
