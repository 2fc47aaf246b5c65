"""The server under load, and how soon a visitor hears something.

    python -m bench.serve load --model tiny --listeners 50 --seconds 60
    python -m bench.serve sound --model small --repeat 5

Each starts `guide serve` of its own on loopback, with a store in a temporary folder. A listener of
the load asks for guides one after the other, half of them from the store, half never written
before, and does as a page does: follows the events, and where the queue is full comes again when
told to. First sound is the time from the click until the first sentence's WAV has arrived whole.
"""

from __future__ import annotations

import random
import threading
import time
from dataclasses import dataclass, field
from typing import Any

import click
import requests

from bench.common import machine, summary
from bench.servers import ask, corpus_server, events, hear

PAUSE = (0.5, 2.0)
"""Seconds a listener looks around between two guides."""


@click.group()
def main() -> None:
    """Measure and print."""


@main.command()
@click.option("--model", default="tiny", show_default=True)
@click.option("--listeners", default=50, show_default=True)
@click.option("--seconds", default=60.0, show_default=True)
@click.option("--works", "count", default=20, show_default=True, help="Works in the store.")
@click.option("--silent", is_flag=True, help="Text alone.")
def load(model: str, listeners: int, seconds: float, count: int, silent: bool) -> None:
    """Many listeners at once, stored and new guides mixed."""
    print(machine())
    with corpus_server(model, count, *(("--silent",) if silent else ())) as (url, _):
        works = requests.get(f"{url}/api/works?limit=100", timeout=30).json()["works"]
        stored = [work["id"] for work in works]
        for work_id in stored:
            requests.post(f"{url}/api/guides", json={"work_id": work_id}, timeout=300)
        tally = _Tally(url, stored, time.perf_counter() + seconds)
        threads = [
            threading.Thread(target=tally.listen, args=(number,)) for number in range(listeners)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        tally.print(model, listeners, seconds)


@main.command()
@click.option("--model", default="small", show_default=True)
@click.option("--repeat", default=5, show_default=True)
def sound(model: str, repeat: int) -> None:
    """From the click to the first sound: of a new guide, and of a stored one."""
    print(machine())
    with corpus_server(model, repeat) as (url, _):
        works = requests.get(f"{url}/api/works?limit=100", timeout=30).json()["works"]
        for name, wish in (("new", {"seed": 1}), ("stored", {"seed": 1})):
            sentences, sounds = [], []
            for work in works[:repeat]:
                text_after, sound_after = _first(url, {"work_id": work["id"]} | wish)
                sentences.append(text_after)
                sounds.append(sound_after)
            print(f"{model}, {name}: first sentence {summary(sentences, 's')}")
            print(f"{model}, {name}: first sound    {summary(sounds, 's')}")


@dataclass
class _Tally:
    """What the listeners met with."""

    url: str
    stored: list[str]
    until: float
    first: dict[str, list[float]] = field(default_factory=lambda: {"stored": [], "new": []})
    whole: dict[str, list[float]] = field(default_factory=lambda: {"stored": [], "new": []})
    asked_again: int = 0
    lost: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def listen(self, number: int) -> None:
        """One listener, until the time is over and its last guide is heard."""
        rng = random.Random(number)
        session = requests.Session()
        turn = 0
        while time.perf_counter() < self.until:
            turn += 1
            kind = rng.choice(["stored", "new"])
            wish: dict[str, Any] = {"work_id": rng.choice(self.stored)}
            if kind == "new":
                wish["seed"] = 1_000_000 + 1000 * number + turn
            try:
                self._hear(session, kind, wish)
            except (requests.RequestException, ValueError) as error:
                with self.lock:
                    self.lost.append(f"{kind}: {error}")
            time.sleep(rng.uniform(*PAUSE))

    def _hear(self, session: requests.Session, kind: str, wish: dict[str, Any]) -> None:
        told = hear(session, self.url, wish, self._sent_away)
        assert told is not None
        with self.lock:
            self.first[kind].append(told.first)
            self.whole[kind].append(told.whole)

    def _sent_away(self) -> None:
        with self.lock:
            self.asked_again += 1

    def print(self, model: str, listeners: int, seconds: float) -> None:
        """The figures."""
        count = sum(map(len, self.whole.values()))
        print(
            f"{model}, {listeners} listeners for {seconds:.0f} s: {count} guides heard, "
            f"{len(self.lost)} lost, {self.asked_again} times asked to come again"
        )
        for fault in self.lost[:5]:
            print(f"  lost: {fault}")
        for kind in ("stored", "new"):
            for what, values in (("first sentence", self.first), ("whole guide", self.whole)):
                print(f"{kind:6} {what:14} {_spread(values[kind])}")


def _spread(values: list[float]) -> str:
    if not values:
        return "none"
    ordered = sorted(values)
    return f"{summary(values, 's')}; 95 % within {ordered[int(0.95 * (len(ordered) - 1))]:.2f} s"


def _first(url: str, wish: dict[str, Any]) -> tuple[float, float]:
    """Seconds until the first sentence, and until its sound has arrived; hears the rest too."""
    session = requests.Session()
    started, sentence, heard = time.perf_counter(), 0.0, 0.0
    for name, data in events(ask(session, url, wish)):
        if name == "sentence" and not sentence:
            sentence = time.perf_counter() - started
            wav = requests.get(url + data["audio"], timeout=60)
            wav.raise_for_status()
            heard = time.perf_counter() - started
    return sentence, heard


if __name__ == "__main__":
    main()
