"""From rows to a data set: chosen, notes dropped, deduplicated, counted, grouped and parted.

    dataset = build(rows, Options(), counter)
    dataset.parts["train"][0].as_json()

Everything is decided by the rows, the options and the seed, so the same build twice is the same
data set, to the byte.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from data.artwork import Artwork
from data.dataset.duplicates import duplicates_of
from data.dataset.groups import group_works
from data.dataset.notes import NotesDropper
from data.dataset.rows import Row
from data.dataset.split import Sizes, SplitError, draw, split
from data.dataset.tokens import Counted, TokenCounter
from data.prompt import completion

Watch = Callable[[Sequence[Row], str], Iterable[Row]]
"""Hands the rows on while it shows how far a step, named in a word, has come."""


@dataclass(frozen=True, slots=True)
class Options:
    """What is taken and how it is parted; empty tuples take everything."""

    languages: tuple[str, ...] = ()
    lengths: tuple[str, ...] = ()
    styles: tuple[str, ...] = ()
    sizes: Sizes = field(default_factory=Sizes)
    notes_dropout: float = 0.0
    near: float = 0.8
    max_tokens: int = 1024
    seed: int = 17
    model: str = "small"

    def as_json(self) -> dict[str, Any]:
        """The options as plain types."""
        return asdict(self)

    def takes(self, row: Row) -> bool:
        """Whether the row is of the languages, lengths and styles asked for."""
        asked = row.request
        return (
            asked.language in (self.languages or (asked.language,))
            and asked.length in (self.lengths or (asked.length,))
            and asked.style in (self.styles or (asked.style,))
        )


@dataclass(frozen=True, slots=True)
class Example:
    """A row of the data set and the group of works that it may not be parted from."""

    row: Row
    counted: Counted
    group: str

    def as_json(self) -> dict[str, Any]:
        """Prompt and completion, and what evaluation needs; every field is always there.

        A loader that reads types off the first rows would otherwise stumble over a field that
        comes later.
        """
        asked = self.row.request
        return {
            "id": self.row.id,
            "prompt": self.counted.prompt,
            "completion": completion(self.row.script),
            "language": asked.language,
            "length": asked.length,
            "style": asked.style,
            "artwork": self.row.artwork.model_dump(mode="json"),
        }


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A row that is not in the data set, and why."""

    id: str
    reason: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Dataset:
    """The parts by name, in the order of their files, and what was left out."""

    parts: dict[str, list[Example]]
    left_out: list[LeftOut]
    bare: list[str]  # rows whose notes were dropped
    groups: int
    bare_wanted: int = 0  # how many were to be dropped, had so many scripts done without


def build(
    rows: Sequence[Row],
    options: Options,
    counter: TokenCounter,
    watch: Watch = lambda items, _step: items,
) -> Dataset:
    """Make the data set.

    Raises:
        SplitError: nothing is left, or too little for the sizes asked for.
    """
    left_out: list[LeftOut] = []
    chosen = [row for row in _unique(rows, left_out) if options.takes(row)]
    noted = sum(bool(row.artwork.notes) for row in chosen)
    wanted = round(options.notes_dropout * noted)
    chosen, bare = _without_some_notes(chosen, wanted, options, watch)
    chosen = _deduplicated(chosen, options, left_out)
    counted = _counted(chosen, options, counter, watch, left_out)
    if not counted:
        raise SplitError(
            f"None of {len(rows)} rows is left; widen --language, --style and --length."
        )
    examples = _grouped(counted)
    groups: defaultdict[str, list[Example]] = defaultdict(list)
    for example in examples:
        groups[example.group].append(example)
    parts = {
        name: sorted(
            (example for group in taken for example in group),
            # Any first rows of a file are a fair sample of it.
            key=lambda example: draw(options.seed, example.row.id),
        )
        for name, taken in split(groups, options.sizes, options.seed).items()
    }
    used = {example.row.id for part in parts.values() for example in part}
    left_out += [
        LeftOut(example.row.id, "beyond the sizes asked for")
        for example in examples
        if example.row.id not in used
    ]
    bare = [name for name in bare if name in used]
    return Dataset(parts, left_out, bare, len(groups), wanted)


def _unique(rows: Sequence[Row], left_out: list[LeftOut]) -> list[Row]:
    """Rows with an id of their own: the first of an id is kept."""
    kept: dict[str, Row] = {}
    for row in rows:
        if row.id in kept:
            left_out.append(LeftOut(row.id, "same id as an earlier row"))
        else:
            kept[row.id] = row
    return list(kept.values())


def _without_some_notes(
    rows: Sequence[Row], wanted: int, options: Options, watch: Watch
) -> tuple[list[Row], list[str]]:
    """The rows, `wanted` of them without notes as far as so many can be, and these rows' ids."""
    if not wanted:
        return list(rows), []
    noted = [row for row in rows if row.artwork.notes]
    dropper = NotesDropper(rows)
    bare: dict[str, Row] = {}
    for row in watch(sorted(noted, key=lambda row: draw(options.seed, row.id)), "notes"):
        if len(bare) < wanted and (without := dropper.drop(row)):
            bare[row.id] = without
    return [bare.get(row.id, row) for row in rows], [row.id for row in bare.values()]


def _deduplicated(rows: Sequence[Row], options: Options, left_out: list[LeftOut]) -> list[Row]:
    doubles = duplicates_of(rows, options.near)
    for name, (twin, likeness) in doubles.items():
        reason = "repeats another row" if likeness == 1 else "nearly repeats another row"
        left_out.append(LeftOut(name, reason, f"{twin}, {likeness:.0%} alike"))
    return [row for row in rows if row.id not in doubles]


def _counted(
    rows: Sequence[Row],
    options: Options,
    counter: TokenCounter,
    watch: Watch,
    left_out: list[LeftOut],
) -> list[tuple[Row, Counted]]:
    kept = []
    for row in watch(rows, "tokens"):
        counted = counter.count(row)
        if counted.tokens <= options.max_tokens:
            kept.append((row, counted))
        else:
            left_out.append(LeftOut(row.id, "too long", f"{counted.tokens} tokens"))
    return kept


def _grouped(counted: Sequence[tuple[Row, Counted]]) -> list[Example]:
    # One entry a work and not a row: works are compared with each other.
    places: dict[Artwork, int] = {}
    for row, _ in counted:
        places.setdefault(row.artwork.model_copy(update={"notes": ()}), len(places))
    names = group_works(list(places))
    return [
        Example(row, tokens, names[places[row.artwork.model_copy(update={"notes": ()})]])
        for row, tokens in counted
    ]
