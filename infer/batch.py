"""`guide batch`: the guides of many works, from a file to a file, resumed where it stopped.

    guide batch works.csv guides.jsonl --length brief

Each line of the output is one guide with its artwork, options and measurements, in the order of
the records, flushed as soon as it is done. Several are written at once, which changes none of
them. Started again with the same options it does only what is missing. An output that ends in
.parquet is made of its lines, which are kept beside it, once all are there.

`--engine ray` leaves the writing to workers on one machine or many (infer/ray_batch).
"""

from __future__ import annotations

import errno
import json
import os
from collections import Counter, deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from importlib.util import find_spec
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, BinaryIO, Self

import click
from filelock import FileLock, Timeout
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from data.clean import clean_artwork
from data.errors import OutputError, PromptTooLong, RecordError
from data.records import Record, read_records
from infer.lines import artwork_key, option_fields, tell_one
from infer.options import Options, company_options, guide_options, read_options, record_path
from infer.ray_batch.options import LOCAL, Settings, engine_options

if TYPE_CHECKING:
    from infer.session import ModelSession


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("source", metavar="IN.jsonl|IN.csv|-")
@click.argument("target", metavar="OUT.jsonl|OUT.parquet")
@guide_options
@engine_options
@company_options
def batch(
    source: str,
    target: str,
    slots: int | None,
    fast: bool,
    engine: str,
    address: str | None,
    workers: int | None,
    threads: int | None,
    gpus: float | None,
    batch_: int,
    **values: Any,
) -> None:
    """Write the guides of many works; started again, it does only what is missing."""
    options = read_options(**values)
    console = Console(stderr=True)
    if engine == LOCAL:
        write_batch(source, Path(target), slots, options, console, exact=not fast)
        return
    from infer.ray_batch.run import run_batch

    settings = Settings(engine, address, workers, threads, slots, gpus, batch_)
    run_batch(source, target, options, settings, console)


def write_batch(
    source: str,
    target: Path,
    slots: int | None,
    options: Options,
    console: Console,
    *,
    exact: bool = True,
) -> None:
    """Write what is missing in the file `target`, in this process.

    Raises:
        GuideError: the input, the output or the model cannot be used; or some records were left
            out, after all others were written.
    """
    if target.is_dir():
        raise OutputError(f"{target} is a folder; name the file that the guides go into.")
    lines = target.with_name(f"{target.name}.jsonl") if _is_parquet(target) else target
    records = list(read_records(record_path(source)))
    skipped: list[str] = []
    with _locked(target):
        missing, done = _missing(records, lines, options)
        if done:
            console.print(f"{done} of {len(records)} are there already.", style="dim")
        if missing:
            from infer.session import open_session  # late: it brings llama.cpp

            with open_session(options, console, slots=slots, exact=exact) as session:
                skipped = _write_missing(session, missing, options, lines)
        else:
            console.print(f"Nothing is missing in {target}.")
        if _is_parquet(target):
            _convert(lines, target)
    if skipped:
        raise RecordError(
            f"{len(skipped)} of {len(records)} records were left out; the first: {skipped[0]}"
        )


def _is_parquet(target: Path) -> bool:
    return target.suffix == ".parquet"


def _convert(lines: Path, target: Path) -> None:
    """Make the Parquet file of its lines."""
    if find_spec("pyarrow") is None:
        raise OutputError(
            f"Parquet needs pyarrow (just setup scale); the guides stand in {lines} until then."
        )
    from infer.table import in_groups, write_table

    half = target.with_name(f".{target.name}.part")
    with lines.open(encoding="utf-8") as file:
        write_table(half, in_groups(json.loads(line) for line in file))
    half.replace(target)


def _write_missing(
    session: ModelSession, missing: list[Record], options: Options, target: Path
) -> list[str]:
    """Write; returns why records were left out."""
    console = session.console
    with target.open("ab") as out:
        try:
            skipped = _write_all(session, missing, options, out)
        except KeyboardInterrupt:
            console.print(f"Stopped; {target} keeps what is written. Run it again to go on.")
            raise
    _report(console, len(missing), skipped, target)
    return skipped


def _write_all(
    session: ModelSession, records: list[Record], options: Options, out: BinaryIO
) -> list[str]:
    """Write as many guides at once as there are slots, and their lines in the records' order."""
    skipped = []
    with progress_bar(session.console) as progress, _Workers(session) as workers:
        task = progress.add_task("guides", total=len(records))
        for record, line in workers.each(records, lambda r: _write_one(session, r, options)):
            if isinstance(line, PromptTooLong):
                skipped.append(f"record {record.line} ({record.artwork.title}): {line}")
            else:
                out.write(line)
                out.flush()
            progress.advance(task)
    return skipped


class _Workers:
    """Threads that each write one guide at a time."""

    def __init__(self, session: ModelSession) -> None:
        self._session, self._count = session, session.slots
        self._pool = ThreadPoolExecutor(session.slots, thread_name_prefix="guide-batch")

    def each(
        self, records: list[Record], write: Callable[[Record], bytes | PromptTooLong]
    ) -> Iterator[tuple[Record, bytes | PromptTooLong]]:
        """Every record with its line, in order, begun a few ahead of the one waited for."""
        begun: deque[tuple[Record, Future[bytes | PromptTooLong]]] = deque()
        rest = iter(records)
        while True:
            for record in islice(rest, 2 * self._count - len(begun)):
                begun.append((record, self._pool.submit(write, record)))
            if not begun:
                return
            record, future = begun.popleft()
            while not future.done():
                wait([future], timeout=0.2)  # short, so that Windows sees Ctrl-C too
            yield record, future.result()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        if kind is not None:
            self._session.stop()
        # A thread that outlived the session would ask a model that is no longer there.
        self._pool.shutdown(wait=True, cancel_futures=True)


def _write_one(session: ModelSession, record: Record, options: Options) -> bytes | PromptTooLong:
    try:
        result = tell_one(session, record.artwork, options)
    except PromptTooLong as error:
        return error
    return (json.dumps(result, ensure_ascii=False) + "\n").encode("utf-8")


def _missing(records: list[Record], target: Path, options: Options) -> tuple[list[Record], int]:
    """Records without a line in the output yet, and how many have one.

    Raises:
        OutputError: the output was made with other options, or is no output of ours.
    """
    written: Counter[str] = Counter()
    for number, line in enumerate(_whole_lines(target), 1):
        where = f"{target}, line {number}"
        try:
            result = json.loads(line)
            # Cleaned once more, so that what an older version wrote is recognised too.
            artwork = clean_artwork(result["artwork"])
            used = result["options"]
        except (ValueError, TypeError, KeyError, RecordError):
            raise OutputError(
                f"{where} was not written by guide batch; choose another output file."
            ) from None
        _check_same_options(where, used, option_fields(options))
        written[artwork_key(artwork)] += 1
    missing = []
    for record in records:
        key = artwork_key(record.artwork)
        if written[key]:
            written[key] -= 1
        else:
            missing.append(record)
    return missing, len(records) - len(missing)


def _check_same_options(where: str, used: dict[str, Any], wanted: dict[str, Any]) -> None:
    for name, value in wanted.items():
        if used.get(name) != value:
            raise OutputError(
                f"{where} was written with --{name.replace('_', '-')} {used.get(name)}, not "
                f"{value}; use the same options to go on, or another output file."
            )


def _whole_lines(target: Path) -> list[bytes]:
    """The lines of the output; one that a kill cut off is removed from the file first."""
    if not target.exists():
        return []
    content = target.read_bytes()
    whole = content.rfind(b"\n") + 1
    if whole < len(content):
        os.truncate(target, whole)
    return content[:whole].splitlines()


@contextmanager
def _locked(target: Path) -> Iterator[None]:
    """One batch at a time on one output."""
    lock = target.with_name(f".{target.name}.lock")
    if not target.parent.is_dir():
        reason = os.strerror(errno.ENOTDIR if target.parent.exists() else errno.ENOENT)
        raise OutputError(f"{target} cannot be written: {reason}.")
    try:
        with FileLock(lock, blocking=False):
            yield
    except Timeout:
        raise OutputError(f"Another guide batch is writing {target}; wait for it.") from None
    except OSError as error:
        raise OutputError(f"{target} cannot be written: {error.strerror or error}.") from None


def progress_bar(console: Console) -> Progress:
    """A bar that counts guides."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        console=console,
    )


def _report(console: Console, asked: int, skipped: list[str], target: Path) -> None:
    for reason in skipped:
        console.print(f"Left out {reason}", highlight=False)
    console.print(f"{asked - len(skipped)} guides written to {target}.", highlight=False)
