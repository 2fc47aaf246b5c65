"""Recipes: what a training run does, in one flat TOML file with a reason beside each number.

    from train.recipe import load_recipe
    recipe = load_recipe("small", ["learning_rate=1e-4", "epochs=3"])

A recipe is given by name (a file of `train/recipes/`) or by path; `--set key=value` changes a key.
All its faults are told at once, each with the flag that would mend it.
"""

from __future__ import annotations

import difflib
import json
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from data.errors import RecipeError
from data.prompt import Language, Length, Style

RECIPES = Path(__file__).parent / "recipes"

Method = Literal["sft", "dpo", "grpo"]
BackendName = Literal["auto", "unsloth", "peft"]
Batching = Literal["padded", "padding-free", "packed"]
Precision = Literal["auto", "bf16", "fp16", "fp32"]
Positive = Annotated[int, Field(ge=1)]
Count = Annotated[int, Field(ge=0)]
Share = Annotated[float, Field(ge=0, lt=1)]

LINEAR_LAYERS = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")
"""The linear layers of a llama, mistral or qwen2 block; other layers cannot be chosen here."""


LISTS = ("languages", "styles", "lengths", "layers")


class Recipe(BaseModel):
    """Every choice of a training run; the shipped recipes say why for each of their numbers."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    # What is trained, and on what.
    base: str = ""  # hub name, or a folder in Hugging Face's layout; "" goes straight to `gguf`
    gguf: str = ""  # catalog name or path, dequantized when the hub cannot give `base`
    method: Method = "sft"
    adapter: str = ""  # a run (or its adapter's folder) to go on from, as dpo and grpo do
    train: str = "data/processed/train.jsonl"
    validation: str = "data/processed/validation.jsonl"
    languages: tuple[Language, ...] = ()  # none: all
    styles: tuple[Style, ...] = ()
    lengths: tuple[Length, ...] = ()
    rows: Count = 0  # of the training set, the first so many; 0: all
    validation_rows: Count = 0
    max_length: Annotated[int, Field(ge=64)] = 1024  # tokens of a row; a longer one is refused

    # The adapter.
    bits: Literal[4, 16] = 4  # of the frozen base: NF4 with double quantization, or 16-bit
    rank: Positive = 16
    alpha: Annotated[float, Field(gt=0)] = 32
    rslora: bool = False  # scale by alpha / sqrt(rank) instead of alpha / rank
    dropout: Share = 0.0
    layers: tuple[str, ...] = LINEAR_LAYERS

    # The fit.
    learning_rate: Annotated[float, Field(gt=0, lt=1)] = 2e-4
    lora_plus: Annotated[float, Field(ge=0)] = 0.0  # rate of B over rate of A (LoRA+); 0: equal
    schedule: Literal["linear", "cosine", "constant"] = "linear"
    warmup: Share = 0.03  # of all steps
    weight_decay: Share = 0.01
    max_grad_norm: Annotated[float, Field(gt=0)] = 1.0
    optimizer: Literal["adamw", "adamw_8bit"] = "adamw_8bit"
    epochs: Annotated[float, Field(gt=0)] = 3
    max_steps: Count = 0  # stops there if sooner; 0: no such limit
    batch_size: Positive = 2  # rows a device takes at once
    accumulation: Positive = 4  # such batches before the weights move
    batching: Batching = "padded"
    precision: Precision = "auto"  # bf16 where the device has it, else fp16; fp32 on a CPU
    gradient_checkpointing: bool = True
    neftune: Annotated[float, Field(ge=0)] = 0.0  # noise on the embeddings; 0: none
    seed: Count = 3407

    # Watching it.
    evaluations: Positive = 2  # an epoch, of the held-out loss; the best adapter is kept
    patience: Count = 0  # evaluations without a better loss before it stops; 0: never
    checkpoint_every: Count = 0  # steps between checkpoints to resume from; 0: each evaluation
    samples: Count = 3  # validation works told after each epoch
    sample_tokens: Positive = 260
    sample_batch: Positive = 16  # guides written at once, here and for drawn pairs
    trackio: bool = False

    # Preference (dpo, grpo).
    pairs: str = ""  # dpo: JSONL of chosen and rejected; "": drawn from the adapter and judged
    beta: Annotated[float, Field(ge=0)] = 0.1  # how dear it is to leave the starting adapter
    generations: Annotated[int, Field(ge=2)] = 8  # guides drawn of each work
    temperature: Annotated[float, Field(gt=0)] = 0.8  # at which they are drawn
    draw_every: Positive = 1  # grpo: steps whose guides are drawn at once; more is faster, and the
    # last of them then learn from a model a few steps old

    # What its export must reach, or `guide export` fails.
    max_kl: Annotated[float, Field(gt=0)] = 0.5  # nats a token from 16 bits, of any quantized type
    min_stopped: Annotated[float, Field(ge=0, le=1)] = 1.0  # share of guides that end themselves

    # Where the run goes, and the device.
    backend: BackendName = "auto"

    @model_validator(mode="after")
    def _agrees(self) -> Recipe:
        faults = list(_contradictions(self))
        if faults:
            raise ValueError("\n".join(faults))
        return self

    @property
    def rows_a_step(self) -> int:
        """Rows behind one move of the weights on one device."""
        return self.batch_size * self.accumulation


def _contradictions(recipe: Recipe) -> Iterable[str]:
    """Keys that are each valid and cannot go together, as sentences."""
    if not recipe.base and not recipe.gguf:
        yield "base and gguf are both empty; name a model with --set base=… or --set gguf=…"
    if unknown := [layer for layer in recipe.layers if layer not in LINEAR_LAYERS]:
        yield f"layers names {', '.join(unknown)}; known are {', '.join(LINEAR_LAYERS)}"
    if not recipe.layers:
        yield "layers is empty, so nothing would be trained; leave it out for all of them"
    if recipe.method != "dpo" and recipe.pairs:
        yield f"pairs are for dpo and method is {recipe.method}; choose with --method dpo"
    if recipe.method != "sft" and recipe.batching != "padded":
        yield f"batching {recipe.batching} is for sft; {recipe.method} wants --set batching=padded"
    if recipe.method == "grpo" and recipe.rows_a_step % recipe.generations:
        yield (
            f"batch_size × accumulation is {recipe.rows_a_step}, which {recipe.generations} "
            "generations do not divide; change it with --set generations=…"
        )
    if recipe.backend == "unsloth" and recipe.precision == "fp32":
        yield "unsloth trains in 16-bit precision; choose --set precision=auto or backend=peft"


def recipe_names() -> list[str]:
    """The shipped recipes."""
    return sorted(path.stem for path in RECIPES.glob("*.toml"))


def load_recipe(name: str, changes: Iterable[str] = ()) -> Recipe:
    """The recipe of that name or path, with `key=value` changes applied.

    Raises:
        RecipeError: it cannot be read, or is not valid; every fault has its line.
    """
    path = _find(name)
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise RecipeError(f"{path} cannot be read as TOML: {error}.") from None
    for change in changes:
        key, sign, text = change.partition("=")
        if not sign or not key.strip():
            raise RecipeError(f"--set {change} is not of the form key=value.")
        values[key.strip()] = _value(text.strip())
    return parse_recipe(values, str(path))


def parse_recipe(values: dict[str, Any], where: str) -> Recipe:
    """Validate a recipe's keys and values.

    Raises:
        RecipeError: all faults of it, one a line.
    """
    # TOML knows no tuples, and `--set languages=en` means a list of one.
    values = {
        key: tuple(v) if isinstance(v, list) else (v,) if key in LISTS and v else v
        for key, v in values.items()
    }
    try:
        return Recipe.model_validate(values)
    except ValidationError as error:
        faults = [line for fault in error.errors() for line in _sentences(fault)]
    if len(faults) == 1:
        raise RecipeError(f"{where}: {faults[0]}.")
    listed = "".join(f"\n  - {fault}" for fault in faults)
    raise RecipeError(f"{where} has {len(faults)} faults:{listed}")


def as_toml(recipe: Recipe) -> str:
    """The recipe with every key, as TOML that `load_recipe` reads to the same recipe."""
    # JSON's texts, numbers, lists and booleans are TOML's too.
    values = recipe.model_dump(mode="json")
    return "".join(f"{k} = {json.dumps(v, ensure_ascii=False)}\n" for k, v in values.items())


def _find(name: str) -> Path:
    if name.endswith(".toml") or "/" in name or "\\" in name:
        return Path(name)
    path = RECIPES / f"{name}.toml"
    if not path.is_file():
        close = difflib.get_close_matches(name, recipe_names(), n=1)
        hint = f"did you mean {close[0]!r}? " if close else ""
        raise RecipeError(
            f"There is no recipe called {name!r}; {hint}shipped are {', '.join(recipe_names())}, "
            "or give the path of a .toml file."
        )
    return path


def _value(text: str) -> Any:
    """A value of the command line: TOML where it is TOML, else a text, a list where commas are."""
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return [part.strip() for part in text.split(",")] if "," in text else text


def _sentences(fault: Any) -> list[str]:
    if fault["type"] == "value_error" and not fault["loc"]:
        return str(fault["ctx"]["error"]).split("\n")
    key = str(fault["loc"][0])
    if fault["type"] == "extra_forbidden":
        close = difflib.get_close_matches(key, Recipe.model_fields, n=1)
        hint = f"did you mean {close[0]!r}?" if close else "leave it out"
        return [f"the key {key!r} is unknown; {hint}"]
    wanted = fault["msg"].removeprefix("Input should be ").removeprefix("Value error, ")
    return [f"{key} is {fault['input']!r} and should be {wanted}; change it with --set {key}=…"]
