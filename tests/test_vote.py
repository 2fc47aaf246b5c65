"""The page of votes as an API: who may vote, on what, and what is turned away."""

import threading
from datetime import timedelta
from itertools import count

import pytest
import requests
from sqlalchemy import func, select

from evaluate.ab.guard import COOKIE, Limits
from evaluate.ab.split.store import Plan, SplitStore
from evaluate.ab.store import Rules
from evaluate.ab.tables import Ballot, Vote, Voter
from evaluate.ab.votes import read_votes
from infer.web.tables import now
from tests.postgres import binaries, postgres
from tests.test_ab import entries
from tests.vote_server import running

QUICK = Limits(words_a_second=1e9, least_seconds=0.0)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A server that takes votes at any pace."""
    with running(tmp_path_factory.mktemp("votes") / "museum.sqlite", QUICK) as serving:
        yield serving


_numbers = count()


@pytest.fixture
def name(site):
    """A fresh experiment of four works, two votes of each person, no attention checks."""
    made = f"experiment-{next(_numbers)}"
    site.votes.create(made, ["good", "bad"], entries(4), Rules(votes_a_voter=2, attention_every=0))
    return made


class Person:
    """A browser: its cookies, and the Origin that it sends."""

    def __init__(self, site, name):
        self.site, self.name = site, name
        self.session = requests.Session()
        self.session.headers["Origin"] = site.url

    def ballot(self, **query):
        answer = self.session.get(f"{self.site.url}/api/vote/{self.name}/ballot", params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def vote(self, ballot, verdict="left", headers=None, **more):
        address = f"{self.site.url}/api/vote/{self.name}/ballots/{ballot['id']}"
        body = {"verdict": verdict} | more
        return self.session.post(address, json=body, headers=headers, timeout=30)


@pytest.fixture
def person(site, name):
    made = Person(site, name)
    yield made
    made.session.close()


@pytest.fixture
def other(site, name):
    made = Person(site, name)
    yield made
    made.session.close()


def votes(site, name):
    with site.votes.reading() as session:
        experiment = site.votes.experiment(session, name)
        return session.scalar(
            select(func.count()).select_from(Ballot).join(Vote)
            .where(Ballot.experiment_id == experiment.id)
        )  # fmt: skip


def refused(answer, status):
    """An error as RFC 9457 has it, with a sentence."""
    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"].startswith("application/problem+json")
    return answer.json()["detail"]


# What is shown


def test_page_runs_nothing_that_is_not_the_servers_own(site, name):
    page = requests.get(f"{site.url}/vote/{name}", timeout=30)
    assert page.status_code == 200
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'none'; script-src 'self'; style-src 'self'" in policy
    assert "<script>" not in page.text
    assert "style=" not in page.text
    assert "http" not in page.text


def test_unknown_experiment_is_not_found(site):
    assert requests.get(f"{site.url}/vote/nowhere", timeout=30).status_code == 404
    answer = requests.get(f"{site.url}/api/vote/nowhere/ballot", timeout=30)
    assert "no experiment 'nowhere'" in refused(answer, 404)


@pytest.mark.parametrize("file", ["nothing.js", "../web.py", "%2e%2e/web.py", "i18n/../../web.py"])
def test_only_the_pages_own_files_are_served(site, file):
    address = f"{site.url}/vote/page/{file}"
    request = requests.Request("GET", address).prepare()
    request.url = address  # as it stands: no client tidies it up
    with requests.Session() as session:
        assert session.send(request, timeout=30).status_code == 404


def test_ballot_does_not_say_who_wrote_what(person):
    shown = person.ballot()
    assert set(shown["left"]) == set(shown["right"]) == {"text"}
    assert {shown["left"]["text"], shown["right"]["text"]} != {shown["left"]["text"]}
    told = {key: value for key, value in shown.items() if key not in ("left", "right", "artwork")}
    assert set(told) == {"done", "more", "cast", "asked", "id", "language", "wait"}
    assert "good" not in shown["id"]


def test_reload_shows_the_same_pair(person):
    assert person.ballot()["id"] == person.ballot()["id"]


def test_person_is_done_after_as_many_votes_as_were_asked_for(person):
    assert (person.ballot()["cast"], person.ballot()["asked"]) == (0, 2)
    for _ in range(2):
        assert person.vote(person.ballot()).status_code == 200
    end = person.ballot()
    assert (end["done"], end["more"], end["cast"]) == (True, True, 2)
    further = person.ballot(more=True)
    assert not further["done"]


def test_person_may_go_on_until_every_pair_was_seen(person):
    for _ in range(4):
        person.vote(person.ballot(more=True))
    end = person.ballot(more=True)
    assert (end["done"], end["more"], end["cast"]) == (True, False, 4)


def test_attention_checks_are_counted_among_what_is_asked(site, person):
    site.votes.create("checked", ["good", "bad"], entries(6), Rules(3, attention_every=2))
    person.name = "checked"
    seen = []
    while not (shown := person.ballot())["done"]:
        seen.append((shown["cast"], shown["asked"]))
        person.vote(shown)
    assert seen == [(0, 5), (1, 5), (2, 5), (3, 5), (4, 5)]  # three pairs, two checks between


# What is taken


def test_vote_is_kept_with_its_reasons(site, name, person):
    shown = person.ballot()
    answer = person.vote(shown, "right", reasons=["dull", "too long", "dull"])
    assert answer.json() == {"cast": 1, "asked": 2}
    kept = read_votes(site.votes, name).outcomes[0]
    assert (kept.verdict, kept.reasons) == ("right", ("dull", "too long"))


def test_pair_is_voted_on_once(person):
    shown = person.ballot()
    person.vote(shown)
    assert "voted on already" in refused(person.vote(shown, "right"), 409)


def test_same_vote_sent_many_times_at_once_counts_once(site, name, person):
    shown = person.ballot()
    cookies = person.session.cookies.get_dict()
    statuses = []

    def send():
        answer = requests.post(
            f"{site.url}/api/vote/{name}/ballots/{shown['id']}", json={"verdict": "left"},
            headers={"Origin": site.url}, cookies=cookies, timeout=30,
        )  # fmt: skip
        statuses.append(answer.status_code)

    threads = [threading.Thread(target=send) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [200] + [409] * 7
    assert votes(site, name) == 1


def test_two_windows_of_one_person_share_their_votes(site, name, person, other):
    person.ballot()
    other.session.cookies.update(person.session.cookies.get_dict())
    assert person.ballot()["id"] == other.ballot()["id"]
    for _ in range(2):
        other.vote(other.ballot())
    assert person.ballot()["done"]


# What is turned away


def test_vote_without_a_cookie(person, other):
    assert "allow cookies" in refused(other.vote(person.ballot()), 403)


def test_vote_with_a_cookie_of_ones_own_making(person, other):
    shown = person.ballot()
    signed = person.session.cookies.get(COOKIE)
    other.session.cookies.set(COOKIE, ("A" if signed[0] != "A" else "B") + signed[1:])
    refused(other.vote(shown), 403)


def test_vote_on_a_pair_that_was_shown_to_somebody_else(person, other):
    other.ballot()
    assert "not shown to this voter" in refused(other.vote(person.ballot()), 404)


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://elsewhere.example"},
        {"Origin": "null"},
        {"Origin": None},  # no browser
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
    ],
    ids=str,
)
def test_vote_from_anywhere_but_the_page(site, name, person, headers):
    refused(person.vote(person.ballot(), headers=headers), 403)
    assert votes(site, name) == 0


def test_vote_that_fills_in_the_field_nobody_sees(site, name, person):
    refused(person.vote(person.ballot(), website="https://buy.example"), 403)
    assert votes(site, name) == 0


@pytest.mark.parametrize(
    "body",
    [{"verdict": "best"}, {"reasons": ["ugly"]}, {"reasons": ["dull"] * 7}, {"variant": "good"}],
    ids=str,
)
def test_body_that_is_no_vote(person, body):
    refused(person.vote(person.ballot(), **body), 422)


def test_vote_before_both_can_have_been_read(tmp_path):
    with running(tmp_path / "museum.sqlite") as site:
        site.votes.create("slow", ["good", "bad"], entries(2), Rules(2, attention_every=0))
        person = Person(site, "slow")
        shown = person.ballot()
        words = sum(len(shown[side]["text"].split()) for side in ("left", "right"))
        assert shown["wait"] == pytest.approx(words / 20, rel=0.1)
        answer = person.vote(shown)
        assert "Read or listen to both" in refused(answer, 425)
        assert 0 < int(answer.headers["Retry-After"]) <= shown["wait"] + 1
        with site.votes.writing() as session:  # as if the person had read for a minute
            session.get_one(Ballot, shown["id"]).shown -= timedelta(minutes=1)
        assert person.vote(shown).status_code == 200
        person.session.close()


def test_clock_that_was_set_back_keeps_nobody_waiting(tmp_path):
    with running(tmp_path / "museum.sqlite") as site:
        site.votes.create("back", ["good", "bad"], entries(2), Rules(2, attention_every=0))
        person = Person(site, "back")
        shown = person.ballot()
        with site.votes.writing() as session:
            session.get_one(Ballot, shown["id"]).shown += timedelta(hours=1)
        assert person.vote(shown).status_code == 200
        person.session.close()


def test_more_votes_in_a_minute_than_anybody_can_cast(tmp_path):
    with running(tmp_path / "museum.sqlite", Limits(1e9, 0.0, votes_a_minute=2)) as site:
        site.votes.create("fast", ["good", "bad"], entries(4), Rules(4, attention_every=0))
        person = Person(site, "fast")
        for _ in range(2):
            assert person.vote(person.ballot()).status_code == 200
        answer = person.vote(person.ballot())
        assert "too many" in refused(answer, 429)
        assert answer.headers["Retry-After"] == "60"
        person.session.close()


def test_address_from_which_too_many_new_people_come(tmp_path):
    with running(tmp_path / "museum.sqlite", Limits(1e9, 0.0, voters_an_hour=2)) as site:
        site.votes.create("crowd", ["good", "bad"], entries(2), Rules(2, attention_every=0))
        people = [Person(site, "crowd") for _ in range(3)]
        for person in people[:2]:
            assert not person.ballot()["done"]
        answer = people[2].session.get(f"{site.url}/api/vote/crowd/ballot", timeout=30)
        assert "come back in an hour" in refused(answer, 429)
        assert not people[0].ballot()["done"]  # who is in stays in
        with site.votes.writing() as session:
            for voter in session.scalars(select(Voter)):
                voter.begun -= timedelta(hours=2)
        assert not people[2].ballot()["done"]
        for person in people:
            person.session.close()


# What is known of people


def test_nobody_can_be_traced_from_one_experiment_to_the_next(site, name, person):
    shown = person.ballot()
    another = f"{name}-again"
    site.votes.create(another, ["good", "bad"], entries(2), Rules(2, attention_every=0))
    person.name = another
    shown_again = person.ballot()
    with site.votes.reading() as session:
        one, two = (session.get_one(Ballot, s["id"]).voter for s in (shown, shown_again))
    cookie = person.session.cookies.get(COOKIE)
    assert one != two
    assert one not in cookie
    assert two not in cookie


def test_no_address_is_kept(site, person):
    person.ballot()
    with site.votes.reading() as session:
        origins = set(session.scalars(select(Voter.origin)))
    assert origins
    assert not any("127.0.0.1" in origin for origin in origins)


def test_cookie_is_for_this_site_and_no_script(person):
    answer = person.session.get(f"{person.site.url}/api/vote/{person.name}/ballot", timeout=30)
    cookie = answer.headers["Set-Cookie"]
    assert all(word in cookie for word in ("HttpOnly", "SameSite=strict", "Max-Age="))


# Several servers on one store


@pytest.mark.skipif(binaries() is None, reason="no PostgreSQL is installed")
def test_two_servers_on_one_postgres_count_a_vote_once():
    with postgres() as url, running(url, QUICK) as one, running(url, QUICK) as two:
        one.votes.create("shared", ["good", "bad"], entries(4), Rules(3, attention_every=2))
        person = Person(one, "shared")
        elsewhere = Person(two, "shared")
        shown = person.ballot()
        elsewhere.session.cookies.update(person.session.cookies.get_dict())
        assert elsewhere.ballot()["id"] == shown["id"]
        assert elsewhere.vote(shown).status_code == 200
        refused(person.vote(shown), 409)
        while not (shown := person.ballot())["done"]:
            with two.votes.reading() as session:  # an attentive person, whichever side is drawn
                check = session.get_one(Ballot, shown["id"]).expected
            person.vote(shown, check or "right")
        assert len(read_votes(two.votes, "shared").outcomes) == 3
        splits = SplitStore(two.services.store)
        splits.create("spring", Plan(b={"style": "literary"}))
        one.split.look()
        assert one.services.hooks.choose_options
        splits.give(splits.find("spring"), "v", "a", "work")
        splits.hear("work", "v", 30.0, True, 30.0)
        found = splits.visits(splits.find("spring"), now() + timedelta(hours=3))
        assert [visit.value for visit in found] == [1.0]
        splits.end("spring", "killed", "a")
        one.split.look()
        assert not one.services.hooks.choose_options
        for browser in (person, elsewhere):
            browser.session.close()
