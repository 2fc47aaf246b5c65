"""What a run will need, before it starts: tokens, steps, memory and time.

from train.estimate import device_rate, estimate
needs = estimate(recipe, sizes, plan, tokens, hardware, "unsloth", rate=device_rate(hardware))
needs.memory, needs.seconds

Memory is counted tensor by tensor; the constants beside each were set against the peaks that
`bench/train_speed.py` measures (train/recipes/README.md). Time is the arithmetic of the run over
the rate that this very device reaches in a short matrix product, times the share of that rate that
training was measured to reach: a guess to plan by, right within about a factor of two.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from train.hardware import Hardware, is_divided
from train.plan import Plan, make_plan
from train.recipe import Recipe

NF4_BYTES = 0.516  # a weight: 4 bits, and its blocks' scales quantized in turn
RESERVE = 0.6e9  # bytes for CUDA itself and its libraries' workspaces
LOSS_TOKENS = 256  # the fused losses take logits of so many tokens at once
BLOCK_COPIES = 8  # of a block's hidden and inner states that live while it is differentiated
SAVED_COPIES = {"unsloth": 4, "peft": 8}  # of each block, where nothing is computed again
SHARE_OF_RATE = {
    ("cuda", "unsloth"): 0.25,
    ("cuda", "peft"): 0.08,
    ("cpu", "peft"): 0.35,
    ("cpu", "unsloth"): 0.35,
}
"""Of the device's rate in a matrix product, what a training step reaches."""


@dataclass(frozen=True, slots=True)
class Sizes:
    """A decoder's sizes, from its `config.json`."""

    layers: int
    hidden: int
    inner: int
    heads: int
    key_heads: int
    head: int
    vocabulary: int
    tied: bool

    @classmethod
    def of(cls, config: dict[str, Any]) -> Sizes:
        """From the names that llama, mistral and qwen2 share."""
        heads = config["num_attention_heads"]
        return cls(
            config["num_hidden_layers"],
            config["hidden_size"],
            config["intermediate_size"],
            heads,
            config.get("num_key_value_heads") or heads,
            config.get("head_dim") or config["hidden_size"] // heads,
            config["vocab_size"],
            bool(config.get("tie_word_embeddings")),
        )

    def linear(self) -> dict[str, tuple[int, int]]:
        """Inputs and outputs of the linear layers of a block."""
        query, keys = self.heads * self.head, self.key_heads * self.head
        return {
            "q_proj": (self.hidden, query),
            "k_proj": (self.hidden, keys),
            "v_proj": (self.hidden, keys),
            "o_proj": (query, self.hidden),
            "gate_proj": (self.hidden, self.inner),
            "up_proj": (self.hidden, self.inner),
            "down_proj": (self.inner, self.hidden),
        }

    @property
    def linear_weights(self) -> int:
        """Weights of all blocks."""
        return self.layers * sum(a * b for a, b in self.linear().values())

    @property
    def embedding_weights(self) -> int:
        """Weights of the embedding and, if it is another matrix, the output."""
        return self.vocabulary * self.hidden * (1 if self.tied else 2)

    def trained_weights(self, recipe: Recipe) -> int:
        """Weights of the adapter."""
        shapes = self.linear()
        return self.layers * sum(recipe.rank * sum(shapes[name]) for name in recipe.layers)


@dataclass(frozen=True, slots=True)
class Needs:
    """Bytes of each kind on one device, and seconds for the whole run."""

    weights: float
    adapter: float
    activations: float
    seconds: float
    trained: int

    @property
    def memory(self) -> float:
        """Bytes on one device, all together."""
        return self.weights + self.adapter + self.activations + RESERVE


def estimate(
    recipe: Recipe,
    sizes: Sizes,
    plan: Plan,
    tokens: Tokens,
    hardware: Hardware,
    backend: str,
    *,
    rate: float,
) -> Needs:
    """Memory and time of a run whose passes take `tokens.a_pass` tokens.

    `rate` is the device's, in floating-point operations a second (`device_rate`).
    """
    width = 4 if hardware.device == "cpu" else 2
    parts = hardware.devices if is_divided() else 1
    linear = sizes.linear_weights * (NF4_BYTES if recipe.bits == 4 else width)
    trained = sizes.trained_weights(recipe)
    # Weight and gradient in 32 bits; AdamW's two moments in 8 or 32 bits.
    adapter = trained * (8 + (2 if recipe.optimizer == "adamw_8bit" else 8))
    states = (sizes.hidden + sizes.inner) * width
    if not recipe.gradient_checkpointing:
        kept = SAVED_COPIES[backend] * states
    else:  # a block's input; Unsloth keeps it in the machine's memory
        kept = 0 if backend == "unsloth" else sizes.hidden * width
    a_token = sizes.layers * kept + BLOCK_COPIES * states
    share = SHARE_OF_RATE[(hardware.device, backend)]
    loss = LOSS_TOKENS * sizes.vocabulary * 4 * 3
    return Needs(
        weights=(linear + sizes.embedding_weights * width) / parts,
        adapter=adapter / parts,
        activations=tokens.a_pass * a_token + loss,
        seconds=_work(recipe, sizes, plan, tokens) / (rate * share * hardware.devices),
        trained=trained,
    )


@dataclass(frozen=True, slots=True)
class Tokens:
    """Tokens that decide cost: of the longest pass, and of an epoch with its padding."""

    a_pass: int
    an_epoch: int


def count_tokens(lengths: list[int], plan: Plan, batching: str) -> Tokens:
    """Of rows of those lengths in the plan's batches, padding counted where there is any."""
    longest = sorted(lengths, reverse=True)[: plan.micro_batch]
    if batching != "padded":
        return Tokens(sum(longest), sum(lengths))
    # A random batch is about as wide as the long end of the rows.
    wide = sorted(lengths)[int((len(lengths) - 1) * plan.micro_batch / (plan.micro_batch + 1))]
    mean = sum(lengths) / len(lengths)
    width = mean if plan.micro_batch == 1 else max(wide, mean)
    return Tokens(longest[0] * plan.micro_batch, int(width * len(lengths)))


def smallest_change(
    recipe: Recipe, sizes: Sizes, lengths: list[int], hardware: Hardware, backend: str
) -> str | None:
    """The least change of the recipe that fits the device's memory, as flags; None if none does."""
    for flags, changed in _changes(recipe, hardware):
        plan = make_plan(changed, len(lengths), hardware.devices)
        tokens = count_tokens(lengths, plan, changed.batching)
        needs = estimate(changed, sizes, plan, tokens, hardware, backend, rate=1.0)
        if needs.memory <= hardware.free:
            return flags
    return None


def _changes(recipe: Recipe, hardware: Hardware) -> Iterator[tuple[str, Recipe]]:
    """Changes from the one that costs least to the one that costs most, each on top of the last."""
    flags: list[str] = []
    for key, value in _steps(recipe, hardware):
        recipe = recipe.model_copy(update={key: value})
        flags = [flag for flag in flags if not flag.startswith(f"--set {key}=")]
        flags.append(f"--set {key}={str(value).lower()}")
        yield " ".join(flags), recipe


def _steps(recipe: Recipe, hardware: Hardware) -> Iterator[tuple[str, Any]]:
    if not recipe.gradient_checkpointing:
        yield "gradient_checkpointing", True
    if recipe.optimizer == "adamw" and hardware.device == "cuda" and not is_divided():
        yield "optimizer", "adamw_8bit"
    if recipe.batching != "padded":
        yield "batching", "padded"
    size, accumulation = recipe.batch_size, recipe.accumulation
    while size % 2 == 0:
        size, accumulation = size // 2, accumulation * 2
        yield "accumulation", accumulation
        yield "batch_size", size
    if recipe.bits == 16 and hardware.device == "cuda" and not is_divided():
        yield "bits", 4


def _work(recipe: Recipe, sizes: Sizes, plan: Plan, tokens: Tokens) -> float:
    """Floating-point operations of the whole run."""
    # Forward and backward through frozen weights are two passes, the recomputation a third.
    passes = 6 if recipe.gradient_checkpointing else 4
    epochs = plan.steps / plan.steps_per_epoch
    work = passes * (sizes.linear_weights + sizes.vocabulary * sizes.hidden)
    return epochs * tokens.an_epoch * work


def device_rate(hardware: Hardware) -> float:
    """Floating-point operations a second in a matrix product, measured in a moment."""
    import torch

    cuda = hardware.device == "cuda"
    size = 4096 if cuda else 768
    dtype = torch.float32 if not cuda else torch.bfloat16 if hardware.bf16 else torch.float16
    matrix = torch.randn(size, size, dtype=dtype, device=hardware.device)
    best = float("inf")
    for _ in range(5):
        begin = time.perf_counter()
        product = matrix @ matrix
        float(product[0, 0])  # waits for the device
        best = min(best, time.perf_counter() - begin)
    return 2 * size**3 / best
