"""The gate that CI runs on `tiny`: it lets the sound model pass, and a broken one does not."""

import json
from pathlib import Path

from evaluate.gate import read_gate

ROOT = Path(__file__).parents[1]
GATE = ROOT / "evaluate" / "gate-tiny.toml"


def verdicts(run):
    """The gate's word for each metric."""
    lines = run.stdout.splitlines()[1:]
    return {line.split("  ")[0]: line.split()[-1] for line in lines if line.strip()}


def test_reference_holds_what_can_be_lost():
    """A gate whose reference is at the bottom already could not fail."""
    gate = read_gate(GATE)
    assert len(gate.tasks()) >= 12
    for metric in gate.file.metrics:
        assert sum(row[metric] for row in gate.reference.values()) / len(gate.reference) >= 0.4


def test_sound_model_passes(guide):
    run = guide("evaluate", "--gate", str(GATE))
    assert run.returncode == 0, run.stdout + run.stderr
    assert set(verdicts(run).values()) == {"passes"}


def test_model_that_breaks_off_is_stopped(guide):
    run = guide("evaluate", "cut=tiny@max_tokens=12,draft", "--gate", str(GATE))
    assert run.returncode == 1, run.stdout + run.stderr
    assert verdicts(run)["completeness"] == "worse"


def test_model_that_speaks_of_other_works_is_stopped(guide, tmp_path):
    gate = read_gate(GATE)
    tasks = gate.tasks()
    lines = [
        {
            "guide": other.reference,
            "artwork": task.artwork.as_record(),
            "options": {
                "language": task.request.language,
                "length": task.request.length,
                "style": task.request.style,
            },
        }
        for task, other in zip(tasks, tasks[1:] + tasks[:1], strict=True)
    ]
    text = "".join(json.dumps(line) + "\n" for line in lines)
    (tmp_path / "exchanged.jsonl").write_text(text)
    run = guide("evaluate", "exchanged.jsonl", "--gate", str(GATE))
    assert run.returncode == 1, run.stdout + run.stderr
