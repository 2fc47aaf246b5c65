"""Guides over HTTP: kept, served at once, told to plug-ins."""

import threading

import pytest

from infer.web.services import ListenedEvent
from tests.web import WORKS, Site, artwork, serving


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    with serving(tmp_path_factory.mktemp("site")) as site:
        yield site


def test_json_is_the_guide_that_the_events_end_with(site: Site):
    guide = site.post("/api/guides", {"artwork": WORKS[0], "language": "fr"}).json()
    assert guide["language"] == "fr"
    assert guide["work_id"] is None
    assert guide["label"] == "machine"
    assert guide["model"] == "none"
    assert guide["text"] == " ".join(sentence["text"] for sentence in guide["sentences"])


def test_guide_of_a_record_that_changed_is_written_anew(site: Site):
    first = site.post("/api/guides", {"artwork": WORKS[1]}).json()
    again = site.post("/api/guides", {"artwork": WORKS[1] | {"date": "1954"}}).json()
    assert again["id"] != first["id"]
    assert "1954" in again["text"]


def test_record_and_work_exclude_each_other(site: Site):
    for wish in ({}, {"artwork": WORKS[0], "work_id": "0" * 32}):
        answer = site.post("/api/guides", wish)
        assert answer.status_code == 422
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert "either artwork" in answer.json()["detail"]


def test_misspelt_field_is_named_with_the_right_one(site: Site):
    answer = site.post("/api/guides", {"artwork": {"tittle": "The Jug"}})
    assert answer.status_code == 422
    assert "did you mean 'title'?" in answer.json()["detail"]


def test_language_that_the_museum_does_not_offer_is_refused(tmp_path):
    with serving(tmp_path, languages=("en", "fr")) as site:
        assert site.get("/api/config").json()["languages"] == ["en", "fr"]
        answer = site.post("/api/guides", {"artwork": WORKS[0], "language": "de"})
        assert (answer.status_code, answer.json()["detail"]) == (
            422, "language: this museum tells its guides in en, fr.",
        )  # fmt: skip


def test_many_listeners_at_once_all_get_their_guide(site: Site):
    ends = []

    def listen(number: int) -> None:
        mine = Site(site.services, site.port)
        wish = {"artwork": WORKS[number % 4] | {"notes": [f"It was shown in room {number}."]}}
        ends.append([name for name, _ in mine.events(wish)][-1])

    threads = [threading.Thread(target=listen, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ends == ["done"] * 20


def test_listening_is_told_to_plugins_and_metrics(site: Site):
    heard: list[ListenedEvent] = []
    site.services.hooks.listened.append(heard.append)
    guide = site.post("/api/guides", {"artwork": WORKS[0]}).json()
    answer = site.post(f"/api/guides/{guide['id']}/listened", {"seconds": 12.5, "finished": False})
    assert answer.status_code == 204
    assert (heard[0].guide_id, heard[0].seconds, heard[0].finished) == (guide["id"], 12.5, False)
    assert "guide_listened_seconds_total" in site.get("/metrics").text


def test_plugin_chooses_what_a_visitor_gets(tmp_path):
    with serving(tmp_path) as site:
        work_id = site.add(0)
        asked = []

        def choose(work, visitor, request):
            asked.append((work.id if work else None, visitor))
            return {"seed": 4, "length": "full"}

        site.services.hooks.choose_options.append(choose)
        guide = site.post("/api/guides", {"work_id": work_id}).json()
        assert (guide["seed"], guide["length"]) == (4, "full")
        site.post("/api/guides", {"work_id": work_id})
        assert asked[0] == asked[1]  # the same visitor, known by a signed cookie
        site.browser.cookies.set("guide_visitor", "forged")
        site.post("/api/guides", {"work_id": work_id})
        assert asked[2][1] not in (asked[0][1], "forged")


def test_no_visitor_is_marked_without_a_plugin_that_needs_it(site: Site):
    assert "Set-Cookie" not in site.post("/api/guides", {"artwork": WORKS[0]}).headers


def test_half_written_guides_of_a_dead_process_are_tidied_away(tmp_path):
    from datetime import timedelta

    from infer.web.guides import ABANDONED, Wanted
    from infer.web.tables import Guide, now

    with serving(tmp_path) as site:
        from data.prompt import Request

        guides = site.services.guides
        wanted = Wanted(artwork(0), Request())
        young, old = (guides.begin(wanted, seed=n, model="m", prompt_hash="p") for n in range(2))
        with site.services.store.writing() as session:
            session.get_one(Guide, old).created = now() - ABANDONED - timedelta(seconds=1)
        guides.tidy()
        assert site.get(f"/api/guides/{old}").status_code == 404
        assert site.get(f"/api/guides/{young}").json()["state"] == "writing"
