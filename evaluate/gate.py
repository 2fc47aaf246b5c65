"""The regression gate: whether a model is significantly worse than the shipped default.

    gate = read_gate(Path("evaluate/gate.toml"))
    verdicts = judge(gate, measured)
    any(verdict.worse for verdict in verdicts)

The gate's file names the default, the metrics and the level; beside it lie the default's results,
a line a row of the corpus. A guide that was not written counts as neither true nor complete.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from data.errors import OutputError
from evaluate.intervals import Interval, mean_interval, randomization_p
from evaluate.metrics import BY_KEY, Measured
from evaluate.works import EvaluationError, Task, tasks_by_id
from evaluate.writing import Settings


class GateFile(BaseModel):
    """The gate's TOML; `reference` is relative to it."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    model: str
    reference: str
    metrics: tuple[str, ...] = ("true", "completeness")
    level: Annotated[float, Field(gt=0, lt=1)] = 0.05
    seed: Annotated[int, Field(ge=0)] = 0
    temperature: Annotated[float, Field(ge=0, le=2)] | None = None
    max_tokens: Annotated[int, Field(ge=1)] | None = None
    draft: bool = False


@dataclass(frozen=True, slots=True)
class Gate:
    """A gate and the default's values by row of the corpus and metric."""

    path: Path
    file: GateFile
    reference: dict[str, dict[str, float]]

    @property
    def settings(self) -> Settings:
        """How the default drew its words, and how every model is to."""
        file = self.file
        return Settings(file.seed, file.temperature, file.max_tokens, file.draft)

    def tasks(self) -> list[Task]:
        """The works of the gate.

        Raises:
            EvaluationError: the corpus lacks one of them, or the gate has none yet.
        """
        if not self.reference:
            raise EvaluationError(
                f"{self.path} has no reference results yet; make them with "
                f"guide evaluate --gate {self.path} --rebase --sample 60"
            )
        return tasks_by_id(list(self.reference))


@dataclass(frozen=True, slots=True)
class Verdict:
    """One metric: the default's mean, the model's, the difference, and whether it is a loss."""

    metric: str
    default: float
    model: float
    difference: Interval
    p: float
    worse: bool


def read_gate(path: Path) -> Gate:
    """The gate and its reference results; none where `--rebase` has not made them yet.

    Raises:
        EvaluationError: the file cannot be read, or a key or a result of it is not valid.
    """
    try:
        file = GateFile.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise EvaluationError(f"{path} cannot be read as TOML: {error}.") from None
    except ValidationError as error:
        fault = error.errors()[0]
        key = ".".join(str(part) for part in fault["loc"])
        raise EvaluationError(f"{path}: {key}: {fault['msg']}.") from None
    if unknown := [name for name in file.metrics if name not in BY_KEY]:
        raise EvaluationError(f"{path}: there is no metric {unknown[0]!r}.")
    return Gate(path, file, _reference(path.parent / file.reference, file.metrics))


def judge(gate: Gate, measured: Sequence[Measured]) -> list[Verdict]:
    """Each metric's verdict; the level is shared out among them (Bonferroni)."""
    found = {one.task.id: one for one in measured}
    tasks = {task.id: task for task in gate.tasks()}
    level = gate.file.level / len(gate.file.metrics)
    verdicts = []
    for metric in gate.file.metrics:
        before = [gate.reference[name][metric] for name in tasks]
        after = [_value(found.get(name), metric) for name in tasks]
        sign = -1 if BY_KEY[metric].better == "lower" else 1
        change = [b - a for a, b in zip(before, after, strict=True)]
        works = [task.work for task in tasks.values()]
        p = randomization_p([sign * value for value in change], works)
        difference = mean_interval(change, works)
        default, model = sum(before) / len(before), sum(after) / len(after)
        verdicts.append(Verdict(metric, default, model, difference, p, p <= level))
    return verdicts


def rebase(gate: Gate, measured: Sequence[Measured]) -> Path:
    """Keep these results as the default's; returns their file.

    Raises:
        OutputError: the file cannot be written.
    """
    path = gate.path.parent / gate.file.reference
    lines = [
        json.dumps({"id": one.task.id} | {m: _value(one, m) for m in gate.file.metrics}) + "\n"
        for one in sorted(measured, key=lambda one: one.task.id)
    ]
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(lines), encoding="utf-8")
    except OSError as error:
        raise OutputError(f"{path} cannot be written: {error.strerror or error}.") from None
    return path


def _value(one: Measured | None, metric: str) -> float:
    value = one.values.get(metric) if one else None
    return round(value, 4) if value is not None else 0.0


def _reference(path: Path, metrics: Sequence[str]) -> dict[str, dict[str, float]]:
    if not path.exists():
        return {}
    found = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        try:
            fields = json.loads(line)
            found[str(fields["id"])] = {name: float(fields[name]) for name in metrics}
        except (ValueError, TypeError, KeyError):
            raise EvaluationError(
                f"{path}, line {number} must hold an id and {', '.join(metrics)}; make the file "
                "again with --rebase."
            ) from None
    return found
