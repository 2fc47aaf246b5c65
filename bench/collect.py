"""The collector at size: thousands of objects, a faulty source, and no chance to say goodbye.

    python -m bench.collect
    python -m bench.collect --objects 500 --kills 1 --faults 0.1

Starts a museum on loopback that holds real rows of the Met's bulk file in its API's shape, lets
`guide collect met` fetch them while a share of all answers is slow, dropped, cut off, blocked or
an error, kills it with SIGKILL several times and starts it again, and then counts: is every object
there, once, byte for byte; was any fetched twice; how much memory did it take over time.
"""

from __future__ import annotations

import contextlib
import gzip
import json
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import click
import psutil

from bench.common import machine
from tests.museum_server import BREAKS, MuseumServer, Reply, museum

ROWS = Path(__file__).parents[2] / "shared" / "met-api" / "objects_from_csv.jsonl.gz"
GUIDE = Path(sys.executable).with_name("guide")
FAULTS = (*BREAKS, "403", "challenge", "429", "500", "503")
SAMPLE_SECONDS = 0.1


@dataclass
class Watch:
    """What was seen of the collector's processes."""

    memory: list[tuple[int, float]] = field(default_factory=list)
    """(objects delivered, resident MiB), sampled."""

    kills: list[int] = field(default_factory=list)
    """Objects delivered when each kill came."""

    starts: int = 0
    seconds: float = 0.0


def load(rows: Path, count: int) -> dict[str, object]:
    """Bodies by their number."""
    if not rows.exists():
        raise click.ClickException(f"{rows} is not there; name another file with --rows.")
    with gzip.open(rows, "rt", encoding="utf-8") as lines:
        bodies = [json.loads(line) for line, _ in zip(lines, range(count), strict=False)]
    return {str(body["objectID"]): body for body in bodies}


def replies(bodies: Mapping[str, object]) -> dict[str, Reply]:
    """The museum's answers: one listing and every object."""
    listing = {"total": len(bodies), "objectIDs": [int(number) for number in bodies]}
    answers = {"/objects": Reply(listing)}
    return answers | {f"/objects/{number}": Reply(body) for number, body in bodies.items()}


def delivered(server: MuseumServer) -> int:
    """Objects that were answered in full."""
    return sum(count for path, count in server.delivered.items() if "?" not in path)


def drive(server: MuseumServer, database: Path, total: int, kills: int, pause: float) -> Watch:
    """Run the collector to its end, killing it on the way at even distances."""
    watch, began = Watch(), time.monotonic()
    marks = [total * (kill + 1) // (kills + 1) for kill in range(kills)]
    command = [
        str(GUIDE), "collect", "met", "--department", "11", "--base-url", server.url,
        "--database", str(database), "--rate", "1000", "--pause", str(pause),
        "--contact", "bench@example.org",
    ]  # fmt: skip
    while True:
        watch.starts += 1
        with tempfile.TemporaryFile() as log:
            process = subprocess.Popen(command, stdout=log, stderr=log)
            seen = psutil.Process(process.pid)
            while process.poll() is None:
                time.sleep(SAMPLE_SECONDS)
                _sample(watch, seen, server)
                if marks and delivered(server) >= marks[0]:
                    watch.kills.append(delivered(server))
                    marks.pop(0)
                    process.send_signal(signal.SIGKILL)
                    process.wait()
            if process.returncode != -signal.SIGKILL:
                log.seek(0)
                click.echo(log.read().decode().splitlines()[-1])
                if process.returncode != 0:
                    raise click.ClickException("the collector gave up")
                break
    watch.seconds = time.monotonic() - began
    return watch


def _sample(watch: Watch, process: psutil.Process, server: MuseumServer) -> None:
    with contextlib.suppress(psutil.NoSuchProcess):
        watch.memory.append((delivered(server), process.memory_info().rss / 2**20))


def check(database: Path, bodies: Mapping[str, object]) -> list[str]:
    """Sentences about what is lost, doubled or different; none if all is well."""
    connection = sqlite3.connect(database)
    rows = connection.execute("SELECT object_id, state, body FROM works").fetchall()
    whole = connection.execute("PRAGMA integrity_check").fetchone()[0]
    connection.close()
    held = {row[0]: json.loads(zlib.decompress(row[2])) for row in rows if row[1] == "held"}
    faults = []
    if lost := set(bodies) - set(held):
        faults.append(f"{len(lost)} objects are lost, such as {min(lost)}")
    if len(rows) != len(bodies):
        faults.append(f"{len(rows)} rows for {len(bodies)} objects")
    if different := [n for n in held if held[n] != bodies.get(n)]:
        faults.append(f"{len(different)} bodies differ, such as {different[0]}")
    if whole != "ok":
        faults.append(f"the database is damaged: {whole}")
    return faults


def growth(watch: Watch) -> tuple[float, float, float]:
    """Median resident MiB of the first and the last quarter of the objects, and the most."""
    ordered = sorted(watch.memory)
    quarter = max(1, len(ordered) // 4)
    first = sorted(size for _, size in ordered[:quarter])[quarter // 2]
    last = sorted(size for _, size in ordered[-quarter:])[quarter // 2]
    return first, last, max(size for _, size in ordered)


@click.command(help=__doc__, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--rows", type=click.Path(path_type=Path), default=ROWS, help="Bodies, JSONL, gzip.")
@click.option("--objects", default=2000, show_default=True, help="How many of them.")
@click.option("--faults", default=0.05, show_default=True, help="Share of answers that go wrong.")
@click.option("--kills", default=3, show_default=True, help="How often to kill the collector.")
@click.option("--pause", default=0.3, show_default=True, help="The collector's first pause, s.")
@click.option("--seed", default=1, show_default=True, help="Of the faults.")
def main(rows: Path, objects: int, faults: float, kills: int, pause: float, seed: int) -> None:
    """Measure, print, and fail if anything is lost, doubled or different."""
    bodies = load(rows, objects)
    with museum(replies(bodies)) as server, tempfile.TemporaryDirectory() as folder:
        server.fail_often(faults, *FAULTS, seed=seed)
        database = Path(folder) / "collect.sqlite"
        watch = drive(server, database, len(bodies), kills, pause)
        problems = check(database, bodies)
        size = database.stat().st_size / 2**20
    twice = sum(count - 1 for path, count in server.delivered.items() if count > 1)
    first, last, most = growth(watch)
    made = server.faults_made
    click.echo(machine())
    click.echo(f"objects      {len(bodies):,} in {watch.seconds:.0f} s, {size:.1f} MiB of database")
    click.echo(
        f"requests     {len(server.requests):,}, of which {made.total():,} went wrong "
        f"({made.total() / len(server.requests):.1%}): "
        + ", ".join(f"{count} {name}" for name, count in sorted(made.items()))
    )
    click.echo(f"killed       {len(watch.kills)} times, after {watch.kills} objects")
    click.echo(f"fetched again  {twice} (an answer in flight when the collector was killed)")
    click.echo(f"memory       {first:.1f} MiB at first, {last:.1f} at last, {most:.1f} at most")
    click.echo("kept         " + ("all, once, unchanged" if not problems else "; ".join(problems)))
    if problems or twice > len(watch.kills) or len(watch.kills) < kills:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
