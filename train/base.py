"""The base model of a run: from the hub, from a folder, or from a GGUF where there is no hub.

from train.base import find_base
base = find_base(recipe, console)
base.folder, base.tokenizer()
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from data.errors import GuideError, ModelError
from models.catalog import load_catalog, models_folder
from models.resolve import resolve
from train.recipe import Recipe

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

HUB_TIMEOUT = 5  # seconds to find out that there is no hub
HUB_FILES = ["*.json", "model*.safetensors", "tokenizer*", "*.jinja", "LICENSE*"]


@dataclass(frozen=True, slots=True)
class BaseModel:
    """A model in Hugging Face's layout on this machine, and where it came from."""

    folder: Path
    source: str  # "hub", "folder" or "gguf"
    hub: str = ""  # the recipe's hub name
    gguf: str = ""  # the catalog name or path that stands for it at inference
    gguf_file: Path | None = None
    licence: str = ""

    def tokenizer(self) -> PreTrainedTokenizerBase:
        """The tokenizer with which this model is trained, its padding apart from its end token."""
        if self.gguf_file is not None:
            from models.hf import gguf_tokenizer

            return gguf_tokenizer(self.gguf_file)
        from transformers import AutoTokenizer

        tokenizer: PreTrainedTokenizerBase = AutoTokenizer.from_pretrained(self.folder)
        if tokenizer.pad_token in (None, tokenizer.eos_token):
            # Padding with the end token would mask the end token out of the loss.
            tokenizer.pad_token = tokenizer.unk_token or _spare_token(tokenizer)
        return tokenizer

    def config(self) -> dict[str, int]:
        """The sizes that `config.json` gives."""
        values: dict[str, int] = json.loads((self.folder / "config.json").read_text("utf-8"))
        return values


def find_base(recipe: Recipe, console: Console) -> BaseModel:
    """The recipe's base, fetched or dequantized if need be; what is done is said.

    Raises:
        ModelError: neither the hub nor a GGUF can give it.
    """
    licence = _licence(recipe)
    if recipe.base and Path(recipe.base).is_dir():
        folder = Path(recipe.base)
        if not (folder / "config.json").is_file():
            raise ModelError(f"{folder} has no config.json, so it is no Hugging Face model folder.")
        return BaseModel(folder, "folder", gguf=recipe.gguf, licence=licence)
    reason = "the recipe names no hub model"
    if recipe.base:
        try:
            folder = _from_hub(recipe.base)
            return BaseModel(folder, "hub", recipe.base, recipe.gguf, licence=licence)
        except (OSError, ValueError) as error:
            reason = f"the hub did not give {recipe.base} ({type(error).__name__})"
    if not recipe.gguf:
        raise ModelError(
            f"There is no base model: {reason}; give a folder with --set base=FOLDER, "
            "or a GGUF with --set gguf=FILE."
        )
    console.print(f"Base: {recipe.gguf}'s GGUF, because {reason}.", highlight=False)
    file = resolve(recipe.gguf, console).path
    return BaseModel(
        _from_gguf(file, lambda text: console.print(text, highlight=False)),
        "gguf",
        recipe.base,
        recipe.gguf,
        file,
        licence,
    )


def _from_hub(name: str) -> Path:
    """The model's folder, fetched or carried on with; without a network, what was fetched before.

    Raises:
        OSError: the hub does not answer or refuses, and no whole copy is here.
    """
    from httpx import HTTPError
    from huggingface_hub import HfApi, snapshot_download

    try:
        HfApi().model_info(name, timeout=HUB_TIMEOUT)
        return Path(snapshot_download(name, allow_patterns=HUB_FILES))
    except (OSError, HTTPError, ValueError) as error:
        folder = Path(snapshot_download(name, allow_patterns=HUB_FILES, local_files_only=True))
        if not _is_whole(folder):
            raise ConnectionError(f"{name} is not whole") from error
        return folder


def _is_whole(folder: Path) -> bool:
    index = folder / "model.safetensors.index.json"
    if not index.is_file():
        return (folder / "model.safetensors").is_file()
    files = json.loads(index.read_text("utf-8"))["weight_map"].values()
    return all((folder / file).is_file() for file in set(files))


def _from_gguf(file: Path, tell: Callable[[str], None]) -> Path:
    from models.hf import base_model_folder

    return base_model_folder(file, models_folder() / "cache", tell)


def _licence(recipe: Recipe) -> str:
    try:
        entries = load_catalog()
    except GuideError:
        return ""
    for name, entry in entries.items():
        if name == recipe.gguf or (recipe.base and entry.base == recipe.base):
            return entry.licence
    return ""


def _spare_token(tokenizer: PreTrainedTokenizerBase) -> str:
    """A control token that no text holds, to pad with."""
    used = {tokenizer.bos_token, tokenizer.eos_token}
    spare = [t for t in tokenizer.all_special_tokens if t not in used]
    spare += [str(t) for t in tokenizer.added_tokens_decoder.values() if str(t) not in used]
    if not spare:
        raise ModelError("The base's tokenizer has no spare token to pad with; choose another.")
    return spare[0]
