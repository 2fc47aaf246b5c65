"""The files of an evaluation: what was measured, the summaries, the report.

write_results(folder, run)      # results.jsonl, summary.json, report.html
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from data.errors import OutputError
from evaluate.metrics import Measured
from evaluate.summary import Summary


@dataclass(frozen=True, slots=True)
class Run:
    """Everything that one evaluation found, variant by variant."""

    measured: dict[str, list[Measured]]
    summaries: list[Summary]
    about: dict[str, Any]


def write_results(folder: Path, run: Run) -> Path:
    """Write the files, each whole; returns the report's path.

    Raises:
        OutputError: the folder cannot be written.
    """
    from evaluate.report import render

    lines = [
        json.dumps(one.as_json(), ensure_ascii=False) + "\n"
        for measured in run.measured.values()
        for one in measured
    ]
    summary = {"about": run.about, "variants": [s.as_json() for s in run.summaries]}
    files = {
        "results.jsonl": "".join(lines),
        "summary.json": json.dumps(summary, ensure_ascii=False, indent=1) + "\n",
        "report.html": render(run),
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            part = folder / f".{name}.part"
            part.write_text(text, encoding="utf-8")
            part.replace(folder / name)
    except OSError as error:
        raise OutputError(f"{folder} cannot be written: {error.strerror or error}.") from None
    return folder / "report.html"
