"""`guide scripts`: have a teacher model write guides, and review them.

guide scripts write works.jsonl --base-url http://localhost:8000/v1 --model NAME --language fr
guide scripts review
guide scripts report --failed
guide scripts export guides.jsonl
"""

from __future__ import annotations

import os
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from data.errors import GuideError
from data.prompt import LANGUAGES, WORDS, Request

if TYPE_CHECKING:
    from data.scripts.teacher import Endpoint
    from data.scripts.writer import Plan

DATABASE = Path("data/raw/scripts.sqlite")
COLLECTED = Path("data/raw/collect.sqlite")
STYLES = ("clear", "literary")

Command = TypeVar("Command", bound=Callable[..., Any])

_database = click.option(
    "--database",
    type=click.Path(dir_okay=False, path_type=Path),
    default=DATABASE,
    show_default=True,
    help="The file that holds what was written and decided.",
)


def _kinds(default: bool) -> Callable[[Command], Command]:
    """Which guides; with `default`, the plain brief English one unless others are named."""

    def add(command: Command) -> Command:
        for name, plural, choices in (
            ("style", "styles", STYLES),
            ("length", "lengths", tuple(WORDS)),
            ("language", "languages", tuple(LANGUAGES)),
        ):
            command = click.option(
                f"--{name}",
                plural,
                multiple=True,
                type=click.Choice(choices),
                default=choices[:1] if default else (),
                show_default=default,
                help=f"The {name} of the guides; repeatable.",
            )(command)
        return command

    return add


@click.group("scripts")
def scripts() -> None:
    """Have guides written by a teacher model, and review them."""


@scripts.command("write")
@click.argument(
    "source", default=str(COLLECTED), metavar="[WORKS.jsonl|WORKS.csv|COLLECTED.sqlite|-]"
)
@_kinds(default=True)
@click.option(
    "--base-url",
    envvar="OPENAI_BASE_URL",
    show_envvar=True,
    metavar="URL",
    help="An OpenAI-compatible service.  [default: OpenAI's own]",
)
@click.option(
    "--model",
    envvar="GUIDE_TEACHER",
    show_envvar=True,
    metavar="NAME",
    help="The teacher's name at that service.",
)
@click.option(
    "--key-variable",
    default="OPENAI_API_KEY",
    show_default=True,
    metavar="VARIABLE",
    help="The environment variable that holds the service's key.",
)
@click.option("--without-notes", is_flag=True, help="Write from the record without its notes.")
@click.option(
    "--candidates",
    type=click.IntRange(1, 20),
    default=1,
    show_default=True,
    help="Scripts to write for each guide, for the curator to choose from.",
)
@click.option(
    "--tries",
    type=click.IntRange(1, 20),
    default=3,
    show_default=True,
    help="Answers at most for a script; one with faults is handed back with them.",
)
@click.option(
    "--examples",
    type=click.IntRange(0, 8),
    default=2,
    show_default=True,
    help="Scripts of the corpus to show the teacher.",
)
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="N works at most.")
@click.option(
    "--concurrency",
    type=click.IntRange(1, 256),
    default=4,
    show_default=True,
    metavar="N",
    help="Questions asked at once.",
)
@click.option(
    "--retries",
    type=click.IntRange(0, 20),
    default=5,
    show_default=True,
    help="Repetitions of a request that the service fails on.",
)
@click.option(
    "--timeout",
    type=click.FloatRange(min=1),
    default=300.0,
    show_default=True,
    metavar="SECONDS",
    help="How long to wait for an answer.",
)
@click.option(
    "--temperature",
    type=click.FloatRange(0, 2),
    metavar="T",
    help="How freely the teacher chooses its words.  [default: the service's]",
)
@click.option(
    "--max-tokens",
    type=click.IntRange(min=50),
    default=1000,
    show_default=True,
    metavar="N",
    help="Tokens of an answer at most; thinking counts.",
)
@click.option(
    "--price",
    type=(click.FloatRange(min=0), click.FloatRange(min=0)),
    default=(0.0, 0.0),
    metavar="IN OUT",
    help="What a million tokens read and written cost, to show the cost.",
)
@click.option(
    "--max-cost",
    type=click.FloatRange(min=0),
    metavar="COST",
    help="Stop when this run has cost so much.",
)
@_database
def write(source: str, database: Path, **options: Any) -> None:
    """Have a teacher write guides for collected works; run again, it goes on where it stopped."""
    from data.scripts.run import write as run
    from data.scripts.works import read_works

    endpoint, plan = _endpoint(options), _plan(options)
    kinds = [
        Request(language, length, style)
        for language, length, style in product(
            options["languages"], options["lengths"], options["styles"]
        )
    ]
    works = read_works(None if source == "-" else Path(source))[: options["limit"]]
    run(works, kinds, endpoint, plan, database=database, notes=not options["without_notes"])


def _endpoint(options: dict[str, Any]) -> Endpoint:
    """Where the teacher is.

    Raises:
        GuideError: nothing says who or where it is.
    """
    from data.scripts.teacher import NO_KEY, Endpoint

    if not options["model"]:
        raise GuideError(
            "No teacher is named; give its --model (or set GUIDE_TEACHER) and, unless it is "
            "OpenAI's, the --base-url of its service, such as http://localhost:8000/v1."
        )
    key = os.environ.get(options["key_variable"])
    if not options["base_url"] and not key:
        raise GuideError(
            f"There is no key in {options['key_variable']} and no --base-url; set the key of "
            "OpenAI's service, or name another service, such as http://localhost:8000/v1."
        )
    names = ("model", "base_url", "temperature", "max_tokens", "timeout", "retries")
    return Endpoint(key=key or NO_KEY, **{name: options[name] for name in names})


def _plan(options: dict[str, Any]) -> Plan:
    from data.scripts.writer import Plan

    return Plan(
        candidates=options["candidates"],
        tries=options["tries"],
        shots=options["examples"],
        concurrency=options["concurrency"],
        price_in=options["price"][0],
        price_out=options["price"][1],
        most_cost=options["max_cost"],
    )


@scripts.command("review")
@_kinds(default=False)
@click.option("--failed", is_flag=True, help="Those that did not pass, to save what can be saved.")
@_database
def review(failed: bool, database: Path, **kinds: tuple[str, ...]) -> None:
    """Look at one script after another: keep, edit (in $EDITOR), reject, skip, quit."""
    import sys

    from rich.console import Console

    from data.scripts.review import Desk, Wanted
    from data.scripts.store import Store

    if not sys.stdin.isatty():
        raise GuideError("A review needs a terminal, to read your keys from.")
    console = Console(highlight=False)
    with Store.open(database) as store:
        desk = Desk(store, console, Wanted(failed=failed, **kinds))
        if not desk.waiting():
            console.print("Nothing waits for a review; guide scripts report tells what there is.")
            return
        left = desk.work()
    console.print(f"{desk.decided:,} decided, {left:,} left.")


@scripts.command("report")
@click.option("--failed", is_flag=True, help="List the guides that did not pass, with reasons.")
@click.option("--json", "as_json", is_flag=True, help="The figures as JSON.")
@_database
def report(failed: bool, as_json: bool, database: Path) -> None:
    """What was written, passed, failed and decided, and what it has cost."""
    import json

    from data.scripts.export import failed_lines, figures, report_lines
    from data.scripts.store import Store

    with Store.open(database) as store:
        if as_json:
            click.echo(json.dumps(figures(store), ensure_ascii=False, indent=1))
            return
        for line in failed_lines(store) if failed else report_lines(store):
            click.echo(line)


@scripts.command("export")
@click.argument("out", type=click.Path(dir_okay=False, path_type=Path), metavar="OUT.jsonl")
@click.option("--unreviewed", is_flag=True, help="Also what passed and nobody has looked at yet.")
@_database
def export(out: Path, unreviewed: bool, database: Path) -> None:
    """Write the scripts that were kept, as rows of a corpus."""
    from data.scripts.export import write_rows
    from data.scripts.store import Store

    with Store.open(database) as store:
        count = write_rows(store, out, unreviewed=unreviewed)
    click.echo(f"{count:,} scripts written to {out}.", err=True)
