"""`guide models`: what there is, what it needs, and whether it is here.

guide models list
guide models pull standard
"""

from __future__ import annotations

import click
from rich.console import Console
from rich.table import Table

from data.errors import ModelError
from models.catalog import DEFAULT_MODEL, Entry, get_entry, load_catalog, models_folder
from models.fetch import fetch, part_path


def _complete_name(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    return [name for name in load_catalog() if name.startswith(incomplete)]


_name = click.argument("name", shell_complete=_complete_name)


@click.group()
def models() -> None:
    """List, fetch, find and remove models."""


@models.command("list")
def list_models() -> None:
    """Every model of the catalog: size, memory to run it, licence, and whether it is present."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("model", "present", "base", "size", "memory", "licence", "for"):
        table.add_column(column, justify="right" if column in ("size", "memory") else "left")
    for name, entry in load_catalog().items():
        table.add_row(
            f"{name} *" if name == DEFAULT_MODEL else name,
            _presence(entry),
            f"{entry.base} {entry.quantization}".strip(),
            _gigabytes(entry.size),
            _gigabytes(entry.memory),
            entry.licence,
            entry.description,
        )
    console = Console(width=None if Console().is_terminal else 200)
    console.print(table)
    console.print(f"* default    folder: {models_folder()}", style="dim", highlight=False)


@models.command()
@_name
def pull(name: str) -> None:
    """Fetch a model, carrying on where an earlier attempt stopped."""
    entry = get_entry(name)
    console = Console(stderr=True)
    source = fetch(name, entry, console)
    if source is None:
        click.echo(f"{name} is already here: {entry.path}")
    else:
        click.echo(f"{name} came from {source}: {entry.path}")


@models.command()
@_name
def path(name: str) -> None:
    """Print the path of a model's file, to use it elsewhere."""
    entry = get_entry(name)
    if not entry.is_present():
        raise ModelError(f"{name} is not here; fetch it with: guide models pull {name}")
    click.echo(entry.path)


@models.command()
@_name
def remove(name: str) -> None:
    """Delete a model's file, what an unfinished download left, and its saved prefixes."""
    entry = get_entry(name)
    cached = (models_folder() / "cache").glob(f"{entry.path.stem}-*.prefix")
    lock = entry.path.with_name(entry.path.name + ".lock")
    files = [f for f in (entry.path, part_path(entry), lock, *cached) if f.exists()]
    freed = sum(f.stat().st_size for f in files)
    for file in files:
        file.unlink()
    click.echo(f"{name} removed, {freed / 1e6:,.0f} MB freed." if files else f"{name} is not here.")


def _presence(entry: Entry) -> str:
    if entry.is_present():
        return "yes"
    part = part_path(entry)
    if part.exists() and entry.size:
        return f"{part.stat().st_size * 100 // entry.size} %"
    return "no"


def _gigabytes(size: int | None) -> str:
    return f"{size / 1e9:.2f} GB" if size else "?"
