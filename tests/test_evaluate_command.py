"""`guide evaluate`, `guide compare` and the gate, as a user runs them."""

import json

import pytest

from data.guides import read_corpus
from evaluate.comparison import differences, most_changed, pair
from evaluate.gate import judge, read_gate
from evaluate.metrics import measure
from evaluate.report import pieces
from evaluate.variants import parse_variant
from evaluate.works import Choice, EvaluationError, load_tasks, read_lines, tasks_by_id
from tests.conftest import SHARED

ROWS = [g for g in read_corpus() if g.style == "clear" and g.language == "en"][:8]


def as_batch(guide, text=None):
    """A line as `guide batch` writes it."""
    options = {"language": guide.language, "length": guide.length, "style": guide.style}
    return {
        "guide": guide.script if text is None else text,
        "artwork": guide.artwork.as_record(),
        "finish_reason": "stop",
        "seconds": 2.0,
        "options": options,
    }


def write(path, lines):
    path.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines))
    return path


@pytest.fixture
def files(tmp_path):
    """The corpus's guides as one variant, and the same with a false year as another."""
    good = [as_batch(g) for g in ROWS]
    bad = [as_batch(g, f"{g.script} It was sold in 1712.") for g in ROWS]
    write(tmp_path / "good.jsonl", good)
    write(tmp_path / "bad.jsonl", bad)
    return tmp_path


def test_files_are_measured_and_reported(guide, files):
    run = guide("evaluate", "good.jsonl", "bad.jsonl")
    assert run.returncode == 0, run.stderr
    rows = {line.split("  ")[0]: line for line in run.stdout.splitlines()}
    assert "0 % [" in rows["true"]
    assert "unsupported year" in run.stdout
    folder = files / "runs" / "evaluate"
    results = [json.loads(line) for line in (folder / "results.jsonl").read_text().splitlines()]
    assert len(results) == 2 * len(ROWS)
    assert results[0]["reference"] == results[0]["guide"]
    summary = json.loads((folder / "summary.json").read_text())
    assert [v["variant"] for v in summary["variants"]] == ["good", "bad"]
    page = (folder / "report.html").read_text()
    assert '<mark title="year: 1712' in page
    assert page.count("<svg") >= 3


def test_report_needs_nothing_besides_itself(guide, files):
    guide("evaluate", "bad.jsonl", "--sample", "2")
    page = (files / "runs" / "evaluate" / "report.html").read_text()
    assert "src=" not in page
    assert "<link" not in page


def test_markup_in_a_guide_is_shown_not_run(guide, files):
    line = as_batch(ROWS[0], "<script>alert(1)</script>")
    write(files / "evil.jsonl", [line])
    guide("evaluate", "evil.jsonl")
    page = (files / "runs" / "evaluate" / "report.html").read_text()
    assert "<script>" not in page


def test_corpus_is_its_own_ceiling(guide, files):
    run = guide("evaluate", "corpus", "--works", "good.jsonl", "--sample", "3")
    assert run.returncode == 0, run.stderr
    assert "corpus (3 guides)" in run.stdout
    chrf = next(line for line in run.stdout.splitlines() if line.startswith("chrF"))
    assert "100.0" in chrf


def test_tiny_writes_its_guides_by_guide_batch(guide, files):
    arguments = ("evaluate", "tiny", "--works", "good.jsonl", "--sample", "1", "--max-tokens", "6")
    run = guide(*arguments, "--no-perplexity")
    assert run.returncode == 0, run.stderr
    assert "memory, GB" in run.stdout
    assert "seconds to write" in run.stdout
    again = guide(*arguments, "--no-perplexity")
    assert "guides written" not in again.stderr


def test_writer_without_a_model_is_a_variant(guide, files):
    run = guide("evaluate", "none", "good.jsonl", "--works", "good.jsonl", "--sample", "2")
    assert run.returncode == 0, run.stderr
    assert "plain sentences" in run.stdout


def test_options_of_a_variant():
    variant = parse_variant("bare=small@draft,temperature=0.5")
    assert (variant.name, variant.source) == ("bare", "small")
    assert variant.options == {"draft": True, "temperature": 0.5}
    assert parse_variant("small@seed=3").name == "small@seed=3"


@pytest.mark.parametrize("text", ["small@warm", "small@seed=x", "small@"])
def test_option_that_is_none_is_refused(text):
    with pytest.raises(EvaluationError, match="is no option of a model; known are draft"):
        parse_variant(text)


def test_worst_work_stands_first(guide, files):
    lines = [as_batch(g) for g in ROWS]
    lines[5]["guide"] += " It was sold in 1712."
    write(files / "one.jsonl", lines)
    guide("evaluate", "one.jsonl")
    page = (files / "runs" / "evaluate" / "report.html").read_text()
    first = page.index('<div class="work">')
    assert page.index("1712", first) < page.index('<div class="work">', first + 1)


def test_no_works_says_how_to_make_them(guide):
    run = guide("evaluate", "tiny")
    assert run.returncode == 2
    assert "guide dataset build" in run.stderr


def test_two_variants_of_one_name_are_refused(guide, files):
    run = guide("evaluate", "good.jsonl", "good=bad.jsonl")
    assert run.returncode == 2
    assert "Two variants are called 'good'" in run.stderr


def test_file_that_is_not_there(guide):
    run = guide("evaluate", "nowhere.jsonl")
    assert (run.returncode, run.stderr) == (2, "guide: There is no file nowhere.jsonl.\n")


def test_file_without_a_guide_for_the_works(guide, files):
    write(files / "other.jsonl", [as_batch(ROWS[0]) | {"artwork": {"title": "Another"}}])
    run = guide("evaluate", "other.jsonl", "--works", "good.jsonl")
    assert run.returncode == 2
    assert "holds no guide for any of the 8 works" in run.stderr


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("{", "line 2: this is not valid JSON"),
        ('{"guide": "x"}', "line 2 has no artwork"),
        ('{"artwork": {"title": "x"}, "guide": "x"}', "line 2: language must be one of"),
    ],
)
def test_wrong_line_is_named(files, line, says):
    path = files / "good.jsonl"
    lines = path.read_text().splitlines()
    path.write_text("\n".join([lines[0], line]) + "\n")
    with pytest.raises(Exception, match=says):
        list(read_lines(path, Choice()))


def test_larger_sample_holds_the_smaller(files):
    path = files / "good.jsonl"
    small, large = (load_tasks(path, Choice(), count) for count in (3, 6))
    assert {t.key for t in small} < {t.key for t in large}


def test_bare_records_are_asked_for_as_named(files):
    path = write(files / "works.jsonl", [{"title": "A"}, {"title": "B"}])
    tasks = load_tasks(path, Choice(languages=("fr", "de"), lengths=("full",)))
    assert {(t.request.language, t.request.length) for t in tasks} == {
        ("fr", "full"),
        ("de", "full"),
    }
    assert len(tasks) == 4


@pytest.mark.skipif(not SHARED.exists(), reason="the shared corpus is not here")
def test_rows_of_the_shared_corpus_are_tasks():
    tasks = load_tasks(SHARED / "corpus" / "guides.jsonl", Choice(languages=("it",)))
    assert len(tasks) > 100
    assert all(task.reference for task in tasks)


def test_compare_tells_what_differs_and_where(guide, files):
    run = guide("compare", "good.jsonl", "bad.jsonl", "--changed", "2")
    assert run.returncode == 0, run.stderr
    unsupported = next(x for x in run.stdout.splitlines() if x.startswith("unsupported claims"))
    assert "bad is worse" in unsupported
    assert run.stdout.partition("changed most")[2].count(" → 1.00") == 2


def measured(name, texts):
    tasks = {task.id: task for task in tasks_by_id([row.id for row in ROWS])}
    return [measure(name, tasks[r.id], text, {}) for r, text in zip(ROWS, texts, strict=True)]


def test_pairs_are_compared_work_by_work():
    a = measured("a", [row.script for row in ROWS])
    b = measured("b", [row.script for row in ROWS[:7]] + [ROWS[7].script + " Sold in 1712."])
    pairs = pair(a, b)
    change = {d.metric.key: d.change for d in differences(pairs)}
    assert change["unsupported"].mean == pytest.approx(1 / 8)
    assert [p.a.task.id for p in most_changed(pairs, 5)] == [ROWS[7].id]


def test_nothing_in_common_cannot_be_compared():
    a = measured("a", [row.script for row in ROWS])
    with pytest.raises(EvaluationError, match="no work in common"):
        pair(a[:2], a[2:])


def test_pieces_are_the_guide():
    one = measured("x", [f"{ROWS[0].script} Sold in 1712 for 900 pounds.", *[""] * 7])[0]
    assert "".join(piece.text for piece in pieces(one)) == one.guide
    assert any(piece.reason.startswith("year") for piece in pieces(one))


@pytest.fixture
def gate(tmp_path):
    lines = [{"id": row.id, "true": 1.0, "completeness": 1.0} for row in ROWS]
    write(tmp_path / "kept.jsonl", lines)
    path = tmp_path / "gate.toml"
    path.write_text('model = "tiny"\nreference = "kept.jsonl"\n')
    return path


def test_gate_stops_a_model_that_is_worse(guide, files, gate):
    run = guide("evaluate", "bad.jsonl", "--gate", "gate.toml")
    assert run.returncode == 1, run.stderr
    true = next(line for line in run.stdout.splitlines() if line.startswith("true"))
    assert true.endswith("worse")


def test_gate_lets_an_equal_model_pass(guide, files, gate):
    run = guide("evaluate", "good.jsonl", "--gate", "gate.toml")
    assert run.returncode == 0, run.stderr
    assert "worse" not in run.stdout


def test_gate_counts_missing_guides_as_neither_true_nor_complete(gate):
    none = judge(read_gate(gate), [])
    assert all(verdict.worse and verdict.model == 0 for verdict in none)


def test_gate_forgives_what_chance_explains(gate):
    texts = [row.script for row in ROWS]
    texts[0] += " It was sold in 1712."
    verdicts = judge(read_gate(gate), measured("x", texts))
    assert not any(verdict.worse for verdict in verdicts)


def test_rebase_keeps_the_results(guide, files, gate):
    run = guide("evaluate", "bad.jsonl", "--gate", "gate.toml", "--rebase")
    assert run.returncode == 0, run.stderr
    kept = [json.loads(line) for line in (files / "kept.jsonl").read_text().splitlines()]
    assert {line["id"] for line in kept} == {row.id for row in ROWS}
    assert {line["true"] for line in kept} == {0.0}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('model = "tiny"\n', "reference"),
        ('model = "tiny"\nreference = "kept.jsonl"\nlevel = 2\n', "level"),
        ('model = "tiny"\nreference = "kept.jsonl"\nmetrics = ["truth"]\n', "no metric 'truth'"),
        ("model = ", "TOML"),
    ],
)
def test_faulty_gate_names_the_key(gate, text, says):
    gate.write_text(text)
    with pytest.raises(EvaluationError, match=says):
        read_gate(gate)


def test_gate_without_results_says_how_to_make_them(gate):
    (gate.parent / "kept.jsonl").unlink()
    with pytest.raises(EvaluationError, match="--rebase"):
        read_gate(gate).tasks()
