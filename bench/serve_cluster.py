"""Two `guide serve` on one PostgreSQL behind nginx, one of them killed under load.

    python -m bench.serve_cluster --works works.jsonl.gz --visitors 12 --guides 240

Needs Debian's nginx-light and postgresql. Everything runs on the loopback: a fresh database in a
temporary folder, nginx with infer/deploy/nginx.conf, two servers, and visitors who do what the page
does: ask for a guide as an event stream and ask again when it breaks off. Half-way one server gets
SIGKILL. Voters compare pairs meanwhile. At the end what the visitors and voters were told is held
against what stands in the database.
"""

from __future__ import annotations

import json
import re
import signal
import subprocess
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import click
import requests
from requests.adapters import HTTPAdapter
from sqlalchemy import create_engine, text

from bench.common import machine, summary
from bench.scale import works_in
from bench.servers import UNLIMITED, ask, events, free_port, guide_server, wait_until_up
from data.artwork import Artwork
from tests.postgres import postgres

CONFIG = Path(__file__).parents[1] / "infer" / "deploy" / "nginx.conf"
TRIES = 6
"""How often a visitor's page asks for one guide."""


@dataclass
class Tally:
    """What visitors and voters met; threads add to it."""

    told: Counter[str] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)
    guides: list[tuple[str, str, str]] = field(default_factory=list)  # work, id, text
    votes: int = 0
    lost: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, what: str) -> None:
        """Count one."""
        with self.lock:
            self.told[what] += 1


@click.command()
@click.option("--works", type=click.Path(exists=True, path_type=Path), required=True)
@click.option("--visitors", default=12, show_default=True, help="At once.")
@click.option("--guides", default=240, show_default=True, help="Guides they ask for in all.")
@click.option("--voters", default=12, show_default=True, help="At once.")
@click.option("--ballots", default=3, show_default=True, help="Votes of each voter.")
@click.option("--model", default="none", show_default=True, help="Of the servers.")
@click.option("--backend", default="", help="An OpenAI-compatible server that draws for both.")
def main(
    works: Path,
    visitors: int,
    guides: int,
    voters: int,
    ballots: int,
    model: str,
    backend: str,
) -> None:
    """Serve, load, kill, and compare."""
    print(machine())
    records = [json.loads(line) for line in islice(works_in(works), guides)]
    for number, record in enumerate(records):
        record["object_id"] = f"cluster-{number}"
    tally = Tally()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        folder.chmod(0o755)
        url = stack.enter_context(postgres())
        (folder / "works.jsonl").write_text("".join(json.dumps(r) + "\n" for r in records))
        ports = [free_port(), free_port()]
        options = ["--model", model, "--silent", "--proxy", "127.0.0.1", "--store", url]
        options += UNLIMITED
        options += ["--backend", backend] if backend else []
        servers: list[subprocess.Popen[bytes]] = []
        for port in ports:  # one after the other: the first makes the tables
            more = ["--works", str(folder / "works.jsonl")] if not servers else []
            servers.append(stack.enter_context(guide_server(port, [*options, *more], folder)))
        front = stack.enter_context(_nginx(folder, ports))
        _make_experiment(url, records)
        _run(front, servers, tally, visitors, voters, ballots)
        _compare(url, tally, len(records))


def _run(
    front: str,
    servers: list[subprocess.Popen[bytes]],
    tally: Tally,
    visitors: int,
    voters: int,
    ballots: int,
) -> None:
    ids = list(_all_works(front))
    started = time.perf_counter()
    print(f"{len(ids)} works, {visitors} visitors and {voters} voters at once")
    with ThreadPoolExecutor(visitors) as visiting, ThreadPoolExecutor(voters) as voting:
        asked = [
            visiting.submit(_visit, front, number % 40, work, tally)
            for number, work in enumerate(ids)
        ]
        voted = [
            voting.submit(_vote, front, 100 + number, ballots, tally) for number in range(voters)
        ]
        while sum(task.done() for task in asked) < len(asked) // 2:
            time.sleep(0.05)
        servers[0].send_signal(signal.SIGKILL)
        print(f"killed a server after {sum(t.done() for t in asked)} guides", flush=True)
        for task in (*asked, *voted):
            task.result()
    print(f"{len(tally.guides)} guides in {time.perf_counter() - started:.1f} s")


def _visit(front: str, number: int, work: str, tally: Tally) -> None:
    """One visitor's page: ask, and ask again when the stream breaks off or nobody answers."""
    started = time.perf_counter()
    with _browser(number) as session:
        for attempt in range(TRIES):
            try:
                guide = _stream(session, front, work)
            except (requests.RequestException, ConnectionError) as error:
                tally.add(f"broken: {type(error).__name__}")
            except _RefusedError as refused:
                tally.add(f"refused: {refused}")
            else:
                with tally.lock:
                    tally.told["whole at once" if not attempt else "whole when asked again"] += 1
                    tally.seconds.append(time.perf_counter() - started)
                    tally.guides.append((work, guide["id"], guide["text"]))
                return
            time.sleep(1)
    with tally.lock:
        tally.lost.append(f"guide of {work}")


class _RefusedError(Exception):
    """An answer other than a guide."""


def _stream(session: requests.Session, front: str, work: str) -> dict[str, Any]:
    answer = ask(session, front, {"work_id": work, "language": "en", "length": "brief"})
    if answer.status_code != 200:
        answer.close()
        raise _RefusedError(answer.status_code)
    for name, data in events(answer):
        if name == "done":
            return data
        if name == "error":
            raise _RefusedError(data.get("status"))
    raise ConnectionError


def _vote(front: str, number: int, ballots: int, tally: Tally) -> None:
    """One voter: look as long as is asked, vote, and vote again where no answer came."""
    with _browser(number) as session:
        for _ in range(ballots):
            shown = _until(tally, lambda: session.get(f"{front}/api/vote/cluster/ballot"))
            if shown is None or shown.json()["done"]:
                return
            ballot = shown.json()
            time.sleep(ballot["wait"] + 0.2)
            path = f"{front}/api/vote/cluster/ballots/{ballot['id']}"
            taken = _until(
                tally,
                lambda path=path: session.post(  # type: ignore[misc]
                    path, json={"verdict": "left"}, headers={"Origin": front}
                ),
            )
            if taken is None:
                with tally.lock:
                    tally.lost.append(f"vote on {ballot['id']}")
                continue
            with tally.lock:
                tally.votes += 1


def _until(tally: Tally, ask: Callable[[], requests.Response]) -> requests.Response | None:
    """An answer that is none of a dead server; 409 says that the vote before it was taken."""
    for _ in range(TRIES):
        try:
            answer = ask()
        except requests.RequestException as error:
            tally.add(f"vote broken: {type(error).__name__}")
        else:
            if answer.status_code in (200, 409):
                return answer
            tally.add(f"vote answered {answer.status_code}")
        time.sleep(1)
    return None


def _compare(url: str, tally: Tally, wanted: int) -> None:
    """What was told against what is stored."""
    engine = create_engine(re.sub("^postgresql:", "postgresql+psycopg:", url))
    with engine.connect() as base:
        rows = base.execute(text("select id, text, state from guides")).all()
        votes = base.execute(text("select count(*) from ab_votes")).scalar_one()
        ballots = base.execute(text("select count(distinct ballot_id) from ab_votes")).scalar_one()
    engine.dispose()
    stored = {row.id: row.text for row in rows}
    states = Counter(row.state for row in rows)
    told = {guide: words for _, guide, words in tally.guides}
    other = sum(stored.get(guide) != words for guide, words in told.items())
    for what, count in sorted(tally.told.items()):
        print(f"  {count:5} {what}")
    print(f"guides: {len(tally.guides)} of {wanted} told, {other} stored otherwise; {dict(states)}")
    print(f"time to the whole guide: {summary(tally.seconds, 's')}")
    print(f"votes: {tally.votes} taken, {votes} stored, on {ballots} ballots")
    print(f"lost: {len(tally.lost)} {tally.lost[:3] or ''}")
    assert not tally.lost
    assert not other
    assert votes == tally.votes == ballots


def _make_experiment(url: str, records: list[dict[str, Any]]) -> None:
    from data.prompt import Request
    from evaluate.ab.store import Entry, Rules, VoteStore
    from infer.plain import PlainWriter
    from infer.web.store import Store

    entries = []
    for number, record in enumerate(records[:20]):
        guides = {
            name: " ".join(PlainWriter(Artwork(**record), Request(), seed).guide())
            for seed, name in enumerate(("a", "b"))
        }
        entries.append(Entry(str(number), record, {"language": "en", "length": "brief"}, guides))
    store = Store.open(url)
    try:
        VoteStore(store).create("cluster", ["a", "b"], entries, Rules(attention_every=0))
    finally:
        store.close()


def _all_works(front: str) -> Iterator[str]:
    offset = 0
    while True:
        query = {"limit": "100", "offset": str(offset)}
        found = requests.get(f"{front}/api/works", params=query, timeout=30).json()["works"]
        if not found:
            return
        for work in found:
            yield work["id"]
        offset += len(found)


@contextmanager
def _browser(number: int) -> Iterator[requests.Session]:
    """A session from a loopback address of its own, as visitors in a museum's network have one."""

    class Adapter(HTTPAdapter):
        def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
            super().init_poolmanager(*args, source_address=(f"127.0.0.{number + 10}", 0), **kwargs)

    with requests.Session() as session:
        session.mount("http://", Adapter())
        yield session


@contextmanager
def _nginx(folder: Path, ports: list[int]) -> Iterator[str]:
    """The shipped configuration, with this machine's addresses in place of the containers'."""
    port = free_port()
    config = CONFIG.read_text("utf-8")
    for number, server in enumerate(ports, 1):
        config = config.replace(f"guide-{number}:8000", f"127.0.0.1:{server}")
    config = config.replace("listen 8080;", f"listen 127.0.0.1:{port};")
    config = config.replace("/tmp/museum-guide-nginx.pid", str(folder / "nginx.pid"))
    file = folder / "nginx.conf"
    file.write_text(config)
    log = (folder / "nginx.log").open("wb")
    process = subprocess.Popen(["nginx", "-c", str(file), "-g", "daemon off;"], stderr=log)
    log.close()
    try:
        wait_until_up(f"http://127.0.0.1:{port}/healthz", process)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


if __name__ == "__main__":
    main()
