"""Plain PEFT: transformers' model, 4-bit by bitsandbytes if wanted, on any device.

from train.backends import load_backend
load_backend("peft").load(base, recipe, "fp32", tokens=1024)
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from train.backends import Numbers, go_on_from
from train.base import BaseModel
from train.hardware import is_divided
from train.recipe import Recipe


class PeftBackend:
    """TRL, PEFT and, for 4 bits, bitsandbytes, each with its own defaults."""

    name = "peft"

    def prepare(self) -> None:
        """Nothing has to come first."""

    def load(self, base: BaseModel, recipe: Recipe, precision: Numbers, tokens: int) -> Any:
        """The base and a LoRA adapter whose B matrices are zero."""
        import torch
        from peft import LoraConfig, get_peft_model
        from transformers import AutoModelForCausalLM, BitsAndBytesConfig

        dtype = {"bf16": torch.bfloat16, "fp16": torch.float16, "fp32": torch.float32}[precision]
        options: dict[str, Any] = {"dtype": dtype, "attn_implementation": "sdpa"}
        if recipe.bits == 4:
            options["quantization_config"] = BitsAndBytesConfig(  # type: ignore[no-untyped-call]
                load_in_4bit=True,
                bnb_4bit_quant_type="nf4",
                bnb_4bit_use_double_quant=True,
                bnb_4bit_compute_dtype=dtype,
            )
        # Divided weights go to their cards layer by layer; a whole model might not fit on one.
        if torch.cuda.is_available() and not is_divided():
            options["device_map"] = {"": int(os.environ.get("LOCAL_RANK", "0"))}
        model: Any = AutoModelForCausalLM.from_pretrained(base.folder, **options)
        model.config.use_cache = False
        torch.manual_seed(recipe.seed)
        model = get_peft_model(
            model,
            LoraConfig(
                task_type="CAUSAL_LM",
                r=recipe.rank,
                lora_alpha=recipe.alpha,  # type: ignore[arg-type]  # a float serves as well
                lora_dropout=recipe.dropout,
                use_rslora=recipe.rslora,
                target_modules=list(recipe.layers),
            ),
        )
        if recipe.adapter:
            go_on_from(model, recipe)
        return model

    @contextmanager
    def generating(self, model: Any) -> Iterator[None]:
        """Evaluation mode, in which nothing is checkpointed, for the time being."""
        model.eval()
        try:
            yield
        finally:
            model.train()


BACKEND = PeftBackend()
