"""Merge a LoRA adapter into 16-bit base weights, tensor by tensor.

    from export.merge import merge
    merge(base_folder, adapter_folder, Path("merged"))

W + s·B·A is computed in float32 and stored as float16, whose eleven bits keep more of the change
than the eight of bfloat16. Only the tensor at hand and one shard being filled are in memory, so a
7B model needs a few gigabytes.
"""

from __future__ import annotations

import json
import math
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from data.errors import ModelError
from models.hf import write_shards

if TYPE_CHECKING:
    import numpy as np
    import torch
    from numpy.typing import NDArray

_PREFIX = "base_model.model."
_EMBEDDING, _HEAD = "model.embed_tokens.weight", "lm_head.weight"
_LORA = re.compile(r"^(?P<module>.+)\.lora_(?P<embedding>embedding_)?(?P<side>[AB])(?:\.weight)?$")
_KEPT = ("config.json", "generation_config.json", "LICENSE", "LICENSE.md", "LICENSE.txt")
_TOKENIZER = (
    "tokenizer.json",
    "tokenizer_config.json",
    "tokenizer.model",
    "special_tokens_map.json",
    "added_tokens.json",
    "chat_template.jinja",
    "vocab.json",
    "merges.txt",
)

Advance = Callable[[int, int], None]
"""Told how many tensors of how many are written."""


@dataclass(frozen=True, slots=True)
class Change:
    """What an adapter does to one weight: W, or its `replacement`, plus scale · B · A."""

    a: torch.Tensor | None = None
    b: torch.Tensor | None = None
    scale: float = 0.0
    transposed: bool = False
    replacement: torch.Tensor | None = None

    def applied(self, weight: torch.Tensor) -> torch.Tensor:
        """The changed weight in float32, of the same shape (rows, columns)."""
        if self.replacement is not None:
            weight = self.replacement
        if self.a is None or self.b is None:
            return weight.float()
        product = self.b.float() @ self.a.float()
        return weight.float().add_(product.T if self.transposed else product, alpha=self.scale)


def merge(
    base: Path,
    adapter: Path | None,
    out: Path,
    *,
    tokenizer: Path | None = None,
    advance: Advance = lambda _done, _all: None,
) -> None:
    """Write the merged model as a Hugging Face folder `out`, which appears when it is whole.

    Args:
        base: folder with config.json and 16- or 32-bit safetensors.
        adapter: folder of a PEFT LoRA adapter, or None to only store the base as float16.
        out: the folder to make; one that exists is replaced.
        tokenizer: folder whose tokenizer is used in place of the base's.
        advance: progress.

    Raises:
        ModelError: the base or the adapter is incomplete, or the adapter is of a kind that
            cannot be merged this way.
    """
    part = out.with_name(f"{out.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    try:
        places = weight_files(base)
        changes = load_changes(adapter, places) if adapter else {}
        untied = _untied(base, places, changes)
        _copy_small_files(base, tokenizer, part, untied=untied)
        write_shards(part, _merged(base, places, changes, untied, advance))
        shutil.rmtree(out, ignore_errors=True)
        part.rename(out)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def weight_files(folder: Path) -> dict[str, Path]:
    """Which safetensors file of a Hugging Face folder holds which tensor.

    Raises:
        ModelError: there are none, or one of the index is missing.
    """
    from safetensors import safe_open

    index = folder / "model.safetensors.index.json"
    single = folder / "model.safetensors"
    if index.is_file():
        names = json.loads(index.read_text("utf-8"))["weight_map"]
        places = {name: folder / file for name, file in names.items()}
    elif single.is_file():
        with safe_open(single, framework="pt") as file:
            places = dict.fromkeys(file.keys(), single)
    else:
        raise ModelError(
            f"{folder} holds no model.safetensors; give a folder in Hugging Face's layout."
        )
    if missing := sorted({str(path) for path in places.values() if not path.is_file()}):
        raise ModelError(f"{folder} is incomplete: {', '.join(missing)} missing; fetch it again.")
    return places


def load_changes(adapter: Path, places: dict[str, Path]) -> dict[str, Change]:
    """What the adapter does, by the name of the base's weight.

    Raises:
        ModelError: it cannot be read, does not fit the base, or is no plain LoRA.
    """
    from safetensors.torch import load_file

    config, weights = adapter / "adapter_config.json", adapter / "adapter_model.safetensors"
    try:
        settings = json.loads(config.read_text("utf-8"))
        tensors = load_file(weights)
    except (OSError, ValueError) as error:
        raise ModelError(
            f"{adapter} is no PEFT adapter (adapter_config.json and adapter_model.safetensors): "
            f"{error}."
        ) from None
    _check_plain(settings, adapter)
    changes: dict[str, Change] = {}
    pairs: dict[str, dict[str, torch.Tensor]] = {}
    for key, tensor in tensors.items():
        name = key.removeprefix(_PREFIX)
        found = _LORA.match(name)
        if found is None:
            # Of layers that touch the vocabulary PEFT saves the base's weight too.
            name = name.replace(".base_layer.", ".")
            changes[_known(name, places, adapter)] = Change(replacement=tensor)
            continue
        pairs.setdefault(found["module"], {})[found["side"]] = tensor
        if found["embedding"]:
            pairs[found["module"]]["embedding"] = tensor
    for module, sides in pairs.items():
        if not {"A", "B"} <= sides.keys():
            raise ModelError(f"{weights} holds half of the pair for {module}; save it again.")
        name = _known(f"{module}.weight", places, adapter)
        changes[name] = Change(
            sides["A"],
            sides["B"],
            _scale(settings, module, sides["A"].shape[0]),
            transposed="embedding" in sides,
            replacement=changes[name].replacement if name in changes else None,
        )
    return changes


def _check_plain(settings: dict[str, Any], adapter: Path) -> None:
    faults = {
        "is not LoRA": settings.get("peft_type") != "LORA",
        "uses DoRA": settings.get("use_dora"),
        "stores its matrices transposed (fan_in_fan_out)": settings.get("fan_in_fan_out"),
        "targets parameters of experts": settings.get("target_parameters"),
    }
    for fault, found in faults.items():
        if found:
            raise ModelError(
                f"{adapter} {fault}, which cannot be merged here; merge it with PEFT's "
                "merge_and_unload and export the folder that it saves."
            )


def _known(name: str, places: dict[str, Path], adapter: Path) -> str:
    tied_head = name == _HEAD and _EMBEDDING in places
    if name not in places and not tied_head:
        raise ModelError(f"{adapter} changes {name}, which the base does not have; wrong base?")
    return name


def _scale(settings: dict[str, Any], module: str, rank: int) -> float:
    """Alpha / r, or alpha / √r for rank-stabilised LoRA; patterns give single layers their own."""
    alpha = float(settings["lora_alpha"])
    for pattern, value in (settings.get("alpha_pattern") or {}).items():
        # As PEFT matches them: the end of the module's name.
        if re.match(rf"(.*\.)?({pattern})$", module):
            alpha = float(value)
            break
    return alpha / (math.sqrt(rank) if settings.get("use_rslora") else rank)


def _untied(base: Path, places: dict[str, Path], changes: dict[str, Change]) -> bool:
    """Whether embedding and output matrix were one and the adapter sets them apart.

    PEFT adapts the one that is named and leaves the other as it was, so both must be stored.
    """
    config = json.loads((base / "config.json").read_text("utf-8"))
    tied = config.get("tie_word_embeddings", False) or _HEAD not in places
    return tied and (_EMBEDDING in changes or _HEAD in changes)


def _merged(
    base: Path,
    places: dict[str, Path],
    changes: dict[str, Change],
    untied: bool,
    advance: Advance,
) -> Iterator[tuple[str, NDArray[np.float16]]]:
    names = sorted(places, key=lambda name: (places[name], name))
    for done, name in enumerate(names):
        advance(done, len(names))
        if untied and name == _HEAD:
            continue
        weight = _load(places[name], name)
        merged = changes[name].applied(weight) if name in changes else weight
        if merged.shape != weight.shape:
            raise ModelError(
                f"The adapter gives {name} another shape ({tuple(merged.shape)} for "
                f"{tuple(weight.shape)}): a vocabulary that was enlarged cannot be exported here."
            )
        yield name, _half(merged, name, base)
        if untied and name == _EMBEDDING:
            head = changes[_HEAD].applied(weight) if _HEAD in changes else weight
            yield _HEAD, _half(head, _HEAD, base)
    advance(len(names), len(names))


def _load(file: Path, name: str) -> torch.Tensor:
    """One tensor, with the file closed again: pages of an open one count as resident memory."""
    from safetensors import safe_open

    with safe_open(file, framework="pt") as opened:
        tensor: torch.Tensor = opened.get_tensor(name)
        return tensor.clone()


def _half(weight: torch.Tensor, name: str, base: Path) -> NDArray[np.float16]:
    import torch

    half = weight.to(torch.float16).contiguous()
    if not bool(torch.isfinite(half).all()):
        raise ModelError(
            f"{name} of {base} with its adapter has values that are not finite in float16; "
            "the training has diverged, choose an earlier checkpoint."
        )
    array: NDArray[np.float16] = half.numpy()
    return array


def copy_tokenizer(folder: Path, out: Path) -> None:
    """Copy what a tokenizer consists of over whatever tokenizer `out` has."""
    for name in _TOKENIZER:
        if (folder / name).is_file():
            shutil.copyfile(folder / name, out / name)


def _copy_small_files(base: Path, tokenizer: Path | None, out: Path, *, untied: bool) -> None:
    for name in _KEPT:
        if (base / name).is_file():
            shutil.copyfile(base / name, out / name)
    copy_tokenizer(base, out)
    if tokenizer is not None:
        copy_tokenizer(tokenizer, out)
    config = json.loads((out / "config.json").read_text("utf-8"))
    config.pop("torch_dtype", None)
    config.pop("quantization_config", None)
    config["dtype"] = "float16"
    if untied:
        config["tie_word_embeddings"] = False
    (out / "config.json").write_text(json.dumps(config, indent=2), encoding="utf-8")
