"""One guide with everything known about it, as `guide tell --json` and `guide batch` give it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from data.artwork import Artwork

if TYPE_CHECKING:
    from infer.runner import Generation


def result_record(text: str, artwork: Artwork, model: str, generation: Generation) -> dict[str, Any]:
    """The guide, its artwork, its model, and the measures of the finished generation."""
    return {
        "guide": text,
        "artwork": artwork.as_record(),
        "model": model,
        **generation.measures().as_dict(),
    }
