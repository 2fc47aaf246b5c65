"""One run of the collector as the person at the keyboard sees it: progress, outcome, Ctrl-C.

fetch("met", Wanted(), database=Path("data/raw/collect.sqlite"), limit=500, ...)
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import requests
from rich.console import Console

from data.collect.collector import Collector, Outcome, remember
from data.collect.http import BLOCK_SECONDS, Client, Patience
from data.collect.judge import Wanted, judge
from data.collect.met import department_numbers
from data.collect.progress import Progress
from data.collect.registry import SOURCES
from data.collect.source import BodyError, Query, Source
from data.collect.store import CHUNK, Held, Store
from data.collect.table import ROW, MetTable, Table, parse_mapping, read_rows
from data.errors import RecordError

if TYPE_CHECKING:
    from data.collect.export import Narrower

INTERRUPTED = 130  # 128 + SIGINT, what a shell expects of a command that Ctrl-C stopped


def fetch(
    name: str,
    wanted: Wanted,
    *,
    database: Path,
    search: str = "",
    object_ids: tuple[str, ...] = (),
    limit: int | None = None,
    refresh: bool = False,
    rate: float | None = None,
    contact: str | None = None,
    base_url: str | None = None,
    pause: float = BLOCK_SECONDS,
) -> Outcome:
    """Collect from one of the services, going on where the last run stopped.

    Raises:
        SourceError, StoreError, RecordError: with what to do next.
        SystemExit: Ctrl-C, with status 130.
    """
    source: Source = next(known() for known in SOURCES if known.name == name)
    console = Console(stderr=True, highlight=False)
    if not contact:
        console.print(
            "Give --contact (or MUSEUM_GUIDE_CONTACT) so that the museum can reach you.",
            soft_wrap=True,
        )
    with (
        Store.open(database, writing=True) as store,
        requests.Session() as session,
        Progress(name, console) as progress,
        _stopping_well(console, store, name),
    ):
        client = Client(
            session,
            base_url or source.base_url,
            rate=rate or source.rate,
            contact=contact,
            patience=Patience(blocked=pause, fault=pause / 30),
            on_wait=progress.waiting,
        )
        departments, by_number = wanted.departments, source.departments_path is not None
        if by_number:
            # The listing chooses the department there, so that bodies need not say its name.
            wanted = wanted.model_copy(update={"departments": ()})
        collector = Collector(source, client, store, wanted, progress)
        if by_number and not all(name.isdecimal() for name in departments):
            body = collector.listing(str(source.departments_path)).body
            departments = department_numbers(body, departments)
        query = Query(departments, search, object_ids, wanted.forms)
        outcome = collector.run(query, limit=limit, refresh=refresh)
    _tell(console, name, outcome, client.requests_made)
    return outcome


def load_table(
    wanted: Wanted,
    *,
    file: Path,
    preset: str | None,
    pairs: tuple[str, ...],
    name: str | None,
    museum: str | None,
    encoding: str,
    delimiter: str | None,
    database: Path,
) -> None:
    """Read a table into the database; reading it again replaces the rows that changed.

    Raises:
        RecordError: the file or the mapping cannot be used.
    """
    if preset and pairs:
        raise RecordError("Give either --preset or --map, not both.")
    if delimiter is not None and len(delimiter) != 1:
        raise RecordError(f"--delimiter must be one character, not {delimiter!r}.")
    name = name or (MetTable.name if preset else file.stem)
    if name in (known.name for known in SOURCES):
        raise RecordError(f"{name!r} is the name of a service; give this table another --name.")
    table = MetTable() if preset else Table(name, parse_mapping(pairs), museum)
    table.name = name
    console = Console(stderr=True, highlight=False)
    with (
        Store.open(database, writing=True) as store,
        Progress(name, console) as progress,
        _stopping_well(console, store, name),
    ):
        rows = new = 0
        for batch in _batches(table, wanted, read_rows(file, encoding, delimiter), str(file)):
            if not rows:
                remember(store, table, table.reader(), wanted)
            rows += len(batch)
            new += store.put_all(name, batch)
            progress.kept(sum(one.reason is None for one in batch))
            progress.expect(rows, None)
        held = sum(store.tally(name).values())
    console.print(
        f"{name}: {rows:,} rows read, {new:,} of them new or changed; {held:,} objects held.",
        soft_wrap=True,
    )
    if held < rows:
        console.print(
            f"{rows - held:,} rows have the object_id of another row and replaced it; map a column "
            "that tells objects apart.",
            soft_wrap=True,
        )


def _batches(
    table: Table | MetTable,
    wanted: Wanted,
    rows: Iterator[tuple[list[str], int, dict[str, str]]],
    where: str,
) -> Iterator[list[Held]]:
    """Rows as they go into the store, a bounded number at a time."""
    batch: list[Held] = []
    for columns, number, row in rows:
        if number == 1:
            table.check(columns, where)
        body: dict[str, object] = {**row, ROW: number}
        raw = json.dumps(body, ensure_ascii=False).encode()
        try:
            work = table.read(body)
            batch.append(Held(work.object_id, raw, work.modified, judge(work, wanted)))
        except BodyError:
            batch.append(Held(f"row {number}", raw, "", "unreadable"))
        if len(batch) == CHUNK:
            yield batch
            batch = []
    if batch:
        yield batch


def write_export(database: Path, out: Path, narrower: Narrower) -> None:
    """Export, saying on standard error what was left out.

    Raises:
        OutputError: there is nothing to write, or no way to write it.
    """
    from data.collect.export import export

    console = Console(stderr=True, highlight=False)
    with Store.open(database) as store, Progress("export", console) as progress:
        summary = export(store, out, narrower, lambda written: progress.expect(written, None))
    console.print(f"{summary.written:,} works written to {out}.", soft_wrap=True)
    for reason, count in summary.left_out.most_common():
        console.print(f"  {count:,} left out: {reason}", soft_wrap=True)


@contextmanager
def _stopping_well(console: Console, store: Store, name: str) -> Iterator[None]:
    """On Ctrl-C, say what is kept and how to go on, and end with status 130."""
    try:
        yield
    except KeyboardInterrupt:
        held = sum(n for (state, _), n in store.tally(name).items() if state in ("held", "stale"))
        console.print(
            f"Stopped. {held:,} objects of {name} are kept; run the same command to go on.",
            soft_wrap=True,
        )
        raise SystemExit(INTERRUPTED) from None


def _tell(console: Console, name: str, outcome: Outcome, requests_made: int) -> None:
    parts = [
        f"{outcome.new:,} new or changed",
        f"{outcome.unchanged:,} unchanged" if outcome.unchanged else "",
        f"{outcome.gone:,} gone" if outcome.gone else "",
        f"{outcome.failed:,} that the source failed on" if outcome.failed else "",
    ]
    console.print(
        f"{name}: {', '.join(part for part in parts if part)}, in {requests_made:,} requests; "
        f"{outcome.wanted:,} wanted works held, {outcome.waiting:,} objects still to fetch.",
        soft_wrap=True,
    )
    if outcome.unseen:
        console.print(
            f"{outcome.unseen:,} listed objects were on no page, as the collection changed "
            "meanwhile; run again with --refresh.",
            soft_wrap=True,
        )
