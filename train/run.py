"""The run folder: all that a training run leaves, and all that later stages need of it.

from train.run import load_run
run = load_run(Path("runs/small-1"))
run.adapter, run.tokenizer, run.info.base.gguf, run.info.best.loss

runs/NAME/
  recipe.toml      every key of the recipe, as it was used
  run.json         base model, licence, backend, versions, hardware, data, best and last figures
  metrics.jsonl    one object a step, an evaluation or an epoch's samples
  adapter/         the best checkpoint as a PEFT adapter (safetensors)
  tokenizer/       the base's tokenizer with its chat template
  samples/         guides told after each epoch, as text
  checkpoints/     what an interrupted run goes on from; the last two
  tensorboard/     the same metrics for TensorBoard
  report.html      all of it to look at, and report.md to read
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from data.errors import OutputError, TrainingError
from train.hardware import Hardware
from train.recipe import Recipe, as_toml, load_recipe

RUNS = Path("runs")


class _Part(BaseModel):
    model_config = ConfigDict(extra="ignore")  # a later version may write more


class BaseInfo(_Part):
    """The base model: `gguf` names what stands for it at inference."""

    base: str = ""
    gguf: str = ""
    source: str = ""  # "hub", "folder" or "gguf": where the trained weights were taken from
    folder: str = ""
    licence: str = ""


class DataInfo(_Part):
    """What was learnt from and measured on; fingerprints are the files' SHA-256."""

    fingerprint: dict[str, str] = Field(default_factory=dict)
    train_rows: int = 0
    validation_rows: int = 0
    train_tokens: int = 0
    longest: int = 0


class Best(_Part):
    """The evaluation whose adapter was kept; losses in nats a learnt token."""

    step: int = 0
    loss: float
    by_style: dict[str, float] = Field(default_factory=dict)


class RunInfo(_Part):
    """The content of `run.json`."""

    name: str
    status: Literal["running", "finished", "stopped"] = "running"
    method: str = "sft"
    backend: str = ""
    precision: str = ""
    base: BaseInfo = Field(default_factory=BaseInfo)
    data: DataInfo = Field(default_factory=DataInfo)
    hardware: Hardware
    versions: dict[str, str] = Field(default_factory=dict)
    steps: int = 0
    trained: int = 0  # weights
    started: str = ""
    finished: str = ""
    best: Best | None = None
    final: dict[str, float] = Field(default_factory=dict)
    note: str = ""  # why a run stopped before its end


@dataclass(frozen=True, slots=True)
class Run:
    """A run folder and what its files say."""

    path: Path
    recipe: Recipe
    info: RunInfo

    @property
    def adapter(self) -> Path:
        """The best checkpoint's PEFT adapter."""
        return self.path / "adapter"

    @property
    def tokenizer(self) -> Path:
        """The tokenizer it was trained with."""
        return self.path / "tokenizer"

    @property
    def checkpoints(self) -> Path:
        """What an interrupted run goes on from."""
        return self.path / "checkpoints"

    def metrics(self) -> Iterator[dict[str, Any]]:
        """Every line of `metrics.jsonl` in the order of writing; a torn last line is left out."""
        path = self.path / "metrics.jsonl"
        if not path.is_file():
            return
        for line in path.read_text("utf-8").split("\n"):
            try:
                yield json.loads(line)
            except json.JSONDecodeError:
                continue

    def last_checkpoint(self) -> Path | None:
        """The latest checkpoint that is whole: its state is the last file the trainer writes."""
        whole = [p for p in self.checkpoints.glob("checkpoint-*") if _is_whole(p)]
        return max(whole, key=_step, default=None)


_UNWRITABLE = (
    "No space left on device", "Disk quota exceeded", "Read-only file system",
    "PytorchStreamWriter failed writing", "unexpected pos",  # torch.save, of a full disk
)  # fmt: skip


def load_run(path: Path) -> Run:
    """Read a run folder.

    Raises:
        TrainingError: it is none, or its files cannot be read.
    """
    file = path / "run.json"
    if not file.is_file():
        raise TrainingError(f"{path} is no run folder: it has no run.json.")
    try:
        info = RunInfo.model_validate_json(file.read_text("utf-8"))
    except ValidationError as error:
        fault = error.errors()[0]
        key = ".".join(map(str, fault["loc"]))
        raise TrainingError(f"{file}: {key}: {fault['msg'].lower()}.") from None
    return Run(path, load_recipe(str(path / "recipe.toml")), info)


def create_run(path: Path, recipe: Recipe, info: RunInfo) -> Run:
    """Make the folder of a new run.

    Raises:
        OutputError: the folder is another run's, or cannot be written.
    """
    if (path / "run.json").exists():
        raise OutputError(f"{path} is another run; choose another --name, or remove that folder.")
    try:
        for folder in ("samples", "checkpoints"):
            (path / folder).mkdir(parents=True, exist_ok=True)
        (path / "recipe.toml").write_text(as_toml(recipe), encoding="utf-8")
    except OSError as error:
        raise OutputError(f"{path} cannot be written: {error.strerror or error}.") from None
    run = Run(path, recipe, info)
    save_info(run)
    return run


def save_info(run: Run) -> None:
    """Write `run.json`; a reader sees the old or the new one, whole."""
    write_whole(run.path / "run.json", run.info.model_dump_json(indent=2) + "\n")


def write_whole(path: Path, text: str) -> None:
    """Write a file under another name and give it its own at the end."""
    part = path.with_name(path.name + ".part")
    part.write_text(text, encoding="utf-8")
    part.replace(path)


def forget_after(run: Run, step: int) -> None:
    """Drop the metrics after a step, which a resumed run will write again."""
    kept = [m for m in run.metrics() if m["step"] <= step]
    text = "".join(json.dumps(m, ensure_ascii=False) + "\n" for m in kept)
    write_whole(run.path / "metrics.jsonl", text)


def append_metrics(run: Run, values: dict[str, Any]) -> None:
    """Add one object to `metrics.jsonl`, on the disk when this returns."""
    with (run.path / "metrics.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps(values, ensure_ascii=False) + "\n")
        file.flush()
        os.fsync(file.fileno())


@contextmanager
def saying_a_full_disk(path: Path) -> Iterator[None]:
    """Turn what the disk, torch and safetensors say where nothing can be written into a sentence.

    Raises:
        OutputError: instead of their errors; the others pass.
    """
    try:
        yield
    except Exception as error:  # each library has its own kind
        if not any(sign in str(error) for sign in _UNWRITABLE):
            raise
        reason = "the disk may only be read" if "Read-only" in str(error) else "the disk is full"
        raise OutputError(
            f"{path} cannot be written: {reason}; mend that and give the same command with "
            f"--name {path.name}, which goes on from the last checkpoint."
        ) from error


def _is_whole(checkpoint: Path) -> bool:
    optimizer = any((checkpoint / f"optimizer.{ending}").is_file() for ending in ("pt", "bin"))
    if not optimizer or not (checkpoint / "scheduler.pt").is_file():  # .bin: of divided weights
        return False
    try:
        json.loads((checkpoint / "trainer_state.json").read_text("utf-8"))
    except (OSError, ValueError):  # torn by a full disk
        return False
    return True


def _step(checkpoint: Path) -> int:
    return int(checkpoint.name.rpartition("-")[2])
