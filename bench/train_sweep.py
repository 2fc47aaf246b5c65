"""Several trainings that differ in a few keys, and a table of what came of each.

python -m bench.train_sweep small --run "4-bit" --run "16-bit bits=16" --parallel 2

A run is its name and the keys it changes. `--parallel` runs share a device: their losses are what
they would be alone, their speed is not. Guides of the validation works are judged by the fact
check as in every run (`samples` of the recipe says how many).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import Queue
from typing import Any

import click

from data.errors import GuideError
from train.run import load_run


@click.command()
@click.argument("recipe")
@click.option("--run", "runs", multiple=True, required=True, metavar="NAME KEY=VALUE …")
@click.option("--set", "changes", multiple=True, metavar="KEY=VALUE", help="Of every run.")
@click.option("--folder", type=click.Path(path_type=Path), default=Path("runs/sweep"))
@click.option("--parallel", default=1, show_default=True, help="Runs at once on a device.")
@click.option("--devices", default="0", show_default=True, help="Numbers of the GPUs to use.")
@click.option("--limit", default=540, show_default=True, help="Seconds a run may take.")
@click.option("--out", type=click.Path(path_type=Path), help="JSON lines of all figures.")
def main(
    recipe: str,
    runs: tuple[str, ...],
    changes: tuple[str, ...],
    folder: Path,
    parallel: int,
    devices: str,
    limit: int,
    out: Path | None,
) -> None:
    """Train each run in a process of its own and print the table."""
    places: Queue[str] = Queue()
    for _ in range(parallel):
        for device in devices.split(","):
            places.put(device)

    def train(run: str) -> dict[str, Any]:
        device = places.get()
        try:
            result = _train(recipe, run, changes, folder, device, limit)
        finally:
            places.put(device)
        print(json.dumps(result), flush=True)
        if out:
            with out.open("a", encoding="utf-8") as file:
                file.write(json.dumps(result) + "\n")
        return result

    with ThreadPoolExecutor(places.qsize()) as pool:
        results = list(pool.map(train, runs))
    for line in table(results):
        print(line)


def _train(
    recipe: str, run: str, changes: tuple[str, ...], folder: Path, device: str, limit: int
) -> dict[str, Any]:
    name, *own = run.split()
    command = [sys.executable, "-m", "train.command", recipe, "--name", name]
    command += ["--runs", str(folder)]
    for change in (*changes, *own):
        command += ["--set", change]
    begin = time.perf_counter()
    log = folder / f"{name}.log"
    folder.mkdir(parents=True, exist_ok=True)
    environment = os.environ | {"CUDA_VISIBLE_DEVICES": device}
    with log.open("w", encoding="utf-8") as file:
        try:
            done = subprocess.run(
                command, stdout=file, stderr=file, timeout=limit, check=False, env=environment
            )
            failed = f"exit status {done.returncode}" if done.returncode else ""
        except subprocess.TimeoutExpired:
            failed = f"stopped after {limit} s"
    result = {"name": name, "changes": " ".join(own), "wall_s": time.perf_counter() - begin}
    return result | ({"failed": failed} if failed else {}) | summary(folder / name)


def summary(path: Path) -> dict[str, Any]:
    """What a run folder says of itself, as far as it got."""
    try:
        run = load_run(path)
    except GuideError:
        return {}
    lines = list(run.metrics())
    found: dict[str, Any] = {"evaluations": [m for m in lines if "eval_loss" in m]}
    if run.info.best:
        found |= {"best": run.info.best.model_dump(), "final": run.info.final}
    told = [(m["step"], m["samples"]) for m in lines if "samples" in m]
    found["truth"] = [
        {
            "step": step,
            "guides": len(samples),
            "clean": sum(not s["unsupported"] for s in samples),
            "unsupported": sum(s["unsupported"] for s in samples),
            "ended": sum(s["ended"] for s in samples),
        }
        for step, samples in told
    ]
    return found


def table(results: list[dict[str, Any]]) -> Iterator[str]:
    """Markdown, a run a line."""
    yield "| run | changes | best loss | clear | literary | at step | clean guides | seconds |"
    yield "|---|---|---|---|---|---|---|---|"
    for result in results:
        best = result.get("best")
        if not best:
            yield f"| {result['name']} | {result['changes']} | {result.get('failed', '?')} |||||"
            continue
        styles = best["by_style"]
        truth = result["truth"][-1] if result["truth"] else None
        clean = f"{truth['clean']} of {truth['guides']}" if truth else ""
        yield (
            f"| {result['name']} | {result['changes'] or 'the recipe'} | {best['loss']:.4f} "
            f"| {styles.get('clear', 0):.4f} | {styles.get('literary', 0):.4f} | {best['step']} "
            f"| {clean} | {result['final'].get('seconds', 0):.0f} |"
        )


if __name__ == "__main__":
    main()
