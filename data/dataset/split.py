"""Parting groups of rows into train, validation and test, the same way for the same seed.

    from data.dataset.split import Sizes, split
    parts = split(groups, Sizes(validation=0.1), seed=17)    # {"train": [...], "validation": [...]}

Groups are drawn in the order of a hash of seed and name, so that a work tends to stay on its side
when the corpus grows.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from data.errors import GuideError

PARTS = ("train", "validation", "test")

Item = TypeVar("Item")


class SplitError(GuideError):
    """The rows cannot be parted into the sizes asked for."""


@dataclass(frozen=True, slots=True)
class Sizes:
    """Rows of each part: below 1 a share of all, from 1 on a number; train None takes the rest."""

    train: float | None = None
    validation: float = 0.1
    test: float = 0.0


def split(
    groups: Mapping[str, Sequence[Item]], sizes: Sizes, seed: int
) -> dict[str, list[list[Item]]]:
    """Whole groups for each part; a part with a size of 0 is not there.

    A number of rows is met exactly, if need be by taking only the first rows of one group; a share
    is met by whole groups until it is reached.

    Raises:
        SplitError: there are too few rows for what is asked, or none would be left to train on.
    """
    total = sum(map(len, groups.values()))
    _check(sizes, total)
    left = [list(groups[name]) for name in sorted(groups, key=lambda name: draw(seed, name))]
    parts: dict[str, list[list[Item]]] = {}
    for name in ("validation", "test"):
        if size := getattr(sizes, name):
            parts[name], left = _take(left, size, total)
    parts["train"] = left if sizes.train is None else _take(left, sizes.train, total)[0]
    if not parts["train"]:
        raise SplitError(
            f"{total} rows leave none to train on; ask for a smaller --validation or --test."
        )
    return {name: parts[name] for name in PARTS if parts.get(name)}


def draw(seed: int, name: str) -> str:
    """The place of a name in an order that the seed decides."""
    return hashlib.sha256(f"{seed}\n{name}".encode()).hexdigest()


def _check(sizes: Sizes, total: int) -> None:
    asked = sum(_rows(size, total) for size in (sizes.train or 0, sizes.validation, sizes.test))
    if asked > total:
        raise SplitError(
            f"There are {total} rows and {asked} are asked for; ask for fewer with --train and "
            "--validation, or widen --language, --style and --length."
        )


def _rows(size: float, total: int) -> int:
    return int(size) if size >= 1 else max(bool(size), round(size * total))


def _take(
    groups: list[list[Item]], size: float, total: int
) -> tuple[list[list[Item]], list[list[Item]]]:
    """The groups that make up the size, from the front, and the groups that are left."""
    missing = _rows(size, total)
    taken: list[list[Item]] = []
    left: list[list[Item]] = []
    for group in groups:
        if missing > 0 and (size < 1 or len(group) <= missing):
            taken.append(group)
            missing -= len(group)
        else:
            left.append(group)
    while missing > 0 and left:
        taken.append(left[0][:missing])
        missing -= len(taken[-1])
        left = left[1:]
    return taken, left
