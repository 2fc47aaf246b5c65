"""`guide dataset`: make the data set that training and evaluation read.

guide dataset build
guide dataset build --style clear --notes-dropout 0.2 --test 0.05
guide dataset build --language en --style literary --train 844 --validation 94 --max-tokens 512
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from data.prompt import CORPUS, LANGUAGES, WORDS

if TYPE_CHECKING:
    from rich.console import Console

    from data.dataset.build import Dataset, Options
    from data.dataset.rows import Row

OUT = Path("data/processed")
SCRIPTS = Path("data/raw/scripts.sqlite")


@click.group("dataset")
def dataset() -> None:
    """Make the data set for training out of the corpus and reviewed scripts."""


@dataset.command("build")
@click.option(
    "--corpus",
    "files",
    multiple=True,
    type=click.Path(dir_okay=False, path_type=Path),
    default=[CORPUS],
    show_default="the shipped corpus",
    metavar="FILE",
    help="JSONL rows in the corpus's shape, such as `guide scripts export` writes; repeatable.",
)
@click.option(
    "--scripts",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="The database of guide scripts, whose kept scripts are taken too.  "
    f"[default: {SCRIPTS}, where it exists]",
)
@click.option("--unreviewed", is_flag=True, help="Take scripts that passed without a review, too.")
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=OUT,
    show_default=True,
    help="The folder for the data set.",
)
@click.option("--language", "languages", multiple=True, type=click.Choice(list(LANGUAGES)))
@click.option("--length", "lengths", multiple=True, type=click.Choice(list(WORDS)))
@click.option("--style", "styles", multiple=True, type=click.Choice(["clear", "literary"]))
@click.option(
    "--train",
    type=click.FloatRange(min=0, min_open=True),
    metavar="SIZE",
    help="Rows to train on.  [default: all that are left]",
)
@click.option(
    "--validation",
    type=click.FloatRange(min=0, min_open=True),
    default=0.1,
    show_default=True,
    metavar="SIZE",
    help="Rows to validate on: below 1 a share of all, else a number.",
)
@click.option(
    "--test",
    type=click.FloatRange(min=0),
    default=0.0,
    metavar="SIZE",
    help="Rows to keep for a test, as --validation.  [default: none]",
)
@click.option(
    "--notes-dropout",
    type=click.FloatRange(0, 1),
    default=0.0,
    show_default=True,
    metavar="SHARE",
    help="Share of the rows with notes to go without, where the script does not need them; "
    "the shipped corpus has no such script.",
)
@click.option(
    "--near",
    type=click.FloatRange(0, 1, min_open=True),
    default=0.8,
    show_default=True,
    metavar="LIKENESS",
    help="From which share of wording in common a script is a duplicate.",
)
@click.option(
    "--max-tokens",
    type=click.IntRange(min=1),
    default=1024,
    show_default=True,
    metavar="N",
    help="Tokens from which a row is too long.",
)
@click.option("--seed", type=int, default=17, show_default=True, help="Decides the split.")
@click.option(
    "--model",
    default="small",
    show_default=True,
    metavar="NAME|PATH",
    help="The model that counts the tokens, and whose chat template renders the prompts.",
)
def build(
    files: Sequence[Path], scripts: Path | None, unreviewed: bool, out: Path, **values: Any
) -> None:
    """Write train.jsonl, validation.jsonl and (with --test) test.jsonl, and report.html."""
    from rich.console import Console

    from data.dataset.build import Options
    from data.dataset.split import Sizes
    from data.dataset.write import building

    console = Console(stderr=True, highlight=False, soft_wrap=True)
    sizes = Sizes(values.pop("train"), values.pop("validation"), values.pop("test"))
    options = Options(sizes=sizes, **values)
    with building(out) as folder:
        rows = _read(files, console)
        rows += _written(scripts, unreviewed, console)
        made = _build(rows, options, console)
        _write(made, options, folder, console)


def _read(files: Sequence[Path], console: Console) -> list[Row]:
    from data.dataset.rows import read_rows

    rows = []
    for path in files:
        found = list(read_rows(path))
        console.print(f"{len(found):,} rows from {path}")
        rows += found
    return rows


def _written(database: Path | None, unreviewed: bool, console: Console) -> list[Row]:
    """The scripts that a teacher wrote and a curator kept."""
    if database is None and not SCRIPTS.exists():
        return []
    from data.scripts.export import rows
    from data.scripts.store import Store

    with Store.open(database or SCRIPTS) as store:
        found = list(rows(store, unreviewed=unreviewed))
        waiting = len(store.passed() - set(store.reviews()))
    console.print(f"{len(found):,} scripts from {database or SCRIPTS}")
    if waiting and not unreviewed:
        console.print(f"{waiting:,} more passed and wait for: guide scripts review")
    return found


def _build(rows: list[Row], options: Options, console: Console) -> Dataset:
    from rich.progress import Progress

    from data.dataset.build import build
    from data.dataset.tokens import TokenCounter, find_model

    path = find_model(options.model)
    with TokenCounter(path) as counter, Progress(console=console) as progress:

        def watch(items: Sequence[Row], step: str) -> Iterable[Row]:
            return progress.track(items, description=step)

        return build(rows, options, counter, watch)


def _write(made: Dataset, options: Options, folder: Path, console: Console) -> None:
    from data.dataset.report import render
    from data.dataset.write import describe_dataset, write_dataset

    report = render(made, describe_dataset(made, options))
    description = write_dataset(made, options, folder, report)
    for row in made.left_out:
        if row.reason != "beyond the sizes asked for":
            console.print(f"Left out {row.id}: {row.reason} {row.detail}".rstrip())
    for name, facts in description["statistics"].items():
        tokens = facts["tokens"]
        click.echo(
            f"{name}: {facts['rows']:,} rows of {facts['works']:,} works, {facts['words']:,} words,"
            f" {tokens['median']} tokens a row ({tokens['least']} to {tokens['most']})"
        )
        for field in ("languages", "styles", "lengths", "forms"):
            counts = ", ".join(f"{key} {count:,}" for key, count in facts[field].items())
            click.echo(f"  {field}: {counts}")
    if made.bare_wanted:
        click.echo(
            f"without their notes: {len(made.bare):,} of the {made.bare_wanted:,} rows asked for"
        )
    if len(made.bare) < made.bare_wanted:
        console.print(
            "The other scripts with notes tell them; guide scripts write --without-notes makes "
            "some that do not."
        )
    click.echo(f"left out: {len(made.left_out):,} rows")
    click.echo(f"fingerprint: {description['fingerprint']}")
    click.echo(f"written to {folder}; see {folder / 'report.html'}")
