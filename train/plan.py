"""How a recipe's rows fall into steps on so many devices.

from train.plan import make_plan
make_plan(recipe, rows=2700, devices=1).steps
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from data.errors import RecipeError
from train.recipe import Recipe


@dataclass(frozen=True, slots=True)
class Plan:
    """Batches and steps; a step's rows are the same on any number of devices."""

    micro_batch: int  # rows a device takes at once
    accumulation: int
    devices: int
    steps_per_epoch: int
    steps: int

    @property
    def rows_a_step(self) -> int:
        """Rows behind one move of the weights, all devices together."""
        return self.micro_batch * self.accumulation * self.devices


def make_plan(recipe: Recipe, rows: int, devices: int) -> Plan:
    """Divide a step among the devices; a packed one goes through each in one pass.

    Raises:
        RecipeError: the devices do not divide it.
    """
    if recipe.rows_a_step % devices:
        raise RecipeError(
            f"batch_size × accumulation is {recipe.rows_a_step}, which {devices} devices do not "
            f"divide; change it with --set accumulation={devices * recipe.accumulation}"
        )
    share = recipe.rows_a_step // devices
    micro = share if recipe.batching == "packed" else math.gcd(recipe.batch_size, share)
    accumulation = share // micro
    batches = math.ceil(rows / (micro * devices))
    per_epoch = math.ceil(batches / accumulation)
    steps = math.ceil(recipe.epochs * per_epoch)
    if recipe.max_steps:
        steps = min(steps, recipe.max_steps)
    return Plan(micro, accumulation, devices, per_epoch, steps)
