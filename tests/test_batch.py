"""`guide batch`: one line out for one record in, whatever interrupts it in between."""

import json
import signal
import subprocess
import time

import pytest

from tests.conftest import GUIDE

ARTWORKS = [{"title": f"Work {n}", "artist": "A. Maker", "form": "painting"} for n in range(5)]
OPTIONS = ("--model", "tiny", "--max-tokens", "8", "--draft")


@pytest.fixture
def works(tmp_path):
    path = tmp_path / "works.jsonl"
    path.write_text("".join(json.dumps(a) + "\n" for a in ARTWORKS))
    return path


def lines(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_every_record_becomes_one_line(guide, works, tmp_path):
    run = guide("batch", "works.jsonl", "out.jsonl", *OPTIONS)
    assert run.returncode == 0, run.stderr
    assert run.stdout == ""
    assert "5 guides written to out.jsonl." in run.stderr
    results = lines(tmp_path / "out.jsonl")
    assert [r["artwork"] for r in results] == ARTWORKS
    assert all(r["guide"] and r["tokens"] == 8 for r in results)
    assert results[0]["options"]["length"] == "brief"


def test_csv_comes_in_too(guide, tmp_path):
    (tmp_path / "works.csv").write_text("title,subjects\nA,jug|lemon\nB,\n")
    assert guide("batch", "works.csv", "out.jsonl", *OPTIONS).returncode == 0
    results = lines(tmp_path / "out.jsonl")
    assert [r["artwork"].get("subjects") for r in results] == [["jug", "lemon"], None]


def test_second_run_does_only_what_is_missing(guide, works, tmp_path):
    out = tmp_path / "out.jsonl"
    guide("batch", "works.jsonl", "out.jsonl", *OPTIONS)
    whole = out.read_text().splitlines(keepends=True)
    out.write_text("".join(whole[1:4]))
    run = guide("batch", "works.jsonl", "out.jsonl", *OPTIONS)
    assert "3 of 5 are there already." in run.stderr
    assert "2 guides written" in run.stderr
    assert sorted(r["artwork"]["title"] for r in lines(out)) == [a["title"] for a in ARTWORKS]
    again = guide("batch", "works.jsonl", "out.jsonl", *OPTIONS)
    assert "Nothing is missing in out.jsonl." in again.stderr


def test_an_output_of_records_as_they_were_before_cleaning_goes_on(guide, tmp_path):
    messy = {"title": "老梅図襖|Old Plum", "date": "n.d.", "form": "painting"}
    (tmp_path / "works.jsonl").write_text(json.dumps(messy) + '\n{"title": "Second"}\n')
    guide("batch", "works.jsonl", "out.jsonl", *OPTIONS)
    first = json.loads((tmp_path / "out.jsonl").read_text().splitlines()[0])
    assert first["artwork"] == {"title": "Old Plum", "form": "painting"}
    (tmp_path / "out.jsonl").write_text(json.dumps(first | {"artwork": messy}) + "\n")
    again = guide("batch", "works.jsonl", "out.jsonl", *OPTIONS)
    assert "1 of 2 are there already." in again.stderr


def test_line_cut_off_by_a_kill_is_written_again(guide, works, tmp_path):
    out = tmp_path / "out.jsonl"
    guide("batch", "works.jsonl", "out.jsonl", *OPTIONS)
    out.write_bytes(out.read_bytes()[:-40])
    guide("batch", "works.jsonl", "out.jsonl", *OPTIONS)
    assert [r["artwork"] for r in lines(out)] == ARTWORKS


def test_killed_batch_goes_on_where_it_was(guide, works, tmp_path):
    out = tmp_path / "out.jsonl"
    command = [
        str(GUIDE),
        "batch",
        str(works),
        str(out),
        "--model",
        "tiny",
        "--max-tokens",
        "60",
        "--draft",
    ]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    while process.poll() is None and not (out.exists() and out.stat().st_size):
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    before = out.read_text()
    assert before
    subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
    assert out.read_text().startswith(before[: before.rfind("\n") + 1])
    assert [r["artwork"] for r in lines(out)] == ARTWORKS


def test_interrupted_batch_says_how_to_go_on(works, tmp_path):
    out = tmp_path / "out.jsonl"
    command = [
        str(GUIDE),
        "batch",
        str(works),
        str(out),
        "--model",
        "tiny",
        "--max-tokens",
        "60",
        "--slots",
        "1",
        "--draft",
    ]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    while process.poll() is None and not (out.exists() and out.stat().st_size):
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Run it again to go on." in " ".join(errors.split())
    assert "Traceback" not in errors


def test_records_that_stand_twice_get_two_guides(guide, tmp_path):
    (tmp_path / "works.jsonl").write_text('{"title": "A"}\n{"title": "A"}\n')
    guide("batch", "works.jsonl", "out.jsonl", *OPTIONS)
    assert len(lines(tmp_path / "out.jsonl")) == 2


def test_other_options_need_another_output(guide, works):
    guide("batch", "works.jsonl", "out.jsonl", *OPTIONS)
    run = guide("batch", "works.jsonl", "out.jsonl", *OPTIONS, "--seed", "2")
    assert run.returncode == 2
    assert run.stderr == (
        "guide: out.jsonl, line 1 was written with --seed 0, not 2; use the same options to go "
        "on, or another output file.\n"
    )


def test_output_that_is_something_else_is_left_alone(guide, works, tmp_path):
    (tmp_path / "out.jsonl").write_text('{"precious": true}\n')
    run = guide("batch", "works.jsonl", "out.jsonl", *OPTIONS)
    assert run.returncode == 2
    assert "line 1 was not written by guide batch; choose another output file." in run.stderr
    assert (tmp_path / "out.jsonl").read_text() == '{"precious": true}\n'


def test_faulty_line_is_named_before_anything_is_written(guide, tmp_path):
    (tmp_path / "works.jsonl").write_text('{"title": "A"}\n{"artist": "B"}\n')
    run = guide("batch", "works.jsonl", "out.jsonl", *OPTIONS)
    assert run.returncode == 2
    assert run.stderr.startswith("guide: works.jsonl, line 2 has no title")
    assert not (tmp_path / "out.jsonl").exists()


def test_record_too_long_is_left_out_and_the_rest_is_written(guide, tmp_path):
    records = [
        {"title": "A"},
        {"title": "Long", "notes": [f"{n} word" * 500 for n in range(10)]},
        {"title": "C"},
    ]
    (tmp_path / "works.jsonl").write_text("".join(json.dumps(r) + "\n" for r in records))
    run = guide("batch", "works.jsonl", "out.jsonl", *OPTIONS)
    assert run.returncode == 2
    assert "1 of 3 records were left out; the first: record 2 (Long)" in run.stderr
    assert [r["artwork"]["title"] for r in lines(tmp_path / "out.jsonl")] == ["A", "C"]


def test_output_that_cannot_be_written_is_named(guide, works):
    run = guide("batch", "works.jsonl", "works.jsonl/out.jsonl", *OPTIONS)
    assert run.returncode == 2
    assert run.stderr == "guide: works.jsonl/out.jsonl cannot be written: Not a directory.\n"
