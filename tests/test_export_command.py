"""`guide export` and `guide verify` as a user runs them, on a run folder with a real adapter."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from export.converter import converter_folder, converter_version
from models.hf import base_model_folder, gguf_tokenizer
from models.llama import LlamaModel
from tests.conftest import GUIDE, ROOT, Run
from tests.export_models import corpus, random_adapter
from train.hardware import find_hardware
from train.recipe import parse_recipe
from train.run import BaseInfo, RunInfo, create_run

pytestmark = pytest.mark.slow

pytest.importorskip("torch")
pytest.importorskip("peft")

QUICK = ("--texts", "1", "--guides", "1", "--threads", "1")


@pytest.fixture(scope="module")
def run_folder(tiny: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of `tiny` whose adapter is random, so that its guides need not end."""
    folder = tmp_path_factory.mktemp("runs")
    rows = folder / "rows.jsonl"
    with rows.open("w", encoding="utf-8") as file:
        for row in corpus(600):
            fields = {
                "id": row.id,
                "prompt": "",
                "completion": row.completion,
                "language": row.request.language,
                "length": row.request.length,
                "style": row.request.style,
                "artwork": row.artwork.as_record(),
            }
            file.write(json.dumps(fields) + "\n")
    base = base_model_folder(tiny, folder)
    values = {"gguf": "tiny", "train": str(rows), "validation": str(rows), "min_stopped": 0.0}
    info = RunInfo(
        name="lively",
        status="finished",
        base=BaseInfo(gguf="tiny", source="gguf", folder=str(base), licence="Apache-2.0"),
        hardware=find_hardware(),
    )
    run = create_run(folder / "lively", parse_recipe(values, "the test"), info)
    random_adapter(base, run.adapter, 0.01)
    gguf_tokenizer(tiny).save_pretrained(run.tokenizer)
    return run.path


@pytest.fixture(autouse=True)
def converter(models_folder: Path) -> None:
    """The checkout's converter, so that each run of the tests does not fetch it again."""
    cached = converter_folder(ROOT / "models" / "cache")
    place = models_folder / "cache" / f"converter-{converter_version()}"
    place.parent.mkdir(exist_ok=True)
    if not place.exists():
        shutil.copytree(cached, place)


def test_export_makes_a_model_that_tell_runs(
    guide: Run, run_folder: Path, models_folder: Path
) -> None:
    done = guide("export", str(run_folder), "--quantize", "Q8_0", "--keep-16bit", *QUICK)
    assert done.returncode == 0, done.stderr
    head, sixteen, eight = done.stdout.splitlines()[:3]
    assert head.split() == [
        "type", "size", "KL", "top-1", "perplexity", "ended", "clean", "false", "tokens/s", "memory",
    ]  # fmt: skip
    assert (sixteen.split()[0], eight.split()[0]) == ("F16", "Q8_0")
    assert float(eight.split()[3]) < 0.01
    folder = models_folder / "lively"
    assert {path.name for path in folder.iterdir()} >= {
        "README.md", "Modelfile", "verify.json", "verify.png", "verify.svg", "lively-Q8_0.gguf",
    }  # fmt: skip
    assert not (folder / "work").exists()
    assert "| Q8_0 | 0.14 GB |" in (folder / "README.md").read_text()

    told = guide("tell", "--model", "lively", "--title", "Nocturne", "--max-tokens", "4", "--json")
    assert told.returncode == 0, told.stderr
    # Without examples the prompt is short.
    assert json.loads(told.stdout)["prompt_tokens"] < 250

    again = guide("export", str(run_folder), "--quantize", "Q8_0", "--keep-16bit", *QUICK)
    assert "lively-F16.gguf is already here." in again.stderr
    assert "lively-Q8_0.gguf is already here." in again.stderr


def test_verify_finds_run_and_original(guide: Run, run_folder: Path, models_folder: Path) -> None:
    made = guide("export", str(run_folder), "--quantize", "Q8_0", "--keep-16bit", *QUICK)
    assert made.returncode == 0, made.stderr
    file = models_folder / "lively" / "lively-Q8_0.gguf"
    done = guide("verify", str(file), "--against", str(run_folder), *QUICK)
    assert done.returncode == 0, done.stderr
    assert "Tokens: 6 of 6 validation rows as in training." in done.stdout
    record = json.loads(file.with_name("lively-Q8_0.verify.json").read_text())
    assert record["reference"]["file"] == "lively-F16.gguf"
    assert record["types"][0]["distance"]["kl"] < 0.01


def test_adapter_alone_runs_on_the_base(guide: Run, run_folder: Path, models_folder: Path) -> None:
    done = guide("export", str(run_folder), "--name", "apart", "--adapter-only", "q8_0", *QUICK)
    assert done.returncode == 0, done.stderr
    assert (models_folder / "apart" / "apart-adapter-Q8_0.gguf").stat().st_size < 10_000_000
    told = guide("tell", "--model", "apart", "--title", "Nocturne", "--max-tokens", "4", "--json")
    assert told.returncode == 0, told.stderr


def test_missed_bound_fails_loudly_and_registers_nothing(
    guide: Run, run_folder: Path, models_folder: Path, tmp_path: Path
) -> None:
    strict = tmp_path / "strict"
    shutil.copytree(run_folder, strict)
    recipe = (strict / "recipe.toml").read_text().replace("max_kl = 0.5", "max_kl = 0.000001")
    (strict / "recipe.toml").write_text(recipe)
    done = guide("export", str(strict), "--quantize", "Q4_0", *QUICK)
    assert done.returncode == 2
    assert "nats a token away from the 16-bit model; at most 1e-06 is allowed" in done.stderr
    assert json.loads((models_folder / "strict" / "verify.json").read_text())["failures"]
    assert guide("tell", "--model", "strict", "--title", "x").returncode == 2


def test_killed_export_leaves_whole_files_only_and_goes_on(
    guide: Run, run_folder: Path, models_folder: Path
) -> None:
    command = [GUIDE, "export", run_folder, "--name", "killed", "--quantize", "Q5_K_M", *QUICK]
    folder = models_folder / "killed"
    process = subprocess.Popen(
        list(map(str, command)), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    deadline = time.monotonic() + 280
    while not (folder / "killed-Q5_K_M.gguf.part").exists() and time.monotonic() < deadline:
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert [path.name for path in folder.glob("*.gguf")] == ["killed-F16.gguf"]
    LlamaModel(folder / "killed-F16.gguf").close()
    done = guide(*map(str, command[1:]))
    assert done.returncode == 0, done.stderr
    assert "killed-F16.gguf is already here." in done.stderr
    assert not list(folder.glob("*.part"))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nowhere"], "There is no model called 'nowhere'"),
        (["tiny"], "There is a model called tiny already; choose another with --name."),
        (["tiny", "--quantize", "Q4"], "llama.cpp has no type 'Q4'; did you mean Q4_"),
        (["tiny", "--quantize", "IQ1_S"], "only be made with an importance matrix; add --imatrix."),
    ],
)
def test_what_cannot_be_exported_is_a_sentence(
    guide: Run, arguments: list[str], words: str
) -> None:
    done = guide("export", *arguments)
    assert done.returncode == 2
    assert words in done.stderr
    assert "Traceback" not in done.stderr
