"""The server for half an hour of visitors who come, listen, leave midway and come again.

    python -m bench.soak --model tiny --listeners 30 --minutes 30 --chart docs/soak.png

A visit is a session of its own: some guides one after the other, half of them from the store, half
never written before, one in four left in the middle of a sentence. Where the queue is full a visitor
comes again when told to. Every ten seconds the server's memory, threads and open files are read, and
the guides being written and waiting. When all have left, no slot may be taken any more, and every
guide that was told to its end must stand in the store as it was told.
"""

from __future__ import annotations

import random
import re
import subprocess
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import psutil
import requests

from bench.common import machine, summary
from bench.servers import corpus_server, hear
from data.charts import INK, house_style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

PAUSE = (0.5, 3.0)
"""Seconds between two guides of a visit, and in which nobody takes the visitor's place."""

LEAVES = 0.25
"""Share of guides that are left in the middle."""

EVERY = 10.0
"""Seconds between two looks at the server."""

_GAUGE = re.compile(r"^guide_(writing|waiting) (\S+)$", re.MULTILINE)


@dataclass(frozen=True)
class Heard:
    """One guide heard to its end; seconds, `at` since the beginning."""

    at: float
    kind: str
    first: float
    whole: float
    id: str
    text: str


@dataclass(frozen=True)
class Look:
    """The server at one moment; `at` in seconds since the beginning."""

    at: float
    megabytes: float
    threads: int
    files: int
    writing: int
    waiting: int


@dataclass
class Visits:
    """What the visitors met with; their threads add to it."""

    url: str
    works: Sequence[str]
    until: float
    began: float = field(default_factory=time.perf_counter)
    heard: list[Heard] = field(default_factory=list)
    again: list[float] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    left: int = 0
    visits: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def come(self, number: int) -> None:
        """One visitor after the other in this place, until the time is over."""
        chance, turn = random.Random(number), 0
        while time.perf_counter() < self.until:
            with self.lock:
                self.visits += 1
            with requests.Session() as session:
                for _ in range(chance.randint(1, 4)):
                    if time.perf_counter() > self.until:
                        return
                    turn += 1
                    kind = chance.choice(["stored", "new"])
                    wish: dict[str, Any] = {"work_id": chance.choice(self.works)}
                    if kind == "new":
                        wish["seed"] = 1_000_000 + 1000 * number + turn
                    self._listen(session, kind, wish, leaves=chance.random() < LEAVES)
                    time.sleep(chance.uniform(*PAUSE))
            time.sleep(chance.uniform(*PAUSE))

    def _listen(
        self, session: requests.Session, kind: str, wish: dict[str, Any], *, leaves: bool
    ) -> None:
        try:
            self._hear(session, kind, wish, leaves)
        except (requests.RequestException, ValueError) as error:
            with self.lock:
                self.lost.append(f"{kind}: {error}")

    def _hear(
        self, session: requests.Session, kind: str, wish: dict[str, Any], leaves: bool
    ) -> None:
        told = hear(session, self.url, wish, self._sent_away, leaves=leaves)
        now = time.perf_counter() - self.began
        with self.lock:
            if told is None:
                self.left += 1
            else:
                about = told.data["id"], told.data["text"]
                self.heard.append(Heard(now, kind, told.first, told.whole, *about))

    def _sent_away(self) -> None:
        with self.lock:
            self.again.append(time.perf_counter() - self.began)


@click.command()
@click.option("--model", default="tiny", show_default=True)
@click.option("--listeners", default=30, show_default=True, help="At once.")
@click.option("--minutes", default=30.0, show_default=True)
@click.option("--works", "count", default=40, show_default=True, help="Works in the store.")
@click.option("--chart", type=click.Path(path_type=Path), help="Draw the curves there, PNG.")
def main(model: str, listeners: int, minutes: float, count: int, chart: Path | None) -> None:
    """Serve, listen, leave; then count what is lost or held."""
    print(machine())
    with corpus_server(model, count, "--silent") as (url, process):
        listed = requests.get(f"{url}/api/works?limit=100", timeout=30).json()["works"]
        works = [work["id"] for work in listed]
        for work in works:
            requests.post(f"{url}/api/guides", json={"work_id": work}, timeout=600)
        visits = Visits(url, works, time.perf_counter() + 60 * minutes)
        looks = _run(visits, listeners, process)
        held = _held(url)
        altered = [heard for heard in visits.heard if _text(url, heard.id) != heard.text]
    _print(visits, looks, f"{model}, {listeners} listeners, {minutes:.0f} minutes")
    print(f"guides still being written or waiting when all have left: {held}")
    print(f"guides in the store other than they were told: {len(altered)}")
    if chart:
        _draw(visits, looks, chart)
    raise SystemExit(1 if visits.lost or held or altered else 0)


def _run(visits: Visits, listeners: int, process: subprocess.Popen[bytes]) -> list[Look]:
    threads = [threading.Thread(target=visits.come, args=(n,)) for n in range(listeners)]
    for thread in threads:
        thread.start()
    looks = []
    while any(thread.is_alive() for thread in threads):
        looks.append(_look(visits, psutil.Process(process.pid)))
        time.sleep(EVERY)
    return looks


def _look(visits: Visits, process: psutil.Process) -> Look:
    load = _load(visits.url)
    return Look(
        time.perf_counter() - visits.began,
        process.memory_info().rss / 1e6,
        process.num_threads(),
        process.num_fds(),
        load["writing"],
        load["waiting"],
    )


def _load(url: str) -> dict[str, int]:
    text = requests.get(f"{url}/metrics", timeout=60).text
    return {name: int(float(value)) for name, value in _GAUGE.findall(text)}


def _held(url: str) -> int:
    """Guides that somebody still writes a minute after all have left."""
    for _ in range(120):
        held = sum(_load(url).values())
        if not held:
            break
        time.sleep(0.5)
    return held


def _text(url: str, guide: str) -> str:
    return str(requests.get(f"{url}/api/guides/{guide}", timeout=60).json().get("text"))


def _print(visits: Visits, looks: Sequence[Look], title: str) -> None:
    print(
        f"{title}: {visits.visits} visits, {len(visits.heard)} guides heard to the end, "
        f"{visits.left} left in the middle, {len(visits.again)} times asked to come again, "
        f"{len(visits.lost)} lost"
    )
    for fault in visits.lost[:5]:
        print(f"  lost: {fault}")
    end = looks[-1].at
    for number, name in enumerate(("first", "second", "last")):
        low, high = end * number / 3, end * (number + 1) / 3
        print(f"{name} third")
        for kind in ("stored", "new"):
            heard = [h for h in visits.heard if h.kind == kind and low <= h.at < high]
            if heard:
                print(f"  {kind:6} first sentence {summary((h.first for h in heard), 's')}")
                print(f"  {kind:6} whole guide    {summary((h.whole for h in heard), 's')}")
        seen = [look for look in looks if low <= look.at < high]
        if seen:
            print(f"  memory  {summary((look.megabytes for look in seen), 'MB', 0)}")
            print(f"  threads {summary((look.threads for look in seen), '', 0)}")
            print(f"  files   {summary((look.files for look in seen), '', 0)}")


def _draw(visits: Visits, looks: Sequence[Look], path: Path) -> None:
    """Memory, time to the first sentence, and what each minute brought, one above the other."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with house_style():
        from matplotlib.figure import Figure

        drawing = Figure(figsize=(7.5, 7.0), layout="constrained")
        memory, latency, minutes = drawing.subplots(3, 1, sharex=True)
        _memory(memory, looks)
        _latency(latency, visits.heard)
        _minutes(minutes, visits)
        minutes.set_xlabel("minutes")
        drawing.savefig(path, dpi=120)


def _memory(axes: Axes, looks: Sequence[Look]) -> None:
    axes.plot([look.at / 60 for look in looks], [look.megabytes for look in looks], color=INK)
    axes.set_ylim(0, 1.15 * max(look.megabytes for look in looks))
    axes.set_ylabel("resident, MB")


def _latency(axes: Axes, heard: Sequence[Heard]) -> None:
    for kind, colour in (("new", "#d08a2e"), ("stored", "#31597a")):
        chosen = [h for h in heard if h.kind == kind]
        axes.plot([h.at / 60 for h in chosen], [max(h.first, 1e-3) for h in chosen], ".",
                  color=colour, markersize=3, label=kind)  # fmt: skip
    axes.set_yscale("log")
    axes.set_ylabel("first sentence, s")
    axes.legend(loc="upper left", bbox_to_anchor=(1, 1))


def _minutes(axes: Axes, visits: Visits) -> None:
    last = int(max((h.at for h in visits.heard), default=0) // 60) + 1
    minutes = range(last)
    heard = [sum(h.at // 60 == minute for h in visits.heard) for minute in minutes]
    again = [sum(at // 60 == minute for at in visits.again) for minute in minutes]
    axes.step(minutes, heard, where="post", color="#31597a", label="heard")
    axes.step(minutes, again, where="post", color="#d08a2e", label="come again")
    axes.axhline(0, color=INK, linewidth=0.5)
    axes.set_ylabel(f"a minute; {len(visits.lost)} lost")
    axes.legend(loc="upper left", bbox_to_anchor=(1, 1))


if __name__ == "__main__":
    main()
