"""`guide ab split`: begin, watch, end and kill a split of a museum's visitors.

guide ab split create spring --b style=literary
guide ab split status spring
guide ab split stop spring --keep b
guide ab split kill
"""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from evaluate.ab.options import store_option

if TYPE_CHECKING:
    from evaluate.ab.split.report import SplitReport
    from evaluate.ab.split.store import SplitStore

_variant = click.Choice(["a", "b"])


@click.group("split")
def split() -> None:
    """Give visitors A or B by a stable hash, and let their listening decide."""


@split.command("create")
@click.argument("name")
@click.option(
    "--a",
    "first",
    default="",
    metavar="KEY=VALUE,…|FILE.jsonl",
    help="What visitors get as A.  [default: what they get anyway]",
)
@click.option(
    "--b",
    "second",
    required=True,
    metavar="KEY=VALUE,…|FILE.jsonl",
    help="What they get as B: style=literary, length=brief, or guides of guide batch.",
)
@click.option(
    "--share",
    type=click.FloatRange(0.01, 0.99),
    default=0.5,
    show_default=True,
    help="Of the visitors, for B.",
)
@click.option(
    "--outcome",
    type=click.Choice(["finished", "listened"]),
    default="finished",
    show_default=True,
    help="Share of guides heard to the end, or of their time.",
)
@click.option(
    "--margin",
    type=click.FloatRange(0.01, 0.8),
    default=0.1,
    show_default=True,
    help="How far apart the outcomes may lie and still be equal.",
)
@click.option(
    "--window",
    type=click.IntRange(min=1),
    default=120,
    show_default=True,
    metavar="MINUTES",
    help="How long a visit lasts; later guides do not count.",
)
@click.option(
    "--most",
    type=click.IntRange(min=1),
    default=5000,
    show_default=True,
    metavar="N",
    help="Visitors of each, after which it stops without a winner.",
)
@store_option
def create(
    name: str, first: str, second: str, share: float, outcome: str, margin: float, window: int,
    most: int, where: str,
) -> None:  # fmt: skip
    """Begin a split; the running server takes it up within seconds."""
    from evaluate.ab.split.store import Plan
    from evaluate.ab.split.variants import read_variant

    splits = _open(where, create=True)
    a, b = (read_variant(text, splits.store) for text in (first, second))
    plan = Plan(
        a=a, b=b, share=share, outcome=outcome, margin=margin, window=60 * window, most=most
    )  # fmt: skip
    splits.create(name, plan)
    click.echo(f"{name}: A ({describe(a)}) against B ({describe(b)}), {100 * share:.0f} % get B")


@split.command("list")
@store_option
def list_(where: str) -> None:
    """Name every split and how it stands."""
    for found in _open(where).all():
        end = f", all get {found.kept.upper()}" if found.kept else ""
        click.echo(f"{found.name}: {found.state}{end}")


@split.command("status")
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@store_option
def status(name: str, as_json: bool, where: str) -> None:
    """Say how a split stands; look as often as you like."""
    from evaluate.ab.split.report import report

    found = report(_open(where), name)
    if as_json:
        click.echo(json.dumps(asdict(found) | {"sentence": found.sentence}, ensure_ascii=False))
    else:
        _print(found)


@split.command("stop")
@click.argument("name")
@click.option("--keep", type=_variant, help="What everybody gets now.  [default: the better, or a]")
@store_option
def stop(name: str, keep: str | None, where: str) -> None:
    """End a split; everybody gets one variant from now on."""
    from evaluate.ab.sequential import Decision
    from evaluate.ab.split.report import report

    splits = _open(where)
    found = report(splits, name)
    kept = keep or ("b" if found.decision is Decision.b_better else "a")
    splits.end(name, "stopped", kept, str(found.decision))
    click.echo(f"{name}: stopped, all get {kept.upper()}; {found.sentence}")


@split.command("kill")
@click.argument("name", required=False)
@store_option
def kill(name: str | None, where: str) -> None:
    """Give everybody what they got before, at once; without a name, whatever is going on."""
    from evaluate.ab.tables import VoteError

    splits = _open(where)
    current = splits.current()
    if name is None and current is None:
        raise VoteError("No split is in force.")
    killed = splits.end(name or (current.name if current else ""), "killed", "a")
    click.echo(f"{killed.name}: killed, all get what they got before")


def describe(options: dict[str, Any]) -> str:
    """A variant in words."""
    if "guides" in options:
        return f"{len(options['guides'])} guides of {options['file']}"
    return ", ".join(f"{key} {value}" for key, value in options.items()) or "as it is"


def _open(where: str, *, create: bool = False) -> SplitStore:
    from evaluate.ab.database import open_database
    from evaluate.ab.split.store import SplitStore

    return SplitStore(open_database(where, create=create))


def _print(found: SplitReport) -> None:
    from rich.table import Table

    from evaluate.show import print_table

    end = f", all get {found.kept.upper()}" if found.kept else ""
    click.echo(f"{found.name}: {found.state}{end}; {found.sentence} [{found.pairs} pairs]")
    table = Table(box=None, pad_edge=False)
    table.add_column("")
    for title in ("visitors", "guides each", f"{found.outcome} [95 %]"):
        table.add_column(title, justify="right")
    for arm in found.arms:
        share = "–"
        if arm.outcome:
            low, high = 100 * arm.outcome.low, 100 * arm.outcome.high
            share = f"{100 * arm.outcome.mean:.0f} % [{low:.0f} to {high:.0f}]"
        label = f"{arm.name} ({describe(arm.options)})"
        table.add_row(label, str(arm.visitors), f"{arm.guides:.1f}", share)
    print_table(table)
    if found.lopsided:
        click.echo(
            "The two have had visitors in a proportion that chance does not explain: something "
            "loses visitors of one of them. Do not trust this split; find out what it is."
        )
