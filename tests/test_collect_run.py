"""The collector against a real server: going on, skipping, refreshing, giving up."""

from __future__ import annotations

import json
import sqlite3
from datetime import date, timedelta
from pathlib import Path

import pytest
import requests

from data.artwork import Form
from data.collect.aic import Chicago
from data.collect.cleveland import Cleveland
from data.collect.collector import Collector
from data.collect.database import StoreError
from data.collect.http import Client, Patience, UnavailableError
from data.collect.judge import Wanted
from data.collect.met import Met
from data.collect.source import Query
from data.collect.store import Store
from tests.museum_server import Reply, museum

FIXTURES = Path(__file__).parent / "fixtures" / "collect"
QUICK = Patience(blocked=0.01, fault=0.01, longest=0.02, attempts=3)
LISTING = "/objects?departmentIds=11"


class Notes:
    """Notes what a watcher would show."""

    def __init__(self):
        self.seen, self.more = [], 0

    def expect(self, done, total):
        self.seen.append((done, total))

    def kept(self, more):
        self.more += more


@pytest.fixture
def database(tmp_path):
    return tmp_path / "collect.sqlite"


def fixture(name):
    return json.loads((FIXTURES / name).read_text(encoding="utf-8"))


def met_replies(count, **changes):
    """A listing of `count` objects, every one there."""
    numbers = list(range(1, count + 1))
    replies = {"/objects": Reply({"total": count, "objectIDs": numbers})}
    for number in numbers:
        body = fixture("met.json") | {"objectID": number} | changes
        replies[f"/objects/{number}"] = Reply(body)
    return replies


def run(source, server, database, query=None, wanted=None, watcher=None, **options):
    """One run of the collector, as the command makes it."""
    with Store.open(database, writing=True) as store, requests.Session() as session:
        client = Client(session, server.url, rate=1000, patience=QUICK)
        collector = Collector(source, client, store, wanted or Wanted(), watcher or Notes())
        return collector.run(query or Query(), **options)


def tally(database, source="met"):
    with Store.open(database) as store:
        return store.tally(source)


def bodies(database, source="met"):
    with Store.open(database) as store:
        return {row.object_id: row.body() for row in store.works(source)}


def test_every_listed_object_is_held_as_it_was_sent(database):
    replies = met_replies(3)
    with museum(replies) as server:
        outcome = run(Met(), server, database)
    assert bodies(database) == {str(n): replies[f"/objects/{n}"].body for n in (1, 2, 3)}
    assert (outcome.new, outcome.wanted, outcome.waiting) == (3, 3, 0)


def test_second_run_requests_nothing(database):
    with museum(met_replies(3)) as server:
        run(Met(), server, database)
        asked = len(server.requests)
        run(Met(), server, database)
        assert len(server.requests) == asked


def test_run_goes_on_where_the_last_one_gave_up(database):
    with museum(met_replies(5)) as server:
        for path in ("/objects/3", "/objects/4", "/objects/5"):
            server.fail(path, *["500"] * 3)
        with pytest.raises(UnavailableError, match="run the same command later to go on"):
            run(Met(), server, database)
        run(Met(), server, database)
        assert dict(server.delivered) == {LISTING: 1} | {f"/objects/{n}": 1 for n in range(1, 6)}


def test_object_the_source_fails_on_does_not_stop_the_others(database):
    with museum(met_replies(3)) as server:
        server.fail("/objects/2", *["500"] * 3)
        assert run(Met(), server, database).failed == 1
    assert tally(database) == {("held", None): 2, ("failed", "the source failed"): 1}


def test_failed_object_is_tried_again_by_the_next_run(database):
    with museum(met_replies(3)) as server:
        server.fail("/objects/2", *["500"] * 3)
        run(Met(), server, database)
        run(Met(), server, database)
    assert tally(database) == {("held", None): 3}


def test_lasting_block_stops_at_once_and_keeps_what_came(database):
    with museum(met_replies(5)) as server:
        server.fail("/objects/3", *["403"] * 3)
        with pytest.raises(UnavailableError, match="turns us away"):
            run(Met(), server, database)
        assert "/objects/4" not in server.requests
    assert tally(database) == {("held", None): 2, ("waiting", None): 3}


def test_block_after_quick_requests_is_waited_out(database):
    with museum(met_replies(8)) as server:
        server.block_after(5, within=60, for_seconds=0.02)
        patient = Patience(blocked=0.05, fault=0.01)
        with Store.open(database, writing=True) as store, requests.Session() as session:
            client = Client(session, server.url, rate=1000, patience=patient)
            Collector(Met(), client, store, Wanted(), Notes()).run(Query())
        assert server.faults_made["403"] >= 1
    assert tally(database) == {("held", None): 8}


def test_gone_and_unwanted_objects_have_their_reasons(database):
    replies = met_replies(5)
    del replies["/objects/2"]
    replies["/objects/3"] = Reply({"message": "Not a valid object"})
    replies["/objects/4"] = Reply(fixture("met-nulls.json") | {"objectID": 4})
    replies["/objects/5"] = Reply({"something": "else"})
    with museum(replies) as server:
        run(Met(), server, database)
    assert tally(database) == {
        ("held", None): 1,
        ("gone", "gone"): 2,
        ("held", "not a painting"): 1,
        ("held", "unreadable"): 1,
    }


def test_empty_listing_is_no_error(database):
    with museum({"/objects": Reply({"total": 0, "objectIDs": None})}) as server:
        assert run(Met(), server, database).wanted == 0


def test_missing_listing_names_the_base_url(database):
    with museum({}) as server, pytest.raises(UnavailableError, match="check the base URL"):
        run(Met(), server, database)


def test_limit_counts_wanted_works_and_what_is_held_already(database):
    replies = met_replies(6)
    replies["/objects/1"] = Reply(fixture("met-nulls.json") | {"objectID": 1})
    with museum(replies) as server:
        assert run(Met(), server, database, limit=2).wanted == 2
        assert tally(database)["waiting", None] == 3
        assert run(Met(), server, database, limit=2).new == 0
        assert run(Met(), server, database, limit=4).wanted == 4


def test_other_filters_judge_what_is_held_without_a_request(database):
    with museum(met_replies(3, classification="Drawings")) as server:
        run(Met(), server, database)
        assert tally(database) == {("held", "not a painting"): 3}
        asked = len(server.requests)
        query = Query(departments=("11",), forms=(Form.drawing,))
        run(Met(), server, database, query, Wanted(forms=(Form.drawing,)))
        assert len(server.requests) == asked
    assert tally(database) == {("held", None): 3}


def test_one_object_is_fetched_by_number(database):
    with museum(met_replies(3)) as server:
        run(Met(), server, database, Query(object_ids=("2",)))
        assert server.requests == ["/objects/2"]


def test_object_of_two_listings_is_fetched_once(database):
    with museum(met_replies(3)) as server:
        run(Met(), server, database, Query(departments=("11",)))
        run(Met(), server, database, Query(departments=("11", "6")))
        assert server.delivered["/objects/1"] == 1


def test_watcher_sees_every_object_settled(database):
    notes = Notes()
    with museum(met_replies(3)) as server:
        run(Met(), server, database, watcher=notes)
    assert notes.seen[-4:] == [(0, 3), (1, 3), (2, 3), (3, 3)]
    assert notes.more == 3


# Refreshing


def test_refresh_asks_only_for_what_changed(database):
    replies = met_replies(3)
    with museum(replies) as server:
        run(Met(), server, database)
        replies["/objects/2"] = Reply(replies["/objects/2"].body | {"title": "Boats at Night"})
        with Store.open(database) as store:
            page = store.page("met", LISTING, 1)
        assert page is not None
        looked = date.fromisoformat(page.checked[:10])
        since = f"{LISTING}&metadataDate={looked - timedelta(days=1)}"
        replies[since] = Reply({"total": 1, "objectIDs": [2]})
        server.requests.clear()
        outcome = run(Met(), server, database, refresh=True)
        assert server.requests == [since, LISTING, "/objects/2"]
    assert outcome.new == 1
    assert bodies(database)["2"]["title"] == "Boats at Night"


def test_refresh_finds_new_objects(database):
    with museum(met_replies(3)) as server:
        run(Met(), server, database)
        server.replies = met_replies(4)
        assert run(Met(), server, database, refresh=True).wanted == 4


def test_refresh_sends_the_entity_tag_and_believes_304(database):
    with museum(met_replies(2), etags=True) as server:
        run(Met(), server, database)
        server.requests.clear()
        server.delivered.clear()
        outcome = run(Met(), server, database, refresh=True)
        assert (outcome.new, outcome.unchanged) == (0, 2)
        assert not any(path in server.delivered for path in ("/objects/1", "/objects/2"))
    assert tally(database) == {("held", None): 2}


def test_refreshed_object_that_is_gone_is_told(database):
    replies = met_replies(2)
    with museum(replies) as server:
        run(Met(), server, database)
        del replies["/objects/2"]
        run(Met(), server, database, refresh=True)
    assert tally(database) == {("held", None): 1, ("gone", "gone"): 1}


def test_interrupted_refresh_is_finished_by_a_plain_run(database):
    replies = met_replies(3)
    with museum(replies) as server:
        run(Met(), server, database)
        for number in (1, 2, 3):
            changed = replies[f"/objects/{number}"].body | {"title": "New"}
            replies[f"/objects/{number}"] = Reply(changed)
        server.fail("/objects/2", *["403"] * 3)
        with pytest.raises(UnavailableError):
            run(Met(), server, database, refresh=True)
        run(Met(), server, database)
    assert {body["title"] for body in bodies(database).values()} == {"New"}


# Sources whose listings carry the objects


def aic_pages(count):
    """Pages of the Art Institute's listing."""
    first = fixture("aic-page.json")["data"][0]
    works = [first | {"id": number, "title": f"Ferry {number}"} for number in range(1, count + 1)]

    def page(path):
        if not path.startswith("/artworks?"):
            return None
        number = int(path.rpartition("page=")[2])
        total = -(-count // 100)
        return Reply(
            {
                "pagination": {"total": count, "total_pages": total, "current_page": number},
                "data": works[(number - 1) * 100 : number * 100],
            }
        )

    return page


def test_pages_are_walked_to_the_end(database):
    with museum(aic_pages(250)) as server:
        assert run(Chicago(), server, database).wanted == 250
        assert len(server.requests) == 3


def test_pages_are_not_asked_for_twice(database):
    with museum(aic_pages(250)) as server:
        source = Chicago()
        server.fail(source.page_path(source.walks(Query())[0], 3), *["500"] * 3)
        with pytest.raises(UnavailableError):
            run(Chicago(), server, database)
        run(Chicago(), server, database)
        assert set(server.delivered.values()) == {1}
    assert len(bodies(database, "aic")) == 250


def test_pages_stop_at_the_limit(database):
    with museum(aic_pages(250)) as server:
        assert run(Chicago(), server, database, limit=150).wanted == 200
        assert len(server.requests) == 2


def test_unchanged_pages_are_not_sent_again(database):
    with museum(aic_pages(250), etags=True) as server:
        run(Chicago(), server, database)
        server.delivered.clear()
        outcome = run(Chicago(), server, database, refresh=True)
        assert (outcome.new, sum(server.delivered.values())) == (0, 0)


def test_object_hidden_by_a_change_between_pages_is_counted(database):
    pages = aic_pages(200)

    def shifted(path):
        reply = pages(path)
        if path.endswith("page=2"):
            reply.body["data"][0] = pages(path.replace("page=2", "page=1")).body["data"][-1]
        return reply

    with museum(shifted) as server:
        assert run(Chicago(), server, database).unseen == 1


def test_cleveland_pages_skip_objects(database):
    first = fixture("cleveland-page.json")["data"][0]

    def page(path):
        skip = int(path.rpartition("skip=")[2])
        works = [first | {"id": number} for number in range(skip, min(skip + 100, 120))]
        return Reply({"info": {"total": 120}, "data": works})

    with museum(page) as server:
        assert run(Cleveland(), server, database).wanted == 120


# The database


def test_second_collector_is_refused(database):
    with (
        Store.open(database, writing=True),
        pytest.raises(StoreError, match="Another collector is writing"),
        Store.open(database, writing=True),
    ):
        pass


def test_report_can_read_while_a_collector_writes(database):
    with Store.open(database, writing=True) as store:
        store.set_source("met", "met", Wanted().model_dump_json())
        with Store.open(database) as reader:
            assert reader.sources() == ["met"]


def test_absent_database_is_not_created_by_reading(database):
    with pytest.raises(StoreError, match="collect something first"), Store.open(database):
        pass
    assert not database.exists()


@pytest.mark.parametrize("content", [b"not a database, but long enough to look at", b"SQLite"])
def test_file_of_another_kind_is_left_alone(database, content):
    database.write_bytes(content)
    with pytest.raises(StoreError, match="cannot be used"), Store.open(database, writing=True):
        pass
    assert database.read_bytes() == content


def test_database_of_another_program_is_left_alone(database):
    other = sqlite3.connect(database)
    other.execute("CREATE TABLE notes (text)")
    other.close()
    with (
        pytest.raises(StoreError, match="holds something else"),
        Store.open(database, writing=True),
    ):
        pass
