"""Backends: how the frozen base and its adapter are loaded, and which trainer moves the weights.

    from train.backends import load_backend
    backend = load_backend("peft")
    model = backend.load(base, recipe, "bf16", tokens=4096)

Recipe, rows, run folder and the trainer's own additions are the same whichever is used.
"""

from __future__ import annotations

import json
from contextlib import AbstractContextManager
from importlib import import_module
from pathlib import Path
from typing import Any, Literal, Protocol

from data.errors import RecipeError
from train.base import BaseModel
from train.recipe import Recipe

Numbers = Literal["bf16", "fp16", "fp32"]


class Backend(Protocol):
    """What differs between Unsloth and plain PEFT."""

    name: str

    def prepare(self) -> None:
        """Import what must be imported before the trainers are."""

    def load(self, base: BaseModel, recipe: Recipe, precision: Numbers, tokens: int) -> Any:
        """The base with a fresh adapter, on this process's device.

        `tokens` is the length of the longest sequence it will be given.
        """

    def generating(self, model: Any) -> AbstractContextManager[None]:
        """Within it the model writes; after it the model trains again."""


def load_backend(name: str) -> Backend:
    """The backend of that name, its imports done."""
    backend: Backend = import_module(f"train.backends.{name}").BACKEND
    backend.prepare()
    return backend


def go_on_from(model: Any, recipe: Recipe) -> None:
    """Give the fresh adapter the weights of the recipe's `adapter`.

    Raises:
        RecipeError: there is no such adapter, or it is of another shape.
    """
    from peft import set_peft_model_state_dict
    from safetensors.torch import load_file

    folder = adapter_folder(recipe.adapter)
    config = json.loads((folder / "adapter_config.json").read_text("utf-8"))
    same = {"rank": (config["r"], recipe.rank), "alpha": (config["lora_alpha"], recipe.alpha)}
    same["rslora"] = (config["use_rslora"], recipe.rslora)
    for key, (theirs, ours) in same.items():
        if theirs != ours:
            raise RecipeError(f"{folder} has {key} {theirs}; go on with --set {key}={theirs}.")
    if set(config["target_modules"]) != set(recipe.layers):
        layers = ",".join(sorted(config["target_modules"]))
        raise RecipeError(f"{folder} adapts other layers; go on with --set layers={layers}.")
    set_peft_model_state_dict(model, load_file(folder / "adapter_model.safetensors"))


def adapter_folder(path: str) -> Path:
    """The PEFT adapter of a run folder, or the folder itself if it is one.

    Raises:
        RecipeError: there is none.
    """
    for folder in (Path(path) / "adapter", Path(path)):
        if (folder / "adapter_model.safetensors").is_file():
            return folder
    raise RecipeError(f"{path} holds no adapter; give a run with --set adapter=runs/NAME.")
