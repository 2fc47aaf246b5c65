"""How llama.cpp's threads wait: OpenMP's default, and less spinning, alone and beside other work.

    python -m bench.threads --model tiny --beside 4

Each setting runs in processes of its own, since OpenMP reads it when it is loaded, and in turns.
`--beside` adds so many processes that compute all the time.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import statistics
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import click
from rich.console import Console

if TYPE_CHECKING:
    from infer.context import Context

SETTINGS = {
    "OpenMP's default": {},
    "GOMP_SPINCOUNT=1000": {"GOMP_SPINCOUNT": "1000"},
    "the same, active": {"GOMP_SPINCOUNT": "1000", "OMP_WAIT_POLICY": "active"},
    "OMP_WAIT_POLICY=passive": {"OMP_WAIT_POLICY": "passive"},
}
VARIABLES = ("GOMP_SPINCOUNT", "OMP_WAIT_POLICY")
READ, WRITE = 128, 30


@click.command()
@click.option("--model", default="tiny", show_default=True, help="Name or path.")
@click.option("--beside", default=0, show_default=True, help="Processes that compute meanwhile.")
@click.option("--repeat", default=3, show_default=True, help="Turns of each setting.")
@click.option("--once", is_flag=True, hidden=True)
def main(model: str, beside: int, repeat: int, once: bool) -> None:
    """Measure and print; seconds, medians."""
    if once:
        print(*_seconds(model))
        return
    from bench.common import machine

    print(machine())
    print(f"model {model}, {READ} tokens read, {WRITE} written, beside {beside} busy processes")
    busy = [multiprocessing.Process(target=_compute, daemon=True) for _ in range(beside)]
    for process in busy:
        process.start()
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in SETTINGS}
    for _ in range(repeat):
        for name, setting in SETTINGS.items():
            found[name].append(_run(model, setting))
    for process in busy:
        process.kill()
    for name, pairs in found.items():
        read, write = (statistics.median(side) for side in zip(*pairs, strict=True))
        print(f"{name:26} read {read:6.2f} s, write {write:6.2f} s")


def _run(model: str, setting: dict[str, str]) -> tuple[float, float]:
    """One process under one setting, and what it does not name left out."""
    environment = dict(os.environ) | {"GUIDE_BENCH_SETTING": json.dumps(setting)}
    command = [sys.executable, "-m", "bench.threads", "--model", model, "--once"]
    run = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    read, write = map(float, run.stdout.split())
    return read, write


def _seconds(model: str) -> tuple[float, float]:
    for name in VARIABLES:
        os.environ.pop(name, None)
    os.environ.update(json.loads(os.environ["GUIDE_BENCH_SETTING"]))  # in place of `models`' own
    from infer.context import Context
    from models.llama import LlamaModel
    from models.resolve import resolve

    path = resolve(model, Console(stderr=True)).path
    with LlamaModel(path) as loaded, Context(loaded, length=1024, slots=1) as context:
        # As in the engine: this thread has computed something, and another one writes.
        context.step([(0, 50, 0)])
        context.forget(0)
        with ThreadPoolExecutor(1) as thread:
            return thread.submit(_timed, context).result()


def _timed(context: Context) -> tuple[float, float]:
    import llama_cpp

    started = time.perf_counter()
    context.read(0, list(range(100, 100 + READ)), at=0)
    llama_cpp.llama_synchronize(context.handle)
    middle = time.perf_counter()
    for number in range(WRITE):
        context.step([(0, 50, READ + number)])
    llama_cpp.llama_synchronize(context.handle)
    return middle - started, time.perf_counter() - middle


def _compute() -> None:
    while True:
        sum(range(10_000))


if __name__ == "__main__":
    main()
