"""The polite client against a real server that misbehaves."""

from __future__ import annotations

import socket
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
import requests

from data.collect.http import (
    BlockedError,
    Client,
    FaultError,
    GoneError,
    Patience,
    RefusedError,
    SourceError,
    UnavailableError,
)
from tests.museum_server import Reply, museum

QUICK = Patience(blocked=0.02, fault=0.01, longest=0.05, attempts=4)


class Naps(list[float]):
    """Notes how long the client would have slept."""

    def __call__(self, seconds: float) -> None:
        self.append(seconds)


QUICKLY: dict[str, Any] = {"rate": 1000.0, "patience": QUICK, "sleep": Naps()}


@pytest.fixture
def session():
    with requests.Session() as session:
        yield session


@pytest.fixture
def server():
    with museum({"/objects/1": Reply({"objectID": 1})}) as server:
        yield server


def client(session, server, **options):
    return Client(session, server.url, **QUICKLY | options)


def test_body_is_parsed_and_kept_as_sent(session, server):
    answer = client(session, server).get("/objects/1")
    assert answer.body == {"objectID": 1}
    assert answer.raw == b'{"objectID": 1}'


def test_request_names_the_program_and_a_contact(session, server):
    client(session, server, contact="curator@example.org").get("/objects/1")
    agent = server.headers[0]["User-Agent"]
    assert agent.startswith("museum-guide/")
    assert agent.endswith("(curator@example.org)")
    assert server.headers[0]["AIC-User-Agent"] == agent


@pytest.mark.parametrize("contact", ["a\nb", "ö@example.org", "(me)"])
def test_contact_that_cannot_be_a_header_is_refused(session, server, contact):
    with pytest.raises(SourceError, match="cannot be sent"):
        client(session, server, contact=contact)


@pytest.mark.parametrize("url", ["collection", "ftp://host/x", "http://", "file:///etc/passwd"])
def test_base_url_must_be_one(session, url):
    with pytest.raises(SourceError, match="base URL"):
        Client(session, url, rate=1)


@pytest.mark.parametrize(
    "fault", ["slow", "drop", "half", "cut", "403", "challenge", "429", "500", "503"]
)
def test_one_fault_is_survived(session, server, fault):
    server.fail("/objects/1", fault)
    assert client(session, server).get("/objects/1").body == {"objectID": 1}


@pytest.mark.parametrize("fault", ["drop", "half", "cut", "500", "503"])
def test_lasting_fault_is_given_up_after_every_attempt(session, server, fault):
    server.fail("/objects/1", *[fault] * 10)
    with pytest.raises(FaultError):
        client(session, server).get("/objects/1")
    assert len(server.requests) == QUICK.attempts


@pytest.mark.parametrize("fault", ["403", "challenge", "429"])
def test_lasting_block_is_told_from_a_fault(session, server, fault):
    server.fail("/objects/1", *[fault] * 10)
    naps = Naps()
    patience = Patience(blocked=0.02, fault=0.01, attempts=3)
    with pytest.raises(BlockedError):
        client(session, server, sleep=naps, patience=patience).get("/objects/1")


def test_pauses_after_a_block_double_with_a_random_part(session, server):
    server.fail("/objects/1", "403", "403", "403")
    naps = Naps()
    client(session, server, sleep=naps, patience=Patience()).get("/objects/1")
    assert [low <= nap <= low + 15 for low, nap in zip((30, 60, 120), naps, strict=True)] == [
        True
    ] * 3


def test_retry_after_is_honoured(session):
    late = Reply({"message": "slow down"}, 429, headers={"Retry-After": "77"})
    replies = iter([late, Reply({"ok": 1})])
    naps = Naps()
    with museum(lambda _path: next(replies)) as server:
        client(session, server, sleep=naps).get("/x")
    assert naps == [77.0]


def test_retry_after_may_be_a_date(session):
    when = format_datetime(datetime.now(UTC) + timedelta(seconds=120), usegmt=True)
    replies = iter([Reply({}, 503, headers={"Retry-After": when}), Reply({"ok": 1})])
    naps = Naps()
    with museum(lambda _path: next(replies)) as server:
        client(session, server, sleep=naps).get("/x")
    assert 100 < naps[0] <= 120


def test_retry_after_of_hours_is_not_slept_through(session):
    with museum({"/x": Reply({}, 429, headers={"Retry-After": "7200"})}) as server:
        with pytest.raises(UnavailableError, match=r"2\.0 hours"):
            client(session, server).get("/x")
        assert len(server.requests) == 1


def test_unreadable_retry_after_is_ignored(session):
    replies = iter([Reply({}, 503, headers={"Retry-After": "soon"}), Reply({"ok": 1})])
    with museum(lambda _path: next(replies)) as server:
        assert client(session, server).get("/x").body == {"ok": 1}


@pytest.mark.parametrize("status", [404, 410])
@pytest.mark.parametrize(
    ("body", "kind", "said"),
    [
        (b'{"message":"ObjectID not found"}\n', "application/json", "ObjectID not found"),
        (b'{"message":"Not Found"}', "application/json", "Not Found"),
        (
            b'{"status":404,"error":"Not found","detail":"cannot be found"}',
            "application/json",
            "found",
        ),
        (b"<h1>Not here</h1>", "text/html", "Not Found|Gone"),
        (b"", "application/json", "Not Found|Gone"),
        (b"[]", "application/json", "Not Found|Gone"),
    ],
)
def test_missing_object_is_gone_whatever_the_body_says(session, status, body, kind, said):
    with museum({"/objects/9": Reply(body, status, kind)}) as server:
        with pytest.raises(GoneError, match=said):
            client(session, server).get("/objects/9")
        assert len(server.requests) == 1


def test_refusal_in_json_is_not_asked_again(session):
    with museum({"/x": Reply({"error": "Invalid limit"}, 403)}) as server:
        with pytest.raises(RefusedError, match="Invalid limit"):
            client(session, server).get("/x")
        assert len(server.requests) == 1


def test_content_type_with_a_charset_is_json(session):
    with museum({"/x": Reply({"a": 1}, content_type="application/json; charset=utf-8")}) as server:
        assert client(session, server).get("/x").body == {"a": 1}


@pytest.mark.parametrize(
    "target", ["http://127.0.0.1:1/objects/1", "http://localhost/objects/1", "//169.254.169.254/x"]
)
def test_redirect_to_another_place_is_refused(session, target):
    with (
        museum({"/x": Reply(b"", 302, headers={"Location": target})}) as server,
        pytest.raises(RefusedError, match="another place"),
    ):
        client(session, server).get("/x")


def test_redirect_on_the_same_host_is_followed(session):
    replies = {"/x": Reply(b"", 301, headers={"Location": "/y"}), "/y": Reply({"a": 1})}
    with museum(replies) as server:
        assert client(session, server).get("/x").body == {"a": 1}


def test_redirect_without_end_is_refused(session):
    with (
        museum({"/x": Reply(b"", 302, headers={"Location": "/x"})}) as server,
        pytest.raises(RefusedError, match="without end"),
    ):
        client(session, server).get("/x")


def test_nobody_listening_is_a_fault_in_one_sentence(session):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    unreachable = Client(
        session, f"http://127.0.0.1:{port}", rate=1000, patience=QUICK, sleep=Naps()
    )
    with pytest.raises(FaultError, match="the connection failed"):
        unreachable.get("/x")


def test_unchanged_body_is_told_by_its_entity_tag(session):
    with museum({"/x": Reply({"a": 1})}, etags=True) as server:
        first = client(session, server).get("/x")
        assert first.etag
        assert client(session, server).get("/x", first.etag).unchanged


def test_nesting_without_end_is_a_fault_not_a_crash(session):
    with (
        museum({"/x": Reply(b"[" * 200_000)}) as server,
        pytest.raises(FaultError, match="damaged"),
    ):
        client(session, server).get("/x")


def test_requests_are_paced(session, server):
    slept: list[float] = []
    paced = client(session, server, rate=20.0, sleep=slept.append)
    begun = datetime.now(UTC)
    for _ in range(5):
        paced.get("/objects/1")
    # Four gaps of a twentieth of a second lie between five requests, however slow the machine.
    assert datetime.now(UTC) - begun >= timedelta(seconds=4 / 20 * 0.9)
