"""`guide tell` as a user runs it: a process of its own, its output, its faults, its exit status."""

import json
import os
import pty
import shutil
import signal
import subprocess
import time

import pytest

from data.artwork import FIELDS
from tests.conftest import GUIDE, VERMEER

TELL = ("tell", "--model", "tiny")


def test_options_give_the_record_and_the_guide_is_printed(guide):
    run = guide(*TELL, "--title", VERMEER["title"], "--artist", VERMEER["artist"], "--seed", "1")
    assert run.returncode == 0
    assert len(run.stdout.split()) > 20
    assert run.stdout.endswith("\n")
    assert "<END>" not in run.stdout
    assert "tiny · " in run.stderr
    assert "tokens/s · first token after" in run.stderr
    assert "s · first sentence after" in run.stderr


def test_json_holds_the_guide_its_artwork_and_the_measures(guide, tmp_path):
    (tmp_path / "work.json").write_text(json.dumps(VERMEER))
    run = guide(*TELL, "work.json", "--json")
    result = json.loads(run.stdout)
    assert list(result) == [
        "guide", "artwork", "model", "finish_reason", "prompt_tokens", "tokens", "seconds",
        "time_to_first_token", "tokens_per_second", "time_to_first_sentence", "check_seconds",
        "redraws", "dropped", "plain", "claims", "findings", "language",
    ]  # fmt: skip
    assert result["artwork"] == VERMEER | {"form": "painting"}
    assert result["model"] == "tiny"
    assert result["finish_reason"] in ("stop", "length")


def test_same_seed_gives_the_same_guide_in_another_process(guide):
    runs = [guide(*TELL, "-", "--seed", "7", stdin=json.dumps(VERMEER)) for _ in range(2)]
    assert runs[0].stdout == runs[1].stdout


def test_max_tokens_cuts_the_guide_and_says_so(guide):
    run = guide(*TELL, "-", "--max-tokens", "12", stdin=json.dumps(VERMEER))
    assert run.stderr.rstrip().endswith("cut off at --max-tokens")


def test_every_option_of_the_request_reaches_the_model(guide):
    arguments = [*TELL, "-", "--language", "fr", "--length", "full", "--style", "literary"]
    run = guide(*arguments, "--temperature", "0", "--json", stdin=json.dumps(VERMEER))
    assert run.returncode == 0
    assert json.loads(run.stdout)["prompt_tokens"] > 0


@pytest.mark.parametrize(
    ("arguments", "stdin", "sentence"),
    [
        (
            [],
            None,
            (
                "guide: There is no record; give --title and other fields, a JSON file, or - for "
                "standard input."
            ),
        ),
        (
            ["--artist", "Vermeer"],
            None,
            "guide: the record has no title; give it one, the only field that is required.",
        ),
        (["-"], "", "guide: standard input is empty; give it at least one record with a title."),
        (
            ["-"],
            '{"tittle": "A"}',
            "guide: standard input has an unknown field 'tittle'; did you mean 'title'?",
        ),
        (
            ["-"],
            '{"colour": "A", "title": "B"}',
            (
                "guide: standard input has an unknown field 'colour'; the fields are "
                f"{', '.join(FIELDS)}."
            ),
        ),
        (
            ["-"],
            '{"title": }',
            (
                "guide: standard input, line 1, column 11: this is not valid JSON (Expecting value); "
                "mend that line and try again."
            ),
        ),
        (
            ["-"],
            '[{"title": "A"}, {"title": "B"}]',
            "guide: - holds 2 records; guide batch writes many guides.",
        ),
        (["none.json"], None, "guide: none.json cannot be read: No such file or directory."),
        (
            ["none.json", "--title", "A"],
            None,
            "guide: Give the record as a file or as options, not both (none.json, --title).",
        ),
        (
            ["--title", "A", "--model", "tinny"],
            None,
            (
                "guide: There is no model called 'tinny'; did you mean 'tiny'? known are standard, "
                "small, tiny, small-base, or give the path of a .gguf file."
            ),
        ),
        (
            ["--titel", "A"],
            None,
            (
                "guide tell: No such option '--titel'. (Did you mean one of: '--artist', '--note', "
                "'--title'?)"
            ),
        ),
        (
            ["--title", "A", "--temperature", "9"],
            None,
            "guide tell: Invalid value for '--temperature': 9.0 is not in the range 0<=x<=2.",
        ),
    ],
)
def test_bad_input_is_one_sentence_and_status_2(guide, arguments, stdin, sentence):
    run = guide(*TELL, *arguments, stdin=stdin)
    assert (run.stdout, run.stderr, run.returncode) == ("", sentence + "\n", 2)


@pytest.mark.parametrize(("language", "warned"), [("en", False), ("fr", True)])
def test_language_a_model_is_no_good_at_is_warned_of(
    guide, tiny, tmp_path, monkeypatch, language, warned
):
    monkeypatch.setenv("GUIDE_MODELS", str(tmp_path))
    (tmp_path / tiny.name).symlink_to(tiny)
    (tmp_path / "local.toml").write_text('[mine]\nlike = "tiny"\nlanguages = ["en"]\n')
    arguments = ["tell", "--model", "mine", "-", "--language", language, "--max-tokens", "5"]
    run = guide(*arguments, stdin=json.dumps(VERMEER))
    assert run.returncode == 0
    assert ("mine does not write French well enough to publish" in run.stderr) is warned


def test_record_too_long_says_how_many_tokens_over(guide):
    notes = [part for n in range(10) for part in ("--note", f"{n} word" * 500)]
    run = guide(*TELL, "--title", "A", *notes)
    assert run.returncode == 2
    assert "tokens too long" in run.stderr
    assert run.stderr.count("\n") == 1


def start_on_a_terminal(*arguments):
    """Start the command with a pseudo-terminal as its output; returns process and reading end."""
    reading, writing = pty.openpty()
    process = subprocess.Popen(
        [GUIDE, *arguments], stdin=subprocess.DEVNULL, stdout=writing, stderr=subprocess.PIPE
    )
    os.close(writing)
    return process, reading


def test_interrupt_stops_at_once_and_keeps_what_was_printed(guide):
    guide(*TELL, "--title", "A", "--max-tokens", "1")  # the prefix is saved, so text comes soon
    process, reading = start_on_a_terminal(
        *TELL, "--title", "A", "--length", "full", "--max-tokens", "2000"
    )
    shown = os.read(reading, 1000)
    process.send_signal(signal.SIGINT)
    asked_at = time.monotonic()
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 130
    assert shown.strip()
    assert b"Traceback" not in errors
    assert time.monotonic() - asked_at < 10  # a hang, not a slow machine
    os.close(reading)


def test_text_on_a_terminal_is_wrapped_at_words(guide):
    process, reading = start_on_a_terminal(*TELL, "--title", "A", "--length", "full")
    text = b""
    while True:
        try:
            text += os.read(reading, 4096)
        except OSError:  # Linux: the other end is closed
            break
    process.communicate(timeout=60)
    os.close(reading)
    lines = text.decode().splitlines()
    assert len(lines) > 2
    assert max(map(len, lines)) <= 81  # 80 columns and the space before the break


def test_closed_pipe_is_silent():
    process = subprocess.Popen(
        [GUIDE, *TELL, "--title", "A"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None
    process.stdout.close()
    _, errors = process.communicate(timeout=60)
    assert b"Broken" not in errors
    assert b"Traceback" not in errors


def test_second_run_needs_no_network(guide):
    unshare = shutil.which("unshare")
    if not unshare or subprocess.run([unshare, "-rn", "true"], check=False).returncode:
        pytest.skip("network namespaces are not permitted here")
    run = subprocess.run(
        [unshare, "-rn", str(GUIDE), *TELL, "--title", "A", "--max-tokens", "5"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0
    assert run.stdout.strip()
