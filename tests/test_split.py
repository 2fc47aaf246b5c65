"""The split of a museum's visitors: who gets what, what counts, when it ends, how it is killed."""

import json
import time
from collections import Counter
from datetime import timedelta
from itertools import count

import numpy as np
import pytest
import requests
from sqlalchemy import select

from data.artwork import parse_artwork
from evaluate.ab.database import open_database
from evaluate.ab.sequential import Decision
from evaluate.ab.split.report import lopsided, pair_values, report, settle
from evaluate.ab.split.store import Plan, SplitStore, Visit, variant_of
from evaluate.ab.split.tables import Hearing
from evaluate.ab.split.variants import read_variant
from evaluate.ab.tables import VoteError
from infer.web.tables import now
from tests.conftest import VERMEER
from tests.vote_server import running

LITERARY = Plan(b={"style": "literary"})
LATER = timedelta(hours=3)  # when every visit is over

JUG = {"title": "The Jug", "artist": "Paul Cézanne", "date": "1890", "medium": "oil on canvas"}


@pytest.fixture
def splits(tmp_path):
    opened = SplitStore(open_database(tmp_path / "museum.sqlite", create=True))
    yield opened
    opened.store.close()


def hear(splits, name, finished_of):
    """Visitors who finish their guide with a chance that depends on their variant."""
    split, rng = splits.find(name), np.random.default_rng(7)
    for number in range(finished_of["visitors"]):
        visitor = f"v{number}"
        variant = variant_of(split, visitor)
        splits.give(split, visitor, variant, "work")
        if rng.random() < finished_of[variant]:
            splits.hear("work", visitor, 30.0, True, 30.0)


# Who gets what


def test_visitor_always_gets_the_same_variant(splits):
    splits.create("spring", LITERARY)
    split = splits.find("spring")
    assert {variant_of(split, "somebody") for _ in range(20)} == {variant_of(split, "somebody")}


@pytest.mark.parametrize("share", [0.5, 0.1])
def test_share_of_the_visitors_gets_b(splits, share):
    splits.create("spring", Plan(b={"style": "literary"}, share=share))
    split = splits.find("spring")
    got = Counter(variant_of(split, f"visitor {n}") for n in range(4000))
    assert got["b"] / 4000 == pytest.approx(share, abs=0.03)


def test_next_split_draws_anew(splits):
    splits.create("spring", LITERARY)
    splits.end("spring", "stopped", "a")
    splits.create("autumn", LITERARY)
    one, two = splits.find("spring"), splits.find("autumn")
    same = sum(variant_of(one, f"v{n}") == variant_of(two, f"v{n}") for n in range(1000))
    assert 400 < same < 600


def test_one_split_runs_at_a_time(splits):
    splits.create("spring", LITERARY)
    with pytest.raises(VoteError, match="'spring' is running; stop it first"):
        splits.create("autumn", LITERARY)


@pytest.mark.parametrize(
    ("plan", "says"),
    [
        (Plan(), "A and B are the same"),
        (Plan(b={"style": "literary"}, outcome="smiles"), "one of listened, finished"),
    ],
)
def test_senseless_plans_are_refused(splits, plan, says):
    with pytest.raises(VoteError, match=says):
        splits.create("spring", plan)


@pytest.mark.parametrize("text", ["style=ornate", "language=fr", "literary"])
def test_variant_that_is_none_is_refused(splits, text):
    with pytest.raises(VoteError, match="is no variant; write style=clear or literary"):
        read_variant(text, splits.store)


# What counts


def visits(splits, name="spring", at=None):
    return splits.visits(splits.find(name), at or now() + LATER)


def test_guide_that_nobody_listens_to_counts_as_not_listened_to(splits):
    splits.create("spring", LITERARY)
    splits.give(splits.find("spring"), "v", "a", "work")
    assert [(v.variant, v.guides, v.value) for v in visits(splits)] == [("a", 1, 0.0)]


def test_longest_time_counts_once(splits):
    splits.create("spring", Plan(b={"style": "literary"}, outcome="listened"))
    splits.give(splits.find("spring"), "v", "b", "work")
    for seconds in (5.0, 20.0, 8.0):
        splits.hear("work", "v", seconds, False, 40.0)
    splits.give(splits.find("spring"), "v", "b", "work")
    assert [(v.guides, v.value) for v in visits(splits)] == [(1, 0.5)]


def test_time_beyond_the_guides_own_counts_as_all_of_it(splits):
    splits.create("spring", Plan(b={"style": "literary"}, outcome="listened"))
    splits.give(splits.find("spring"), "v", "a", "work")
    splits.hear("work", "v", 86_400.0, False, 40.0)
    assert visits(splits)[0].value == 1.0


def test_visitor_is_one_unit_however_many_guides(splits):
    splits.create("spring", LITERARY)
    for work in ("one", "two", "three", "four"):
        splits.give(splits.find("spring"), "v", "a", work)
    splits.hear("two", "v", 30.0, True, 30.0)
    assert [(v.guides, v.value) for v in visits(splits)] == [(4, 0.25)]


def test_visit_counts_only_once_it_is_over(splits):
    splits.create("spring", LITERARY)
    splits.give(splits.find("spring"), "v", "a", "work")
    assert visits(splits, at=now() + timedelta(minutes=119)) == []
    assert len(visits(splits, at=now() + timedelta(minutes=121))) == 1


def test_guides_of_a_later_visit_do_not_count(splits):
    splits.create("spring", LITERARY)
    splits.give(splits.find("spring"), "v", "a", "one")
    splits.give(splits.find("spring"), "v", "a", "two")
    with splits.store.writing() as session:
        later = session.scalars(select(Hearing).where(Hearing.work == "two")).one()
        later.given += timedelta(days=1)
    assert visits(splits)[0].guides == 1


def test_nothing_is_heard_after_the_end(splits):
    splits.create("spring", LITERARY)
    splits.give(splits.find("spring"), "v", "a", "work")
    splits.end("spring", "stopped", "a")
    splits.hear("work", "v", 30.0, True, 30.0)
    assert visits(splits)[0].value == 0.0


# What it says, and when it stops


def test_visitors_are_paired_as_they_came():
    came = [("b", 1.0), ("a", 0.0), ("a", 1.0), ("b", 0.5), ("a", 0.0)]
    made = [Visit(variant, now(), 1, value) for variant, value in came]
    assert pair_values(made) == [0.0, 0.75]


def test_better_variant_is_found_and_kept(splits):
    splits.create("spring", LITERARY)
    hear(splits, "spring", {"visitors": 600, "a": 0.4, "b": 0.7})
    found = settle(splits, "spring", now() + LATER)
    assert found.decision is Decision.b_better
    assert (found.state, found.kept) == ("stopped", "b")
    assert found.sentence == "guides of B are finished more often"


def test_undecided_split_goes_on(splits):
    splits.create("spring", LITERARY)
    hear(splits, "spring", {"visitors": 20, "a": 0.5, "b": 0.5})
    found = settle(splits, "spring", now() + LATER)
    assert (found.decision, found.state) == (Decision.undecided, "running")
    assert "more pairs of visitors" in report(splits, "spring", now() + LATER).sentence


def test_split_stops_with_a_when_it_has_had_its_visitors(splits):
    splits.create("spring", Plan(b={"style": "literary"}, most=8))
    hear(splits, "spring", {"visitors": 40, "a": 0.5, "b": 0.5})
    found = settle(splits, "spring", now() + LATER)
    assert (found.decision, found.state, found.kept) == (Decision.undecided, "stopped", "a")


def test_looking_after_every_pair_rarely_finds_what_is_not_there():
    from evaluate.ab.sequential import CODES, SequentialTest, follow

    # Both finish 60 %: pairs are won, tied and lost with .6 * .4, .6 * .6 + .4 * .4, .4 * .6.
    shares = np.tile([0.24, 0.52, 0.24], (400, 1))
    codes, _ = follow(SequentialTest(margin=0.05), shares, 400, np.random.default_rng(5))
    wrong = (CODES.index(Decision.a_better), CODES.index(Decision.b_better))
    assert np.isin(codes, wrong).mean() <= 0.05


@pytest.mark.parametrize(
    ("a", "b", "share", "says"),
    [(500, 500, 0.5, False), (520, 480, 0.5, False), (700, 300, 0.5, True), (900, 100, 0.1, False),
     (0, 60, 0.1, True), (3, 0, 0.5, False)],
)  # fmt: skip
def test_visitors_lost_by_one_variant_are_noticed(a, b, share, says):
    assert lopsided(a, b, share) is says


def test_lopsided_split_does_not_end_by_itself(splits):
    splits.create("spring", LITERARY)
    split = splits.find("spring")
    for n in range(300):  # B loses every visitor who does not finish
        splits.give(split, f"a{n}", "a", "work")
        if n % 3 == 0:
            splits.give(split, f"b{n}", "b", "work")
            splits.hear("work", f"b{n}", 30.0, True, 30.0)
    found = settle(splits, "spring", now() + LATER)
    assert (found.decision, found.lopsided, found.state) == (Decision.b_better, True, "running")


# In the running server

_numbers = count()


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    with running(tmp_path_factory.mktemp("split") / "museum.sqlite") as serving:
        serving.services.works.add(parse_artwork(VERMEER), 7)
        serving.services.works.add(parse_artwork(JUG), 12)
        yield serving


@pytest.fixture
def split(site):
    """A split of styles that the server has taken up; ended afterwards."""
    name = f"split-{next(_numbers)}"
    splits = SplitStore(site.services.store)
    splits.create(name, LITERARY)
    site.split.look()
    yield name
    if splits.find(name).state != "killed":
        splits.end(name, "killed", "a")
    site.split.look()


def work(site, stop=7):
    return requests.get(f"{site.url}/api/stops/{stop}", timeout=30).json()["id"]


def tell(site, session, stop=7, **wish):
    answer = session.post(
        f"{site.url}/api/guides", json={"work_id": work(site, stop)} | wish, timeout=60
    )
    assert answer.status_code == 200, answer.text
    return answer.json()


def visitors(site, wanted):
    """Browsers until so many of each style were there."""
    found: dict[str, list[requests.Session]] = {"clear": [], "literary": []}
    while any(len(of) < wanted for of in found.values()):
        session = requests.Session()
        found[tell(site, session)["style"]].append(session)
    return found


def test_without_a_split_nobody_is_known(site):
    with requests.Session() as session:
        assert tell(site, session)["style"] == "clear"
        assert not session.cookies


def test_visitors_get_either_and_keep_it(site, split):
    for style, sessions in visitors(site, 2).items():
        for session in sessions:
            assert {tell(site, session, stop)["style"] for stop in (7, 12, 7)} == {style}
            session.close()


def test_what_was_listened_to_is_in_the_report(site, split):
    for style, sessions in visitors(site, 2).items():
        for session in sessions:
            guide = tell(site, session)
            heard = {"seconds": 31.0, "finished": style == "literary"}
            address = f"{site.url}/api/guides/{guide['id']}/listened"
            assert session.post(address, json=heard, timeout=30).status_code == 204
            session.close()
    found = report(SplitStore(site.services.store), split, now() + LATER)
    a, b = (arm.outcome for arm in found.arms)
    assert a is not None
    assert b is not None
    assert (a.mean, b.mean > 0) == (0.0, True)


def test_killed_split_is_over_at_once(site, split):
    found = visitors(site, 1)
    SplitStore(site.services.store).end(split, "killed", "a")
    site.split.look()
    assert tell(site, found["literary"][0])["style"] == "clear"


def test_split_killed_by_the_command_is_over_within_seconds(site, split, guide):
    found = visitors(site, 1)
    url = site.services.store.engine.url.render_as_string(hide_password=False)
    run = guide("ab", "split", "kill", "--store", url)
    assert run.stdout == f"{split}: killed, all get what they got before\n", run.stderr
    deadline = time.monotonic() + 30
    while tell(site, found["literary"][0])["style"] == "literary":
        assert time.monotonic() < deadline
        time.sleep(0.2)


def test_better_variant_goes_on_for_everybody(site, split):
    found = visitors(site, 1)
    SplitStore(site.services.store).end(split, "stopped", "b")
    site.split.look()
    assert {tell(site, of[0])["style"] for of in found.values()} == {"literary"}


def test_faulty_split_costs_nobody_a_guide(site, split):
    with site.services.store.writing() as session:  # a table that is gone, say
        session.connection().exec_driver_sql("ALTER TABLE ab_hearings RENAME TO gone")
    try:
        with requests.Session() as session:
            assert tell(site, session)["style"] == "clear"
    finally:
        with site.services.store.writing() as session:
            session.connection().exec_driver_sql("ALTER TABLE gone RENAME TO ab_hearings")


def test_guides_of_a_file_are_a_variant(site, tmp_path):
    text = "This is Girl with a Pearl Earring. Johannes Vermeer painted it around 1665."
    asked = {"language": "en", "length": "brief", "style": "clear"}
    line = {"guide": text, "artwork": VERMEER, "options": asked, "model": "warm"}
    (tmp_path / "warm.jsonl").write_text(json.dumps(line) + "\n")
    splits = SplitStore(site.services.store)
    variant = read_variant(str(tmp_path / "warm.jsonl"), site.services.store)
    splits.create("file", Plan(b=variant))
    site.split.look()
    try:
        texts: Counter[str] = Counter()
        for _ in range(12):
            with requests.Session() as session:
                texts[tell(site, session)["text"]] += 1
                assert tell(site, session, 12)["text"] != text  # a work of which it holds none
                assert tell(site, session, length="full")["text"] != text
        assert 0 < texts[text] < 12
        hearings = {v.guides for v in splits.visits(splits.find("file"), now() + LATER)}
        assert hearings == {1}
    finally:
        splits.end("file", "killed", "a")
        site.split.look()
    with requests.Session() as session:
        assert tell(site, session)["text"] != text


def test_file_without_one_of_the_museums_works_is_refused(site, tmp_path):
    asked = {"language": "en", "length": "brief", "style": "clear"}
    line = {"guide": "This is a work.", "artwork": {"title": "Elsewhere"}, "options": asked}
    (tmp_path / "other.jsonl").write_text(json.dumps(line) + "\n")
    with pytest.raises(VoteError, match="no guide for any of the museum's 2 works"):
        read_variant(str(tmp_path / "other.jsonl"), site.services.store)


# The command


def test_command_from_the_beginning_to_the_end(guide, tmp_path):
    made = guide("ab", "split", "create", "spring", "--b", "style=literary", "--share", "0.2")
    assert made.returncode == 0, made.stderr
    assert made.stdout == "spring: A (as it is) against B (style literary), 20 % get B\n"
    as_json = json.loads(guide("ab", "split", "status", "spring", "--json").stdout)
    assert (as_json["state"], as_json["pairs"]) == ("running", 0)
    assert as_json["sentence"].startswith("undecided; ")
    stopped = guide("ab", "split", "stop", "spring", "--keep", "b")
    assert stopped.stdout.startswith("spring: stopped, all get B; undecided")
    again = guide("ab", "split", "stop", "spring")
    assert (again.returncode, again.stderr) == (
        2, "guide: The split 'spring' was stopped already.\n",
    )  # fmt: skip
    assert guide("ab", "split", "list").stdout == "spring: stopped, all get B\n"
    assert guide("ab", "split", "kill").stdout.startswith("spring: killed")
    nothing = guide("ab", "split", "kill")
    assert (nothing.returncode, nothing.stderr) == (2, "guide: No split is in force.\n")


def test_command_names_the_splits_there_are(guide):
    guide("ab", "split", "create", "spring", "--b", "style=literary")
    run = guide("ab", "split", "status", "autumn")
    assert (run.returncode, run.stderr) == (
        2, "guide: There is no split 'autumn'; there are: spring.\n",
    )  # fmt: skip
