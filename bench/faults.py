"""Faults at every stage: killed, cut off, out of disk, forbidden to write, with the clock set back.

python -m bench.faults kill batch --kills 100     # kill -9 at random moments
python -m bench.faults disk                       # a full disk of a few hundred kilobytes (root)
python -m bench.faults read-only                  # a disk that may only be read (root)
python -m bench.faults twice                      # two instances at once on one output
python -m bench.faults clock                      # a day back in the middle (needs libfaketime)
python -m bench.faults network                    # the server goes in the middle, and comes back
python -m bench.faults serve --kills 20           # what visitors heard, after kill -9

Every stage first runs undisturbed. Then it is disturbed, started again and let run to its end, and
what came out is compared with the undisturbed result: same rows, same bytes, each once. A stage
that cannot go on must say so in a sentence and end with status 2.
"""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from bench.common import machine
from bench.fault_serve import serve
from bench.fault_stages import STAGES, Settings, Stage, log_of, run, with_settings
from bench.fault_tools import Line, disk

_LONGEST = 600  # seconds of one undisturbed run
_FAKETIME = Path("/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1")
NAMES = [stage.name for stage in STAGES]


@dataclass
class Tried:
    """What one kind of disturbance did to one stage."""

    stage: str
    fault: str
    tries: int = 0
    lost: int = 0
    remarks: str = ""

    def __str__(self) -> str:
        return f"{self.stage:9} {self.fault:22} {self.tries:>5} tries  {self.lost} lost  " + (
            self.remarks
        )


@click.group()
def main() -> None:
    """Disturb the stages and compare with an undisturbed run."""


main.add_command(serve)
stages_argument = click.argument("stages", nargs=-1, type=click.Choice(NAMES))


def _chosen(stages: tuple[str, ...]) -> list[Stage]:
    return [stage for stage in STAGES if not stages or stage.name in stages]


def _report(results: list[Tried]) -> None:
    sys.exit(1 if any(result.lost for result in results) else 0)


@main.command()
@stages_argument
@click.option("--kills", type=int, help="Instead of each stage's own number.")
@click.option("--seed", default=1, show_default=True)
@click.option("--minutes", default=10.0, show_default=True, help="Longest time of one stage.")
def kill(stages: tuple[str, ...], kills: int | None, seed: int, minutes: float) -> None:
    """SIGKILL at random moments between the start and the undisturbed run's end."""
    print(machine())
    results = []
    for stage in _chosen(stages):
        tried = _kill_stage(stage, kills or stage.kills, random.Random(seed), minutes * 60)
        print(tried, flush=True)
        results.append(tried)
    _report(results)


def _kill_stage(stage: Stage, kills: int, chance: random.Random, seconds: float) -> Tried:
    tried = Tried(stage.name, "kill -9")
    with _undisturbed(stage) as (wanted, took, root, settings):
        end, moments = time.monotonic() + seconds, []
        while tried.tries < kills and time.monotonic() < end:
            with _folder(stage, root) as folder:
                for _ in range(chance.randint(1, stage.chain)):
                    moment = chance.uniform(0.05, took)
                    if _killed_after(stage, folder, settings, moment):
                        tried.tries += 1
                        moments.append(moment)
                    else:
                        break  # it had finished before
                status, words = _to_the_end(stage, folder, settings)
                # A run that had finished before it was killed may say so, with status 2.
                said = status in (0, 2) and "Traceback" not in words
                if not said or not _is_whole(stage, folder, wanted):
                    tried.lost += 1
                    tried.remarks = f"status {status}: {words}"
        tried.remarks = tried.remarks or (
            f"undisturbed {took:.1f} s, killed after {min(moments):.1f} to {max(moments):.1f} s"
        )
    return tried


def _killed_after(stage: Stage, folder: Path, settings: Settings, seconds: float) -> bool:
    process = run(with_settings(stage.arguments, settings), folder, settings)
    try:
        process.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        return True
    return False


def _to_the_end(
    stage: Stage, folder: Path, settings: Settings, more: Settings | None = None
) -> tuple[int, str]:
    """Exit status and last line of a whole run."""
    process = run(with_settings(stage.arguments, settings), folder, settings | (more or {}))
    try:
        status = process.wait(timeout=_LONGEST)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    log = log_of(folder).read_text(errors="replace")
    lines = [line for line in log.splitlines() if line.strip()]
    return status, ("Traceback: " if "Traceback" in log else "") + (lines[-1] if lines else "")


@contextlib.contextmanager
def _undisturbed(stage: Stage) -> Iterator[tuple[Any, float, Path, Settings]]:
    """The result and the seconds of a run that nothing disturbs; its server goes on for others."""
    with (
        tempfile.TemporaryDirectory(prefix="faults-") as name,
        stage.around(Path(name)) as settings,
    ):
        root = Path(name)
        settings.setdefault("TMPDIR", name)
        with _folder(stage, root) as folder:
            start = time.monotonic()
            status, words = _to_the_end(stage, folder, settings)
            took = time.monotonic() - start
            if status:
                raise click.ClickException(f"{stage.name} fails undisturbed: {words}")
            wanted = stage.result(folder)
        yield wanted, took, root, settings


@contextlib.contextmanager
def _folder(stage: Stage, root: Path) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(dir=root) as name:
        stage.prepare(Path(name))
        try:
            yield Path(name)
        finally:
            log_of(Path(name)).unlink(missing_ok=True)


@main.command("disk")
@stages_argument
def full_disk(stages: tuple[str, ...]) -> None:
    """No room after a tenth, a half, nine tenths of what is to be written."""
    print(machine())
    results = []
    for stage in _chosen(stages):
        tried = Tried(stage.name, "full disk")
        with _undisturbed(stage) as (wanted, _, root, settings):
            for share in (0.0, 0.1, 0.5, 0.9):
                with disk(root) as room:
                    stage.prepare(room.folder)
                    room.shrink(share, _written(stage, root, settings))
                    first = _to_the_end(stage, room.folder, settings)
                    room.grow()
                    _judge(tried, stage, room.folder, settings, wanted, first)
        print(tried, flush=True)
        results.append(tried)
    _report(results)


@main.command("read-only")
@stages_argument
def read_only(stages: tuple[str, ...]) -> None:
    """A disk that may only be read."""
    print(machine())
    results = []
    for stage in _chosen(stages):
        tried = Tried(stage.name, "read-only disk")
        with _undisturbed(stage) as (wanted, _, root, settings), disk(root) as room:
            stage.prepare(room.folder)
            room.forbid()
            first = _to_the_end(stage, room.folder, settings)
            room.grow()
            _judge(tried, stage, room.folder, settings, wanted, first, must_fail=True)
        print(tried, flush=True)
        results.append(tried)
    _report(results)


@main.command()
@stages_argument
@click.option("--tries", default=3, show_default=True)
def twice(stages: tuple[str, ...], tries: int) -> None:
    """A second instance on the same output while the first is at work."""
    print(machine())
    results = []
    for stage in _chosen(stages):
        tried = Tried(stage.name, "two at once")
        with _undisturbed(stage) as (wanted, took, root, settings):
            for number in range(tries):
                with _folder(stage, root) as folder:
                    first = run(with_settings(stage.arguments, settings), folder, settings)
                    time.sleep(took * number / (2 * tries))
                    second = _to_the_end(stage, folder, settings)
                    status = first.wait(timeout=_LONGEST)
                    words = second if second[0] else (status, "the first gave way")
                    _judge(tried, stage, folder, settings, wanted, words)
        print(tried, flush=True)
        results.append(tried)
    _report(results)


@main.command()
@stages_argument
def clock(stages: tuple[str, ...]) -> None:
    """The wall clock a day back in the middle of the run, and a year back for the second run."""
    if not _FAKETIME.exists():
        raise click.ClickException(f"{_FAKETIME} is missing; install Debian's libfaketime.")
    print(machine())
    results = []
    for stage in _chosen(stages):
        tried = Tried(stage.name, "clock set back")
        with (
            _undisturbed(stage) as (wanted, took, root, settings),
            _folder(stage, root) as folder,
        ):
            hands = root / "clock"
            hands.write_text("+0")
            faked = settings | {
                "LD_PRELOAD": str(_FAKETIME),
                "FAKETIME_TIMESTAMP_FILE": str(hands),
                "FAKETIME_NO_CACHE": "1",
                "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            }
            process = run(with_settings(stage.arguments, settings), folder, faked)
            time.sleep(took / 2)
            hands.write_text("-1d")
            first = process.wait(timeout=_LONGEST), ""
            hands.write_text("-365d")
            second = _to_the_end(stage, folder, faked)
            _judge(tried, stage, folder, settings, wanted, first if first[0] else second)
        print(tried, flush=True)
        results.append(tried)
    _report(results)


@main.command()
@stages_argument
@click.option("--tries", default=5, show_default=True)
@click.option("--seed", default=1, show_default=True)
def network(stages: tuple[str, ...], tries: int, seed: int) -> None:
    """Every connection cut at a random moment, none accepted for two seconds, then all again."""
    print(machine())
    chance, results = random.Random(seed), []
    for stage in _chosen(stages):
        if not stage.address:
            continue
        tried = Tried(stage.name, "network cut")
        with (
            _undisturbed(stage) as (wanted, took, root, settings),
            Line(settings[stage.address]) as line,
        ):
            through = settings | {stage.address: line.url}
            for _ in range(tries):
                with _folder(stage, root) as folder:
                    process = run(with_settings(stage.arguments, through), folder, through)
                    time.sleep(chance.uniform(0.3 * took, took))
                    line.cut()
                    time.sleep(2)
                    line.mend()
                    words = process.wait(timeout=_LONGEST), log_of(folder).read_text()[-200:]
                    _judge(tried, stage, folder, through, wanted, words)
        print(tried, flush=True)
        results.append(tried)
    _report(results)


def _judge(
    tried: Tried, stage: Stage, folder: Path, settings: Settings, wanted: Any,
    first: tuple[int, str], *, must_fail: bool = False,
) -> None:  # fmt: skip
    """Whether it ended in a sentence, and whether all is there after another run."""
    tried.tries += 1
    status, words = first
    if status not in (0, 2) or "Traceback" in words or (must_fail and status == 0):
        tried.lost += 1
        tried.remarks = f"the disturbed run: status {status}, {words}"
        return
    # What is whole already may say so when it is asked again, with status 2.
    again, more = (
        (0, "") if _is_whole(stage, folder, wanted) else _to_the_end(stage, folder, settings)
    )
    if again or not _is_whole(stage, folder, wanted):
        tried.lost += 1
        tried.remarks = f"the run after it: status {again}, {more}"
    elif status:
        tried.remarks = words[-160:]


def _is_whole(stage: Stage, folder: Path, wanted: Any) -> bool:
    try:
        return bool(stage.result(folder) == wanted)
    except (OSError, ValueError, KeyError):
        return False


def _written(stage: Stage, root: Path, settings: Settings) -> int:
    """Bytes that an undisturbed run adds to its folder."""
    with _folder(stage, root) as folder:
        before = _bytes(folder)
        _to_the_end(stage, folder, settings)
        return _bytes(folder) - before


def _bytes(folder: Path) -> int:
    files = (path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    return sum(-(-path.stat().st_size // 4096) * 4096 for path in files)


if __name__ == "__main__":
    main()
