"""A run's folder where nothing can be written, and what is left of a checkpoint then."""

from pathlib import Path
from typing import Any

import pytest

from data.errors import OutputError
from train.recipe import load_recipe
from train.run import Run, saying_a_full_disk

FULL = Path("/dev/full")


def write_text():
    with FULL.open("w") as file:
        file.write("x")


def write_weights():
    torch = pytest.importorskip("torch")
    torch.save({"weights": torch.zeros(1 << 16)}, FULL)


@pytest.mark.skipif(not FULL.exists(), reason="no device that is always full")
@pytest.mark.parametrize("write", [write_text, write_weights])
def test_full_disk_is_said_with_the_way_on(write):
    with (
        pytest.raises(OutputError, match=r"the disk is full.*--name small-1"),
        saying_a_full_disk(Path("runs/small-1")),
    ):
        write()


def test_other_errors_pass():
    with pytest.raises(FileNotFoundError), saying_a_full_disk(Path("runs/small-1")):
        Path("nowhere").stat()


@pytest.fixture
def run(tmp_path):
    info: Any = None  # nothing of it is looked at
    return Run(tmp_path, load_recipe("tiny"), info)


def test_checkpoint_that_a_full_disk_tore_is_not_gone_on_from(run):
    for step, state in ((1, "{}"), (2, "")):
        folder = run.checkpoints / f"checkpoint-{step}"
        folder.mkdir(parents=True)
        for name in ("optimizer.pt", "scheduler.pt"):
            (folder / name).write_bytes(b"x")
        (folder / "trainer_state.json").write_text(state)
    assert run.last_checkpoint() == run.checkpoints / "checkpoint-1"
