"""`guide models`: what there is, what it needs, and whether it is here.

guide models list
guide models pull standard
guide models pull fr_FR-siwis-medium
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from data.errors import ModelError
from models.catalog import (
    DEFAULT_MODEL,
    StoredFile,
    get_entry,
    load_catalog,
    models_folder,
)
from models.fetch import fetch, part_path
from models.voices import VoiceEntry, fetch_voice, load_voices


def _complete_name(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    return [name for name in (*load_catalog(), *load_voices()) if name.startswith(incomplete)]


_name = click.argument("name", shell_complete=_complete_name)


@click.group()
def models() -> None:
    """List, fetch, find and remove models."""


@models.command("list")
def list_models() -> None:
    """Every model and voice of the catalogs: size, licence, and whether it is present."""
    console = Console(width=None if Console().is_terminal else 200)
    console.print(_table_of_models())
    console.print()
    console.print(_table_of_voices())
    console.print(f"* default    folder: {models_folder()}", style="dim", highlight=False)


def _table_of_models() -> Table:
    table = _table("model", "present", "base", "size", "memory", "licence", "for")
    for name, entry in load_catalog().items():
        table.add_row(
            f"{name} *" if name == DEFAULT_MODEL else name,
            _presence([entry]),
            f"{entry.base} {entry.quantization}".strip(),
            _gigabytes(entry.size),
            _gigabytes(entry.memory),
            entry.licence,
            entry.description,
        )
    return table


def _table_of_voices() -> Table:
    table = _table("voice", "present", "language", "size", "engine", "licence", "")
    spoken: set[str] = set()
    for name, voice in load_voices().items():
        table.add_row(
            name if voice.language in spoken else f"{name} *",
            _presence(list(voice.files.values())),
            voice.language,
            _gigabytes(voice.size),
            voice.engine,
            voice.licence,
            voice.description,
        )
        spoken.add(voice.language)
    return table


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, justify="right" if column in ("size", "memory") else "left")
    return table


@models.command()
@_name
def pull(name: str) -> None:
    """Fetch a model or a voice, carrying on where an earlier attempt stopped."""
    console = Console(stderr=True)
    voice = _voice(name)
    if voice:
        source, path = fetch_voice(name, voice, console), voice.path("model")
    else:
        entry = get_entry(name)
        source, path = fetch(name, entry, console), entry.path
    if source is None:
        click.echo(f"{name} is already here: {path}")
    else:
        click.echo(f"{name} came from {source}: {path}")


@models.command()
@_name
def path(name: str) -> None:
    """Print the path of a model's file, to use it elsewhere."""
    entry = _voice(name) or get_entry(name)
    if not entry.is_present():
        raise ModelError(f"{name} is not here; fetch it with: guide models pull {name}")
    click.echo(entry.path("model") if isinstance(entry, VoiceEntry) else entry.path)


@models.command()
@_name
def remove(name: str) -> None:
    """Delete a model's or voice's files, unfinished downloads, and saved prefixes."""
    voice = _voice(name)
    stored: list[StoredFile] = list(voice.files.values()) if voice else [get_entry(name)]
    files = [file for one in stored for file in _files_of(one) if file.exists()]
    freed = sum(f.stat().st_size for f in files)
    for file in files:
        file.unlink()
    if not files:
        click.echo(f"{name} is not here.")
        return
    click.echo(f"{name} removed, {freed / 1e6:,.0f} MB freed.")
    paths = {one.path for one in stored}
    if sharing := [n for n, e in load_catalog().items() if n != name and e.path in paths]:
        click.echo(f"That file was also the one of {', '.join(sharing)}.")


def _files_of(stored: StoredFile) -> list[Path]:
    """The file, what is left of its download, and what was computed from it."""
    cached = (models_folder() / "cache").glob(f"{stored.path.stem}-*.prefix")
    lock = stored.path.with_name(stored.path.name + ".lock")
    return [stored.path, part_path(stored), lock, *cached]


def _voice(name: str) -> VoiceEntry | None:
    """The voice of that name; a model of the same name goes first."""
    return None if name in load_catalog() else load_voices().get(name)


def _presence(stored: Sequence[StoredFile]) -> str:
    if all(file.is_present() for file in stored):
        return "yes"
    size = sum(file.size or 0 for file in stored)
    done = sum(_bytes_here(file) for file in stored)
    return f"{done * 100 // size} %" if done and size else "no"


def _bytes_here(stored: StoredFile) -> int:
    """Bytes of the whole file, or of the part that has arrived."""
    if stored.is_present():
        return stored.path.stat().st_size
    part = part_path(stored)
    return part.stat().st_size if part.exists() else 0


def _gigabytes(size: int | None) -> str:
    return f"{size / 1e9:.2f} GB" if size else "?"
