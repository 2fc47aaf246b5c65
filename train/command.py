"""`guide train`: fine-tune a base model on the corpus by a recipe.

guide train small
guide train tiny --set epochs=0.1 --name try-1
guide train mistral-7b --dry-run
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from data.errors import GuideError, RecipeError, TrainingError
from train.hardware import check_divisible
from train.launch import Spread, divides_weights, environment_of, launch
from train.recipe import Recipe, as_toml, load_recipe, recipe_names
from train.run import RUNS, load_run


def _complete_recipe(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    return [name for name in recipe_names() if name.startswith(incomplete)]


@click.command()
@click.argument("recipe", shell_complete=_complete_recipe)
@click.option(
    "--set",
    "changes",
    multiple=True,
    metavar="KEY=VALUE",
    help="Change a key of the recipe; may be given several times.",
)
@click.option("--method", type=click.Choice(["sft", "dpo", "grpo"]), help="Short for --set method.")
@click.option("--name", help="Of the run's folder; an interrupted run of that name goes on.")
@click.option("--resume", is_flag=True, help="Go on with the latest interrupted run of the recipe.")
@click.option(
    "--runs", type=click.Path(path_type=Path), default=RUNS, show_default=True, help="Runs' folder."
)
@click.option("--gpus", type=click.IntRange(min=1), help="Train on so many GPUs, all machines'.")
@click.option(
    "--accelerate", "config", metavar="NAME|FILE.yaml",
    help="How it is spread: ddp, nodes, fsdp, cpu (train/accelerate), or a file.  [default: ddp]",
)  # fmt: skip
@click.option("--machine-rank", type=click.IntRange(min=0), help="Of this machine among several.")
@click.option("--main-address", metavar="HOST[:PORT]", help="Of the first of several machines.")
@click.option("--dry-run", is_flag=True, help="Say what would be done and needed, and do nothing.")
def train(
    recipe: str,
    changes: tuple[str, ...],
    method: str | None,
    name: str | None,
    resume: bool,
    runs: Path,
    gpus: int | None,
    config: str | None,
    machine_rank: int | None,
    main_address: str | None,
    dry_run: bool,
) -> None:
    """Fine-tune a model by RECIPE: one of train/recipes, or the path of a .toml file."""
    if method:
        changes = (*changes, f"method={method}")
    loaded = load_recipe(recipe, changes)
    console = Console(stderr=True)
    if resume:
        name = _latest_interrupted(runs, loaded)
    name = name or _free_name(runs, Path(recipe).stem)
    spread = Spread(config, gpus, machine_rank, main_address)
    if spread.several and divides_weights(spread):
        check_divisible(loaded)
    if spread.several and not dry_run:
        arguments = [recipe, "--name", name, "--runs", str(runs)]
        for change in changes:
            arguments += ["--set", change]
        sys.exit(launch(spread, arguments))
    if dry_run:
        os.environ.update(environment_of(spread) if spread.several else {})
        _dry_run(loaded, console)
        return
    from train.fit import fit

    _use_one_device()
    run = fit(loaded, name, runs, console)
    if int(os.environ.get("RANK", "0")) == 0:
        click.echo(run.path)


def _dry_run(recipe: Recipe, console: Console) -> None:
    """Print the resolved recipe, what it needs, and refuse what cannot fit."""
    from train.estimate import Sizes, count_tokens, device_rate, estimate, smallest_change
    from train.fit import prepare

    job = prepare(recipe, console)
    sizes = Sizes.of(job.base.config())
    lengths = [len(row.input_ids) for row in job.data.train]
    tokens = count_tokens(lengths, job.plan, recipe.batching)
    rate = device_rate(job.hardware)
    needs = estimate(recipe, sizes, job.plan, tokens, job.hardware, job.backend.name, rate=rate)
    click.echo(as_toml(recipe))
    learnt = sum(row.learnt for row in job.data.train)
    table = Table(box=None, pad_edge=False, show_header=False)
    for label, value in (
        ("rows", f"{len(lengths):,} to learn from, {len(job.data.validation):,} held out"),
        ("tokens", f"{sum(lengths):,} an epoch, {learnt:,} of them learnt; longest {max(lengths)}"),
        (
            "steps",
            (
                f"{job.plan.steps:,}, {job.plan.steps_per_epoch:,} an epoch, "
                f"{job.plan.rows_a_step} rows each"
            ),
        ),
        ("trained", f"{needs.trained:,} weights"),
        (
            "memory",
            (
                f"about {needs.memory / 1e9:.1f} GB of {job.hardware.free / 1e9:.1f} GB free "
                f"(weights {needs.weights / 1e9:.1f}, adapter {needs.adapter / 1e9:.1f}, "
                f"activations {needs.activations / 1e9:.1f})"
            ),
        ),
        ("time", f"about {_duration(needs.seconds)} on {job.hardware.name}"),
    ):
        table.add_row(label, value)
    Console(width=None if Console().is_terminal else 200).print(table, highlight=False)
    if needs.memory > job.hardware.free:
        change = smallest_change(recipe, sizes, lengths, job.hardware, job.backend.name)
        way = f"it would with {change}" if change else "choose a smaller base model"
        raise RecipeError(
            f"This does not fit: about {needs.memory / 1e9:.1f} GB where "
            f"{job.hardware.free / 1e9:.1f} GB are free; {way}"
        )


def _use_one_device() -> None:
    """Keep the library from spreading batches over every GPU it sees: `--gpus` does that better."""
    if "WORLD_SIZE" not in os.environ:
        seen = os.environ.get("CUDA_VISIBLE_DEVICES", "0")
        os.environ["CUDA_VISIBLE_DEVICES"] = seen.partition(",")[0]


def _free_name(runs: Path, stem: str) -> str:
    number = 1
    while (runs / f"{stem}-{number}").exists():
        number += 1
    return f"{stem}-{number}"


def _latest_interrupted(runs: Path, recipe: Recipe) -> str:
    """Name of the youngest unfinished run of this very recipe."""
    files = sorted(runs.glob("*/run.json"), key=lambda file: file.stat().st_mtime, reverse=True)
    for file in files:
        run = load_run(file.parent)
        if run.info.status != "finished" and run.recipe == recipe:
            return file.parent.name
    raise TrainingError(f"There is no interrupted run of this recipe in {runs}.")


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} seconds"
    if seconds < 5400:
        return f"{seconds / 60:.0f} minutes"
    return f"{seconds / 3600:.1f} hours"


def main() -> None:
    """A process of several: `accelerate launch --module train.command RECIPE`."""
    try:
        train.main(standalone_mode=False)
    except (GuideError, click.ClickException) as error:
        click.echo(f"guide train: {error}", err=True)
        sys.exit(2)


if __name__ == "__main__":
    main()
