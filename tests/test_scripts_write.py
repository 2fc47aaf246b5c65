"""`guide scripts write` against a real service on loopback, well-behaved and not."""

import json
import os
import signal
import sqlite3
import subprocess
import time

import pytest
from filelock import FileLock

from data.artwork import Artwork
from data.prompt import CORPUS, Request
from data.scripts.database import ScriptsError, writing
from data.scripts.prompt import CUT_OFF, NO_SCRIPT
from data.scripts.run import write
from data.scripts.store import Store
from data.scripts.teacher import Endpoint, TeacherError
from data.scripts.writer import Plan
from tests.conftest import GUIDE, VERMEER
from tests.teacher_server import teaching

GOOD = (
    "Johannes Vermeer painted Girl with a Pearl Earring around 1665, in oil on canvas. The picture "
    "is about 45 centimetres high and 39 centimetres wide. Look for the pearl earring first. Then "
    "step back, and look at the whole picture again. Come close once more before you leave, and "
    "take your time with it."
)
BRIEF = (Request(),)
BAD = GOOD.replace("45 centimetres", "2 metres").replace("around 1665", "in 1712")


def as_json(script):
    return json.dumps({"script": script})


def title_of(body):
    """The title of the record that a request is about."""
    question = next(m for m in reversed(body["messages"]) if "Title: " in m["content"])
    return question["content"].partition("Title: ")[2].partition("\n")[0]


@pytest.fixture
def server():
    with teaching(lambda _body: as_json(GOOD)) as server:
        yield server


@pytest.fixture
def database(tmp_path):
    return tmp_path / "scripts.sqlite"


@pytest.fixture
def ask(server, database):
    """Have guides written; the plan's and the endpoint's options by name."""

    def run(works=(VERMEER,), *, model="m", kinds=BRIEF, notes=True, retries=1, **plan):
        return write(
            [Artwork(**fields) for fields in works],
            kinds,
            Endpoint(model, server.url, retries=retries, timeout=20),
            Plan(**{"shots": 0, "concurrency": 1} | plan),
            database=database,
            notes=notes,
        )

    return run


def attempts(database):
    with Store.open(database) as store:
        return [attempt for job in store.jobs() for attempt in store.attempts(job)]


def works(count):
    return [VERMEER | {"object_id": str(n), "museum": "Ours"} for n in range(count)]


def test_an_answer_is_stored_with_all_that_led_to_it(ask, server, database):
    outcome = ask(price_in=1.0, price_out=10.0)
    (attempt,) = attempts(database)
    assert (attempt.script, attempt.verdict, attempt.faults) == (GOOD, "passed", ())
    assert attempt.messages == server.bodies[0]["messages"]
    assert attempt.model == "m"
    assert len(attempt.prompt_version) == 12
    assert (attempt.prompt_tokens, attempt.completion_tokens) == (1000, 100)
    assert attempt.cost == outcome.cost == pytest.approx(0.002)


def test_the_question_holds_the_standard_the_record_and_its_derived_facts(ask, server):
    ask()
    system, question = (message["content"] for message in server.bodies[0]["messages"])
    assert "Say only what the record supports" in system
    assert "50 to 85 words" in system
    assert "Title: Girl with a Pearl Earring" in question
    assert "A little taller than it is wide" in question
    assert server.bodies[0]["response_format"]["type"] == "json_schema"


def test_examples_are_scripts_of_the_corpus_in_that_language_and_style(ask, server):
    ask(kinds=[Request("it", "brief", "literary")], shots=2, tries=1)
    messages = server.bodies[0]["messages"]
    assert [message["role"] for message in messages[1:]] == ["user", "assistant"] * 2 + ["user"]
    shown = {json.loads(m["content"])["script"] for m in messages if m["role"] == "assistant"}
    rows = map(json.loads, CORPUS.read_text(encoding="utf-8").splitlines())
    kinds = {(r["language"], r["style"]) for r in rows if r["script"] in shown}
    assert kinds == {("it", "literary")}


def test_a_faulty_script_is_handed_back_with_its_faults(ask, server, database):
    answers = iter([BAD, GOOD])
    server.answer = lambda _body: as_json(next(answers))
    assert ask().passed == 1
    first, second = server.bodies
    assert second["messages"][: len(first["messages"])] == first["messages"]
    assert second["messages"][-2]["content"] == as_json(BAD)
    assert "“1712”" in second["messages"][-1]["content"]
    assert "“2 metres" in second["messages"][-1]["content"]
    assert [a.verdict for a in attempts(database)] == ["passed", "faults"]


def test_what_still_fails_is_kept_apart_with_its_reasons(ask, server, database):
    server.answer = lambda _body: as_json(BAD)
    outcome = ask(tries=2)
    assert (outcome.passed, outcome.failed, len(server.bodies)) == (0, 1, 2)
    with Store.open(database) as store:
        assert store.passed() == set()
    assert any(fault.words == "1712" for fault in attempts(database)[0].faults)


def test_a_teacher_that_repeats_itself_begins_anew(ask, server):
    server.answer = lambda _body: as_json(BAD)
    ask(tries=3)
    assert server.bodies[2]["messages"] == server.bodies[0]["messages"]


def test_an_answer_that_is_no_json_is_asked_again(ask, server):
    answers = iter(["Here you are: a guide.", as_json(GOOD)])
    server.answer = lambda _body: next(answers)
    assert ask().passed == 1
    assert NO_SCRIPT in server.bodies[1]["messages"][-1]["content"]


def test_an_answer_at_the_token_limit_is_asked_again(ask, server):
    server.fail("length")
    assert ask().passed == 1
    assert CUT_OFF in server.bodies[1]["messages"][-1]["content"]


def test_a_refusal_is_kept_and_the_question_asked_anew(ask, server, database):
    server.fail("refusal")
    assert ask().passed == 1
    assert server.bodies[1]["messages"] == server.bodies[0]["messages"]
    refused = next(a for a in attempts(database) if a.verdict == "refused")
    assert refused.answer == "I would rather not."


def test_a_rate_limit_is_waited_for_as_long_as_the_server_says(ask, server):
    def answer(_body):
        if len(server.bodies) == 1:
            server.fail("429")
        return as_json(GOOD)

    server.answer = answer
    assert ask(works(2), retries=2).passed == 2
    assert len(server.bodies) == 3
    assert server.times[2] - server.times[1] >= 1.0


@pytest.mark.parametrize("fault", ["500", "429", "half", "cut", "drop", "no choices"])
def test_a_passing_fault_costs_a_retry_and_nothing_else(ask, server, database, fault):
    server.fail(fault)
    assert ask().passed == 1
    assert len(server.bodies) == 2
    assert len(attempts(database)) == 1


def test_a_request_that_the_server_fails_on_is_left_for_another_run(ask, server):
    ask(works(1))
    server.fail("500", "500")
    outcome = ask(works(4), retries=0)
    assert (outcome.passed, outcome.unanswered) == (2, 1)
    assert ask(works(4)).passed == 1


def test_a_server_that_fails_on_everything_stops_the_run_with_a_sentence(ask, server):
    server.fail(*["500"] * 12)
    with pytest.raises(TeacherError, match=r"does not answer: it answers 500 .*run the same"):
        ask(works(9), retries=0)
    assert len(server.bodies) <= 6


def test_a_request_that_is_refused_is_kept_with_the_servers_reason(ask, server, database):
    server.fail("400")
    ask(works(2), tries=1)
    refused = next(a for a in attempts(database) if a.verdict == "not answered")
    assert "this request is not liked" in refused.answer


@pytest.mark.parametrize(("fault", "words"), [("401", "refuses the key"), ("404", "no model 'm'")])
def test_a_wrong_key_or_model_is_one_sentence(ask, server, fault, words):
    server.fail(fault)
    with pytest.raises(TeacherError, match=words):
        ask(works(5))
    assert len(server.bodies) == 1


def test_a_server_that_is_not_there_is_one_sentence(database):
    endpoint = Endpoint("m", "http://127.0.0.1:9/v1", retries=0)
    with pytest.raises(TeacherError, match="cannot be reached"):
        write(
            [Artwork(**work) for work in works(4)], [Request()], endpoint, Plan(shots=0),
            database=database, notes=True,
        )  # fmt: skip


@pytest.mark.parametrize("status", [400, 500])
def test_a_server_without_json_schemas_is_asked_for_json(ask, server, status):
    server.no_schema = (status, "response_format.type must be 'text' or 'json_object'")
    assert ask(works(2)).passed == 2
    forms = [body["response_format"]["type"] for body in server.bodies]
    assert forms == ["json_schema", "json_object", "json_object"]


def test_a_server_that_calls_the_token_limit_otherwise_is_obeyed(ask, server):
    server.completion_limit_only = True
    assert ask(works(2)).passed == 2
    assert ["max_completion_tokens" in body for body in server.bodies] == [False, True, True]


def test_no_more_is_asked_at_once_than_allowed(ask, server):
    server.delay = 0.05
    ask(works(9), concurrency=3)
    assert server.most_at_once == 3


def test_every_candidate_is_written_and_the_best_comes_first(ask, server, database):
    answers = iter([BAD, GOOD, GOOD.replace("first", "before all else")])
    server.answer = lambda _body: as_json(next(answers))
    outcome = ask(candidates=3, tries=1)
    assert (outcome.chains, outcome.passed, outcome.failed) == (3, 2, 1)
    assert [a.verdict for a in attempts(database)] == ["passed", "passed", "faults"]


def test_every_language_length_and_style_is_a_guide_of_its_own(ask, server):
    kinds = [Request("en"), Request("fr"), Request("en", "full"), Request("en", style="literary")]
    ask(kinds=kinds, tries=1)
    asked = [body["messages"][-1]["content"].partition("\n")[0] for body in server.bodies]
    assert asked == [kind.instruction for kind in kinds]


def test_without_notes_the_teacher_does_not_see_them(ask, server, database):
    ask([VERMEER | {"notes": ["It was sold for two guilders."]}], notes=False)
    assert "guilders" not in json.dumps(server.bodies)
    with Store.open(database) as store:
        assert store.jobs()[0].row_id.endswith("-clear-en-brief-bare")


def test_with_and_without_notes_are_two_guides(ask, database):
    noted = [VERMEER | {"notes": ["It was sold for two guilders."]}]
    ask(noted)
    ask(noted, notes=False)
    with Store.open(database) as store:
        jobs = store.jobs()
    assert len({job.work for job in jobs}) == 1
    assert len({job.row_id for job in jobs}) == 2


def test_a_second_run_asks_nothing(ask, server):
    ask(works(3))
    server.bodies.clear()
    assert ask(works(3)).chains == 0
    assert server.bodies == []


def test_more_tries_go_on_with_what_failed(ask, server, database):
    server.answer = lambda _body: as_json(BAD)
    ask(tries=1)
    server.answer = lambda _body: as_json(GOOD)
    assert ask(tries=2).passed == 1
    assert sorted(a.number for a in attempts(database)) == [0, 1]


def test_another_teacher_is_asked_only_for_what_failed(ask, server):
    server.answer = lambda body: as_json(BAD if title_of(body) == "Second" else GOOD)
    two = [VERMEER, VERMEER | {"title": "Second"}]
    ask(two, tries=1)
    server.bodies.clear()
    ask(two, tries=1, model="other")
    assert [title_of(body) for body in server.bodies] == ["Second"]


def test_the_cap_on_cost_ends_the_run(ask, server):
    outcome = ask(works(9), price_in=1000.0, most_cost=2.5)
    assert outcome.spent
    assert (outcome.passed, len(server.bodies)) == (3, 3)


def test_two_writers_at_once_are_refused(ask, database):
    with FileLock(f"{database}.lock"), pytest.raises(ScriptsError, match="Another guide scripts"):
        ask()


def test_a_full_disk_is_one_sentence_and_keeps_every_answer(ask, server, database, monkeypatch):
    ask(works(2))
    pages = sqlite3.connect(database).execute("PRAGMA page_count").fetchone()[0]

    def narrow(*arguments, **more):
        connection = connect(*arguments, **more)
        connection.execute(f"PRAGMA max_page_count = {pages + 4}")
        return connection

    connect = sqlite3.connect
    with monkeypatch.context() as patch:
        patch.setattr("data.scripts.database.sqlite3.connect", narrow)
        with pytest.raises(ScriptsError, match="database or disk is full"):
            ask(works(12))
    kept, asked = len(attempts(database)), len(server.bodies)
    assert kept > 2
    ask(works(12))
    assert len(attempts(database)) == 12
    assert len(server.bodies) - asked == 12 - kept  # what was kept is not asked again


def test_a_folder_that_may_not_be_written_is_one_sentence(ask, tmp_path):
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(ScriptsError, match="cannot be written"),
        writing(tmp_path / "file" / "s.sqlite"),
    ):
        pass


def test_another_programs_database_is_refused(ask, database):
    with sqlite3.connect(database) as other:
        other.execute("CREATE TABLE mine (x)")
    other.close()
    with pytest.raises(ScriptsError, match="holds something else"):
        ask()


@pytest.fixture
def command(server, tmp_path):
    """The command as a process, over a file of twelve works."""
    lines = "".join(json.dumps(work) + "\n" for work in works(12))
    (tmp_path / "works.jsonl").write_text(lines)
    environment = os.environ | {"OPENAI_BASE_URL": server.url, "OPENAI_API_KEY": "sk-secret-123"}
    arguments = ["write", "works.jsonl", "--model", "m", "--examples", "0", "--concurrency", "2"]

    def start():
        return subprocess.Popen(
            [GUIDE, "scripts", *arguments, "--database", "scripts.sqlite"],
            cwd=tmp_path, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            text=True,
        )  # fmt: skip

    return start


def wait_for(server, count):
    until = time.monotonic() + 60
    while len(server.bodies) < count and time.monotonic() < until:
        time.sleep(0.01)


def test_a_killed_run_goes_on_where_it_was(command, server, database):
    server.delay = 0.05
    process = command()
    wait_for(server, 5)
    process.kill()
    process.communicate()
    process = command()
    _, told = process.communicate(timeout=60)
    assert (process.returncode, "Look at them with" in told) == (0, True)
    stored = attempts(database)
    assert len(stored) == 12
    assert {a.verdict for a in stored} == {"passed"}
    # Only what was on its way when it was killed is asked twice, two requests at most.
    assert len(server.bodies) <= 12 + 2


def test_ctrl_c_keeps_every_answer(command, server, database):
    server.delay = 0.05
    process = command()
    wait_for(server, 3)
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=60)
    assert process.returncode == 130, told
    assert told.strip().splitlines()[-1] == (
        "Stopped; scripts.sqlite keeps every answer. Run it again to go on."
    )
    assert attempts(database)


def test_the_key_is_sent_and_kept_nowhere(command, server, tmp_path):
    process = command()
    process.communicate(timeout=60)
    assert set(server.keys) == {"Bearer sk-secret-123"}
    assert all(b"sk-secret-123" not in path.read_bytes() for path in tmp_path.iterdir())


def test_no_key_and_no_service_is_one_sentence(guide, monkeypatch):
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    run = guide("scripts", "write", "works.jsonl", "--model", "m")
    assert run.returncode == 2
    assert run.stderr.startswith("guide: There is no key in OPENAI_API_KEY and no --base-url")


def test_works_that_are_not_there_are_one_sentence(guide):
    run = guide("scripts", "write", "--model", "m", "--base-url", "http://127.0.0.1:9/v1")
    assert run.returncode == 2
    assert run.stderr.startswith("guide: data/raw/collect.sqlite does not exist; collect works")


def test_no_teacher_is_one_sentence(guide, monkeypatch):
    monkeypatch.delenv("GUIDE_TEACHER", raising=False)
    run = guide("scripts", "write", "works.jsonl")
    assert run.returncode == 2
    assert run.stderr.startswith("guide: No teacher is named; give its --model")
