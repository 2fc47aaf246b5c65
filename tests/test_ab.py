"""Votes: how they are taken, what they say, and how they go back into training."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from random import Random

import choix
import numpy as np
import pytest

from data.guides import read_corpus
from evaluate.ab.export import dpo_rows, kto_rows
from evaluate.ab.judge import Endpoint, Judge, cohens_kappa, read_judgements
from evaluate.ab.report import make_report
from evaluate.ab.sequential import CODES, Decision, SequentialTest, follow
from evaluate.ab.statistics import agreement, fit_strengths, side_and_length, strengths, win_rates
from evaluate.ab.store import Entry, Rules, VoteStore
from evaluate.ab.tables import VoteError
from evaluate.ab.votes import Outcome, Votes, read_votes
from train.preference import load_pairs

ROWS = [g for g in read_corpus() if g.style == "clear" and g.language == "en"][:6]
RULES = Rules(votes_a_voter=3, attention_every=0)


def entries(count=6, variants=("good", "bad")):
    return [
        Entry(
            g.id,
            g.artwork.as_record(),
            {"language": g.language, "length": g.length, "style": g.style},
            {v: g.script if v == "good" else f"{g.script} And {v}." for v in variants},
        )
        for g in ROWS[:count]
    ]


@pytest.fixture
def store(tmp_path):
    opened = VoteStore.open(tmp_path / "votes.sqlite", create=True)
    opened.create("spring", ["good", "bad"], entries(), RULES)
    yield opened
    opened.close()


def cast(store, voter, prefer="good", count=3, verdict=None, seed=0, reasons=()):
    """A voter who always prefers one variant, or always says the same."""
    rng = Random(seed)
    for _ in range(count):
        ballot = store.next_ballot("spring", voter, rng)
        side = "left" if ballot.left.variant.name == prefer else "right"
        store.vote(ballot.id, voter, verdict or ballot.expected or side, reasons)


# How votes are taken


def test_voter_sees_each_pair_once(store):
    seen = set()
    for _ in range(6):
        ballot = store.next_ballot("spring", "v", Random(1))
        seen.add(ballot.left.work)
        store.vote(ballot.id, "v", "equal")
    assert len(seen) == 6
    assert store.next_ballot("spring", "v", Random(1)) is None


def test_pair_that_was_not_voted_on_is_shown_again(store):
    first = store.next_ballot("spring", "v", Random(1))
    assert store.next_ballot("spring", "v", Random(2)).id == first.id


def test_least_shown_pair_comes_next(store):
    works = {store.next_ballot("spring", f"v{n}", Random(n)).left.work for n in range(6)}
    assert len(works) == 6


def test_sides_are_drawn(store):
    lefts = [store.next_ballot("spring", f"v{n}", Random(n)).left.variant.name for n in range(40)]
    assert 8 < lefts.count("good") < 32


def test_second_vote_on_a_ballot_is_refused(store):
    ballot = store.next_ballot("spring", "v", Random(1))
    store.vote(ballot.id, "v", "left")
    with pytest.raises(VoteError, match="voted on already"):
        store.vote(ballot.id, "v", "right")


def test_ballot_of_another_voter_is_refused(store):
    ballot = store.next_ballot("spring", "v", Random(1))
    with pytest.raises(VoteError, match="not shown to this voter"):
        store.vote(ballot.id, "w", "left")


@pytest.mark.parametrize(("verdict", "reasons"), [("best", ()), ("left", ("ugly",))])
def test_vote_that_is_none_is_refused(store, verdict, reasons):
    ballot = store.next_ballot("spring", "v", Random(1))
    with pytest.raises(VoteError, match="A vote is one of"):
        store.vote(ballot.id, "v", verdict, reasons)


def test_experiment_of_the_same_name_is_refused(store):
    with pytest.raises(VoteError, match="'spring' already"):
        store.create("spring", ["a", "b"], entries(variants=("a", "b")), RULES)


def test_unknown_experiment_is_named(store):
    with pytest.raises(VoteError, match="no experiment 'autumn'; there are: spring"):
        read_votes(store, "autumn")


def test_attention_check_shows_a_guide_of_another_work(tmp_path):
    store = VoteStore.open(tmp_path / "v.sqlite", create=True)
    store.create("spring", ["good", "bad"], entries(), Rules(attention_every=2))
    cast(store, "v", count=1)
    check = store.next_ballot("spring", "v", Random(1))
    assert check is not None
    assert check.left.work != check.right.work
    right = check.left if check.expected == "left" else check.right
    assert check.artwork == right.artwork
    store.close()


def test_inattentive_voter_is_left_out(tmp_path):
    store = VoteStore.open(tmp_path / "v.sqlite", create=True)
    store.create("spring", ["good", "bad"], entries(), Rules(attention_every=2))
    cast(store, "careful", count=4)
    cast(store, "careless", count=4, verdict="equal")
    votes = read_votes(store, "spring")
    assert {outcome.voter for outcome in votes.outcomes} == {"careful"}
    assert votes.inattentive == 1
    store.close()


def test_file_that_is_no_database_is_refused(tmp_path):
    path = tmp_path / "votes.sqlite"
    path.write_text("not a database, but long enough to be looked at as one" * 20)
    with pytest.raises(VoteError, match="cannot be used"):
        VoteStore.open(path)


# What votes say


def outcomes(table, seed=0):
    """Votes from a table of (winner, loser): count, sides drawn."""
    rng = Random(seed)
    made = []
    for (winner, loser), count in table.items():
        for n in range(count):
            left = rng.random() < 0.5
            sides = (winner, loser) if left else (loser, winner)
            verdict = "left" if left else "right"
            made.append(Outcome(f"v{n}", f"w{n % 5}", *sides, 60, 60, verdict))
    return tuple(made)


def test_strengths_agree_with_another_solver():
    names = ("a", "b", "c")
    table = {("a", "b"): 12, ("b", "a"): 5, ("b", "c"): 9, ("c", "b"): 6, ("a", "c"): 14,
             ("c", "a"): 3}  # fmt: skip
    ours = fit_strengths(names, outcomes(table))
    games = [(names.index(w), names.index(x)) for (w, x), n in table.items() for _ in range(2 * n)]
    # The one tie that is added to each pair counts half a win to either side.
    games += [pair for w, x in table for pair in [(names.index(w), names.index(x))]]
    theirs = choix.mm_pairwise(3, games, tol=1e-12)
    assert ours == pytest.approx(theirs - theirs.mean(), abs=1e-5)


def test_who_always_wins_is_not_infinitely_strong():
    found = fit_strengths(("a", "b"), outcomes({("a", "b"): 9}))
    # Nine wins and a tie: log odds of 9.5 to 0.5.
    assert found[0] - found[1] == pytest.approx(np.log(9.5 / 0.5), abs=1e-5)


def test_win_rate_counts_ties_half(store):
    cast(store, "v", "good")
    cast(store, "w", verdict="both bad")
    rate = win_rates(read_votes(store, "spring"))[0]
    assert (rate.wins, rate.losses, rate.equal, rate.both_bad) == (3, 0, 0, 3)
    assert rate.share.mean == pytest.approx(0.75)


def test_taste_for_a_side_is_found(store):
    for voter in range(12):
        cast(store, f"v{voter}", verdict="left", seed=voter)
    effects = side_and_length(read_votes(store, "spring"))
    assert effects is not None
    assert effects.side.low > 0


def test_taste_for_length_is_told_apart_from_a_good_variant():
    rng = np.random.default_rng(3)
    made = []
    for n in range(600):
        lengths = rng.integers(40, 160, 2)
        left = rng.random() < 1 / (1 + np.exp(-1.0 * np.log2(lengths[0] / lengths[1])))
        sides = ("a", "b") if rng.random() < 0.5 else ("b", "a")
        made.append(
            Outcome(
                f"v{n}",
                f"w{n}",
                *sides,
                int(lengths[0]),
                int(lengths[1]),
                "left" if left else "right",
            )
        )
    effects = side_and_length(Votes("x", ("a", "b"), RULES, tuple(made), 0))
    assert effects is not None
    assert effects.length.low < 1.0 < effects.length.high
    assert abs(effects.side.mean) < 0.3


def test_agreement_of_voters_who_say_the_same(store):
    for voter in "abc":
        cast(store, voter, "good", count=6)
    cast(store, "d", "good", count=6)
    votes = read_votes(store, "spring")
    assert agreement(votes) is None  # one value throughout: agreement cannot be told from habit
    half = tuple(o if o.work < "w0003" else Outcome(o.voter, o.work, o.right, o.left, 1, 1, o.verdict)
                 for o in votes.outcomes)  # fmt: skip
    assert agreement(Votes("x", votes.variants, RULES, half, 0)) == pytest.approx(1.0)


def test_agreement_is_krippendorffs():
    # Two voters, four pairs: agree on two, differ on two. Nominal, ordinal and interval alpha
    # coincide for two values: 1 - (n-1) * o / (n0 * n1), with n = 8 and o = 4 cells apart.
    def vote(voter, work, a_wins):
        return Outcome(voter, work, "a", "b", 1, 1, "left" if a_wins else "right")

    first, second = [1, 1, 0, 0], [1, 0, 0, 1]
    made = [vote("x", f"w{n}", v) for n, v in enumerate(first)]
    made += [vote("y", f"w{n}", v) for n, v in enumerate(second)]
    by_hand = 1 - (8 - 1) * 2 / (4 * 4)
    assert agreement(Votes("x", ("a", "b"), RULES, tuple(made), 0)) == pytest.approx(by_hand)


def test_cohens_kappa():
    # Observed 3/4; chance (2*3 + 2*1) / 16 = 1/2; kappa = (3/4 - 1/2) / (1/2).
    assert cohens_kappa(["a", "a", "b", "b"], ["a", "a", "b", "a"]) == pytest.approx(0.5)
    assert cohens_kappa(["a"], ["a"]) == 1.0


# The test that may be looked at after every vote


def test_capital_of_fair_bets_is_fair():
    """Over all outcomes of four votes at μ = 1/2, the expected capital is exactly 1."""
    from itertools import product

    test = SequentialTest()
    capitals = [
        np.exp(test.log_capital(sum(v), 0, 4 - sum(v), 0.5)) for v in product((0, 1), repeat=4)
    ]
    assert np.mean(capitals) == pytest.approx(1.0)


def test_counts_and_values_are_the_same_test():
    test = SequentialTest()
    values = [1.0] * 5 + [0.5] * 3 + [0.0] * 2
    assert test.log_capital_of(values, 0.4) == pytest.approx(float(test.log_capital(5, 3, 2, 0.4)))
    assert test.decide_values([1.0] * 30) == test.decide(30, 0, 0) == Decision.a_better


def test_sides_are_treated_alike():
    test = SequentialTest()
    assert test.decide(40, 5, 10) == Decision.a_better
    assert test.decide(10, 5, 40) == Decision.b_better
    assert test.decide(300, 100, 300) == Decision.equal
    assert test.decide(3, 0, 2) == Decision.undecided


def test_peeking_does_not_inflate_the_error():
    test, rng = SequentialTest(), np.random.default_rng(5)
    codes, _ = follow(test, np.tile([0.5, 0.0, 0.5], (600, 1)), 300, rng)
    assert np.isin(codes, [1, 2]).mean() <= 0.05


def test_real_difference_is_found():
    codes, taken = follow(
        SequentialTest(), np.tile([0.6, 0.2, 0.2], (200, 1)), 400, np.random.default_rng(5)
    )
    assert (codes == CODES.index(Decision.a_better)).mean() > 0.95
    assert taken.max() <= 400


def test_forecast_is_shorter_the_clearer_the_votes():
    test = SequentialTest()
    clear = test.forecast([1.0] * 8 + [0.0]).median
    vague = test.forecast([1.0] * 6 + [0.0] * 4).median
    assert clear is not None
    assert vague is not None
    assert clear < vague


@pytest.mark.parametrize(("margin", "level"), [(0, 0.05), (0.5, 0.05), (0.1, 0)])
def test_senseless_tests_are_refused(margin, level):
    with pytest.raises(ValueError, match="the margin lies between"):
        SequentialTest(margin=margin, level=level)


def test_person_counts_once_and_only_when_done(store):
    cast(store, "done", "good", count=5)
    cast(store, "begun", "bad", count=2)
    assert read_votes(store, "spring").by_voter("good", "bad") == [1.0]


def test_report_reaches_a_verdict(store):
    for voter in range(25):
        cast(store, f"v{voter}", "good", seed=voter, reasons=("dull",))
    report = make_report(store, "spring")
    assert [v.sentence for v in report.verdicts] == ["good is better than bad"]
    assert list(report.strengths) == ["good", "bad"]
    assert report.reasons == {"dull": 75}


def test_report_without_votes_says_how_many_it_takes(store):
    report = make_report(store, "spring")
    assert (
        "undecided; about" in report.verdicts[0].sentence
        or "more than" in report.verdicts[0].sentence
    )
    json.dumps(report.as_json())


def test_intervals_of_strengths_hold_their_means(store):
    for voter in range(6):
        cast(store, f"v{voter}", "good" if voter % 3 else "bad", seed=voter)
    found = strengths(read_votes(store, "spring"))
    assert all(value.low <= value.mean <= value.high for value in found.values())


# Back into training


def test_dpo_rows_are_what_training_reads(store, tmp_path):
    cast(store, "v", "good", count=6)
    rows = dpo_rows(store, "spring")
    path = tmp_path / "pairs.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    pairs = load_pairs(path)
    assert len(pairs) == 6
    scripts = {g.script for g in ROWS}
    assert all(p.chosen in scripts and p.rejected not in scripts for p in pairs)


def test_pair_without_a_majority_is_no_preference(store):
    cast(store, "v", "good", count=6)
    cast(store, "w", "bad", count=6)
    assert dpo_rows(store, "spring") == []
    assert kto_rows(store, "spring") == []


def test_kto_rows_label_what_is_bad_on_both_sides(store):
    cast(store, "v", count=6, verdict="both bad")
    rows = kto_rows(store, "spring")
    assert len(rows) == 12
    assert not any(row["label"] for row in rows)


# A model as judge


class FakeJudge(BaseHTTPRequestHandler):
    """An OpenAI-compatible server whose model has a way of judging."""

    way = "good"
    strict = True

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        form = body.get("response_format", {}).get("type")
        if form == "json_schema" and not self.strict:
            return self._send(400, {"error": {"message": "response_format is not supported"}})
        text = body["messages"][1]["content"]
        first = text.split("First guide:")[1].partition("Second guide:")[0]
        verdict = {
            "good": "second" if "And bad." in first else "first",
            "first": "first",
            "mute": "I like both",
        }[self.way]
        answer = verdict if self.way == "mute" else json.dumps({"reason": "r", "verdict": verdict})
        message = {"role": "assistant", "content": answer}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        return self._send(
            200,
            {
                "id": "x",
                "object": "chat.completion",
                "created": 0,
                "model": "m",
                "choices": [choice],
            },
        )

    def _send(self, status, content):
        raw = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    def log_message(self, *_):
        pass


@pytest.fixture
def endpoint():
    """Start the server with a way of judging; returns where it is."""
    servers = []

    def start(way, *, strict=True):
        handler = type("Handler", (FakeJudge,), {"way": way, "strict": strict})
        server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        servers.append((server, thread))
        return Endpoint("m", f"http://127.0.0.1:{server.server_port}/v1", retries=0)

    yield start
    for server, thread in servers:
        server.shutdown()
        thread.join()
        server.server_close()


def test_judge_sees_every_pair_in_both_orders(store, endpoint):
    with Judge(endpoint("good")) as judge:
        assert judge.judge(store, "spring") == 12
        assert judge.judge(store, "spring") == 0  # what it has judged it is not asked again
    pairings = read_judgements(store, "spring", "m")
    assert len(pairings) == 6
    assert {p.winner for p in pairings} == {"good"}


def test_judge_with_a_taste_for_places_decides_nothing(store, endpoint):
    with Judge(endpoint("first")) as judge:
        judge.judge(store, "spring")
    report = make_report(store, "spring").judges[0]
    assert (report.wins, report.consistent, report.first) == ({}, 0.0, 1.0)


def test_judge_is_compared_with_people_and_not_mixed_with_them(store, endpoint):
    cast(store, "v", "good", count=6)
    with Judge(endpoint("good")) as judge:
        judge.judge(store, "spring")
    report = make_report(store, "spring")
    assert len(report.votes.outcomes) == 6
    assert (report.judges[0].kappa, report.judges[0].shared) == (1.0, 6)


def test_server_that_knows_no_schema_is_asked_without(store, endpoint):
    with Judge(endpoint("good", strict=False)) as judge:
        assert judge.judge(store, "spring") == 12


def test_judge_that_gives_no_verdict_is_an_error(store, endpoint):
    with Judge(endpoint("mute")) as judge, pytest.raises(VoteError, match="no verdict"):
        judge.judge(store, "spring")


def test_endpoint_that_is_not_there_is_an_error(store):
    nowhere = Endpoint("m", "http://127.0.0.1:1/v1", retries=0)
    with Judge(nowhere) as judge, pytest.raises(VoteError, match="does not judge"):
        judge.judge(store, "spring")


# The command


def test_command_from_files_to_preference_data(guide, tmp_path):
    for name in ("good", "bad"):
        lines = [
            json.dumps(
                {
                    "guide": entry.guides[name],
                    "artwork": entry.artwork,
                    "options": entry.request,
                }
            )
            for entry in entries()
        ]
        (tmp_path / f"{name}.jsonl").write_text("\n".join(lines) + "\n")
    made = guide("ab", "create", "spring", "--a", "good.jsonl", "--b", "bad.jsonl", "--votes", "3")
    assert made.returncode == 0, made.stderr
    assert made.stdout == "spring: good against bad, 6 works, in sqlite:///museum-guide.sqlite\n"
    store = VoteStore.open(tmp_path / "museum-guide.sqlite")
    for voter in range(25):
        cast(store, f"v{voter}", "good", seed=voter)
    store.close()
    report = guide("ab", "report", "spring")
    assert "good is better than bad" in report.stdout
    exported = guide("ab", "export", "spring", "--format", "dpo")
    assert len(exported.stdout.splitlines()) == 6


def test_report_of_no_experiment(guide):
    run = guide("ab", "report", "spring")
    assert run.returncode == 2
    assert "guide ab create" in run.stderr
