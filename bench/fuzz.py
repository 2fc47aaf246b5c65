"""Input that no museum would send, at the doors where input comes in: no traceback, no hang.

python -m bench.fuzz                           # every door: guided, generated, long
python -m bench.fuzz dates csv --runs 100000   # two doors, more cases
python -m bench.fuzz --replay                  # what was once found, as the tests do

Three ways: `guided` is atheris (libFuzzer), which follows the code's branches from the seeds below;
`generated` is Hypothesis, which builds texts out of pieces of real ones; `long` repeats each piece to
100,000 characters, where a pattern that backtracks takes its time. A case may end with a result or
with a `GuideError`, a sentence for the person at the keyboard. Anything else is a finding: another
exception, more than --seconds of processor time for one case, memory that grows. A finding's input goes to
tests/fixtures/fuzz, where tests/test_hostile_input.py replays it for ever.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path

import click

from bench.common import machine
from bench.fuzz_doors import DOORS, FOUND, attack, seeds
from data.artwork import LONGEST as LONGEST_TEXT

LONGEST = 100_000  # characters of a long case
# These doors lie behind the record's own, which lets no longer text in.
INNER = ("dates", "dimensions", "lives", "artists")
_STATISTICS = re.compile(r"stat::(\w+):\s+(\d+)")
_MEMORY = re.compile(r"rss: (\d+)Mb")


@click.command()
@click.argument("doors", nargs=-1, type=click.Choice(list(DOORS)))
@click.option("--runs", default=60_000, show_default=True, help="Guided cases of each door.")
@click.option("--examples", default=10_000, show_default=True, help="Generated cases of each door.")
@click.option("--seconds", default=5, show_default=True, help="Longest time of one case.")
@click.option("--minutes", default=10.0, show_default=True, help="Longest time of one door.")
@click.option("--seed", default=1, show_default=True)
@click.option("--replay", is_flag=True, help="Only replay what was found before.")
@click.option("--worker", type=click.Choice(["generated", "long"]), hidden=True)
def main(
    doors: tuple[str, ...], runs: int, examples: int, seconds: int, minutes: float, seed: int,
    replay: bool, worker: str | None,
) -> None:  # fmt: skip
    """Attack the doors, each in a process of its own, and print a table."""
    chosen = doors or tuple(DOORS)
    if worker:
        work = _generated if worker == "generated" else _long
        work(chosen[0], examples, seed, seconds, minutes)
        return
    if replay:
        sys.exit(_replay(chosen))
    print(machine())
    print("door          way         cases  seconds  slowest case  memory grown  findings")
    total = findings = 0
    for door in chosen:
        for way, count in (("guided", runs), ("generated", examples), ("long", 0)):
            cases, found = _attack(door, way, count, seed, seconds, minutes)
            total, findings = total + cases, findings + found
    print(f"{total:,} cases, {findings} findings, seed {seed}")
    sys.exit(1 if findings else 0)


def _attack(
    door: str, way: str, count: int, seed: int, seconds: int, minutes: float
) -> tuple[int, int]:
    """Run one way at one door in a child, print its row; returns cases and findings."""
    if way == "guided":
        command = ["bench.fuzz_guided", door, str(count), str(seed), str(seconds), str(minutes)]
    else:
        command = ["bench.fuzz", door, "--worker", way, "--examples", str(count)]
        command += ["--seed", str(seed), "--seconds", str(seconds), "--minutes", str(minutes)]
    start = time.monotonic()
    try:
        run = subprocess.run(
            [sys.executable, "-m", *command], capture_output=True, text=True, errors="replace", check=False,
            timeout=minutes * 60 + 60,
        )  # fmt: skip
        output, status = run.stdout + run.stderr, run.returncode
    except subprocess.TimeoutExpired as stopped:
        output, status = str(stopped.stderr), 1
    facts = {name: int(value) for name, value in _STATISTICS.findall(output)}
    memory = [int(value) for value in _MEMORY.findall(output)]
    cases = facts.get("number_of_executed_units", 0)
    row = (
        f"{door:13} {way:10} {cases:>6,} {time.monotonic() - start:8.0f}"
        f" {facts.get('slowest_unit_time_ms', facts.get('slowest_unit_time_sec', 0)):>13,}"
        f" {max(0, memory[-1] - memory[0]) if memory else 0:>9} MiB {int(status != 0):>9}"
    )
    print(row, flush=True)
    if status:
        print("\n".join(output.splitlines()[-40:]))
    return cases, int(status != 0)


def _generated(door: str, examples: int, seed: int, seconds: int, minutes: float) -> None:
    from hypothesis import HealthCheck, Phase, given, settings
    from hypothesis import seed as seeded
    from hypothesis import strategies as st

    pieces = sorted({p for text in seeds(door) for p in re.split(rb"(\W+)", text) if p})
    made = st.lists(
        st.one_of(
            st.sampled_from(pieces),
            st.text(max_size=8).map(lambda text: text.encode("utf-8", "surrogatepass")),
            st.integers().map(lambda number: str(number).encode()),
            st.sampled_from([b"\n", b" ", b'"', b"{", b"}", b"[", b"]", b"\\", b"\x00", b"="]),
        ),
        max_size=60,
    ).map(b"".join)
    end = time.monotonic() + minutes * 60
    slowest, cases, memory = 0.0, 0, _resident()
    kept: Path | None = None

    @seeded(seed)
    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        phases=[Phase.explicit, Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.one_of(made, st.binary(max_size=200), st.sampled_from(seeds(door))))
    def one(data: bytes) -> None:
        nonlocal slowest, cases, memory, kept
        if time.monotonic() > end:
            raise _TimeOverError
        cases += 1
        start = time.process_time()
        try:
            attack(door, data)
        except BaseException:
            if kept:  # Hypothesis comes back with a smaller one of the same kind
                kept.unlink(missing_ok=True)
            kept = _keep(door, data)
            raise
        slowest = max(slowest, time.process_time() - start)
        assert slowest < seconds, f"one case took {slowest:.1f} s: {data!r}"
        if cases == examples // 4:
            memory = _resident()

    with contextlib.suppress(_TimeOverError):
        one()
    _tell(cases, slowest, memory)


class _TimeOverError(KeyboardInterrupt):
    """Hypothesis stops at once for this one, and takes any other for a finding."""


def _long(door: str, _count: int, _seed: int, seconds: int, minutes: float) -> None:
    """Each piece of each seed, and what patterns trip over, as long as the door lets in."""
    pieces = {text[:60] for text in seeds(door)}
    pieces |= {p for text in seeds(door) for p in re.split(rb"(\s+)", text) if p.strip()}
    pieces |= {
        b"(", b"[", b"{", b"<", b"&", b'"', b"'", b"-", b" ", b"\n", b"\r\n", b".", b",", b"1", b"a",
        b"1 x ", b"1/", b"1 1/2", b"<i", b"<br", b"&amp;", b"c. ", b"(a", b"a|", b"\xc3\xa9", b"\x00",
        b"1-", b"M", b"a ", b"a.", b"A. ", b"\xe2\x80\x8b", b"\xe2\x80\xae", b"ca", b"th ", b"\xc3\x97",
    }  # fmt: skip
    end = time.monotonic() + minutes * 60
    slowest, cases, memory = 0.0, 0, _resident()
    most = LONGEST_TEXT if door in INNER else LONGEST
    for piece in sorted(pieces)[:400]:
        for data in (
            piece * (most // len(piece)),
            (seeds(door)[0] + piece * (most // len(piece)))[: most - 1] + b"!",
        ):
            if time.monotonic() > end:
                break
            start = time.process_time()
            cases += 1
            try:
                attack(door, data)
            except BaseException:
                print(f"the piece {piece!r}", file=sys.stderr)
                raise
            slowest = max(slowest, time.process_time() - start)
            if slowest > seconds:
                sys.exit(f"one case took {slowest:.1f} s: {piece!r} over and over")
    _tell(cases, slowest, memory)


def _tell(cases: int, slowest: float, memory: int) -> None:
    print(f"stat::number_of_executed_units: {cases}")
    print(f"stat::slowest_unit_time_ms: {slowest * 1000:.0f}")
    print(f"rss: {memory}Mb\nrss: {_resident()}Mb")


def _resident() -> int:
    import psutil

    return int(psutil.Process(os.getpid()).memory_info().rss >> 20)


def _keep(door: str, data: bytes) -> Path:
    path = FOUND / door / hashlib.sha256(data).hexdigest()[:12]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def _replay(doors: Iterable[str]) -> int:
    cases = 0
    for door in doors:
        for path in sorted((FOUND / door).glob("*")):
            attack(door, path.read_bytes())
            cases += 1
    print(json.dumps({"replayed": cases}))
    return 0


if __name__ == "__main__":
    main()
