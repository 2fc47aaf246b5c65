"""Real trainings of a model cut from `tiny`: labels, resuming, stopping, and what a run leaves."""

import json
import signal
import subprocess
import time

import pytest

from tests.conftest import GUIDE
from tests.train_setting import cut_base, write_rows
from train.data import IGNORED
from train.run import load_run

TRAIN = ["w0000-clear", "w0001", "w0271-clear", "w0485-clear"]
HELD_OUT = ["w0529-clear", "w0756-clear"]


@pytest.fixture(scope="module")
def base(tiny, tmp_path_factory):
    return cut_base(tiny, tmp_path_factory.mktemp("base"))


@pytest.fixture
def arguments(base, tmp_path):
    """`guide train` on a few rows, without samples."""
    write_rows(tmp_path / "train.jsonl", TRAIN)
    write_rows(tmp_path / "validation.jsonl", HELD_OUT)
    settings = {
        "base": base,
        "gguf": "",
        "train": tmp_path / "train.jsonl",
        "validation": tmp_path / "validation.jsonl",
        "accumulation": 2,
        "epochs": 2,
        "samples": 0,
        "max_length": 2048,
    }
    return ["train", "tiny", *(f"--set={key}={value}" for key, value in settings.items())]


def losses(path):
    return [m["loss"] for m in load_run(path).metrics() if "loss" in m]


def test_run_folder_explains_itself(guide, arguments, tmp_path):
    run = guide(*arguments, "--name", "a", "--set=samples=1", "--set=sample_tokens=8")
    assert run.returncode == 0, run.stderr
    assert run.stdout == "runs/a\n"
    read = load_run(tmp_path / "runs" / "a")
    assert read.info.status == "finished"
    assert read.info.data.train_rows == len(TRAIN)
    assert read.info.best is not None
    assert set(read.info.best.by_style) == {"clear"}
    assert (read.adapter / "adapter_model.safetensors").is_file()
    assert (read.tokenizer / "tokenizer.json").is_file()
    assert "held-out loss" in (read.path / "report.md").read_text()
    assert "<svg" in (read.path / "report.html").read_text()
    assert (read.path / "samples" / "epoch-2.txt").read_text()
    assert list((read.path / "tensorboard").glob("events*"))


def test_run_killed_in_the_middle_ends_where_an_uninterrupted_one_does(guide, arguments, tmp_path):
    arguments = [*arguments, "--set=checkpoint_every=1"]
    assert guide(*arguments, "--name", "whole").returncode == 0
    killed = subprocess.Popen(
        [str(GUIDE), *arguments, "--name", "killed"],
        cwd=tmp_path,
        stderr=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )
    state = tmp_path / "runs" / "killed" / "checkpoints" / "checkpoint-2" / "trainer_state.json"
    while not state.exists() and killed.poll() is None:
        time.sleep(0.02)
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    assert load_run(tmp_path / "runs" / "killed").info.status == "running"
    again = guide(*arguments, "--name", "killed")
    assert again.returncode == 0, again.stderr
    assert "Going on from step" in again.stderr
    whole, resumed = (tmp_path / "runs" / name for name in ("whole", "killed"))
    assert losses(resumed) == pytest.approx(losses(whole), rel=1e-5)
    best = [load_run(run).info.best for run in (resumed, whole)]
    assert best[0] is not None
    assert best[1] is not None
    assert best[0].loss == pytest.approx(best[1].loss, 1e-5)


def test_loss_that_is_not_finite_stops_the_run_and_names_its_rows(guide, arguments, base, tmp_path):
    from safetensors.torch import load_file, save_file

    broken = tmp_path / "broken"
    broken.mkdir()
    for file in base.iterdir():
        (broken / file.name).write_bytes(file.read_bytes())
    weights = load_file(broken / "model.safetensors")
    weights["model.norm.weight"][0] = float("nan")
    save_file(weights, broken / "model.safetensors", metadata={"format": "pt"})
    run = guide(*arguments, f"--set=base={broken}", "--name", "n")
    assert run.returncode == 2
    sentence = run.stderr.splitlines()[-1]
    assert "The loss became nan in step 1, on the rows" in sentence
    assert any(name in sentence for name in TRAIN)
    assert load_run(tmp_path / "runs" / "n").info.status == "stopped"
    assert "Traceback" not in run.stderr


def test_finished_run_is_not_overwritten(guide, arguments, tmp_path):
    assert guide(*arguments, "--name", "a", "--set=max_steps=1").returncode == 0
    again = guide(*arguments, "--name", "a", "--set=max_steps=1")
    assert again.returncode == 2
    assert "runs/a is a finished run; choose another --name" in again.stderr


def test_dry_run_tells_steps_memory_and_time_and_writes_nothing(guide, arguments, tmp_path):
    run = guide(*arguments, "--dry-run")
    assert run.returncode == 0, run.stderr
    assert "4, 2 an epoch, 2 rows each" in run.stdout
    assert "memory   about" in run.stdout
    assert "learning_rate = 0.0005" in run.stdout
    assert not (tmp_path / "runs").exists()


def test_over_long_row_is_refused_before_anything_is_written(guide, arguments, tmp_path):
    run = guide(*arguments, "--set=max_length=300")
    assert run.returncode == 2
    assert "rows are longer than 300 tokens" in run.stderr
    assert not (tmp_path / "runs").exists()


@pytest.mark.filterwarnings("ignore")  # of the libraries, on their way to a first batch
@pytest.mark.parametrize("batching", ["padded", "packed"])
def test_labels_of_real_batches_are_completions_and_end_tokens(arguments, tmp_path, batching):
    from rich.console import Console

    from train.fit import open_run, prepare, sft_trainer
    from train.recipe import load_recipe

    changes = [a.removeprefix("--set=") for a in arguments[2:]] + [f"batching={batching}"]
    console = Console(quiet=True)
    job = prepare(load_recipe("tiny", changes), console)
    run = open_run(job, tmp_path / "run", console)
    model = job.backend.load(job.base, job.recipe, job.precision, job.longest_pass)
    batches = list(sft_trainer(job, run, model).get_train_dataloader())
    seen = []
    for batch in batches:
        learnt = batch["labels"][batch["labels"] != IGNORED].tolist()
        rows = [job.data.sources[number] for number in batch["rows"]]
        expected = "".join(row.completion + job.tokenizer.eos_token for row in rows)
        assert job.tokenizer.decode(learnt) == expected
        seen += [row.id for row in rows]
    assert sorted(seen) == sorted(TRAIN)


@pytest.mark.filterwarnings("ignore")
def test_packed_rows_do_not_see_each_other(arguments, tmp_path):
    import torch
    from rich.console import Console

    from train.fit import prepare
    from train.recipe import load_recipe

    changes = [a.removeprefix("--set=") for a in arguments[2:]]
    job = prepare(load_recipe("tiny", changes), Console(quiet=True))
    model = job.backend.load(job.base, job.recipe, job.precision, job.longest_pass).eval()
    first, second = (row.input_ids[:200] for row in job.data.train[:2])
    positions = torch.tensor([[*range(200), *range(200)]])
    with torch.no_grad():
        together = model(input_ids=torch.tensor([first + second]), position_ids=positions).logits
        alone = model(input_ids=torch.tensor([second])).logits
    assert torch.allclose(together[0, 200:], alone[0], atol=1e-4)


def test_pairs_train_by_dpo(guide, arguments, tmp_path):
    rows = write_rows(tmp_path / "pairs.jsonl", TRAIN)
    scripts = [row.pop("completion") for row in rows]
    pairs = [
        row | {"chosen": chosen, "rejected": rejected}
        for row, chosen, rejected in zip(rows, scripts, scripts[1:] + scripts[:1], strict=True)
    ]
    (tmp_path / "pairs.jsonl").write_text("".join(json.dumps(pair) + "\n" for pair in pairs))
    run = guide(
        *arguments, "--method=dpo", "--set=pairs=pairs.jsonl", "--set=max_steps=1", "--name", "d"
    )
    assert run.returncode == 0, run.stderr
    read = load_run(tmp_path / "runs" / "d")
    # Before the first move the adapter is its own reference, so the loss is that of a coin.
    assert losses(read.path) == [pytest.approx(0.6931, abs=1e-3)]
    assert (read.adapter / "adapter_model.safetensors").is_file()


@pytest.mark.parametrize("draw_every", [1, 2])
def test_guides_drawn_and_judged_train_by_grpo(guide, arguments, tmp_path, draw_every):
    run = guide(
        *arguments, "--method=grpo", "--set=max_steps=2", "--set=generations=2",
        "--set=batch_size=2", "--set=accumulation=1", "--set=sample_tokens=8",
        f"--set=draw_every={draw_every}", "--name", "g",
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    drawn = [m for m in load_run(tmp_path / "runs" / "g").metrics() if "reward" in m]
    assert len(drawn) == 2 // draw_every  # each step draws its guides, or one those of both
    assert 0 < drawn[0]["reward"] < 1  # eight tokens of a guide, judged by the rules
    assert (tmp_path / "runs" / "g" / "adapter" / "adapter_model.safetensors").is_file()
