"""Tours written ahead: progress, faults, cancelling, going on after a kill."""

import re
import subprocess
import time

import pytest
import requests
from sqlalchemy import select

from data.artwork import parse_artwork
from infer.web.tables import Guide, Job, JobItem, now
from tests.conftest import GUIDE
from tests.web import WORKS, Site, serving


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    with serving(tmp_path_factory.mktemp("jobs")) as site:
        yield site


@pytest.fixture
def site(served):
    served.start_afresh()
    return served.log_in()


def until_ended(site: Site, job_id: str) -> dict:
    deadline = time.monotonic() + 60
    while True:
        progress: dict = site.get(f"/api/curator/jobs/{job_id}").json()
        if progress["state"] in ("done", "cancelled"):
            return progress
        assert time.monotonic() < deadline, progress
        time.sleep(0.05)


def test_tour_is_every_work_in_every_language_and_length(site: Site):
    for number in range(3):
        site.add(number, number + 1)
    wish = {"languages": ["en", "de"], "lengths": ["brief", "full"]}
    answer = site.post("/api/curator/tour", wish)
    assert answer.status_code == 202
    progress = until_ended(site, answer.json()["job_id"])
    assert progress == {"done": 12, "total": 12, "faults": [], "state": "done"}
    offered = {(g["language"], g["length"]) for g in site.get("/api/stops/1").json()["guides"]}
    assert offered == {("en", "brief"), ("en", "full"), ("de", "brief"), ("de", "full")}


def test_tour_of_chosen_works_leaves_the_others_out(site: Site):
    first, second = site.add(0, 1), site.add(1, 2)
    job_id = site.post("/api/curator/tour", {"work_ids": [first]}).json()["job_id"]
    assert until_ended(site, job_id)["total"] == 1
    assert site.get(f"/api/works/{second}").json()["guides"] == []


def test_guide_that_is_there_is_not_written_again(site: Site):
    work_id = site.add(0)
    guide = site.post("/api/guides", {"work_id": work_id}).json()
    until_ended(site, site.post("/api/curator/tour", {}).json()["job_id"])
    assert [g["id"] for g in site.get(f"/api/works/{work_id}").json()["guides"]] == [guide["id"]]
    assert len(site.get("/api/curator/guides").json()["guides"]) == 1


def test_work_that_was_deleted_meanwhile_is_a_fault_and_no_end(site: Site):
    kept, gone = site.add(0), site.add(1)
    with site.services.store.writing() as session:  # a job that nobody has taken up yet
        session.add(Job(id="a" * 32, state="cancelled", owner=None, beat=None))
        for position, work_id in enumerate((gone, kept)):
            session.add(
                JobItem(job_id="a" * 32, position=position, work_id=work_id, language="en",
                        length="brief", style="clear", state="waiting")
            )  # fmt: skip
    site.delete(f"/api/curator/works/{gone}")
    with site.services.store.writing() as session:
        session.get_one(Job, "a" * 32).state = "waiting"
    progress = until_ended(site, "a" * 32)
    assert (progress["done"], progress["faults"]) == (2, ["There is no such work."])
    assert site.get(f"/api/works/{kept}").json()["guides"]


def test_cancelled_job_writes_no_more(site: Site):
    site.add(0)
    with site.services.store.writing() as session:  # another process's, which still lives
        session.add(Job(id="b" * 32, state="running", owner="c" * 32, beat=now()))
        session.add(
            JobItem(job_id="b" * 32, position=0, work_id="d" * 32, language="en",
                    length="brief", style="clear", state="waiting")
        )  # fmt: skip
    progress = site.post(f"/api/curator/jobs/{'b' * 32}/cancel").json()
    assert progress == {"done": 0, "total": 1, "faults": [], "state": "cancelled"}


def test_tour_of_nothing_says_what_to_do(site: Site):
    answer = site.post("/api/curator/tour", {})
    assert (answer.status_code, answer.json()["detail"]) == (
        409, "There are no works yet; add or import some first.",
    )  # fmt: skip
    assert site.post("/api/curator/tour", {"work_ids": ["0" * 32]}).status_code == 404


def start(folder) -> tuple[subprocess.Popen, str]:
    process = subprocess.Popen(
        [str(GUIDE), "serve", "--port", "0", "--model", "none", "--silent",
         "--store", f"sqlite:///{folder / 'store.sqlite'}"],
        stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stderr is not None
    for line in process.stderr:
        if found := re.search(r"http://127\.0\.0\.1:\d+", line):
            return process, found[0]
    raise AssertionError("the server did not start")


def test_job_goes_on_after_kill_9(tmp_path):
    """A process is killed in the middle of a tour; the next one writes what is missing, once."""
    wish = {"languages": ["en", "fr", "de", "es", "it"], "lengths": ["brief"]}
    with serving(tmp_path) as site:  # prepares the store, and is gone before the job is taken up
        for number in range(8):
            notes = [f"It was shown in room {number}."]
            site.services.works.add(parse_artwork(WORKS[number % 4] | {"notes": notes}))
        headers = {"Authorization": f"Bearer {site.services.keeper.add_token('scripts')}"}
    process, url = start(tmp_path)
    job = requests.post(f"{url}/api/curator/tour", json=wish, headers=headers, timeout=60).json()
    where = f"/api/curator/jobs/{job['job_id']}"
    while requests.get(url + where, headers=headers, timeout=60).json()["done"] < 1:
        time.sleep(0.02)
    process.kill()
    process.communicate(timeout=30)
    process, url = start(tmp_path)
    try:
        progress = requests.get(url + where, headers=headers, timeout=60).json()
        assert 1 <= progress["done"] < progress["total"] == 40
        while progress["state"] != "done":
            time.sleep(0.1)
            progress = requests.get(url + where, headers=headers, timeout=60).json()
        assert progress == {"done": 40, "total": 40, "faults": [], "state": "done"}
        works = requests.get(f"{url}/api/works?limit=100", timeout=60).json()["works"]
        assert all(len(work["guides"]) == 5 for work in works)
    finally:
        process.terminate()
        process.communicate(timeout=30)
    with serving(tmp_path) as site, site.services.store.reading() as session:
        done = session.scalars(select(Guide).where(Guide.state == "done")).all()
        kinds = [(guide.work_id, guide.language, guide.length) for guide in done]
        assert len(kinds) == len(set(kinds)) == 40
