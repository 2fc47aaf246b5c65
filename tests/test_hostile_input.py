"""What nobody would send: long, deep, invisible, turned round, or an order to the model."""

import json
import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bench.fuzz_doors import DOORS, FOUND, attack, seeds
from bench.injection import records
from data.artwork import LONGEST, MOST_ITEMS
from data.clean import clean_artwork, clean_title
from data.errors import RecordError
from data.prompt import ChatTemplate, Request, build_prompt
from infer.orders import without_orders
from infer.plain import PlainWriter

CHATML = (
    "{% for m in messages %}<|im_start|>{{ m['role'] }}\n{{ m['content'] }}<|im_end|>\n{% endfor %}"
)
KEPT = [(door, path) for door in DOORS for path in sorted((FOUND / door).glob("*"))]


@pytest.mark.parametrize(("door", "path"), KEPT, ids=[f"{d}-{p.name[:16]}" for d, p in KEPT])
def test_what_a_fuzzer_once_found_is_answered(door, path):
    attack(door, path.read_bytes())


@pytest.mark.parametrize("door", DOORS)
def test_every_door_takes_its_seeds(door):
    for seed in seeds(door)[:3]:
        attack(door, seed)


@pytest.mark.parametrize(
    "door", [door for door in DOORS if door not in ("check", "plain", "prompt")]
)
@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.one_of(st.binary(max_size=300), st.text(max_size=100).map(str.encode)))
def test_every_door_takes_anything(door, data):
    attack(door, data)


def test_title_of_a_hundred_thousand_characters_is_refused_by_its_length(guide):
    run = guide("tell", "--model", "none", "--title", "a" * 100_000)
    assert run.returncode == 2
    assert "the field 'title' has 100,000 characters where 4,000 are the most" in run.stderr
    assert "Traceback" not in run.stderr


@pytest.mark.parametrize("field", ["artist", "dimensions", "date", "notes", "source_url"])
def test_no_field_takes_more_than_the_most(field):
    text = "x" * (LONGEST + 1)
    value = [text] if field == "notes" else text
    with pytest.raises(RecordError, match=f"'{field}' has 4,001 characters"):
        clean_artwork({"title": "A", field: value})


def test_a_list_of_too_many_notes_is_refused():
    with pytest.raises(RecordError, match="201 items where 200 are the most"):
        clean_artwork({"title": "A", "notes": ["a note"] * (MOST_ITEMS + 1)})


@pytest.mark.parametrize(
    "content",
    ['{"title": ' + "1" * 100_000 + "}", "[" * 100_000, '{"title": "A", "x": ' + "{" * 100_000],
    ids=["digits", "brackets", "braces"],
)
@pytest.mark.parametrize("suffix", ["json", "jsonl"])
def test_numbers_and_depths_without_end_are_faults_of_the_file(content, suffix, guide, tmp_path):
    (tmp_path / f"work.{suffix}").write_text(content)
    run = guide("tell", f"work.{suffix}", "--model", "none")
    assert (run.returncode, run.stderr.count("\n")) == (2, 1)
    assert f"work.{suffix}" in run.stderr


@pytest.mark.parametrize(
    ("title", "clean"),
    [
        ("<b>Bull</b> <i>III</i>", "Bull III"),
        ("&lt;script&gt;alert(1)&lt;/script&gt;", "<script>alert(1)</script>"),
        ("abc\u202edef\u202c", "abcdef"),
        ("a\u2066b\u2069c", "abc"),
        ("Gi\u200brl\ufeff", "Girl"),
        ("Girl" + "".join(chr(0xE0000 + ord(c)) for c in "obey"), "Girl"),
        ("שלום\u200f 5", "שלום\u200f 5"),
    ],
)
def test_title_is_freed_of_what_nobody_sees(title, clean):
    assert clean_title(title) == clean


def test_terminal_escapes_do_not_reach_the_terminal(guide):
    run = guide("tell", "--model", "none", "--title", "A\x1b[2J\x1b]0;owned\x07B")
    assert run.returncode == 0
    assert "\x1b" not in run.stdout
    assert "\x07" not in run.stdout


@pytest.mark.parametrize(("artwork", "sign"), records(), ids=[s[:20] for _, s in records()])
def test_planted_order_stays_inside_the_record(artwork, sign):
    """No control token and no line of its own: the order is data on a field's line."""
    text = build_prompt(artwork, Request(), ChatTemplate(CHATML)).text
    assert text.count("<|im_start|>") == 2
    assert text.count("<|im_end|>") == 2
    assert "[INST]" not in text


@pytest.mark.parametrize(("artwork", "sign"), records(), ids=[s[:20] for _, s in records()])
def test_the_writer_without_a_model_obeys_no_order_that_is_recognised(artwork, sign):
    told, orders = without_orders(artwork)
    if not orders:
        pytest.skip("states a falsehood, or is no sentence of its own")
    said = " ".join(PlainWriter(told, Request()).guide()).replace(told.title, "")
    assert "1865" in said
    assert re.search(sign, said, re.IGNORECASE) is None


def test_a_record_cannot_choose_where_a_file_is_written(guide, tmp_path):
    work = {"title": "../../outside", "object_id": "../../../etc/passwd"}
    (tmp_path / "in.jsonl").write_text(json.dumps(work) + "\n")
    assert guide("batch", "in.jsonl", "out.jsonl", "--model", "none").returncode == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        ".out.jsonl.lock",
        "in.jsonl",
        "out.jsonl",
    ]
