"""One model file in a process of its own: does it load, what does it write, how fast, in how much.

    from export.probe import probe
    probe(Path("x-Q4_K_M.gguf"), None, prompts, threads=None).tokens_per_second

A process of its own, so that a file which llama.cpp aborts on takes nothing else with it, and
peak memory is this model's alone.
"""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from data.errors import ModelError
from data.prompt import END

_CONTEXT = 4096  # tokens, as `guide tell` opens it, so that the memory is what users will see


@dataclass(frozen=True, slots=True)
class Guide:
    """One text the model wrote at temperature 0."""

    text: str
    tokens: int
    stopped: bool


@dataclass(frozen=True, slots=True)
class Probe:
    """What a model wrote and took; speeds in tokens a second, memory in bytes."""

    guides: list[Guide]
    tokens_per_second: float
    reading_per_second: float
    load_seconds: float
    memory: int


def probe(
    path: Path,
    adapter: Path | None,
    prompts: list[list[int]],
    *,
    max_tokens: int,
    threads: int | None = None,
) -> Probe:
    """Let a model answer tokenized prompts.

    Raises:
        ModelError: the process failed; its own last words are given.
    """
    task = {
        "path": str(path),
        "adapter": str(adapter) if adapter else None,
        "prompts": prompts,
        "max_tokens": max_tokens,
        "threads": threads,
    }
    done = subprocess.run(
        [sys.executable, "-m", "export.probe"],
        input=json.dumps(task),
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[1],
        check=False,
    )
    if done.returncode != 0:
        words = done.stderr.strip().splitlines()
        raise ModelError(
            f"{path} does not run: {words[-1] if words else f'status {done.returncode}'}"
        )
    result = json.loads(done.stdout)
    return Probe([Guide(**guide) for guide in result.pop("guides")], **result)


def _answer(task: dict[str, Any]) -> dict[str, Any]:
    import time

    from models.forward import Forward
    from models.llama import LlamaModel

    begun = time.perf_counter()
    adapter = Path(task["adapter"]) if task["adapter"] else None
    with (
        LlamaModel(Path(task["path"]), adapter=adapter) as model,
        Forward(model, context=_CONTEXT, threads=task["threads"]) as forward,
    ):
        load_seconds = time.perf_counter() - begun
        written = [
            forward.write(prompt, stop=END, max_tokens=task["max_tokens"])
            for prompt in task["prompts"]
        ]
    reading = [
        len(prompt) / one.reading for prompt, one in zip(task["prompts"], written, strict=True)
    ]
    return {
        "guides": [
            {"text": one.text, "tokens": len(one.tokens), "stopped": one.stopped} for one in written
        ],
        "tokens_per_second": median(one.tokens_per_second for one in written),
        "reading_per_second": median(reading),
        "load_seconds": load_seconds,
        "memory": peak_memory(),
    }


def peak_memory() -> int:
    """Most resident memory this program has had, in bytes."""
    import psutil

    status = Path("/proc/self/status")
    if status.is_file():
        # Not getrusage: there a program inherits the peak of the one that started it.
        line = next(s for s in status.read_text("ascii").splitlines() if s.startswith("VmHWM"))
        return int(line.split()[1]) * 1024
    if peak := getattr(psutil.Process().memory_info(), "peak_wset", None):  # Windows
        return int(peak)
    import resource

    return int(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)  # bytes on a Mac


if __name__ == "__main__":
    try:
        sys.stdout.write(json.dumps(_answer(json.load(sys.stdin))))
    except ModelError as error:
        sys.exit(str(error))
