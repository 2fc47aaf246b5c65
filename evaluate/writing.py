"""Guides by a model, written by `guide batch` in a process of its own and kept between runs.

    guides = write_guides("small", tasks, Settings(seed=1), Path("runs/evaluate/guides"), console)
    guides[task.key]["guide"]

The very command that users run is what is evaluated. Its outputs are kept in a folder named by the
model's file and the prompt's version, so another model under the same name is asked anew; a run
that was interrupted goes on where it stopped.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from data.errors import GuideError
from data.prompt import Request
from data.prompt_version import prompt_version
from evaluate.works import EvaluationError, Task, task_key
from infer.options import NO_MODEL
from models.resolve import ResolvedModel, resolve

_GUIDE = "import sys, guide; sys.argv[0] = 'guide'; guide.main()"
_MEMORY = "memory.json"

_USAGE_UNIT = 1 if sys.platform == "darwin" else 1024  # of getrusage's ru_maxrss, in bytes


@dataclass(frozen=True, slots=True)
class Settings:
    """How a model draws its words; None leaves the option to `guide batch`."""

    seed: int = 0
    temperature: float | None = None
    max_tokens: int | None = None
    draft: bool = False

    def arguments(self) -> list[str]:
        """The options as `guide batch` takes them."""
        given = [f"--seed={self.seed}"]
        if self.temperature is not None:
            given.append(f"--temperature={self.temperature}")
        if self.max_tokens is not None:
            given.append(f"--max-tokens={self.max_tokens}")
        if self.draft:
            given.append("--draft")
        return given


def write_guides(
    model: str, tasks: Sequence[Task], settings: Settings, folder: Path, console: Console
) -> dict[str, dict[str, Any]]:
    """What `guide batch` says of each task, by the task's key, and `memory` in bytes.

    A task is missing where its record does not fit into the model's context.

    Raises:
        ModelError: there is no such model.
        EvaluationError: no guide could be written.
    """
    resolved = None if model == NO_MODEL else resolve(model, console)
    name = resolved.name if resolved else NO_MODEL
    kept = folder / f"{name}-{_identity(resolved, settings)}"
    kept.mkdir(parents=True, exist_ok=True)
    guides: dict[str, dict[str, Any]] = {}
    requests: dict[Request, list[Task]] = {}
    for task in tasks:
        requests.setdefault(task.request, []).append(task)
    for number, (request, asked) in enumerate(requests.items(), 1):
        name = f"{request.language}-{request.length}-{request.style}"
        console.print(
            f"{model}: {len(asked)} guides, {name.replace('-', ', ')} ({number} of "
            f"{len(requests)})", highlight=False,
        )  # fmt: skip
        guides |= _write(model, request, asked, settings, kept / f"{name}.jsonl")
    if not guides:
        raise EvaluationError(f"{model} wrote no guide; what it said stands above.")
    return guides


def _identity(resolved: ResolvedModel | None, settings: Settings) -> str:
    """What must be the same for a guide to be taken as this model's."""
    paths = [p for p in (resolved.path, resolved.adapter) if p] if resolved else []
    files = [(path.name, path.stat().st_size, int(path.stat().st_mtime)) for path in paths]
    text = repr((files, resolved and resolved.examples, settings, prompt_version()))
    return hashlib.sha256(text.encode()).hexdigest()[:10]


def _write(
    model: str, request: Request, tasks: Sequence[Task], settings: Settings, out: Path
) -> dict[str, dict[str, Any]]:
    wanted = {task.key for task in tasks}
    done = _read(out, wanted)
    missing = [task for task in tasks if task.key not in done]
    if missing:
        works = out.with_suffix(".works.jsonl")
        lines = [json.dumps(task.artwork.as_record(), ensure_ascii=False) for task in missing]
        works.write_text("\n".join(lines) + "\n", encoding="utf-8")
        arguments = [
            f"--model={model}",
            f"--language={request.language}",
            f"--length={request.length}",
            f"--style={request.style}",
            *settings.arguments(),
        ]
        memory = _run(["batch", str(works), str(out), *arguments])
        works.unlink()
        done = _read(out, wanted)
        if memory is not None and done:
            _keep_memory(out.parent / _MEMORY, memory)
    memory = _kept_memory(out.parent / _MEMORY)
    return {key: made | {"memory": memory} for key, made in done.items()}


def _run(arguments: list[str]) -> int | None:
    """Run `guide`, its progress on our terminal; returns the most memory it held, in bytes.

    Raises:
        EvaluationError: it broke down. That it left out records which do not fit is no breakdown:
            it says so itself, and what it has written shows which.
    """
    command = [sys.executable, "-c", _GUIDE, *arguments]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    memory = None
    try:
        if hasattr(os, "wait4"):
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            memory = int(usage.ru_maxrss) * _USAGE_UNIT
        else:  # Windows
            process.wait()
    except BaseException:
        process.terminate()
        process.wait()
        raise
    if process.returncode not in (0, GuideError.exit_status):
        raise EvaluationError(
            f"guide {arguments[0]} broke down (exit status {process.returncode}); what it said "
            "stands above."
        )
    return memory


def _read(out: Path, wanted: set[str]) -> dict[str, dict[str, Any]]:
    """The whole lines of an output that belong to the tasks wanted."""
    from data.artwork import parse_artwork

    found: dict[str, dict[str, Any]] = {}
    if not out.exists():
        return found
    for number, line in enumerate(out.read_text(encoding="utf-8").splitlines(keepends=True), 1):
        if not line.endswith("\n"):
            continue
        made = json.loads(line)
        options = made["options"]
        request = Request(options["language"], options["length"], options["style"])
        key = task_key(parse_artwork(made["artwork"], f"{out}, line {number}"), request)
        if key in wanted:
            found.setdefault(key, made)
    return found


def _keep_memory(path: Path, memory: int) -> None:
    path.write_text(json.dumps(max(memory, _kept_memory(path) or 0)), encoding="utf-8")


def _kept_memory(path: Path) -> int | None:
    return int(json.loads(path.read_text(encoding="utf-8"))) if path.exists() else None
