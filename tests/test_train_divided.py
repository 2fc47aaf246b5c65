"""Weights divided between two processes (FSDP): the numbers are those of whole weights."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.train_setting import cut_base, write_rows
from train.estimate import Sizes, Tokens, estimate
from train.hardware import Hardware, check_divisible
from train.launch import CONFIGURATIONS, Spread, divides_weights
from train.plan import make_plan
from train.recipe import load_recipe
from train.run import load_run

PROJECT = Path(__file__).parents[1]
TRAIN = ["w0000-clear", "w0001", "w0271-clear", "w0485-clear"]
HELD_OUT = ["w0529-clear", "w0756-clear"]  # one batch for two processes
HANGS = 300  # seconds after which a run will not end any more


@pytest.fixture(scope="module")
def setting(tiny, tmp_path_factory):
    """Arguments of `guide train`, and the folder of its runs."""
    folder = tmp_path_factory.mktemp("divided")
    write_rows(folder / "train.jsonl", TRAIN)
    write_rows(folder / "validation.jsonl", HELD_OUT)
    settings = {
        "base": cut_base(tiny, folder),
        "gguf": "",
        "train": folder / "train.jsonl",
        "validation": folder / "validation.jsonl",
        "accumulation": 2,
        "epochs": 2,
        "max_length": 2048,
        "samples": 1,
        "sample_tokens": 8,
    }
    changes = [f"--set={key}={value}" for key, value in settings.items()]
    return ["tiny", *changes, "--runs", str(folder / "runs")], folder / "runs"


def processes(start, environment):
    """Two of them, as torch's launcher starts them."""
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    paths = {"PYTHONPATH": str(PROJECT), "OMP_NUM_THREADS": "1"}
    return subprocess.run(
        [*command, "--nproc-per-node", "2", *start],
        env=os.environ | paths | environment,
        capture_output=True,
        text=True,
        timeout=HANGS,
        check=False,
    )


def divided(arguments, name):
    options = yaml.safe_load((CONFIGURATIONS / "fsdp.yaml").read_text())["fsdp_config"]
    environment = {key.upper(): str(value) for key, value in options.items()}
    environment |= {"ACCELERATE_USE_FSDP": "true", "ACCELERATE_USE_CPU": "true"}
    script = str(Path(__file__).with_name("divided_processes.py"))
    return processes([script, *arguments, "--name", name], environment)


def losses(run):
    return [m.get("loss", m.get("eval_loss")) for m in run.metrics() if "samples" not in m]


def test_divided_weights_learn_what_whole_ones_do_and_go_on_when_interrupted(setting):
    from safetensors.torch import load_file

    arguments, runs = setting
    done = divided(arguments, "divided")
    assert done.returncode == 0, done.stderr
    done = processes(["--module", "train.command", *arguments, "--name", "whole"], {})
    assert done.returncode == 0, done.stderr
    parts, whole = load_run(runs / "divided"), load_run(runs / "whole")
    assert len(losses(whole)) == 6  # four steps, two evaluations
    assert losses(parts) == pytest.approx(losses(whole), rel=1e-5)
    samples = [(run.path / "samples" / "epoch-2.txt").read_text() for run in (parts, whole)]
    assert samples[0] == samples[1]
    adapters = [load_file(run.adapter / "adapter_model.safetensors") for run in (parts, whole)]
    assert adapters[0].keys() == adapters[1].keys()
    for name, weights in adapters[1].items():
        assert adapters[0][name].numpy() == pytest.approx(weights.numpy(), abs=1e-6)

    wanted = losses(whole)
    for run in (parts, whole):
        shutil.rmtree(run.checkpoints / "checkpoint-4")
        info = json.loads((run.path / "run.json").read_text())
        info["status"], info["best"] = "running", {"step": 2, "loss": losses(run)[2]}
        (run.path / "run.json").write_text(json.dumps(info))
    for done in (
        divided(arguments, "divided"),
        processes(["--module", "train.command", *arguments, "--name", "whole"], {}),
    ):
        assert done.returncode == 0, done.stderr
        assert "Going on from step 2" in done.stderr
    for name in ("divided", "whole"):
        assert losses(load_run(runs / name)) == pytest.approx(wanted, rel=1e-5)
        assert load_run(runs / name).info.status == "finished"


@pytest.mark.parametrize(
    ("changes", "way_out"),
    [
        (["bits=4"], "choose --set bits=16"),
        (["backend=unsloth"], "choose --set backend=peft"),
        (["optimizer=adamw_8bit"], "choose --set optimizer=adamw"),
        (["method=dpo"], "choose --accelerate ddp"),
    ],
)
def test_what_cannot_be_divided_is_refused_before_anything_starts(guide, changes, way_out):
    done = guide("train", "tiny", *(f"--set={c}" for c in changes), "--accelerate", "fsdp")
    assert done.returncode == 2
    assert "FSDP divides the weights" in done.stderr
    assert way_out in done.stderr
    assert done.stderr.count("\n") == 1


def test_whole_weights_are_refused_nothing():
    assert divides_weights(Spread("fsdp", 2))
    assert not divides_weights(Spread(gpus=2))
    check_divisible(load_recipe("tiny"))


@pytest.mark.parametrize(("divided", "measured"), [("true", 8895), ("false", 15502)])
def test_plan_counts_the_part_of_the_weights_that_a_card_holds(monkeypatch, divided, measured):
    """Mistral 7B in 16 bits on two H200, MiB as measured (docs/SCALE.md)."""
    monkeypatch.setenv("ACCELERATE_USE_FSDP", divided)
    recipe = load_recipe("mistral-7b", ["bits=16", "optimizer=adamw"])
    sizes = Sizes(32, 4096, 14336, 32, 8, 128, 32768, tied=False)
    card = Hardware(device="cuda", name="", devices=2, memory=0, free=0, bf16=True, system="")
    tokens = Tokens(a_pass=1600, an_epoch=200_000)
    needs = estimate(recipe, sizes, make_plan(recipe, 400, 2), tokens, card, "peft", rate=1.0)
    assert needs.memory / 2**20 == pytest.approx(measured, rel=0.05)


def test_dry_run_plans_for_as_many_devices_as_the_run_will_have(guide, setting):
    arguments, _ = setting
    three = guide("train", *arguments, "--accelerate", "fsdp", "--gpus", "3", "--dry-run")
    assert three.returncode == 2
    assert "3 devices do not divide" in three.stderr
    two = guide("train", *arguments, "--accelerate", "fsdp", "--gpus", "2", "--dry-run")
    assert two.returncode == 0, two.stderr
    assert "2 rows each" in two.stdout
