"""Draft against verified on works that no training has seen: truth, completeness, redraws, time.

    python -m bench.truth --model small --works 150
    python -m bench.truth --model none

The works are the corpus's, held out by groups of artist and title with a fixed seed, so that no
other work of the same artist or title is left on the training side; for a model that was trained
on another split, name its own file of held-out rows with --rows. Each work is asked for twice with
the same seed, as a draft and verified, several side by side.
"""

from __future__ import annotations

import json
import statistics
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import track

from bench.common import machine
from data.artwork import Artwork, parse_artwork
from data.dataset.groups import group_works
from data.dataset.split import Sizes, split
from data.facts import Checker
from data.prompt import CORPUS, Request
from infer.options import MAX_TOKENS, NO_MODEL, Options, Sampling
from infer.required import Required
from infer.session import ModelSession, open_session

SEED = 17

Task = tuple[Artwork, Request]


@click.command()
@click.option("--model", default="small", show_default=True, help="Name, path, or none.")
@click.option("--works", default=150, show_default=True, help="Held-out works.")
@click.option("--language", default="en", show_default=True, help="Of the guides.")
@click.option("--length", default="brief", show_default=True, help="brief or full.")
@click.option("--slots", type=int, default=None, help="Guides written at once.")
@click.option("--fast", is_flag=True, help="As of `guide batch`: faster, in company's numbers.")
@click.option("--rows", type=click.Path(exists=True, path_type=Path), help="Held-out rows, JSONL.")
@click.option("--out", type=click.Path(path_type=Path), help="Also write every guide there, JSONL.")
def main(
    model: str,
    works: int,
    language: str,
    length: str,
    slots: int | None,
    fast: bool,
    rows: Path | None,
    out: Path | None,
) -> None:
    """Write the guides and print one line for drafts and one for verified guides."""
    request = Request(language, length)  # type: ignore[arg-type]
    tasks = [(artwork, request) for artwork in held_out(works, rows)]
    console = Console(stderr=True)
    options = Options(request, model, Sampling(seed=1), MAX_TOKENS[length])
    print(machine())
    print(f"model {model}, {len(tasks)} held-out works, {language}, {length}, seed 1")
    kept = []
    with open_session(options, console, slots=slots, exact=not fast) as session:
        for kind in ("verified",) if model == NO_MODEL else ("draft", "verified"):
            asked = replace(options, draft=kind == "draft")
            results = _write(session, tasks, asked, console, kind)
            _report(kind, tasks, results)
            kept += [{"kind": kind, **result} for result in results]
    if out:
        out.write_text("".join(json.dumps(k, ensure_ascii=False) + "\n" for k in kept))


def held_out(count: int, rows: Path | None) -> list[Artwork]:
    """So many works of the corpus, of groups that are wholly on the hidden side, or of a file."""
    with (rows or CORPUS).open(encoding="utf-8") as file:
        found = [json.loads(line) for line in file]
    works = {json.dumps(row["artwork"], sort_keys=True): row for row in found}
    artworks = [parse_artwork(row["artwork"], row["id"]) for row in works.values()]
    if rows:
        return artworks[:count]
    groups: dict[str, list[Artwork]] = {}
    for artwork, name in zip(artworks, group_works(artworks), strict=True):
        groups.setdefault(name, []).append(artwork)
    hidden = split(groups, Sizes(validation=0, test=float(count)), SEED)["test"]
    return [artwork for group in hidden for artwork in group]


def _write(
    session: ModelSession, tasks: Sequence[Task], options: Options, console: Console, kind: str
) -> list[dict[str, Any]]:
    def write(task: Task) -> dict[str, Any]:
        telling = session.start(task[0], options)
        try:
            for _ in telling:
                pass
        finally:
            telling.cancel()
        return telling.result()

    with ThreadPoolExecutor(session.slots) as pool:
        return list(track(pool.map(write, tasks), kind, total=len(tasks), console=console))


def _report(kind: str, tasks: Sequence[Task], results: Sequence[dict[str, Any]]) -> None:
    clean = fit = complete = 0
    unsupported = []
    for (artwork, request), result in zip(tasks, results, strict=True):
        text = result["guide"]
        report = Checker(artwork, request.language).check(text, length=request.length)
        unsupported.append(len(report.unsupported))
        clean += report.clean
        fit += report.clean and not report.findings
        complete += not Required(artwork, request.language).missing(text, report)
    count = len(results)
    plain = sum(len(r["plain"]) for r in results) / count
    sentences = sum(max(1, r["guide"].count(". ") + 1) for r in results) / count
    print(
        f"{kind:9} no unsupported claim {100 * clean / count:5.1f} %, nor fault of style "
        f"{100 * fit / count:5.1f} %, complete {100 * complete / count:5.1f} %; a guide: "
        f"{statistics.mean(unsupported):.2f} unsupported claims, "
        f"{_mean(results, 'redraws'):.2f} redraws, "
        f"{statistics.mean(len(r['dropped']) for r in results):.2f} dropped, "
        f"{plain:.2f} of {sentences:.1f} sentences plain, {_mean(results, 'tokens'):.0f} tokens, "
        f"{statistics.median(r['seconds'] for r in results):.1f} s"
    )


def _mean(results: Sequence[dict[str, Any]], key: str) -> float:
    return statistics.mean(float(r[key]) for r in results)


if __name__ == "__main__":
    main()
