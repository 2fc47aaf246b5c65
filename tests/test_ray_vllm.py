"""`--engine vllm` through Ray Data's own vLLM stage, with a stand-in for vLLM: no GPU is needed."""

import json
from collections import Counter
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from rich.console import Console

from data.errors import ModelError, RecordError
from infer.options import read_options
from infer.ray_batch.cluster import QUIET
from infer.ray_batch.options import Settings
from infer.ray_batch.rounds import ENGINE_ROUNDS
from infer.ray_batch.run import run_batch

ray = pytest.importorskip("ray")
pytest.importorskip("torch")
pytest.importorskip("gguf")
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]  # of Ray's own modules

DOUBLE = Path(__file__).parent / "fixtures" / "vllm_double"


@pytest.fixture(scope="module")
def starts(tmp_path_factory):
    """A cluster that believes it has a GPU; the file that each engine writes a line to."""
    file = tmp_path_factory.mktemp("vllm") / "starts"
    with pytest.MonkeyPatch.context() as patch:
        for name, value in QUIET.items():
            patch.setenv(name, value)
        patch.setenv("PYTHONPATH", str(DOUBLE))
        patch.setenv("VLLM_DOUBLE_STARTS", str(file))
        patch.setenv("HF_HUB_OFFLINE", "1")
        patch.syspath_prepend(DOUBLE)
        ray.init(num_gpus=1, include_dashboard=False, log_to_driver=False, logging_level="ERROR")
        yield file
        ray.shutdown()


@pytest.fixture(params=["merged"])
def folder(request, tiny, tmp_path):
    """A model's folder without weights, which the stand-in does not read."""
    from transformers import LlamaConfig

    from models.hf import gguf_tokenizer

    folder = tmp_path / request.param
    gguf_tokenizer(tiny).save_pretrained(folder)
    LlamaConfig().save_pretrained(folder)
    return folder


def batch(folder, titles):
    works = [{"title": title, "artist": "Berthe Morisot", "date": "1874"} for title in titles]
    source, target = folder.parent / "works.jsonl", folder.parent / "guides"
    source.write_text("".join(json.dumps(work) + "\n" for work in works))
    options = read_options("en", "brief", "clear", str(folder), 0, 0.1, None)
    settings = Settings(engine="vllm", workers=1, threads=1, gpus=1, batch=4)
    run_batch(str(source), str(target), options, settings, Console(quiet=True))


def written(folder):
    parts = sorted((folder.parent / "guides").glob("guides-*.parquet"))
    return [row for part in parts for row in pq.read_table(part).to_pylist()]


def test_every_work_has_a_checked_guide_and_engines_start_four_times_at_most(starts, folder):
    titles = [f"Work {n}" for n in range(6)]
    batch(folder, titles)
    rows = written(folder)
    assert Counter(row["artwork"]["title"] for row in rows) == Counter(titles)
    assert all("Rembrandt" not in row["guide"] for row in rows)
    assert all("Berthe Morisot" in row["guide"] and "1874" in row["guide"] for row in rows)
    assert all(row["redraws"] for row in rows)
    assert all("Morisot" in row["plain"][0] for row in rows)  # what opens a guide on a laptop
    assert 2 <= len(starts.read_text().splitlines()) <= ENGINE_ROUNDS


def test_request_that_the_engine_refuses_is_a_failure_and_the_others_are_written(starts, folder):
    with pytest.raises(RecordError, match=r"1 of 3 records have no guide .* refused"):
        batch(folder, ["Work 1", "FAIL", "Work 2"])
    assert sorted(row["artwork"]["title"] for row in written(folder)) == ["Work 1", "Work 2"]
    (fault,) = [
        json.loads(line)
        for line in (folder.parent / "guides" / "failures.jsonl").read_text().splitlines()
    ]
    assert fault["artwork"]["title"] == "FAIL"


@pytest.mark.parametrize("folder", ["broken"], indirect=True)
def test_engine_that_does_not_start_is_a_sentence(starts, folder):
    with pytest.raises(ModelError, match="could not go on: ValueError: No memory for the KV cache"):
        batch(folder, ["Work 1", "Work 2"])
    assert written(folder) == []
