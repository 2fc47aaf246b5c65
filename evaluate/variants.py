"""What can be evaluated: a model, a file of guides, or the corpus's own scripts.

    variant = parse_variant("old=runs/old.jsonl")     # or "small", "models/x.gguf", "corpus"
    variant = parse_variant("bare=small@draft,temperature=1")
    measured = variant.measure(tasks, work)

`none` is the writer without a model. After `@` stand options for a model alone: `draft` for its
text as it comes, unchecked; `temperature`, `seed` and `max_tokens`.

Two sources under one name would be one line in every table, so names must differ.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from rich.console import Console

from data.prompt import CORPUS
from evaluate.metrics import Measured, measure
from evaluate.works import Choice, EvaluationError, Task, read_lines
from evaluate.writing import Settings, write_guides
from infer.options import NO_MODEL

CORPUS_NAME = "corpus"


@dataclass(frozen=True, slots=True)
class Work:
    """What all variants of one run share: where guides are kept, how they are drawn."""

    folder: Path
    settings: Settings
    console: Console
    perplexity: bool = True


@dataclass(frozen=True, slots=True)
class Variant:
    """A name and where its guides come from."""

    name: str
    source: str
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_file(self) -> bool:
        """Whether the guides are there already."""
        return self.source.lower().endswith(".jsonl")

    @property
    def is_model(self) -> bool:
        """Whether a model writes the guides."""
        return not self.is_file and self.source != CORPUS_NAME

    def guides(self, tasks: Sequence[Task], work: Work) -> dict[str, dict[str, Any]]:
        """The guides by the tasks' keys, each with what is known of its making.

        Raises:
            EvaluationError: there is a guide for none of the tasks.
        """
        if self.is_model:
            settings = replace(work.settings, **self.options)
            return write_guides(self.source, tasks, settings, work.folder, work.console)
        wanted = {task.key for task in tasks}
        path = Path(self.source) if self.is_file else CORPUS
        guides: dict[str, dict[str, Any]] = {}
        for line in read_lines(path, Choice()):
            if line.guide is not None and line.task.key in wanted:
                guides.setdefault(line.task.key, line.made | {"guide": line.guide})
        if not guides:
            raise EvaluationError(
                f"{path} holds no guide for any of the {len(tasks)} works; a guide belongs to a "
                "work with the same record, language, length and style."
            )
        return guides

    def measure(self, tasks: Sequence[Task], work: Work) -> list[Measured]:
        """Every guide measured, in the order of the tasks; tasks without a guide are left out."""
        guides = self.guides(tasks, work)
        if missing := len(tasks) - len(guides):
            work.console.print(
                f"{self.name}: no guide for {missing} of {len(tasks)} works", highlight=False
            )
        measured = []
        with work.console.status(f"Measuring {self.name} …"):
            for task in tasks:
                if task.key in guides:
                    made = guides[task.key]
                    one = measure(self.name, task, made["guide"], made)
                    one.values["memory"] = _gigabytes(made.get("memory"))
                    measured.append(one)
        if work.perplexity and self.is_model and self.source != NO_MODEL:
            self._add_perplexity(measured, work)
        return measured

    def _add_perplexity(self, measured: Sequence[Measured], work: Work) -> None:
        from evaluate.perplexity import ReferenceScorer
        from models.resolve import resolve

        with (
            ReferenceScorer(resolve(self.source, work.console)) as scorer,
            work.console.status(f"{self.name} reads the references …"),
        ):
            for one in measured:
                score = scorer.score(one.task)
                if score:
                    one.values["perplexity"] = score.perplexity
                    one.values["bits"] = score.bits


def parse_variants(texts: Sequence[str]) -> list[Variant]:
    """Variants as a user names them.

    Raises:
        EvaluationError: two have the same name, or a file is not there.
    """
    variants = [parse_variant(text) for text in texts]
    names = [variant.name for variant in variants]
    if doubles := [name for name in names if names.count(name) > 1]:
        raise EvaluationError(
            f"Two variants are called {doubles[0]!r}; give one another name, as in "
            f"other={variants[names.index(doubles[0])].source}."
        )
    return variants


def parse_variant(text: str) -> Variant:
    """NAME=SOURCE, or SOURCE with a name of its own.

    Raises:
        EvaluationError: a file of guides is not there, or an option is none.
    """
    name, equals, source = text.partition("=")
    if not equals or "@" in name:
        name, source = "", text
    variant = Variant(name.strip(), source.strip())
    if "@" in source and not variant.is_file:
        source, _, given = source.rpartition("@")
        variant = replace(variant, source=source.strip(), options=_options(given, text))
    if variant.is_file and not Path(variant.source).is_file():
        raise EvaluationError(f"There is no file {variant.source}.")
    if variant.name:
        return variant
    is_path = variant.is_file or variant.source.endswith(".gguf")
    return replace(variant, name=Path(variant.source).stem if is_path else text.strip())


def _options(given: str, text: str) -> dict[str, Any]:
    kinds = {"temperature": float, "seed": int, "max_tokens": int}
    options: dict[str, Any] = {}
    for item in given.split(","):
        name, _, value = item.strip().partition("=")
        try:
            options[name] = True if item.strip() == "draft" else kinds[name](value)
        except (KeyError, ValueError):
            raise EvaluationError(
                f"{text}: {item.strip()!r} is no option of a model; known are draft, "
                f"{', '.join(f'{kind}=NUMBER' for kind in kinds)}."
            ) from None
    return options


def _gigabytes(size: object) -> float | None:
    return size / 1e9 if isinstance(size, int | float) else None
