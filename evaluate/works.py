"""The works a model is asked about: from a data set, a corpus, a file of records or of guides.

    from evaluate.works import Choice, load_tasks
    tasks = load_tasks(None, Choice(styles=("clear",)), sample=40)

A task is a record, what is asked of it, and the reference where there is one. A guide belongs to
the task with the same record and request.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from data.artwork import Artwork
from data.clean import clean_artwork
from data.dataset.rows import CHOICES
from data.dataset.split import draw
from data.errors import GuideError, RecordError
from data.prompt import CORPUS, END, Request
from data.records import read_records

HELD_OUT = Path("data/processed/validation.jsonl")
"""The default: the works that training has not seen, as `guide dataset build` writes them."""

SEED = 17


class EvaluationError(GuideError):
    """Nothing can be evaluated or compared as asked."""


@dataclass(frozen=True, slots=True)
class Task:
    """One guide to write; `work` is the same for all tasks of one artist and title."""

    id: str
    artwork: Artwork
    request: Request
    reference: str | None = None

    @property
    def key(self) -> str:
        """What a guide of this task has in common with it."""
        return task_key(self.artwork, self.request)

    @property
    def work(self) -> str:
        """Artist and title."""
        return f"{self.artwork.artist or ''}|{self.artwork.title}"


@dataclass(frozen=True, slots=True)
class Choice:
    """Which tasks of a file are taken; empty tuples take everything.

    Records without a request are asked for in each language, length and style named, by default
    in English, brief and clear.
    """

    languages: tuple[str, ...] = ()
    lengths: tuple[str, ...] = ()
    styles: tuple[str, ...] = ()

    def takes(self, request: Request) -> bool:
        """Whether a request is of the kind asked for."""
        return (
            request.language in (self.languages or (request.language,))
            and request.length in (self.lengths or (request.length,))
            and request.style in (self.styles or (request.style,))
        )

    def requests(self) -> list[Request]:
        """What a bare record is asked for."""
        return [
            Request(language, length, style)  # type: ignore[arg-type]
            for language in self.languages or ("en",)
            for length in self.lengths or ("brief",)
            for style in self.styles or ("clear",)
        ]


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a file: a task, the guide if it holds one, and how that was made."""

    task: Task
    guide: str | None
    made: dict[str, Any]


def task_key(artwork: Artwork, request: Request) -> str:
    """A short name for a record and what is asked of it."""
    asked = [request.language, request.length, request.style]
    text = json.dumps([artwork.as_record(), asked], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def load_tasks(
    path: Path | None, choice: Choice, sample: int | None = None, each_form: int | None = None
) -> list[Task]:
    """The tasks of a file, each once, in an order that only the seed decides.

    `sample` takes the first so many of that order, `each_form` the first so many of each art form:
    a larger sample holds a smaller one.

    Raises:
        EvaluationError: there is no data set yet, or no task of the kind asked for.
        RecordError: the file cannot be read, or a line of it cannot be used.
    """
    if path is None and not HELD_OUT.exists():
        raise EvaluationError(
            f"There are no held-out works in {HELD_OUT}; make them with guide dataset build, or "
            "name a file with --works."
        )
    found = {line.task.key: line.task for line in read_lines(path or HELD_OUT, choice)}
    tasks = [task for task in found.values() if choice.takes(task.request)]
    if not tasks:
        raise EvaluationError(
            f"{path or HELD_OUT} holds no work of the kind asked for; widen --language, --length "
            "and --style."
        )
    return take(sorted(tasks, key=lambda task: draw(SEED, task.id)), sample, each_form)


def take(tasks: Iterable[Task], sample: int | None, each_form: int | None = None) -> list[Task]:
    """The first so many, of them no more than so many of each art form."""
    taken: list[Task] = []
    seen: Counter[str] = Counter()
    for task in tasks:
        seen[task.artwork.form] += 1
        if each_form is None or seen[task.artwork.form] <= each_form:
            taken.append(task)
    return taken[:sample]


def tasks_by_id(ids: Sequence[str]) -> list[Task]:
    """Those rows of the shipped corpus, in that order.

    Raises:
        EvaluationError: the corpus has no such row.
    """
    rows = {line.task.id: line.task for line in read_lines(CORPUS, Choice())}
    if missing := [name for name in ids if name not in rows]:
        raise EvaluationError(f"The corpus has no row {missing[0]!r}.")
    return [rows[name] for name in ids]


def read_lines(path: Path, choice: Choice) -> Iterable[Line]:
    """Every line of a file: corpus or data set rows, guides of `guide batch`, or bare records.

    Raises:
        RecordError: the file cannot be read, or a line of it cannot be used.
    """
    first = _first_object(path)
    if "artwork" not in first:
        for record in read_records(path):
            for request in choice.requests():
                key = task_key(record.artwork, request)
                yield Line(Task(key, record.artwork, request), None, {})
        return
    with path.open(encoding="utf-8-sig") as file:
        for number, line in enumerate(file, 1):
            if line.strip():
                yield _line(line, f"{path}, line {number}")


def with_references(tasks: Iterable[Task]) -> list[Task]:
    """The tasks, those without a reference given the corpus's own where it has one."""
    known = {line.task.key: line.task.reference for line in read_lines(CORPUS, Choice())}
    return [
        task if task.reference else replace(task, reference=known.get(task.key)) for task in tasks
    ]


def _first_object(path: Path) -> dict[str, Any]:
    """The first line as an object; of any other file an empty one."""
    try:
        with path.open(encoding="utf-8-sig") as file:
            fields = json.loads(next((line for line in file if line.strip()), "{}"))
    except OSError as error:
        raise RecordError(f"{path} cannot be read: {error.strerror or error}.") from None
    except UnicodeDecodeError:
        raise RecordError(f"{path} is not UTF-8; save it as UTF-8 and try again.") from None
    except (ValueError, RecursionError):
        return {}
    return fields if isinstance(fields, dict) else {}


def _line(text: str, where: str) -> Line:
    try:
        fields = json.loads(text)
    except (ValueError, RecursionError):
        raise RecordError(f"{where}: this is not valid JSON; mend that line.") from None
    if not isinstance(fields, dict) or "artwork" not in fields:
        raise RecordError(f"{where} has no artwork, which every line of the file must have.")
    artwork = clean_artwork(fields["artwork"], f"{where}, artwork")
    asked = fields.get("options") if isinstance(fields.get("options"), dict) else fields
    request = _request(asked, where)
    script = fields.get("script", fields.get("completion"))
    reference = script.partition(END)[0].strip() if isinstance(script, str) else None
    guide = fields.get("guide", reference)
    if guide is not None and not isinstance(guide, str):
        raise RecordError(f"{where}: the guide must be a text.")
    name = fields.get("id") or task_key(artwork, request)
    made = fields if "guide" in fields else {}
    return Line(Task(str(name), artwork, request, reference), guide, made)


def _request(fields: Any, where: str) -> Request:
    values = {}
    for name, allowed in CHOICES.items():
        values[name] = fields.get(name)
        if values[name] not in allowed:
            raise RecordError(f"{where}: {name} must be one of {', '.join(allowed)}.")
    return Request(**values)
