"""Guides a minute of whole collections: the local batch, and Ray with one worker and two.

    python -m bench.scale rate --works works.jsonl.gz --model none --count 300
    python -m bench.scale rate --works works.jsonl.gz --model tiny --count 24
    python -m bench.scale kill --works works.jsonl.gz --model none
    python -m bench.scale read --works works.jsonl.gz

`rate` runs each command twice, over one work and over so many, so that what starting costs is known
apart from what a guide costs. `kill` ends one of two workers with SIGKILL in the middle and counts
what is in the parts afterwards. Works are records of museums; those without a title are left out.
"""

from __future__ import annotations

import gzip
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import click
import psutil

from bench.common import machine
from data.artwork import FIELDS
from data.clean import clean_artwork
from data.errors import RecordError

GUIDE = Path(sys.executable).with_name("guide")

works_option = click.option(
    "--works", type=click.Path(exists=True, path_type=Path), required=True, help="JSONL[.gz]"
)
model_option = click.option("--model", default="none", show_default=True, help="Name, path, none.")


@click.group()
def main() -> None:
    """Measure whole collections."""


@main.command()
@works_option
@model_option
@click.option("--count", default=300, show_default=True, help="Works of one run.")
@click.option("--batch-size", default=32, show_default=True, help="Works a worker takes at once.")
def rate(works: Path, model: str, count: int, batch_size: int) -> None:
    """Guides a minute of the local batch and of Ray with one worker and two."""
    cores = psutil.cpu_count(logical=False) or 1
    ray = ["--engine", "ray", "--batch-size", str(batch_size), "--workers"]
    runs = {
        "local batch": [],
        f"Ray, 1 worker of {cores} cores": [*ray, "1", "--threads", str(cores)],
        f"Ray, 2 workers of {cores // 2} cores": [*ray, "2", "--threads", str(cores // 2)],
    }
    print(machine())
    print(f"model {model}, {count} works, batches of {batch_size}")
    first = 0.0
    for name, arguments in runs.items():
        begin = _seconds(works, model, 1, arguments)
        whole = _seconds(works, model, count, arguments)
        speed = 60 * (count - 1) / (whole - begin)
        first = first or speed
        print(
            f"{name:26} {speed:7.1f} guides/min ({speed / first:.2f} of local), "
            f"one work alone {begin:.1f} s, {count} works {whole:.1f} s"
        )


@main.command()
@works_option
@model_option
@click.option("--count", type=int, default=None, help="Works; all of them if nothing is said.")
@click.option("--after", default=0.4, show_default=True, help="Share of works before the kill.")
@click.option("--batch-size", default=32, show_default=True, help="Works a worker takes at once.")
def kill(works: Path, model: str, count: int | None, after: float, batch_size: int) -> None:
    """Kill a worker in the middle and count every work's guides."""
    print(machine())
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "works.jsonl", Path(folder) / "guides"
        wanted = _write_works(works, source, count)
        total = sum(wanted.values())
        started = time.perf_counter()
        command = [str(GUIDE), "batch", str(source), str(target), "--engine", "ray"]
        command += ["--workers", "2", "--model", model, "--batch-size", str(batch_size)]
        process = subprocess.Popen(command)
        killed = _kill_worker(process, target, after * total)
        status = process.wait()
        seconds = time.perf_counter() - started
        written = _written(target)
        twice = sum((written - wanted).values())
        lost = sum((wanted - written).values())
        print(f"{total} works, model {model}, two workers, one killed at {killed} guides in parts")
        print(f"status {status}, {sum(written.values())} guides in {seconds:.0f} s")
        print(f"works with no guide: {lost}; guides more than works: {twice}")
        assert (status, lost, twice) == (0, 0, 0)


@main.command()
@works_option
def read(works: Path) -> None:
    """Records a second of the process that reads them and hands them out."""
    from infer.ray_batch.run import find_missing

    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "works.jsonl"
        total = sum(_write_works(works, source, None).values())
        started = time.perf_counter()
        missing = find_missing(str(source), Counter())
        seconds = time.perf_counter() - started
    print(machine())
    assert len(missing.tasks) == total
    print(
        f"{total} records read, cleaned and listed in {seconds:.1f} s: {total / seconds:.0f} a "
        f"second; {sum(len(task.artwork) for task in missing.tasks) / total:.0f} bytes each"
    )


def _seconds(works: Path, model: str, count: int, arguments: list[str]) -> float:
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "works.jsonl"
        _write_works(works, source, count)
        target = Path(folder) / ("guides" if arguments else "guides.jsonl")
        command = [str(GUIDE), "batch", str(source), str(target), "--model", model, *arguments]
        started = time.perf_counter()
        subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
        return time.perf_counter() - started


def _write_works(works: Path, out: Path, count: int | None) -> Counter[str]:
    """The first works as our own records; how often each stands there."""
    lines = list(islice(works_in(works), count))
    out.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return Counter(lines)


def works_in(works: Path) -> Iterator[str]:
    """The records of a file of works, cleaned, as JSON; those without a title are left out."""
    opener = gzip.open if works.suffix == ".gz" else open
    with opener(works, "rt", encoding="utf-8") as file:
        for line in file:
            fields = {name: value for name, value in json.loads(line).items() if name in FIELDS}
            try:
                yield _key(clean_artwork(fields).as_record())
            except RecordError:
                continue


def _key(record: object) -> str:
    return json.dumps(record, sort_keys=True, ensure_ascii=False)


def _kill_worker(process: subprocess.Popen[bytes], target: Path, guides: float) -> int:
    """Wait for so many guides and end one worker; how many there were."""
    while process.poll() is None:
        found = sum(_written(target).values())
        workers = [pid for pid in _children(process.pid) if "GuideWorker" in _title(pid)]
        if found >= guides and workers:
            print(f"killed {workers[0]}: {_title(workers[0])}", flush=True)
            os.kill(workers[0], signal.SIGKILL)
            return found
        time.sleep(1)
    return -1


def _children(pid: int) -> list[int]:
    try:
        return [child.pid for child in psutil.Process(pid).children(recursive=True)]
    except psutil.Error:
        return []


def _title(pid: int) -> str:
    try:
        return " ".join(psutil.Process(pid).cmdline())
    except psutil.Error:
        return ""


def _written(target: Path) -> Counter[str]:
    import pyarrow.parquet as pq

    from infer.table import as_record

    found: Counter[str] = Counter()
    for part in sorted(target.glob("guides-*.parquet")):
        for row in pq.read_table(part, columns=["artwork"])["artwork"].to_pylist():
            found[_key(as_record(row))] += 1
    return found


if __name__ == "__main__":
    main()
