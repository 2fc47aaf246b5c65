"""`guide serve` as the benches start it, and its event streams as the page reads them."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from data.guides import read_corpus

GUIDE = Path(sys.executable).with_name("guide")
UNLIMITED = ("--rate", "100000/minute", "--requests", "100000/minute")
"""For benches, whose many visitors have one address."""


@contextmanager
def guide_server(
    port: int, options: Sequence[str], folder: Path
) -> Iterator[subprocess.Popen[bytes]]:
    """A server that answers; what it says goes into a file in the folder."""
    with (folder / f"server-{port}.log").open("ab") as log:
        command = [str(GUIDE), "serve", "--port", str(port), *options]
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd=folder)
        try:
            wait_until_up(f"http://127.0.0.1:{port}/healthz", process)
            yield process
        finally:
            process.kill()
            process.wait()


@contextmanager
def corpus_server(
    model: str, count: int, *more: str
) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """A server with so many works of the corpus, once it says that a guide will come at once."""
    with tempfile.TemporaryDirectory() as name:
        folder, port = Path(name), free_port()
        records = {g.work: g.artwork for g in read_corpus() if g.language == "en"}
        lines = [json.dumps(work.as_record()) for work in list(records.values())[:count]]
        (folder / "works.jsonl").write_text("\n".join(lines), encoding="utf-8")
        options = [
            "--model", model, "--language", "en", "--works", "works.jsonl",
            "--store", "sqlite:///store.sqlite", *UNLIMITED, *more,
        ]  # fmt: skip
        with guide_server(port, options, folder) as process:
            url = f"http://127.0.0.1:{port}"
            while not requests.get(f"{url}/healthz", timeout=30).json()["ready"]:
                time.sleep(0.3)
            yield url, process


def wait_until_up(url: str, process: subprocess.Popen[bytes]) -> None:
    """Ask until there is an answer.

    Raises:
        SystemExit: the process has ended, or two minutes have passed.
    """
    for _ in range(1200):
        if process.poll() is not None:
            raise SystemExit(f"{url} ended with status {process.returncode}.")
        try:
            if requests.get(url, timeout=2).ok:
                return
        except requests.RequestException:
            time.sleep(0.1)
    raise SystemExit(f"{url} does not answer.")


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def ask(session: requests.Session, url: str, wish: dict[str, Any]) -> requests.Response:
    """Ask for a guide as an event stream."""
    headers = {"Accept": "text/event-stream"}
    return session.post(f"{url}/api/guides", json=wish, headers=headers, stream=True, timeout=300)


def events(answer: requests.Response) -> Iterator[tuple[str, dict[str, Any]]]:
    """The stream's events, each name with its data."""
    name = ""
    for line in answer.iter_lines(chunk_size=1, decode_unicode=True):
        kind, _, value = line.partition(": ")
        if kind == "event":
            name = value
        elif kind == "data":
            yield name, json.loads(value)


@dataclass(frozen=True, slots=True)
class Told:
    """A guide that was told to its end: seconds from the asking, and what the last event says."""

    first: float
    whole: float
    data: dict[str, Any]


def hear(
    session: requests.Session,
    url: str,
    wish: dict[str, Any],
    sent_away: Callable[[], None],
    *,
    leaves: bool = False,
) -> Told | None:
    """Ask as the page does and listen; None where the visitor leaves at the first sentence.

    `sent_away` is called each time the queue is full; the visitor comes again when told to.

    Raises:
        ValueError: the stream ended otherwise than with the guide's end.
        requests.RequestException: the server did not answer, or refused.
    """
    started, first = time.perf_counter(), 0.0
    while (answer := ask(session, url, wish)).status_code == 503:
        sent_away()
        time.sleep(float(answer.headers["Retry-After"]))
    answer.raise_for_status()
    name, data = "", dict[str, Any]()
    for event in events(answer):
        name, data = event
        if name == "sentence" and not first:
            first = time.perf_counter() - started
            if leaves:
                answer.close()
                return None
    if name != "done":
        raise ValueError(f"ended with {name!r}")
    return Told(first, time.perf_counter() - started, data)
