"""From what a user types after `--model` to a file that can be loaded.

from models.resolve import resolve
resolve("small", console).path
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from data.errors import ModelError
from models.catalog import get_entry
from models.fetch import fetch


@dataclass(frozen=True, slots=True)
class ResolvedModel:
    """A model file that is present, how to load it, and how it is asked.

    `examples` tells whether its prompts carry some; `languages` are those whose guides are fit to
    be published, none where nobody has judged that.
    """

    name: str
    path: Path
    architecture: str = ""
    adapter: Path | None = None
    examples: bool = True
    languages: tuple[str, ...] = ()


def resolve(model: str, console: Console) -> ResolvedModel:
    """Find a model by name or path; one of the catalog is fetched if it is absent.

    Raises:
        ModelError: it is unknown or absent, or an adapter that its entry names is.
        DownloadError: it could not be fetched.
    """
    if model.endswith(".gguf") or "/" in model or "\\" in model:
        path = Path(model).expanduser()
        if not path.is_file():
            raise ModelError(f"There is no model file {path}; `guide models list` shows others.")
        return ResolvedModel(path.stem, path)
    entry = get_entry(model)
    if not entry.is_present():
        if not entry.fetch:
            size = f" ({entry.size / 1e9:.1f} GB)" if entry.size else ""
            raise ModelError(f"{model} is not here; fetch it{size} with: guide models pull {model}")
        fetch(model, entry, console)
    adapter = entry.adapter_path
    if adapter is not None and not adapter.is_file():
        raise ModelError(f"The adapter of {model} is missing: there is no file {adapter}.")
    examples = entry.examples and adapter is None
    return ResolvedModel(model, entry.path, entry.architecture, adapter, examples, entry.languages)
