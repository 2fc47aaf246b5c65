"""What a run trains on and with: device, precision, versions.

from train.hardware import find_hardware
find_hardware().device    # "cuda"
"""

from __future__ import annotations

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from typing import Literal

import psutil
from pydantic import BaseModel, ConfigDict

from data.errors import RecipeError
from train.recipe import Recipe

PACKAGES = (
    "torch",
    "transformers",
    "trl",
    "peft",
    "accelerate",
    "datasets",
    "bitsandbytes",
    "unsloth",
    "unsloth_zoo",
    "triton",
)


class Hardware(BaseModel):
    """The machine; memory in bytes."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    device: Literal["cuda", "cpu"]
    name: str
    devices: int = 1
    memory: int  # of one device; on a CPU, of the machine
    free: int
    bf16: bool
    system: str


def find_hardware() -> Hardware:
    """The device that training will use: the first CUDA GPU, or the CPU."""
    import torch

    system = f"{platform.system()} {platform.machine()}, Python {platform.python_version()}"
    if torch.cuda.is_available():
        free, total = torch.cuda.mem_get_info()
        return Hardware(
            device="cuda",
            name=torch.cuda.get_device_name(),
            devices=world_size(),
            memory=total,
            free=free,
            bf16=torch.cuda.get_device_capability()[0] >= 8,  # Ampere; older cards emulate it
            system=system,
        )
    memory = psutil.virtual_memory()
    cores = psutil.cpu_count(logical=False) or 1
    return Hardware(
        device="cpu",
        name=f"{platform.processor() or platform.machine()}, {cores} cores",
        devices=world_size(),
        memory=memory.total,
        free=memory.available,
        bf16=False,
        system=system,
    )


def world_size() -> int:
    """Processes of this run, as torchrun and accelerate tell it."""
    return int(os.environ.get("WORLD_SIZE", "1"))


def is_first_process() -> bool:
    """Whether this process writes the run folder."""
    return int(os.environ.get("RANK", "0")) == 0


def is_divided() -> bool:
    """Whether the weights are divided among the processes of this run (FSDP)."""
    return os.environ.get("ACCELERATE_USE_FSDP", "false").lower() == "true"


def choose_precision(recipe: Recipe, hardware: Hardware) -> Literal["bf16", "fp16", "fp32"]:
    """The recipe's precision, or the best that the device has for `auto`."""
    if recipe.precision != "auto":
        return recipe.precision
    if hardware.device == "cpu":
        return "fp32"
    return "bf16" if hardware.bf16 else "fp16"


def choose_backend(recipe: Recipe, hardware: Hardware) -> tuple[Literal["unsloth", "peft"], str]:
    """The backend and, in half a sentence, why.

    Raises:
        RecipeError: the recipe asks for what is not installed or not possible here.
    """
    has_unsloth = find_spec("unsloth") is not None
    if recipe.backend == "unsloth" and not has_unsloth:
        raise RecipeError(
            "backend is unsloth and unsloth is not installed; `just setup train` adds it where "
            "there is an NVIDIA GPU, elsewhere choose --set backend=peft"
        )
    if recipe.bits == 4 and find_spec("bitsandbytes") is None:
        raise RecipeError(
            "4 bits need bitsandbytes, which is not installed; choose --set bits=16, "
            "or install it with: just setup train"
        )
    if recipe.optimizer == "adamw_8bit" and hardware.device == "cpu":
        raise RecipeError(
            "the 8-bit optimizer needs a CUDA GPU and there is none here; "
            "choose --set optimizer=adamw"
        )
    if is_divided():
        check_divisible(recipe)
    if recipe.backend != "auto":
        return recipe.backend, "the recipe says so"
    if hardware.device != "cuda":
        return "peft", "there is no CUDA GPU"
    if not has_unsloth:
        return "peft", "unsloth is not installed"
    if is_divided():
        return "peft", "FSDP divides the weights, and Unsloth wants them whole"
    return "unsloth", f"there is a CUDA GPU, {hardware.name}"


def check_divisible(recipe: Recipe) -> None:
    """Refuse what cannot be trained with weights divided among processes.

    Raises:
        RecipeError: the recipe has such a thing.
    """
    if recipe.method != "sft":
        fault = f"{recipe.method} was never tried with that; choose --accelerate ddp"
    elif recipe.bits == 4:
        fault = "4-bit ones cannot be divided; choose --set bits=16, or --accelerate ddp"
    elif recipe.backend == "unsloth":
        fault = "Unsloth wants them whole; choose --set backend=peft, or --accelerate ddp"
    elif recipe.optimizer == "adamw_8bit":
        # https://github.com/bitsandbytes-foundation/bitsandbytes/issues/1633
        fault = "the 8-bit optimizer cannot move them; choose --set optimizer=adamw"
    else:
        return
    raise RecipeError(f"FSDP divides the weights, and {fault}")


def versions() -> dict[str, str]:
    """Versions of everything that shapes the numbers of a run."""
    found = {}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found
