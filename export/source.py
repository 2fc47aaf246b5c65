"""What is exported: a run of ours, a bare adapter with its base, a model folder, or a GGUF file.

from export.source import open_source
source = open_source(Path("runs/small-1"), base="", console=console)
source.base, source.adapter
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from data.artwork import parse_artwork
from data.errors import ModelError
from data.prompt import CORPUS, Request, completion
from models.catalog import load_catalog, models_folder
from models.resolve import resolve
from train.base import find_base
from train.data import Row, load_rows, select
from train.recipe import Recipe, as_toml
from train.run import Run, load_run

_HELD_OUT = 25  # without a data set, every so many-th work of the corpus is measured on


@dataclass(frozen=True, slots=True)
class Source:
    """A model to export, in Hugging Face's layout, and what is known of it."""

    name: str
    base: Path
    adapter: Path | None = None
    tokenizer: Path | None = None
    base_name: str = ""  # hub name, where one is known
    gguf: str = ""  # catalog name or path of the GGUF that stands for the base at inference
    licence: str = ""
    run: Run | None = None

    @property
    def base_label(self) -> str:
        """The base by the name that says most: on the hub, in the catalog, or of a file."""
        entry = load_catalog().get(self.gguf)
        return self.base_name or (entry.base if entry else "") or self.gguf

    @property
    def recipe(self) -> str:
        """The recipe as TOML, or an empty text for a model that is no run of ours."""
        return as_toml(self.run.recipe) if self.run else ""

    @property
    def dataset(self) -> str:
        """Fingerprint of the rows it was trained on."""
        return self.run.info.data.fingerprint.get("train", "") if self.run else ""

    def origin(self, *extra: str) -> str:
        """A digest of everything that the exported weights depend on.

        Weights are told apart by name, size and time of change: they are too large to read twice.
        """
        digest = hashlib.sha256()
        for folder in (self.base, self.adapter, self.tokenizer):
            for path in sorted(folder.iterdir()) if folder else ():
                if path.is_file():
                    stat = path.stat()
                    digest.update(f"{path.name}:{stat.st_size}:{stat.st_mtime_ns}\n".encode())
        digest.update("\n".join([self.name, self.recipe, *extra]).encode())
        return digest.hexdigest()[:16]

    def validation(self, limit: int = 0) -> list[Row]:
        """The rows to measure on: the run's validation set, or some works of the corpus."""
        if self.run is not None:
            path = Path(self.run.recipe.validation)
            return select(load_rows(path), self.run.recipe, limit)
        return corpus_rows(limit)

    def training(self, limit: int) -> list[Row]:
        """Rows that nothing is measured on, spread evenly, for the importance matrix."""
        if self.run is not None:
            rows = select(load_rows(Path(self.run.recipe.train)), self.run.recipe, 0)
        else:
            rows = [row for row in _corpus() if not _is_held_out(row)]
        step = max(len(rows) // limit, 1)
        return rows[::step][:limit]


def corpus_rows(limit: int = 0) -> list[Row]:
    """English, clear works of the shipped corpus to measure any model on."""
    rows = [row for row in _corpus() if _is_held_out(row)]
    return rows[:limit] if limit else rows


def open_source(path: Path, *, base: str, name: str, console: Console) -> Source:
    """Find out what `path` is.

    Args:
        path: run folder, adapter folder, Hugging Face model folder, or GGUF file.
        base: for a bare adapter: a folder, a hub name, a catalog name or a GGUF file; else "".
        name: the exported model's name, or "" for the path's own.
        console: told what is fetched or dequantized.

    Raises:
        ModelError: it is none of them, or its base cannot be had.
        TrainingError: it is a run folder that cannot be read.
    """
    name = name or path.resolve().stem
    if (path / "run.json").is_file():
        return _run_source(load_run(path), name, console)
    if (path / "adapter_config.json").is_file():
        return _adapter_source(path, base, name, console)
    if (path / "config.json").is_file():
        return Source(name, path)
    if path.suffix == ".gguf" or not path.exists():
        found = find_base(Recipe(gguf=str(path)), console)
        return Source(name, found.folder, gguf=str(path), licence=found.licence)
    raise ModelError(
        f"{path} is no run folder, no PEFT adapter, no Hugging Face model folder and no GGUF file."
    )


def _run_source(run: Run, name: str, console: Console) -> Source:
    if not (run.adapter / "adapter_config.json").is_file():
        raise ModelError(
            f"{run.path} has no adapter yet; wait for its first evaluation, or go on with it."
        )
    info = run.info.base
    folder = Path(info.folder)
    if not (folder / "config.json").is_file():
        found = find_base(run.recipe, console)
        if found.source != info.source:
            raise ModelError(
                f"{run.path} was trained on its base from the {info.source}, and only one from the "
                f"{found.source} can be had, whose weights differ; bring the former back."
            )
        folder = found.folder
    return Source(name, folder, run.adapter, run.tokenizer, info.base, info.gguf, info.licence, run)


def _adapter_source(path: Path, base: str, name: str, console: Console) -> Source:
    settings = json.loads((path / "adapter_config.json").read_text("utf-8"))
    wanted = base or str(settings.get("base_model_name_or_path") or "")
    if not wanted:
        raise ModelError(f"{path} does not name its base; give it with --base.")
    is_gguf = wanted in load_catalog() or wanted.endswith(".gguf")
    recipe = Recipe(gguf=wanted) if is_gguf else Recipe(base=wanted)
    found = find_base(recipe, console)
    tokenizer = path if (path / "tokenizer.json").is_file() else None
    return Source(name, found.folder, path, tokenizer, found.hub, found.gguf, found.licence)


def find_reference_gguf(source: Source, console: Console) -> Path:
    """The GGUF on which the adapter is applied at run time.

    Raises:
        ModelError: none stands for the base.
    """
    if not source.gguf:
        raise ModelError(
            f"No GGUF is known for the base of {source.name}; name one in the recipe with gguf=…, "
            "or export the merged model."
        )
    return resolve(source.gguf, console).path


def check_name(name: str) -> None:
    """Refuse a name that cannot be a folder's, or that a model has which is no export.

    Raises:
        ModelError: with the way out.
    """
    if not re.fullmatch(r"[A-Za-z0-9][\w.-]*", name):
        raise ModelError(f"{name!r} cannot be a model's name; choose another with --name.")
    entry = load_catalog().get(name)
    if entry is not None and not entry.file.startswith(f"{name}/") and entry.adapter is None:
        raise ModelError(f"There is a model called {name} already; choose another with --name.")


def export_folder(name: str) -> Path:
    """Where the files of an exported model lie."""
    return models_folder() / name


def _corpus() -> list[Row]:
    """The corpus's English rows in the clear style."""
    rows = []
    with CORPUS.open(encoding="utf-8") as file:
        for line in file:
            fields = json.loads(line)
            if fields["language"] != "en" or fields["style"] != "clear":
                continue
            request = Request(fields["language"], fields["length"], fields["style"])
            artwork = parse_artwork(fields["artwork"], fields["id"])
            rows.append(Row(fields["id"], artwork, request, completion(fields["script"])))
    return rows


def _is_held_out(row: Row) -> bool:
    digest = hashlib.sha256(row.id.partition("-")[0].encode()).digest()
    return int.from_bytes(digest[:4]) % _HELD_OUT == 0
