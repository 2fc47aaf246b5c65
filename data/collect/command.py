"""`guide collect`: fetch records from open collections, and write clean works out of them.

guide collect met --department "European Paintings" --limit 500 --contact you@example.org
guide collect csv MetObjects.csv --preset met
guide collect csv ours.csv --museum "Our Museum" --map Titel=title --map Künstler=artist
guide collect report --list "missing artist"
guide collect export works.jsonl
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from data.artwork import Form

if TYPE_CHECKING:
    from data.collect.judge import Wanted

DATABASE = Path("data/raw/collect.sqlite")

Command = TypeVar("Command", bound=Callable[..., Any])


def _options(*options: Callable[[Command], Command]) -> Callable[[Command], Command]:
    def add(command: Command) -> Command:
        for option in reversed(options):
            command = option(command)
        return command

    return add


_database = click.option(
    "--database",
    type=click.Path(dir_okay=False, path_type=Path),
    default=DATABASE,
    show_default=True,
    help="The file that holds what was collected.",
)
_filters = _options(
    click.option(
        "--form",
        "forms",
        multiple=True,
        type=click.Choice([f.value for f in Form]),
        default=["painting"],
        show_default=True,
        help="Art form to keep; repeatable.",
    ),
    click.option(
        "--department",
        "departments",
        multiple=True,
        metavar="NAME",
        help="Department to keep, by name (or number at the Met); repeatable.",
    ),
    click.option(
        "--public-domain/--any-rights",
        default=True,
        show_default=True,
        help="Keep works in the public domain only.",
    ),
    click.option(
        "--from-year",
        "first_year",
        type=int,
        metavar="YEAR",
        help="Leave out works that are older; BC is negative.",
    ),
    click.option(
        "--to-year", "last_year", type=int, metavar="YEAR", help="Leave out works that are younger."
    ),
    click.option(
        "--complete", is_flag=True, help="Keep works with artist, date, medium and dimensions only."
    ),
)
_fetching = _options(
    click.option("--search", default="", metavar="WORDS", help="Only what the source finds."),
    click.option(
        "--id", "object_ids", multiple=True, metavar="NUMBER", help="Only this object; repeatable."
    ),
    click.option(
        "--limit",
        type=click.IntRange(min=1),
        metavar="N",
        help="Stop once N wanted works are held.",
    ),
    click.option("--refresh", is_flag=True, help="Ask again for what changed at the source since."),
    click.option(
        "--rate",
        type=click.FloatRange(min=0, min_open=True),
        metavar="N",
        help="Requests a second at most.  [default: 1]",
    ),
    click.option(
        "--contact",
        envvar="MUSEUM_GUIDE_CONTACT",
        metavar="ADDRESS",
        help="Your e-mail or web address, sent along with every request, so that the "
        "museum can reach you; or set MUSEUM_GUIDE_CONTACT.",
    ),
    click.option("--base-url", metavar="URL", help="Another address of the same service."),
    click.option(
        "--pause",
        type=click.FloatRange(min=0),
        default=30.0,
        show_default=True,
        metavar="SECONDS",
        help="First pause when the source turns us away; it doubles.",
    ),
)


@click.group("collect")
def collect() -> None:
    """Collect records from open collections, and export clean works."""


@collect.command("met")
@_filters
@_fetching
@_database
def met(**options: Any) -> None:
    """The Metropolitan Museum of Art (paintings: its European Paintings by default)."""
    _fetch("met", options)


@collect.command("aic")
@_filters
@_fetching
@_database
def aic(**options: Any) -> None:
    """The Art Institute of Chicago."""
    _fetch("aic", options)


@collect.command("cleveland")
@_filters
@_fetching
@_database
def cleveland(**options: Any) -> None:
    """The Cleveland Museum of Art."""
    _fetch("cleveland", options)


@collect.command("csv")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--preset", type=click.Choice(["met"]), help="The Met's MetObjects.csv.")
@click.option(
    "--map",
    "pairs",
    multiple=True,
    metavar="COLUMN=FIELD",
    help="What a column holds: a field of the record, or classification, department, "
    "public_domain, first_year, last_year; repeatable.",
)
@click.option("--name", help="What to call this source.  [default: the file's name]")
@click.option("--museum", help="The museum all rows belong to.")
@click.option("--encoding", default="utf-8-sig", help="The file's encoding.  [default: utf-8]")
@click.option("--delimiter", help="Between cells.  [default: the header's own]")
@_filters
@_database
def csv_file(**options: Any) -> None:
    """A table of objects: the Met's bulk file, or your museum's own export."""
    from data.collect.runs import load_table

    wanted, options = _wanted(options)
    load_table(wanted, **options)


@collect.command("report")
@click.option("--source", "sources", multiple=True, help="Only this source; repeatable.")
@click.option(
    "--list",
    "reason",
    metavar="REASON",
    help="List the objects that were skipped for a reason, as source, object, reason, title.",
)
@click.option("--json", "as_json", is_flag=True, help="The counts as JSON.")
@_database
def report(sources: tuple[str, ...], reason: str | None, as_json: bool, database: Path) -> None:
    """What was kept, what was skipped and why."""
    from data.collect.report import listing, summary
    from data.collect.store import Store

    with Store.open(database) as store:
        lines = listing(store, sources, reason) if reason else summary(store, sources, as_json)
        for line in lines:
            click.echo(line)


@collect.command("export")
@click.argument("out", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--source", "sources", multiple=True, help="Only this source; repeatable.")
@click.option(
    "--form",
    "forms",
    multiple=True,
    type=click.Choice([form.value for form in Form]),
    help="Only this art form; repeatable.  [default: as collected]",
)
@click.option("--complete", is_flag=True, help="Only complete records.")
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="N works at most.")
@_database
def export(out: Path, database: Path, forms: tuple[str, ...], **options: Any) -> None:
    """Write clean works to OUT: .jsonl, .csv or .parquet."""
    from data.collect.export import Narrower
    from data.collect.runs import write_export

    narrower = Narrower(forms=tuple(Form(form) for form in forms), **options)
    write_export(database, out, narrower)


def _fetch(name: str, options: dict[str, Any]) -> None:
    from data.collect.runs import fetch

    wanted, options = _wanted(options)
    fetch(name, wanted, **options)


def _wanted(options: dict[str, Any]) -> tuple[Wanted, dict[str, Any]]:
    """The filters as one value, and the options that are left."""
    from data.collect.judge import Wanted

    return Wanted(
        forms=tuple(Form(form) for form in options.pop("forms")),
        departments=options.pop("departments"),
        public_domain_only=options.pop("public_domain"),
        first_year=options.pop("first_year"),
        last_year=options.pop("last_year"),
        complete=options.pop("complete"),
    ), options
