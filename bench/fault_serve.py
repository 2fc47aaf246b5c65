"""What visitors have heard, after `kill -9` of the server: the attack behind `bench.faults serve`."""

from __future__ import annotations

import json
import random
import signal
import sqlite3
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import click
import requests

from bench.common import machine
from bench.fault_stages import corpus_works
from bench.servers import UNLIMITED, ask, events, free_port, guide_server


@dataclass
class _Heard:
    """Guides that were told to the end, by id; threads add to it."""

    works: list[str]
    texts: dict[str, str] = field(default_factory=dict)
    broken: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def listen(self, url: str, seed: int, over: threading.Event) -> None:
        """One visitor after the other, each with a guide of its own, until the server is gone."""
        chance = random.Random(seed)
        with requests.Session() as session:
            while not over.is_set():
                wish = {"work_id": chance.choice(self.works), "seed": chance.randrange(10**9)}
                try:
                    for name, data in events(ask(session, url, wish)):
                        if name == "done":
                            with self.lock:
                                self.texts[data["id"]] = data["text"]
                except requests.RequestException:
                    with self.lock:
                        self.broken += 1
                    return


@click.command()
@click.option("--kills", default=20, show_default=True)
@click.option("--visitors", default=4, show_default=True, help="At once.")
@click.option("--model", default="none", show_default=True, help="Of the server.")
@click.option("--seed", default=1, show_default=True)
def serve(kills: int, visitors: int, model: str, seed: int) -> None:
    """SIGKILL the server under load, start it on the same store, and ask for what was heard."""
    print(machine())
    chance = random.Random(seed)
    with tempfile.TemporaryDirectory(prefix="faults-") as name:
        folder = Path(name)
        works = [work | {"object_id": f"w{n}"} for n, work in enumerate(corpus_works(100))]
        lines = "".join(json.dumps(work) + "\n" for work in works)
        (folder / "works.jsonl").write_text(lines, encoding="utf-8")
        options = ["--model", model, "--silent", "--works", "works.jsonl", *UNLIMITED]
        port = free_port()
        url = f"http://127.0.0.1:{port}"
        heard: _Heard | None = None
        for number in range(kills):
            with guide_server(port, options, folder) as process:
                heard = heard or _Heard(_ids(url))
                with _visitors(heard, url, visitors, seed + 1000 * number):
                    time.sleep(chance.uniform(0.1, 8.0))
                    process.send_signal(signal.SIGKILL)
        assert heard is not None
        with guide_server(port, options, folder):
            lost = [guide for guide, text in heard.texts.items() if _text(url, guide) != text]
        whole = _integrity(folder / "museum-guide.sqlite")
    print(
        f"serve     kill -9                {kills:>5} tries  {len(lost)} lost  "
        f"{len(heard.texts)} guides heard and asked for again, {heard.broken} streams broken, "
        f"store {whole}"
    )
    raise SystemExit(1 if lost or whole != "ok" else 0)


@contextmanager
def _visitors(heard: _Heard, url: str, count: int, seed: int) -> Iterator[None]:
    over = threading.Event()
    threads = [
        threading.Thread(target=heard.listen, args=(url, seed + n, over)) for n in range(count)
    ]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        over.set()
        for thread in threads:
            thread.join()


def _ids(url: str) -> list[str]:
    works = requests.get(f"{url}/api/works?limit=100", timeout=30).json()["works"]
    return [work["id"] for work in works]


def _text(url: str, guide: str) -> str:
    answer = requests.get(f"{url}/api/guides/{guide}", timeout=30)
    return str(answer.json().get("text"))


def _integrity(store: Path) -> str:
    connection = sqlite3.connect(store)
    try:
        return str(connection.execute("PRAGMA integrity_check").fetchone()[0])
    finally:
        connection.close()
