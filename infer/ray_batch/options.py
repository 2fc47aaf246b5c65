"""The options of `guide batch` that say who writes: this process, Ray's workers, or vLLM."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import click

LOCAL, RAY, VLLM = ENGINES = ("local", "ray", "vllm")
BATCH = 32
"""Works that a worker is given at once, and that are written anew when it dies."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Where and how a collection is written, apart from what its guides are like."""

    engine: str = RAY
    address: str | None = None
    workers: int | None = None
    threads: int | None = None
    slots: int | None = None
    gpus: float | None = None
    batch: int = BATCH


def engine_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add them to a click command; `Settings` takes their values."""
    for option in reversed(
        [
            click.option(
                "--engine", type=click.Choice(ENGINES), default=LOCAL, show_default=True,
                help="Write here, by workers on Ray, or by vLLM on Ray.",
            ),
            click.option(
                "--address", metavar="HOST:PORT", default=None,
                help="A Ray cluster to work on; without it, this machine alone.",
            ),
            click.option(
                "--workers", type=click.IntRange(min=1), default=None,
                help="Ray's workers, each with the model; by default what there is room for.",
            ),
            click.option(
                "--threads", type=click.IntRange(min=1), default=None,
                help="Cores of each of Ray's workers.",
            ),
            click.option(
                "--gpus", type=click.FloatRange(min=0), default=None,
                help="GPUs of each of Ray's workers; 0.5 puts two on one.",
            ),
            click.option(
                "--batch-size", "batch_", type=click.IntRange(1, 10_000), default=BATCH,
                show_default=True, help="Works that a worker of Ray is given at once.",
            ),
        ]
    ):  # fmt: skip
        command = option(command)
    return command
