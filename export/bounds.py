"""What an exported model must reach; a recipe may ask for more or less.

    bounds = bounds_of(run.recipe)
    bounds.missed("Q8_0", kl=0.02, stopped=10, guides=10)

A recipe's `max_kl` and `min_stopped` stand in place of the defaults here.
"""

from __future__ import annotations

from dataclasses import dataclass

from train.recipe import Recipe

_FAITHFUL = {"F32": 0.001, "F16": 0.001, "BF16": 0.01, "Q8_0": 0.01}
"""Types that must be as good as the original, whatever a recipe allows the others."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """The worst that is let pass."""

    max_kl: float = 0.5  # nats a token; the 135M model is at 0.06 in Q4_K_M, at 0.33 in IQ2_XS
    min_stopped: float = 1.0  # share of the guides written that must end by the end marker

    def missed(self, name: str, kl: float | None, stopped: int, guides: int) -> list[str]:
        """A sentence for each bound that a file of type `name` misses."""
        faults = []
        limit = min(self.max_kl, _FAITHFUL.get(name, self.max_kl))
        if kl is not None and not kl <= limit:  # NaN is over any limit
            faults.append(
                f"{name} is {kl:.4f} nats a token away from the 16-bit model; at most {limit} is "
                "allowed"
            )
        if stopped < self.min_stopped * guides:
            faults.append(
                f"{name} ended {stopped} of {guides} guides by itself; {self.min_stopped:.0%} of "
                "them must"
            )
        return faults


def bounds_of(recipe: Recipe | None) -> Bounds:
    """The recipe's bounds, or the defaults for a model without one."""
    if recipe is None:
        return Bounds()
    return Bounds(recipe.max_kl, recipe.min_stopped)
