"""What `bench.faults` attacks: each stage as a command, its input, and what must come out of it."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import zlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from data.prompt import CORPUS
from models.catalog import get_entry

ROOT = Path(__file__).resolve().parents[1]
GUIDE = Path(sys.executable).with_name("guide")
_GOOD = (
    "Johannes Vermeer painted Girl with a Pearl Earring around 1665, in oil on canvas. The picture "
    "is about 45 centimetres high and 39 centimetres wide. Look for the pearl earring first. Then "
    "step back, and look at the whole picture again. Come close once more before you leave, and "
    "take your time with it."
)
_VERMEER = {
    "title": "Girl with a Pearl Earring", "artist": "Johannes Vermeer", "date": "c. 1665",
    "medium": "oil on canvas", "dimensions": "44.5 x 39 cm", "museum": "Ours",
}  # fmt: skip

Settings = dict[str, str]
"""Environment variables."""


@dataclass(frozen=True)
class Stage:
    """A stage of the product and how to see whether all of its result is there."""

    name: str
    arguments: list[str]
    result: Callable[[Path], Any]
    """What came out, in a form that is equal where nothing was lost, doubled or mixed."""

    prepare: Callable[[Path], None] = lambda _folder: None
    around: Callable[[Path], AbstractContextManager[Settings]] = lambda _folder: nullcontext({})
    """A server that it needs, and the environment that leads to it."""

    kills: int = 100
    chain: int = 8
    """Most kills of one output before it is let run to its end."""

    address: str = ""
    """The setting that holds its server's URL."""


def run(arguments: list[str], folder: Path, more: Settings) -> subprocess.Popen[bytes]:
    """Start a command in a folder, in a process group of its own, its words into a file beside."""
    log = log_of(folder).open("ab")
    return subprocess.Popen(
        [str(GUIDE), *arguments], cwd=folder, env=os.environ | more, stdin=subprocess.DEVNULL,
        stdout=log, stderr=log, start_new_session=True,
    )  # fmt: skip


def log_of(folder: Path) -> Path:
    """What the commands in the folder said; it lies outside, where the disk is not full."""
    return folder.with_name(f"{folder.name}.log")


def corpus_works(count: int) -> list[dict[str, Any]]:
    """The corpus's records, each once."""
    seen: dict[str, dict[str, Any]] = {}
    with CORPUS.open(encoding="utf-8") as file:
        for line in file:
            row = json.loads(line)
            seen.setdefault(row["id"].partition("-")[0], row["artwork"])
    return list(seen.values())[:count]


def _write_lines(path: Path, rows: list[dict[str, Any]]) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def _guides(folder: Path) -> list[Any]:
    lines = (folder / "guides.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    return [(row["artwork"], row["guide"], row["options"], row["claims"]) for row in rows]


def _rows(path: Path, query: str) -> list[Any]:
    connection = sqlite3.connect(path)
    try:
        whole = connection.execute("PRAGMA integrity_check").fetchone()[0]
        return [whole, *connection.execute(query).fetchall()]
    finally:
        connection.close()


def _collected(folder: Path) -> list[Any]:
    whole, *rows = _rows(
        folder / "collect.sqlite", "SELECT source, object_id, state, body FROM works ORDER BY 1, 2"
    )
    return [whole, *((*row[:3], row[3] and zlib.decompress(row[3])) for row in rows)]


def _scripts(folder: Path) -> list[Any]:
    return _rows(
        folder / "scripts.sqlite",
        "SELECT work, language, candidate, try, script, verdict FROM attempts "
        "JOIN jobs ON jobs.id = attempts.job ORDER BY 1, 2, 3, 4",
    )


def _hashes(*patterns: str) -> Callable[[Path], Any]:
    def result(folder: Path) -> dict[str, str]:
        found = sorted({path for pattern in patterns for path in folder.glob(pattern)})
        return {
            str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in found
        }

    return result


@contextmanager
def _museum(_folder: Path) -> Iterator[Settings]:
    """The Met's API on loopback with 100 objects."""
    from tests.museum_server import Reply, museum

    fixture = ROOT / "tests" / "fixtures" / "collect" / "met.json"
    body = json.loads(fixture.read_text(encoding="utf-8"))
    numbers = list(range(1, 101))
    answers = {
        f"/objects/{n}": Reply(body | {"objectID": n, "title": f"Boats {n}"}) for n in numbers
    }
    listing = Reply({"total": len(numbers), "objectIDs": numbers})
    with museum(answers | {"/objects": listing}) as server:
        yield {"BASE_URL": server.url}


@contextmanager
def _teacher(_folder: Path) -> Iterator[Settings]:
    """A teacher on loopback that gives a good script after 10 ms."""
    from tests.teacher_server import teaching

    with teaching(lambda _body: json.dumps({"script": _GOOD})) as server:
        server.delay = 0.01
        yield {"OPENAI_BASE_URL": server.url, "OPENAI_API_KEY": "none"}


@contextmanager
def _hub(_folder: Path) -> Iterator[Settings]:
    """A model hub on loopback that holds `tiny`."""
    from tests.file_server import serve

    entry = get_entry("tiny")
    with serve(entry.path.read_bytes(), etag=entry.sha256) as server:
        yield {"HF_ENDPOINT": server.url, "GUIDE_MODELS": "models"}


def _pull_entry(folder: Path) -> None:
    entry = get_entry("tiny")
    models = folder / "models"
    models.mkdir(exist_ok=True)
    (models / "local.toml").write_text(
        f'[pulled]\nbase = "x"\nfile = "pulled.gguf"\nsize = {entry.size}\n'
        f'sha256 = "{entry.sha256}"\n[[pulled.sources]]\nhub = "a/b"\nfile = "f.gguf"\n'
    )


def _few_rows(folder: Path) -> None:
    with CORPUS.open(encoding="utf-8") as file:
        lines = [line for line in file if '"language": "en"' in line[:60]][:200]
    (folder / "corpus.jsonl").write_text("".join(lines), encoding="utf-8")


def _shared() -> Path:
    """Where what several tries need lies."""
    return Path(os.environ.get("TMPDIR", "/tmp")) / "museum-guide-fault-base"


def _training(folder: Path) -> None:
    """A few rows and a base of two blocks, cut once and linked to afterwards."""
    from tests.train_setting import cut_base, write_rows

    base = _shared()
    if not (base / "base").exists():
        shutil.rmtree(base, ignore_errors=True)
        base.mkdir(parents=True)
        cut_base(get_entry("tiny").path, base)
    if not (folder / "base").exists():
        (folder / "base").symlink_to(base / "base")
    names = ["w0000-clear", "w0271-clear", "w0756-clear", "w0529-clear", "w0485-clear", "w0000"]
    write_rows(folder / "train.jsonl", names[:4])
    write_rows(folder / "validation.jsonl", names[4:])


def _trained(folder: Path) -> Any:
    """Each step's loss to five digits, and the steps."""
    steps: dict[int, float] = {}
    for line in (folder / "runs" / "r" / "metrics.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        if "loss" in row and "step" in row:
            steps[row["step"]] = float(f"{row['loss']:.4g}")
    return steps


_TRAIN = [
    "train", str(ROOT / "train" / "recipes" / "tiny.toml"), "--name", "r", "--set", "base=base",
    "--set", "gguf=", "--set", "train=train.jsonl", "--set", "validation=validation.jsonl",
    "--set", "epochs=4", "--set", "batch_size=2", "--set", "accumulation=1", "--set", "samples=0",
    "--set", "max_length=640", "--set", "checkpoint_every=1", "--set", "evaluations=1",
]  # fmt: skip


def _exporting(folder: Path) -> None:
    """A run of that base, trained once, and llama.cpp's converter as the checkout has it."""
    _training(folder)
    run_ = _shared() / "runs"
    if not (run_ / "r" / "adapter").exists():
        shutil.rmtree(run_, ignore_errors=True)
        options = ["--set", "epochs=1", "--set", "min_stopped=0.0"]
        subprocess.run([str(GUIDE), *_TRAIN, *options], cwd=folder, check=True, capture_output=True)
        shutil.move(folder / "runs", run_)
    shutil.copytree(run_, folder / "runs")
    cache = folder / "models" / "cache"
    cache.mkdir(parents=True)
    for converter in (ROOT / "models" / "cache").glob("converter-*"):
        if converter.is_dir():
            (cache / converter.name).symlink_to(converter)


STAGES = [
    Stage(
        "batch",
        ["batch", "works.jsonl", "guides.jsonl", "--model", "none"],
        _guides,
        prepare=lambda folder: _write_lines(folder / "works.jsonl", corpus_works(60)),
    ),
    Stage(
        "collect",
        ["collect", "met", "--base-url", "$BASE_URL", "--rate", "1000", "--pause", "0.03",
         "--contact", "bench@example.org", "--database", "collect.sqlite"],
        _collected,
        around=_museum,
        address="BASE_URL",
    ),
    Stage(
        "scripts",
        ["scripts", "write", "works.jsonl", "--model", "m", "--examples", "0", "--tries", "1",
         "--concurrency", "2", "--database", "scripts.sqlite"],
        _scripts,
        prepare=lambda folder: _write_lines(
            folder / "works.jsonl", [_VERMEER | {"object_id": str(n)} for n in range(30)]
        ),
        around=_teacher,
        address="OPENAI_BASE_URL",
    ),
    Stage(
        "dataset",
        ["dataset", "build", "--corpus", "corpus.jsonl", "--model", "tiny", "--out", "set",
         "--max-tokens", "2000"],
        _hashes("set/*.jsonl"),
        prepare=_few_rows,
        kills=20,
        chain=4,
    ),
    Stage(
        "pull",
        ["models", "pull", "pulled"],
        _hashes("models/*.gguf"),
        prepare=_pull_entry,
        around=_hub,
        address="HF_ENDPOINT",
    ),
    Stage("train", _TRAIN, _trained, prepare=_training, kills=10, chain=3),
    Stage(
        "export",
        ["export", "runs/r", "--quantize", "Q8_0,Q4_0", "--texts", "1", "--guides", "1",
         "--threads", "1"],
        _hashes("models/r/*.gguf"),
        prepare=_exporting,
        around=lambda _folder: nullcontext({"GUIDE_MODELS": "models"}),
        kills=10,
        chain=3,
    ),
]  # fmt: skip


def with_settings(arguments: list[str], settings: Settings) -> list[str]:
    """The arguments with $NAME filled in."""
    return [re.sub(r"^\$(\w+)$", lambda m: settings[m[1]], argument) for argument in arguments]
