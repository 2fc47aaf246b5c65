"""Every body recorded from the three services, replayed by a real server on loopback.

The recordings are no part of the repository; where they are absent these tests are skipped.
"""

from __future__ import annotations

import base64
import gzip
import json
from pathlib import Path

import pytest
import requests
import yaml

from data.artwork import Form
from data.collect.aic import Chicago
from data.collect.cleveland import Cleveland
from data.collect.collector import Collector
from data.collect.http import BlockedError, Client, GoneError, Patience
from data.collect.judge import Wanted
from data.collect.met import Met, department_numbers
from data.collect.source import Query
from data.collect.store import Store
from tests.museum_server import Reply, museum

SHARED = Path(__file__).parents[2] / "shared"
MET, AIC, CLEVELAND = SHARED / "met-api", SHARED / "aic-api", SHARED / "cleveland-api"

pytestmark = pytest.mark.skipif(not MET.is_dir(), reason="the recordings are not here")

QUICK = Patience(blocked=0.01, fault=0.01, longest=0.02, attempts=3)
EVERYTHING = Wanted(forms=(), public_domain_only=False)


def files(folder, pattern="*.json"):
    return sorted(folder.glob(pattern))


def load(path):
    return json.loads(path.read_text(encoding="utf-8"))


def client(session, server):
    return Client(session, server.url, rate=1000, patience=QUICK)


@pytest.fixture
def session():
    with requests.Session() as session:
        yield session


class Nobody:
    """Watches nothing."""

    def expect(self, done, total):
        pass

    def kept(self, more):
        pass


def collect(source, replies, database, query, wanted=EVERYTHING):
    """Collect through a server; what is held, by number."""
    with (
        museum(replies) as server,
        requests.Session() as session,
        Store.open(database, writing=True) as store,
    ):
        Collector(source, client(session, server), store, wanted, Nobody()).run(query)
        return {row.object_id: row for row in store.works(source.name, with_body=False)}


# The Met


@pytest.mark.parametrize("path", files(MET / "objects"), ids=lambda path: path.stem)
def test_met_object_is_collected(path, tmp_path):
    body = load(path)
    number = str(body["objectID"])
    replies = {f"/objects/{number}": Reply(path.read_bytes())}
    held = collect(Met(), replies, tmp_path / "db", Query(object_ids=(number,)))
    work = Met().read(held[number].body())
    assert held[number].reason is None
    assert work.fields["title"] == body["title"]
    assert (body["artistDisplayName"] or "") in work.fields["artist"]
    assert len(work.fields["subjects"]) == len(body["tags"] or [])


def test_met_old_and_new_schema_of_one_object_say_the_same():
    old = Met().read(load(MET / "objects" / "45734.old-schema-55keys.json")).fields
    new = Met().read(load(MET / "objects" / "45734.json")).fields
    # Cataloguers took a tag away in between; everything else is equal.
    assert old | {"subjects": []} == new | {"subjects": []}


@pytest.mark.parametrize(
    ("number", "artist"),
    [
        (203933, "After a model by Michelangelo Buonarroti"),
        (369073, "After Anthony van Dyck"),
        (437338, "Circle of Jan Provoost"),
        (454811, "Attributed to the Bombay Painter (probably Abdul Hamid Naqqash)"),
        (
            437339,
            "Pierre Paul Prud'hon, completed by Charles Pompée Le Boulanger de Boisfrémont",
        ),
        (570722, ""),
    ],
)
def test_met_attribution_is_kept(number, artist):
    assert Met().read(load(MET / "objects" / f"{number}.json")).fields["artist"] == artist


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        (436535, None),
        (45734, None),
        (1, "not a painting"),
        (47533, "not a painting"),
        (398376, "not a painting"),
        (843269, "not public domain"),
    ],
)
def test_met_object_is_judged(number, reason, tmp_path):
    replies = {f"/objects/{number}": Reply(load(MET / "objects" / f"{number}.json"))}
    held = collect(Met(), replies, tmp_path / "db", Query(object_ids=(str(number),)), Wanted())
    assert held[str(number)].reason == reason


@pytest.mark.parametrize(
    "path",
    [path for path in files(MET / "listings") if path.stem != "departments"],
    ids=lambda path: path.stem,
)
def test_met_listing_is_read_whole(path, session):
    body = load(path)
    with museum({"/search": Reply(path.read_bytes())}) as server:
        page = Met().read_page(client(session, server).get("/search?q=cat").body)
    assert sorted(page.object_ids) == sorted(map(str, set(body["objectIDs"] or [])))


def test_met_departments_are_found():
    body = load(MET / "listings" / "departments.json")
    assert department_numbers(body, ["European Paintings", "Robert Lehman"]) == ("11", "15")


@pytest.mark.parametrize("path", files(MET / "errors", "404*.json"), ids=lambda path: path.stem)
def test_met_404_bodies_mean_gone(path, session):
    recorded = load(path)
    body = recorded["body"].encode()
    with (
        museum({"/objects/0": Reply(body, 404)}) as server,
        pytest.raises(GoneError, match=json.loads(body)["message"]),
    ):
        client(session, server).get("/objects/0")


def test_met_not_a_valid_object_means_gone(tmp_path):
    body = (MET / "errors" / "not_a_valid_object_issue56.json").read_bytes()
    held = collect(Met(), {"/objects/0": Reply(body)}, tmp_path / "db", Query(object_ids=("0",)))
    assert held["0"].reason == "gone"


def block_pages():
    """The recorded block page with its headers, and the challenge that comes with status 200."""
    lines = (MET / "errors" / "403_headers_issue60.txt").read_text().splitlines()
    headers = dict(line.split(": ", 1) for line in lines[1:] if ": " in line)
    for name in ("Content-Type", "Content-Length", "Connection"):
        headers.pop(name)
    page = (MET / "errors" / "403_incapsula_iframe.html").read_bytes()
    challenge = (MET / "errors" / "incapsula_script_challenge.html").read_bytes()
    return Reply(page, 403, "text/html", headers), Reply(challenge, 200, "text/html")


@pytest.mark.parametrize("which", [0, 1], ids=["403", "challenge"])
def test_met_block_page_is_waited_out(which, session):
    replies = iter([block_pages()[which], Reply({"objectID": 1})])
    with museum(lambda _path: next(replies)) as server:
        assert client(session, server).get("/objects/1").body == {"objectID": 1}


@pytest.mark.parametrize("which", [0, 1], ids=["403", "challenge"])
def test_met_lasting_block_is_a_block(which, session):
    blocked = block_pages()[which]
    with museum(lambda _path: blocked) as server, pytest.raises(BlockedError):
        client(session, server).get("/objects/1")


class RubyLoader(yaml.SafeLoader):
    """The cassettes were written by Ruby, which has its own name for base64."""


RubyLoader.add_constructor("!binary", lambda _loader, node: base64.b64decode(node.value))


@pytest.mark.parametrize(
    "path", files(MET / "cassettes", "*.yml"), ids=lambda path: path.stem[10:60]
)
def test_met_cassette_is_replayed(path, session):
    for exchange in _exchanges(path):
        response = exchange["response"]
        data = response["body"]["string"]
        data = data if isinstance(data, bytes) else data.encode()
        headers = {
            name: ", ".join(values)
            for name, values in response["headers"].items()
            if name not in ("Transfer-Encoding", "Content-Type", "Date", "Content-Length")
        }
        kind = response["headers"]["Content-Type"][0]
        reply = Reply(data, response["status"]["code"], kind, headers)
        with museum({"/x": reply}) as server:
            if reply.status == 404:
                with pytest.raises(GoneError):
                    client(session, server).get("/x")
            else:
                assert client(session, server).get("/x").body == json.loads(data)


def _exchanges(path):
    with path.open("rb") as file:
        return yaml.load(file, RubyLoader)["http_interactions"]


def test_met_rows_of_the_bulk_file_are_all_collected(tmp_path):
    with gzip.open(MET / "objects_from_csv.jsonl.gz", "rt", encoding="utf-8") as lines:
        rows = {f"/objects/{body['objectID']}": Reply(body) for body in map(json.loads, lines)}
    numbers = [int(path.rpartition("/")[2]) for path in rows]
    rows["/objects"] = Reply({"total": len(numbers), "objectIDs": numbers})
    held = collect(Met(), rows, tmp_path / "db", Query(forms=tuple(Form)), Wanted())
    assert len(held) == len(numbers) == 2000
    kept = [row for row in held.values() if row.reason is None]
    assert {Met().read(row.body()).form for row in kept} == {Form.painting}
    assert {row.reason for row in held.values()} == {None, "not a painting", "not public domain"}


# The Art Institute of Chicago


@pytest.mark.parametrize("path", files(AIC / "objects"), ids=lambda path: path.stem)
def test_aic_object_is_collected(path, tmp_path):
    body = load(path)
    body = body.get("data", body)
    number = str(body["id"])
    replies = {f"/artworks/{number}": Reply(path.read_bytes())}
    held = collect(Chicago(), replies, tmp_path / "db", Query(object_ids=(number,)))
    work = Chicago().read(held[number].body())
    assert work.fields["title"] == body["title"]
    assert work.fields["artist"]
    assert work.fields["artist"] in body["artist_display"]


def test_aic_painting_of_the_schema_before_types_is_a_painting():
    body = load(AIC / "objects" / "27992.json")["data"]
    assert "artwork_type_title" not in body or body["artwork_type_title"] is None
    assert Chicago().read(body).form is Form.painting


@pytest.mark.parametrize("path", files(AIC / "errors"), ids=lambda path: path.stem)
def test_aic_error_means_gone(path, session):
    recorded = load(path)
    reply = Reply(recorded["body"].encode(), recorded["status"]["code"])
    with (
        museum({"/artworks/0": reply}) as server,
        pytest.raises(GoneError, match=json.loads(recorded["body"])["detail"]),
    ):
        client(session, server).get("/artworks/0")


@pytest.mark.parametrize(
    "name",
    ["artworks_index", "artworks_page2_fields", "artworks_search_van_gogh", "mixed_data_index"],
)
def test_aic_listing_is_read(name):
    body = load(AIC / "listings" / f"{name}.json")
    page = Chicago().read_page(body)
    works = [Chicago().read(one) for one in page.bodies]
    assert [work.fields["title"] for work in works] == [one["title"] for one in body["data"]]
    assert page.pages == body["pagination"]["total_pages"]


def test_aic_listed_object_without_rights_is_not_taken_for_free(tmp_path):
    body = load(AIC / "listings" / "artworks_page2_fields.json")
    body["pagination"]["total_pages"] = 1
    wanted = Wanted(forms=())
    held = collect(Chicago(), {"/artworks": Reply(body)}, tmp_path / "db", Query(), wanted)
    assert {row.reason for row in held.values()} == {"not public domain"}


@pytest.mark.parametrize(
    "name",
    [
        "artwork_save_grande_jatte",
        "collections_create_with_aic_ids",
        "collections_create_with_aic_ids_1",
    ],
)
def test_aic_object_of_few_fields_is_read(name):
    body = load(AIC / "listings" / f"{name}.json")
    work = Chicago().read(Chicago().unwrap(body))
    assert work.fields["artist"] == body["data"]["artist_title"]


# Cleveland


def test_cleveland_page_of_a_hundred_is_collected(tmp_path):
    body = load(CLEVELAND / "cccatalog_handle_response_data.json")
    body["info"]["total"] = len(body["data"])
    held = collect(Cleveland(), {"/artworks/": Reply(body)}, tmp_path / "db", Query(), Wanted())
    reasons = [row.reason for row in held.values()]
    assert (len(held), reasons.count(None), reasons.count("not a painting")) == (100, 68, 32)


def test_cleveland_qualifier_of_2019_is_kept():
    body = load(CLEVELAND / "cccatalog_handle_response_data.json")
    artists = {Cleveland().read(one).fields["artist"] for one in body["data"]}
    assert {
        "workshop of Jacopo Tintoretto",
        "follower of Filippo Lippi",
        "Rembrandt van Rijn and Studio",
        "Jean de Clichy, Gauthier du Four and Guillaume Boey",
    } <= artists


def test_cleveland_complete_object_is_collected(tmp_path):
    path = CLEVELAND / "complete_data.json"
    replies = {"/artworks/93014": Reply(path.read_bytes())}
    held = collect(Cleveland(), replies, tmp_path / "db", Query(object_ids=("93014",)))
    work = Cleveland().read(held["93014"].body())
    assert (work.fields["artist"], work.fields["artist_bio"]) == (
        "Thomas Cole",
        "American, 1801-1848",
    )


@pytest.mark.parametrize(("name", "found"), [("response_no_data", 0), ("response_success", 1)])
def test_cleveland_page_is_read(name, found):
    page = Cleveland().read_page(load(CLEVELAND / f"{name}.json"))
    assert (len(page.bodies), page.total) == (found, 32483)
