"""What was kept, what was skipped and why, by source.

for line in summary(store): print(line)
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence

from data.clean import clean_text
from data.collect.registry import reader_of
from data.collect.source import BodyError, Reader
from data.collect.store import Store, WorkRow
from data.errors import RecordError

KEPT = "kept"
WAITING = "still to fetch"


def counts(store: Store, source: str) -> Counter[str]:
    """How many objects of a source were kept, wait, or were skipped for each reason."""
    found: Counter[str] = Counter()
    for (state, reason), number in store.tally(source).items():
        found[WAITING if state == "waiting" else reason or KEPT] += number
    return found


def summary(store: Store, sources: Sequence[str] = (), as_json: bool = False) -> Iterator[str]:
    """The report, line by line.

    Raises:
        RecordError: nothing was collected from a source of that name.
    """
    found = {source: counts(store, source) for source in _known(store, sources)}
    if as_json:
        yield json.dumps(found, ensure_ascii=False, indent=2)
        return
    if not found:
        yield "Nothing collected yet."
    for source, reasons in found.items():
        yield f"{source}: {reasons.total():,} objects"
        skipped = [reason for reason, _ in reasons.most_common() if reason not in (KEPT, WAITING)]
        for reason in (KEPT, WAITING, *skipped):
            if reasons[reason]:
                yield f"  {reasons[reason]:>9,}  {reason}"


def listing(store: Store, sources: Sequence[str], reason: str) -> Iterator[str]:
    """Every object skipped for a reason: source, object, reason and title, between tabs.

    Raises:
        RecordError: nothing was collected from a source of that name.
    """
    for row in _objects(store, _known(store, sources), reason):
        yield "\t".join(row)


def _known(store: Store, sources: Sequence[str]) -> list[str]:
    held = store.sources()
    for source in sources:
        if source not in held:
            raise RecordError(
                f"Nothing was collected from {source!r}; there is {', '.join(held) or 'nothing'}."
            )
    return list(sources) or held


def _objects(
    store: Store, sources: Sequence[str], reason: str
) -> Iterator[tuple[str, str, str, str]]:
    """(source, object, reason, title) of every object whose reason holds `reason`."""
    for source in sources:
        reader = reader_of(store, source)
        for row in store.works(source, with_body=False):
            if row.reason is not None and reason.casefold() in row.reason.casefold():
                yield source, row.object_id, row.reason, _title(reader, row)


def _title(reader: Reader, row: WorkRow) -> str:
    if row.raw is None:
        return ""
    try:
        return clean_text(str(reader.read(row.body()).fields.get("title") or "")) or ""
    except BodyError:
        return ""
