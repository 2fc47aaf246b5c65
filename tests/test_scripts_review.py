"""Reviewing, exporting and reporting scripts; the review at a real terminal."""

import json
import os
import pty
import re
import select
import subprocess
import termios
import time

import pytest

from data.artwork import Artwork
from data.dataset.rows import read_rows
from data.prompt import CORPUS, Request
from data.scripts.database import ScriptsError
from data.scripts.export import figures, rows, write_rows
from data.scripts.prompt import examples, read_script, teacher_version
from data.scripts.standard import Fault, judge
from data.scripts.store import Attempt, Review, Store, Verdict
from tests.conftest import GUIDE, VERMEER
from tests.test_scripts_write import BAD, GOOD


def attempt(script, number=0, candidate=0):
    judged = judge(script, Artwork(**VERMEER), Request())
    verdict: Verdict = "passed" if judged.passed else "faults"
    return Attempt("m", "v", candidate, number, [], script, script, verdict, judged.faults)


@pytest.fixture
def database(tmp_path):
    """Two guides that passed and one that did not."""
    path = tmp_path / "scripts.sqlite"
    with Store.open(path, create=True) as store:
        for number, script in enumerate([GOOD, GOOD, BAD]):
            artwork = Artwork(**VERMEER, object_id=str(number))
            store.put_attempt(store.add_job(artwork, Request(), notes=True), attempt(script))
    return path


class Terminal:
    """The command at a terminal of its own, with keys to press."""

    def __init__(self, folder, *arguments, editor="true"):
        self._own, other = pty.openpty()
        environment = os.environ | {"TERM": "xterm-256color", "COLUMNS": "100", "EDITOR": editor}
        environment.pop("VISUAL", None)
        self._process = subprocess.Popen(
            [GUIDE, "scripts", "review", "--database", "scripts.sqlite", *arguments],
            cwd=folder, env=environment, stdin=other, stdout=other, stderr=other,
            start_new_session=True,
        )  # fmt: skip
        os.close(other)
        self.shown = ""

    def until(self, words):
        """Read until some words are shown."""
        until = time.monotonic() + 30
        while words not in self.shown and time.monotonic() < until:
            if not self._read():
                break
        assert words in self.shown, self.shown
        self.shown = self.shown.partition(words)[2]

    def press(self, *keys):
        """Press a key whenever the desk asks for one."""
        for key in keys:
            self.until("quit")
            # What is typed before the desk listens is flushed, as it should be.
            while termios.tcgetattr(self._own)[3] & termios.ICANON:
                time.sleep(0.01)
            os.write(self._own, key.encode())

    def end(self):
        """Read what is left; the exit status."""
        while self._read():
            pass
        os.close(self._own)
        return self._process.wait(60)

    def _read(self):
        if not select.select([self._own], [], [], 30)[0]:
            return False
        try:
            data = os.read(self._own, 65536)
        except OSError:  # the other end is closed
            return False
        text = re.sub(r"\x1b\[[\d;]*m", "", data.decode("utf-8", "replace"))
        self.shown += text
        return bool(data)


def decisions(database):
    with Store.open(database) as store:
        reviews = store.reviews()
        return [reviews[job.id].decision for job in store.jobs() if job.id in reviews]


def test_keep_and_reject(database, tmp_path):
    terminal = Terminal(tmp_path)
    terminal.until("1 of 2")
    terminal.until("A little taller than it is wide")
    terminal.until("Johannes Vermeer painted")
    terminal.press("k", "r")
    assert terminal.end() == 0
    assert "2 decided, 0 left." in terminal.shown
    assert decisions(database) == ["keep", "reject"]


def test_quit_and_go_on(database, tmp_path):
    terminal = Terminal(tmp_path)
    terminal.press("k", "q")
    assert terminal.end() == 0
    terminal = Terminal(tmp_path)
    terminal.until("1 of 1")
    terminal.press("r")
    assert terminal.end() == 0
    assert decisions(database) == ["keep", "reject"]


def test_skip_leaves_it_for_later(database, tmp_path):
    terminal = Terminal(tmp_path)
    terminal.press("s", "k")
    assert terminal.end() == 0
    assert "1 decided, 1 left." in terminal.shown


def test_edit_in_the_curators_editor_is_judged_anew(database, tmp_path):
    terminal = Terminal(tmp_path, editor="sed -i s/39/61/")
    terminal.press("e")
    terminal.until("edited")
    terminal.until("✗ “61 centimetres”")
    terminal.press("k", "q")
    assert terminal.end() == 0
    with Store.open(database) as store:
        (review,) = store.reviews().values()
    assert review.decision == "edit"
    assert "61 centimetres wide" in review.script


def test_failed_scripts_are_shown_with_their_reasons(database, tmp_path):
    terminal = Terminal(tmp_path, "--failed")
    terminal.until("1 of 1")
    terminal.until("✗ “1712”")
    terminal.press("r")
    assert terminal.end() == 0
    assert decisions(database) == ["reject"]


def test_the_next_candidate_can_be_chosen(database, tmp_path):
    other = GOOD.replace("first", "before all else")
    with Store.open(database) as store:
        store.put_attempt(store.jobs()[0], attempt(other, candidate=1))
    terminal = Terminal(tmp_path)
    terminal.press("n", "k", "q")
    assert terminal.end() == 0
    with Store.open(database) as store:
        assert [review.script for review in store.reviews().values()] == [other]


def test_a_review_without_a_terminal_is_one_sentence(guide, database):
    run = guide("scripts", "review", "--database", "scripts.sqlite")
    assert run.returncode == 2
    assert run.stderr == "guide: A review needs a terminal, to read your keys from.\n"


def test_kept_scripts_are_rows_of_a_corpus(database, tmp_path):
    with Store.open(database) as store:
        kept, rejected, _ = store.jobs()
        store.put_review(kept, Review(1, "edit", "As mended."))
        store.put_review(rejected, Review(2, "reject", GOOD))
        assert write_rows(store, tmp_path / "guides.jsonl") == 1
    (row,) = read_rows(tmp_path / "guides.jsonl")
    assert (row.id, row.script) == (kept.row_id, "As mended.")
    assert row.artwork == kept.artwork
    shape = json.loads(CORPUS.read_text(encoding="utf-8").partition("\n")[0])
    assert list(row.as_json()) == list(shape)


def test_unreviewed_scripts_are_taken_on_request_and_failed_ones_never(database):
    with Store.open(database) as store:
        assert [row.script for row in rows(store, unreviewed=True)] == [GOOD, GOOD]
        assert list(rows(store)) == []


def test_nothing_kept_is_one_sentence(database, tmp_path):
    with (
        Store.open(database) as store,
        pytest.raises(ScriptsError, match="2 passed and wait for guide scripts review"),
    ):
        write_rows(store, tmp_path / "guides.jsonl")
    assert not (tmp_path / "guides.jsonl").exists()


def test_the_data_set_takes_what_was_kept(guide, database, tmp_path):
    (tmp_path / "data" / "raw").mkdir(parents=True)
    with Store.open(database) as store:
        job = store.jobs()[0]
        store.put_review(job, Review(1, "keep", GOOD))
    database.rename(tmp_path / "data" / "raw" / "scripts.sqlite")
    corpus = "\n".join(CORPUS.read_text(encoding="utf-8").split("\n")[:20])
    (tmp_path / "rows.jsonl").write_text(corpus, encoding="utf-8")
    run = guide("dataset", "build", "--corpus", "rows.jsonl", "--model", "tiny")
    assert "1 scripts from data/raw/scripts.sqlite" in run.stderr
    assert "1 more passed and wait for: guide scripts review" in run.stderr
    built = tmp_path / "data" / "processed"
    lines = (built / "train.jsonl").read_text() + (built / "validation.jsonl").read_text()
    assert job.row_id in lines


def test_the_report_counts_everything(database):
    with Store.open(database) as store:
        store.put_review(store.jobs()[0], Review(1, "keep", GOOD))
        found = figures(store)
    assert (found["guides"], found["passed"], found["failed"]) == (3, 2, 1)
    assert found["waiting for review"] == 1
    assert found["reviewed"] == {"keep": 1}
    assert found["models"] == {"m (prompt v)": "3 answers"}


def test_the_report_lists_what_failed_with_reasons(guide, database):
    run = guide("scripts", "report", "--failed", "--database", "scripts.sqlite")
    (line,) = run.stdout.splitlines()
    name, title, tries, reasons = line.split("\t")
    assert name.endswith("-clear-en-brief")
    assert (title, tries) == (VERMEER["title"], "1 tries")
    assert "“1712”" in reasons


def test_a_report_of_nothing_is_one_sentence(guide):
    run = guide("scripts", "report")
    assert run.returncode == 2
    assert run.stderr.startswith("guide: data/raw/scripts.sqlite does not exist; write some")


# The standard

LEFT_OUT = re.compile("is not (?:said|named): ")


@pytest.mark.parametrize(
    ("said", "instead", "reason"),
    [
        (
            "Girl with a Pearl Earring",
            "this picture",
            "the title is not said: Girl with a Pearl Earring",
        ),
        ("Johannes Vermeer", "The artist", "the artist is not named: Johannes Vermeer"),
        ("around 1665, ", "", "the date is not said: c. 1665"),
        (", in oil on canvas", "", "the medium is not said: oil on canvas"),
    ],
)
def test_what_a_guide_leaves_out_is_a_fault(said, instead, reason):
    script = GOOD.replace(said, instead).replace("the pearl earring", "something small")
    faults = judge(script, Artwork(**VERMEER), Request()).faults
    assert any(fault.reason.startswith(reason) for fault in faults), faults


def test_a_good_script_has_no_fault():
    assert judge(GOOD, Artwork(**VERMEER), Request()).faults == ()


def test_nothing_is_asked_of_a_record_that_gives_nothing():
    script = GOOD.partition(". The picture")[0].replace(" around 1665, in oil on canvas", "")
    record = Artwork(title=VERMEER["title"], artist="Unknown", date="n.d.")
    reasons = [fault.reason for fault in judge(script, record, Request()).faults]
    assert not [reason for reason in reasons if LEFT_OUT.search(reason)]


def test_the_corpus_says_what_a_guide_must_say():
    """Every thirtieth script; what the fact check says of them is its own tests' business."""
    sample = list(read_rows(CORPUS))[::30]
    lacking = [
        (row.id, fault.reason)
        for row in sample
        for fault in judge(row.script, row.artwork, row.request).faults
        if LEFT_OUT.search(fault.reason)
    ]
    assert len(lacking) <= 0.03 * len(sample), lacking


def test_a_fault_reads_as_a_sentence_for_the_teacher():
    assert str(Fault("1712", "the record gives 1665")) == "“1712”: the record gives 1665"
    assert str(Fault("", "44 words")) == "44 words"


# What the teacher is asked


@pytest.mark.parametrize(
    "answer",
    [
        '{"script": "One. Two."}',
        'Here it is:\n```json\n{"script": "One. Two."}\n```',
        'Sure! {"script": "One.\\n Two."} Enjoy.',
    ],
)
def test_a_script_is_found_in_an_answer(answer):
    assert read_script(answer) == "One. Two."


@pytest.mark.parametrize("answer", ["", "One. Two.", "[]", '{"script": 1}', '{"script": " "}', "{"])
def test_an_answer_without_a_script_has_none(answer):
    assert read_script(answer) is None


@pytest.mark.parametrize("language", ["en", "fr", "de", "es", "it"])
@pytest.mark.parametrize("style", ["clear", "literary"])
def test_examples_have_no_fault(language, style):
    shown = examples(Request(language, "brief", style), 2)
    assert len(shown) == 2
    assert all(judge(row.script, row.artwork, row.request).passed for row in shown)


def test_the_version_changes_with_the_examples():
    assert teacher_version(0) != teacher_version(2)
