"""The data set's files: parts, card, description and report, each whole or not there.

    with building(Path("data/processed")) as folder:
        write_dataset(dataset, options, folder, report_html)

DIR/
  train.jsonl, validation.jsonl, test.jsonl   prompt–completion rows
  README.md      the card: `datasets.load_dataset(DIR)` takes the types of the columns from it
  dataset.json   fingerprint, options, statistics, what was left out; written last
  report.html    the same to look at
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from data.artwork import FIELDS
from data.dataset.build import Dataset, Options
from data.dataset.split import PARTS
from data.dataset.statistics import describe
from data.errors import OutputError
from data.prompt_version import prompt_version

COLUMNS = ("id", "prompt", "completion", "language", "length", "style", "artwork")
DESCRIPTION = "dataset.json"
LISTS = ("subjects", "notes")


@contextmanager
def building(folder: Path) -> Iterator[Path]:
    """One build at a time in a folder.

    Raises:
        OutputError: another build is at work there, or the folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(folder / ".build.lock")
        lock.acquire(timeout=0)
    except Timeout:
        raise OutputError(f"Another build is writing {folder}; wait for it to end.") from None
    except OSError as error:
        raise OutputError(f"{folder} cannot be written: {error.strerror or error}.") from None
    try:
        yield folder
    except OSError as error:
        raise OutputError(f"{folder} cannot be written: {error.strerror or error}.") from None
    finally:
        lock.release()


def write_dataset(dataset: Dataset, options: Options, folder: Path, report: str) -> dict[str, Any]:
    """Write every file and return what `dataset.json` holds."""
    files = {f"{name}.jsonl": _lines(dataset, name) for name in dataset.parts}
    description = describe_dataset(dataset, options)
    description["files"] = {
        name: {"rows": text.count(b"\n"), "sha256": hashlib.sha256(text).hexdigest()}
        for name, text in files.items()
    }
    files["README.md"] = _card(description).encode()
    files["report.html"] = report.encode()
    files[DESCRIPTION] = (json.dumps(description, ensure_ascii=False, indent=1) + "\n").encode()
    for name, content in files.items():
        _write_aside(folder / name, content)
    # Without a description the parts of an earlier build do not pass for those of this one.
    (folder / DESCRIPTION).unlink(missing_ok=True)
    for name in PARTS:
        if name not in dataset.parts:
            (folder / f"{name}.jsonl").unlink(missing_ok=True)
    for name in files:
        _aside(folder / name).replace(folder / name)
    return description


def describe_dataset(dataset: Dataset, options: Options) -> dict[str, Any]:
    """Fingerprint, options, statistics and what was left out."""
    return {
        "fingerprint": fingerprint(dataset, options),
        "prompt_version": prompt_version(),
        "options": options.as_json(),
        "groups": dataset.groups,
        "statistics": {name: describe(part) for name, part in dataset.parts.items()},
        "notes_dropped": dataset.bare,
        "left_out": [
            {"id": row.id, "reason": row.reason, "detail": row.detail} for row in dataset.left_out
        ],
    }


def fingerprint(dataset: Dataset, options: Options) -> str:
    """SHA-256 over the sorted rows with their parts, the options and the prompt's version."""
    digest = hashlib.sha256()
    rows = sorted(
        json.dumps([name, example.as_json()], ensure_ascii=False, sort_keys=True)
        for name, part in dataset.parts.items()
        for example in part
    )
    for text in (*rows, json.dumps(options.as_json(), sort_keys=True), prompt_version()):
        digest.update(text.encode() + b"\n")
    return digest.hexdigest()


def _lines(dataset: Dataset, part: str) -> bytes:
    rows = (example.as_json() for example in dataset.parts[part])
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()


def _aside(path: Path) -> Path:
    return path.with_name(f".{path.name}.part")


def _write_aside(path: Path, content: bytes) -> None:
    with _aside(path).open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _card(description: dict[str, Any]) -> str:
    """A dataset card whose head tells the columns' types."""
    columns = [f"  - name: {name}\n    dtype: string" for name in COLUMNS[:-1]]
    fields = [
        f"    - name: {name}\n      " + ("list: string" if name in LISTS else "dtype: string")
        for name in FIELDS
    ]
    parts = [
        f"  - split: {name.removesuffix('.jsonl')}\n    path: {name}"
        for name in description["files"]
    ]
    head = [
        "configs:", "- config_name: default", "  data_files:", *parts,
        "dataset_info:", "  features:", *columns,
        "  - name: artwork", "    struct:", *fields,
    ]  # fmt: skip
    rows = [f"| {name} | {file['rows']:,} |" for name, file in description["files"].items()]
    body = [
        "# Museum Guide data set", "",
        "Prompts and completions for audio guides, one work of art each; prompts are rendered for",
        f"the model `{description['options']['model']}`. All rows of one work, and all works of",
        "one artist and title, are in one part.", "",
        "| file | rows |", "|---|---|", *rows, "",
        f"Fingerprint: `{description['fingerprint']}`", "",
    ]  # fmt: skip
    return "\n".join(["---", *head, "---", *body])
