"""`guide ab`: blind comparisons by people, and their statistics.

guide ab create spring --a small --b corpus --sample 30 --style clear
guide ab create heat --variant cold=cold.jsonl --variant warm=warm.jsonl --works works.jsonl
guide ab report spring
guide ab judge spring --model MODEL --base-url http://localhost:8000/v1
guide ab export spring --format dpo > pairs.jsonl
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

import click

from evaluate.ab.options import store_option
from evaluate.ab.split.command import split
from evaluate.command import choose, settle, work_options


@click.group("ab", context_settings={"help_option_names": ["-h", "--help"]})
def ab() -> None:
    """Compare guides blindly: people vote, and the votes are read with care."""


@ab.command("create")
@click.argument("name")
@click.option("--a", "first", metavar="[NAME=]MODEL|FILE.jsonl|corpus", help="One variant.")
@click.option("--b", "second", metavar="[NAME=]MODEL|FILE.jsonl|corpus", help="Another.")
@click.option(
    "--variant",
    "others",
    multiple=True,
    metavar="[NAME=]MODEL|FILE.jsonl|corpus",
    help="One more; repeatable.",
)
@work_options
@click.option(
    "--votes",
    type=click.IntRange(min=1),
    default=10,
    show_default=True,
    metavar="N",
    help="Votes asked of a person; the first so many count in the test, as one.",
)
@click.option(
    "--attention",
    type=click.IntRange(min=0),
    default=8,
    show_default=True,
    metavar="N",
    help="Every how many pairs an attention check comes; 0 for none.",
)
@click.option(
    "--margin",
    type=click.FloatRange(0.01, 0.4),
    default=0.1,
    show_default=True,
    help="How far from 50 % a win rate still counts as equal.",
)
@store_option
def create(
    name: str, first: str | None, second: str | None, others: Sequence[str], votes: int,
    attention: int, margin: float, where: str, **values: Any,
) -> None:  # fmt: skip
    """Make an experiment: every variant's guides of the works that all have."""
    from dataclasses import asdict

    from evaluate.ab.store import Entry, Rules, VoteStore
    from evaluate.variants import parse_variants

    variants = parse_variants([v for v in (first, second, *others) if v])
    tasks = choose(variants, values)
    work = settle(values)
    guides = {variant.name: variant.guides(tasks, work) for variant in variants}
    entries = [
        Entry(
            task.key, task.artwork.as_record(), asdict(task.request),
            {name: found[task.key]["guide"] for name, found in guides.items()},
        )
        for task in tasks
        if all(task.key in found for found in guides.values())
    ]  # fmt: skip
    store = VoteStore.open(where, create=True)
    store.create(name, list(guides), entries, Rules(votes, attention, margin))
    click.echo(f"{name}: {' against '.join(guides)}, {len(entries)} works, in {where}")


@ab.command("report")
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@store_option
def report(name: str, as_json: bool, where: str) -> None:
    """Say what the votes say; look as often as you like."""
    from evaluate.ab.report import make_report, print_report
    from evaluate.ab.store import VoteStore

    found = make_report(VoteStore.open(where), name)
    if as_json:
        click.echo(json.dumps(found.as_json(), ensure_ascii=False))
    else:
        print_report(found)


@ab.command("export")
@click.argument("name")
@click.option(
    "--format",
    "form",
    type=click.Choice(["dpo", "kto"]),
    default="dpo",
    show_default=True,
    help="Pairs, or single guides with a label.",
)
@store_option
def export(name: str, form: str, where: str) -> None:
    """Print preference data as JSON lines; guide train --method dpo takes the pairs."""
    from evaluate.ab.export import dpo_rows, kto_rows
    from evaluate.ab.store import VoteStore

    store = VoteStore.open(where)
    for row in dpo_rows(store, name) if form == "dpo" else kto_rows(store, name):
        click.echo(json.dumps(row, ensure_ascii=False))


@ab.command("judge")
@click.argument("name")
@click.option("--model", required=True, help="The model's name at the endpoint.")
@click.option(
    "--base-url",
    envvar="OPENAI_BASE_URL",
    metavar="URL",
    help="The endpoint, which ends in /v1 for most.",
)
@store_option
def judge(name: str, model: str, base_url: str | None, where: str) -> None:
    """Have a model judge every pair in both orders, apart from people's votes."""
    import os

    from rich.console import Console
    from rich.progress import track

    from evaluate.ab.judge import Endpoint, Judge
    from evaluate.ab.report import make_report, print_report
    from evaluate.ab.store import VoteStore

    console = Console(stderr=True)

    def watch(pairs: Sequence[tuple[int, int]]) -> Iterable[tuple[int, int]]:
        return track(pairs, description="verdicts", console=console)

    store = VoteStore.open(where)
    endpoint = Endpoint(model, base_url, os.environ.get("OPENAI_API_KEY") or "none")
    with Judge(endpoint) as asked:
        asked.judge(store, name, watch)
    print_report(make_report(store, name))


ab.add_command(split)
