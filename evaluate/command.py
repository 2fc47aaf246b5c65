"""`guide evaluate` and `guide compare`: measure guides, and hold two variants against each other.

guide evaluate small corpus --sample 40 --style clear
guide evaluate small --works works.csv --language fr
guide evaluate --gate evaluate/gate.toml
guide compare small ours=runs/guides.jsonl
"""

from __future__ import annotations

import platform
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from data.prompt import LANGUAGES, WORDS

if TYPE_CHECKING:
    from rich.console import Console

    from evaluate.metrics import Measured
    from evaluate.variants import Variant, Work
    from evaluate.works import Task

OUT = Path("runs/evaluate")
WORSE = 1  # exit status of a gate that does not let a model pass

_FILE = click.Path(dir_okay=False, exists=True, path_type=Path)
_FOLDER = click.Path(file_okay=False, path_type=Path)
_CONTEXT = {"help_option_names": ["-h", "--help"]}


def work_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Which works are taken and how guides are drawn; `choose` and `settle` take the values."""
    options = [
        click.option("--works", type=_FILE, metavar="FILE",
                     help="Records, corpus or data set rows.  [default: the held-out works]"),
        click.option("--sample", type=click.IntRange(min=1), metavar="N",
                     help="Only so many of them; a larger sample holds a smaller one."),
        click.option("--each-form", type=click.IntRange(min=1), metavar="N",
                     help="No more than so many of each art form, most being paintings."),
        click.option("--language", "languages", multiple=True, type=click.Choice(list(LANGUAGES))),
        click.option("--length", "lengths", multiple=True, type=click.Choice(list(WORDS))),
        click.option("--style", "styles", multiple=True, type=click.Choice(["clear", "literary"])),
        click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True),
        click.option("--temperature", type=click.FloatRange(0, 2)),
        click.option("--max-tokens", type=click.IntRange(min=1), metavar="N"),
        click.option("--perplexity/--no-perplexity", default=True, show_default=True,
                     help="Have each model read the references too."),
        click.option("--out", type=_FOLDER, default=OUT, show_default=True, metavar="DIR",
                     help="Where results, report and guides are kept."),
    ]  # fmt: skip
    for option in reversed(options):
        command = option(command)
    return command


@click.command("evaluate", context_settings=_CONTEXT)
@click.argument("models", nargs=-1, metavar="[NAME=]MODEL[@OPTIONS]|FILE.jsonl|corpus...")
@work_options
@click.option(
    "--gate",
    "gate_file",
    type=_FILE,
    metavar="FILE.toml",
    help="Exit 1 where a model is significantly worse than the shipped default.",
)
@click.option("--rebase", is_flag=True, help="Keep the results as the gate's reference.")
def evaluate(
    models: Sequence[str], gate_file: Path | None, rebase: bool, **values: Any
) -> None:  # fmt: skip
    """Measure guides: of models, of files that guide batch wrote, or the corpus's own.

    A model may be followed by options, as in small@draft,temperature=1: draft (unchecked),
    temperature, seed, max_tokens. The model none is the writer without a model.
    """
    from evaluate.variants import parse_variants
    from evaluate.works import EvaluationError

    if gate_file is not None:
        _gate(gate_file, models, rebase, values)
        return
    if rebase:
        raise EvaluationError("--rebase needs the gate whose reference is to be made: --gate FILE.")
    if not models:
        raise EvaluationError("Name at least one model, file of guides, or corpus.")
    variants = parse_variants(models)
    tasks = choose(variants, values)
    work = settle(values)
    measured = {v.name: v.measure(tasks, work) for v in variants}
    _report(measured, len(tasks), works_name(variants, values), values["out"], work.console)


@click.command("compare", context_settings=_CONTEXT)
@click.argument("a", metavar="A")
@click.argument("b", metavar="B")
@work_options
@click.option(
    "--changed",
    type=click.IntRange(min=0),
    default=10,
    show_default=True,
    metavar="N",
    help="How many of the works that changed most are shown.",
)
def compare(a: str, b: str, changed: int, **values: Any) -> None:
    """Hold B against A on the same works, pair by pair."""
    from evaluate.comparison import differences, most_changed, pair
    from evaluate.show import changes_table, differences_table, print_table
    from evaluate.variants import parse_variants

    variants = parse_variants([a, b])
    tasks = choose(variants, values)
    work = settle(values)
    one, other = (v.measure(tasks, work) for v in variants)
    pairs = pair(one, other)
    names = (variants[0].name, variants[1].name)
    print_table(differences_table(differences(pairs), names, len(pairs)))
    if shown := most_changed(pairs, changed):
        click.echo()
        print_table(changes_table(shown, names))


def choose(variants: Sequence[Variant], values: dict[str, Any]) -> list[Task]:
    """The tasks asked for; of files alone, those that all of them hold a guide for.

    Raises:
        EvaluationError: there is none.
    """
    from evaluate.works import (
        Choice,
        EvaluationError,
        load_tasks,
        read_lines,
        take,
        with_references,
    )

    size = values["sample"], values["each_form"]
    choice = Choice(values["languages"], values["lengths"], values["styles"])
    files = [Path(variant.source) for variant in variants if variant.is_file]
    if values["works"] or not files or any(variant.is_model for variant in variants):
        return with_references(load_tasks(values["works"], choice, *size))
    tasks = load_tasks(files[0], choice)
    for path in files[1:]:
        held = {line.task.key for line in read_lines(path, choice)}
        tasks = [task for task in tasks if task.key in held]
    if not tasks:
        raise EvaluationError(
            f"{' and '.join(map(str, files))} have no work in common; a work is the same where "
            "record, language, length and style are."
        )
    return with_references(take(tasks, *size))


def works_name(variants: Sequence[Variant], values: dict[str, Any]) -> str:
    """Where `choose` takes the works from."""
    from evaluate.works import HELD_OUT

    files = [variant.source for variant in variants if variant.is_file]
    if values["works"] or not files or any(variant.is_model for variant in variants):
        return str(values["works"] or HELD_OUT)
    return f"the works of {' and '.join(files)}"


def settle(values: dict[str, Any]) -> Work:
    """What the variants share, from the options."""
    from rich.console import Console

    from evaluate.variants import Work
    from evaluate.writing import Settings

    return Work(
        folder=values["out"] / "guides",
        settings=Settings(values["seed"], values["temperature"], values["max_tokens"]),
        console=Console(stderr=True),
        perplexity=values["perplexity"],
    )


def _report(
    measured: dict[str, list[Measured]], tasks: int, works: str, out: Path, console: Console
) -> None:  # fmt: skip
    from evaluate.results import Run, write_results
    from evaluate.show import metrics_table, print_table
    from evaluate.summary import summarize

    summaries = [summarize(name, found) for name, found in measured.items()]
    about = {"works": works, "tasks": tasks, "machine": machine()}
    page = write_results(out, Run(measured, summaries, about))
    print_table(metrics_table(summaries))
    console.print(f"Report: {page}", highlight=False)


def _gate(
    gate_file: Path, models: Sequence[str], rebase: bool, values: dict[str, Any]
) -> None:  # fmt: skip
    from dataclasses import replace

    from evaluate.gate import judge, read_gate
    from evaluate.gate import rebase as keep
    from evaluate.show import print_table, verdicts_table
    from evaluate.variants import parse_variants

    gate = read_gate(gate_file)
    variants = parse_variants(models or [gate.file.model])
    work = replace(settle(values), settings=gate.settings, perplexity=False)
    fresh = rebase and (
        values["works"] or values["sample"] or values["each_form"] or not gate.reference
    )
    tasks = choose(variants, values) if fresh else gate.tasks()
    failed = False
    for variant in variants:
        measured = variant.measure(tasks, work)
        if rebase:
            path = keep(gate, measured)
            work.console.print(f"{len(measured)} results kept in {path}.", highlight=False)
            return
        verdicts = judge(gate, measured)
        print_table(verdicts_table(verdicts, gate.file.model, variant.name))
        failed = failed or any(verdict.worse for verdict in verdicts)
    if failed:
        click.get_current_context().exit(WORSE)


def machine() -> str:
    """One line that names the machine and the date."""
    import psutil

    memory = psutil.virtual_memory().total / 2**30
    return (
        f"{psutil.cpu_count(logical=False)} cores, {memory:.0f} GiB, {platform.system()}, "
        f"Python {platform.python_version()}, {datetime.now(UTC):%Y-%m-%d}"
    )
