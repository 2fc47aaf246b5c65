"""Guides over HTTP written by a real model: as they are written, shared, queued, given up."""

import io
import time

import pytest
from rich.console import Console

from bench.servers import events
from data.prompt import Request
from infer.engine import QUEUE, Engine
from infer.options import Options, Sampling
from infer.web.settings import Settings
from infer.web.setup import open_services
from tests.web import WORKS, Site, serving

STREAMED = {"Accept": "text/event-stream"}


def until(site: Site, **load: int) -> None:
    """Wait until so many guides are written and wait."""
    deadline = time.monotonic() + 60
    while any(site.get("/healthz").json()[name] != count for name, count in load.items()):
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.fixture(scope="module")
def narrow(tiny, tmp_path_factory):
    """A server that writes one guide at a time."""
    folder = tmp_path_factory.mktemp("narrow")
    with serving(folder, model=str(tiny), slots=1, languages=("en",)) as site:
        while not site.get("/healthz").json()["ready"]:
            time.sleep(0.1)
        yield site


@pytest.fixture(scope="module")
def telling(tiny, tmp_path_factory):
    """A server with a real model."""
    folder = tmp_path_factory.mktemp("telling")
    with serving(folder, model=str(tiny), slots=2, languages=("en",)) as site:
        yield site


def test_guide_comes_sentence_by_sentence_and_then_whole(telling: Site):
    work_id = telling.add(0)
    events = list(telling.events({"work_id": work_id}))
    names = [name for name, _ in events]
    assert names[0] == "start"
    assert set(names[1:-1]) == {"sentence"}
    assert names[-1] == "done"
    start, done = events[0][1], events[-1][1]
    assert start == {"guide_id": done["id"], "stored": False, "model": done["model"]}
    sentences = [data["text"] for name, data in events if name == "sentence"]
    assert done["text"] == " ".join(sentences)
    assert [data["index"] for name, data in events if name == "sentence"] == list(
        range(len(sentences))
    )
    assert done["credit_line"] == "Mauritshuis, The Hague"
    assert all(claim["verdict"] != "unsupported" for claim in done["claims"])


def test_first_sentence_comes_while_the_guide_is_being_written(telling: Site):
    heard = telling.events({"artwork": WORKS[1], "length": "full", "seed": 3})
    _, start = next(heard)
    next(heard)
    assert telling.get(f"/api/guides/{start['guide_id']}").json()["state"] == "writing"
    assert [name for name, _ in heard][-1] == "done"


def test_guide_that_was_written_is_served_from_the_store(telling: Site):
    wish = {"artwork": WORKS[2]}
    first = telling.post("/api/guides", wish).json()
    events = list(telling.events(wish))
    assert events[0][1]["stored"] is True
    assert events[-1][1] == first
    assert telling.get(f"/api/guides/{first['id']}").json() == first


def test_two_who_ask_at_once_hear_one_guide(telling: Site):
    wish = {"artwork": WORKS[3], "seed": 9, "length": "full"}
    first = telling.events(wish)
    _, start = next(first)
    second = Site(telling.services, telling.port).events(wish)
    assert next(second)[1]["guide_id"] == start["guide_id"]
    assert [e for e in first if e[0] == "done"] == [e for e in second if e[0] == "done"]


def test_record_too_long_for_the_model_is_refused(telling: Site):
    notes = [f"Note {n}: {'it was shown in another room; ' * 6}" for n in range(150)]
    answer = telling.post("/api/guides", {"artwork": WORKS[0] | {"notes": notes}})
    assert answer.status_code == 422
    assert "tokens too long" in answer.json()["detail"]


def test_full_queue_is_503_with_retry_after(narrow: Site):
    engine = narrow.services.desk.session.drawer
    assert isinstance(engine, Engine)
    engine.queue = 1
    held = []
    for seed in range(2):
        wish = {"artwork": WORKS[0], "seed": seed, "length": "full"}
        held.append(narrow.post("/api/guides", wish, headers=STREAMED, stream=True))
        until(narrow, writing=1, waiting=seed)
    refused = [
        narrow.post("/api/guides", {"artwork": WORKS[0], "seed": 10 + seed}) for seed in range(2)
    ]
    statuses = [answer.status_code for answer in refused]
    assert 503 in statuses
    answer = refused[statuses.index(503)]
    assert int(answer.headers["Retry-After"]) >= 1
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert "try again" in answer.json()["detail"]
    for stream in held:
        assert [name for name, _ in events(stream)][-1] == "done"
    engine.queue = QUEUE


def test_guide_that_nobody_waits_for_any_more_is_given_up(narrow: Site):
    wish = {"artwork": WORKS[0], "seed": 50, "length": "full"}
    long = narrow.post("/api/guides", wish, headers=STREAMED, stream=True)
    until(narrow, writing=1, waiting=0)
    waiting = narrow.post("/api/guides", {"artwork": WORKS[1]}, headers=STREAMED, stream=True)
    _, start = next(events(waiting))
    waiting.close()
    assert [name for name, _ in events(long)][-1] == "done"
    deadline = time.monotonic() + 60
    while narrow.services.guides.find(start["guide_id"]).state == "writing":
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert narrow.services.guides.find(start["guide_id"]).state == "failed"


def test_listener_that_leaves_midway_leaves_a_whole_guide(telling: Site):
    wish = {"artwork": WORKS[0], "seed": 77, "length": "full"}
    answer = telling.post("/api/guides", wish, headers=STREAMED, stream=True)
    heard = events(answer)
    _, start = next(heard)
    next(heard)  # the plain first sentence, which comes before the model has begun
    next(heard)
    answer.close()
    deadline = time.monotonic() + 60
    while telling.services.guides.find(start["guide_id"]).state == "writing":
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert next(telling.events(wish))[1]["stored"] is True


def test_languages_that_the_model_is_no_good_at_are_said_at_the_start(tiny, tmp_path, monkeypatch):
    monkeypatch.setenv("GUIDE_MODELS", str(tmp_path))
    (tmp_path / tiny.name).symlink_to(tiny)
    (tmp_path / "local.toml").write_text('[mine]\nlike = "tiny"\nlanguages = ["en"]\n')
    said = io.StringIO()
    options = Options(Request(), "mine", Sampling(), 200)
    store = f"sqlite:///{tmp_path / 'store.sqlite'}"
    settings = Settings(languages=("en", "fr", "de"))
    with open_services(settings, options, store, Console(file=said), slots=1, silent=True):
        assert "mine does not write French, German well enough to publish" in said.getvalue()
