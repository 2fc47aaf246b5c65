"""Unsloth: its kernels, checkpointing and fused loss, on a CUDA GPU.

from train.backends import load_backend
load_backend("unsloth").load(base, recipe, "bf16", tokens=4096)

Parts of Unsloth are under the LGPL-3.0 and AGPL-3.0; it is an optional dependency.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from getpass import getuser
from importlib import import_module
from pathlib import Path
from typing import Any

from train.backends import Numbers, go_on_from
from train.base import BaseModel
from train.recipe import Recipe


class UnslothBackend:
    """Unsloth's models, and TRL's trainers as it patches them."""

    name = "unsloth"

    def prepare(self) -> None:
        """Import Unsloth before anything it patches, told to tell nobody."""
        os.environ["UNSLOTH_DISABLE_STATISTICS"] = "1"
        cache = Path(tempfile.gettempdir()) / f"unsloth-{getuser()}"
        os.environ.setdefault("UNSLOTH_COMPILE_LOCATION", str(cache))
        import_module("unsloth")

    def load(self, base: BaseModel, recipe: Recipe, precision: Numbers, tokens: int) -> Any:
        """The base and a LoRA adapter in 32 bits whose B matrices are zero."""
        import torch

        library = import_module("unsloth").FastLanguageModel

        checkpointing = "unsloth" if recipe.gradient_checkpointing else False
        model, _ = library.from_pretrained(
            model_name=str(base.folder),
            max_seq_length=tokens,
            dtype={"bf16": torch.bfloat16, "fp16": torch.float16, "fp32": None}[precision],
            load_in_4bit=recipe.bits == 4,
            load_in_16bit=recipe.bits == 16,
            use_gradient_checkpointing=checkpointing,
            use_exact_model_name=True,
            random_state=recipe.seed,
        )
        model = library.get_peft_model(
            model,
            r=recipe.rank,
            lora_alpha=recipe.alpha,
            lora_dropout=recipe.dropout,
            use_rslora=recipe.rslora,
            target_modules=list(recipe.layers),
            use_gradient_checkpointing=checkpointing,
            random_state=recipe.seed,
        )
        if recipe.adapter:
            go_on_from(model, recipe)
        return model

    @contextmanager
    def generating(self, model: Any) -> Iterator[None]:
        """Unsloth's fast inference, for the time being."""
        library = import_module("unsloth").FastLanguageModel

        library.for_inference(model)
        try:
            yield
        finally:
            library.for_training(model)


BACKEND = UnslothBackend()
