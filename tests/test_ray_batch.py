"""`guide batch --engine ray`: every work once, in a folder of parts, whatever dies on the way."""

import gc
import gzip
import importlib
import io
import json
import os
import signal
import subprocess
import warnings
from collections import Counter
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import fsspec
import psutil
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from rich.console import Console
from rich.progress import Progress

from data.errors import ModelError, OutputError, RecordError
from infer.batch import write_batch
from infer.lines import artwork_key, option_fields
from infer.options import read_options
from infer.ray_batch.cluster import Cluster, ClusterError, divide, open_cluster
from infer.ray_batch.folder import OutputFolder
from infer.ray_batch.options import Settings
from infer.ray_batch.run import Keeper, Losses, _check_model, find_missing, run_batch, write_works
from infer.ray_batch.worker import GuideWorker
from infer.ray_batch.works import Fault, Work, read_works
from infer.table import as_record, schema
from tests.conftest import GUIDE

pytest.importorskip("ray")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings(
        "ignore:.* is deprecated:DeprecationWarning",  # Ray copies its own old settings
        "ignore:subprocess .* is still running:ResourceWarning",  # Ray's, which it does not wait for
    ),
]

ARTWORKS = [
    {"title": f"Work {n}", "artist": "Berthe Morisot", "date": "1874", "form": "painting"}
    for n in range(12)
]
SETTINGS = Settings(workers=2, threads=1, batch=2)
QUIET = Console(quiet=True)


def options(**changes):
    values: dict[str, Any] = {
        "language": "en",
        "length": "brief",
        "style": "clear",
        "model": "none",
        "seed": 0,
    }
    return read_options(**(values | {"temperature": 0.7, "max_tokens": None} | changes))


@pytest.fixture(scope="module")
def cluster():
    """One local cluster of two workers for all the tests here, for it starts slowly."""
    with open_cluster(None) as found:
        yield found
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()  # the handles of Ray's processes, before another test is blamed for them


@pytest.fixture
def works(tmp_path):
    path = tmp_path / "works.jsonl"
    path.write_text("".join(json.dumps(a) + "\n" for a in ARTWORKS))
    return path


def works_of(source):
    """All of them; none is a fault."""
    items = list(read_works(source))
    assert all(isinstance(item, Work) for item in items)
    return cast("list[Work]", items)


def rows(folder):
    parts = sorted(folder.glob("guides-*.parquet"))
    return [row for part in parts for row in pq.read_table(part).to_pylist()]


def titles(folder):
    return sorted(row["artwork"]["title"] for row in rows(folder))


def failures(folder):
    return [json.loads(line) for line in (folder / "failures.jsonl").read_text().splitlines()]


def test_guides_are_those_of_the_local_batch_with_the_same_columns(cluster, works, tmp_path):
    run_batch(str(works), str(tmp_path / "guides"), options(), SETTINGS, QUIET)
    write_batch(str(works), tmp_path / "local.parquet", 1, options(), QUIET)
    local = pq.read_table(tmp_path / "local.parquet")
    part = pq.read_table(next((tmp_path / "guides").glob("guides-*.parquet")))
    assert part.schema == local.schema == schema()
    told = {row["artwork"]["title"]: row["guide"] for row in local.to_pylist()}
    assert {r["artwork"]["title"]: r["guide"] for r in rows(tmp_path / "guides")} == told
    line = json.loads((tmp_path / "local.parquet.jsonl").read_text().splitlines()[0])
    assert list(line) == schema().names
    assert as_record(local.to_pylist()[0]["artwork"]) == line["artwork"]


def test_second_run_writes_only_what_is_missing(cluster, works, tmp_path):
    run_batch(str(works), str(tmp_path / "guides"), options(), SETTINGS, QUIET)
    with works.open("a") as file:
        file.write('{"title": "New"}\n{"title": "Work 3", "artist": "Berthe Morisot"}\n')
    run_batch(str(works), str(tmp_path / "guides"), options(), SETTINGS, QUIET)
    assert titles(tmp_path / "guides") == sorted([a["title"] for a in ARTWORKS] + ["New", "Work 3"])


def test_records_that_cannot_be_used_stand_apart(cluster, works, tmp_path):
    with works.open("a") as file:
        file.write('{"artist": "B"}\n{"title": \n{"title": "A", "tittle": "B"}\n')
    with pytest.raises(RecordError, match=r"3 of 15 records have no guide .* line 13 has no title"):
        run_batch(str(works), str(tmp_path / "guides"), options(), SETTINGS, QUIET)
    assert len(titles(tmp_path / "guides")) == 12
    assert [fault["line"] for fault in failures(tmp_path / "guides")] == [13, 14, 15]
    works.write_text(works.read_text().replace('{"artist": "B"}\n{"title": \n', ""))
    works.write_text(works.read_text().replace(', "tittle": "B"', ""))
    run_batch(str(works), str(tmp_path / "guides"), options(), SETTINGS, QUIET)
    assert not (tmp_path / "guides" / "failures.jsonl").exists()


@pytest.fixture
def keeper(tmp_path):
    """What takes the results of 40 works."""
    path = tmp_path / "many.jsonl"
    path.write_text("".join(json.dumps({"title": f"Work {n}"}) + "\n" for n in range(40)))
    folder = OutputFolder(str(tmp_path / "guides"))
    folder.open({})
    return Keeper(find_missing(str(path), Counter()), folder, Progress(console=QUIET))


def test_works_of_a_killed_worker_are_written_by_another(cluster, keeper, tmp_path):
    share = divide(cluster, 2, 1)
    results = write_works(keeper.open_tasks(), options(), share, SETTINGS, 2)
    keeper.keep([next(results)])
    victim = next(p for p in psutil.process_iter() if "GuideWorker" in " ".join(p.cmdline()))
    victim.send_signal(signal.SIGKILL)
    keeper.keep(results)
    keeper.flush()
    assert keeper.open == set()
    assert titles(tmp_path / "guides") == sorted(f"Work {n}" for n in range(40))


class DeadlyWorker(GuideWorker):
    """Its process dies of one of the works, as it would for want of memory."""

    def _write(self, work):
        if '"Work 7"' in work[1]:
            os.kill(os.getpid(), signal.SIGKILL)
        return super()._write(work)


def test_work_that_kills_every_worker_is_reported_and_the_others_are_written(
    cluster, keeper, tmp_path
):
    share = divide(cluster, 2, 1)
    for batch in (4, 1):
        keeper.keep(
            write_works(keeper.open_tasks(), options(), share, SETTINGS, batch, DeadlyWorker)
        )
    keeper.flush()
    assert titles(tmp_path / "guides") == sorted(f"Work {n}" for n in range(40) if n != 7)
    keeper.give_up()
    (fault,) = keeper.faults
    assert fault.line == 8
    assert "died each time" in fault.reason


class FailingWorker(GuideWorker):
    """Fails outside what is tried for each work."""

    def __call__(self, batch):
        raise OSError("The disk is gone.")


def test_reason_of_a_worker_that_fails_is_told_of_every_work(cluster, keeper):
    losses = Losses()
    with losses:
        tasks = keeper.open_tasks()
        keeper.keep(
            write_works(tasks, options(), divide(cluster, 2, 1), SETTINGS, 20, FailingWorker)
        )
    keeper.give_up(losses.reason)
    assert len(keeper.faults) == 40
    assert {f.reason.partition(": ")[2] for f in keeper.faults} == {
        "the process that wrote it failed: OSError: The disk is gone; run it again."
    }


def test_server_that_does_not_answer_is_said_before_anything_starts(works, tmp_path):
    for settings in (SETTINGS, Settings(engine="vllm")):
        there = replace(options(model="tiny"), backend="http://127.0.0.1:9")
        with pytest.raises(ModelError, match=r"127\.0\.0\.1:9"):
            run_batch(str(works), str(tmp_path / "g"), there, settings, QUIET)


@pytest.mark.parametrize(("language", "warned"), [("en", False), ("fr", True)])
def test_language_that_the_model_is_no_good_at_is_warned_of(monkeypatch, language, warned):
    english = SimpleNamespace(languages=("en",))
    monkeypatch.setattr("models.resolve.resolve", lambda name, console: english)
    said = io.StringIO()
    _check_model(options(model="small", language=language), SETTINGS, Console(file=said))
    assert ("small does not write French well enough" in said.getvalue()) is warned


def test_unknown_model_is_said_before_anything_starts(works, tmp_path):
    with pytest.raises(ModelError, match="There is no model file"):
        run_batch(str(works), str(tmp_path / "g"), options(model="./no.gguf"), SETTINGS, QUIET)


def test_another_seed_needs_another_folder(cluster, works, tmp_path):
    OutputFolder(str(tmp_path / "guides")).open(option_fields(options()))
    with pytest.raises(OutputError, match="written with --seed 0, not 2; use the same options"):
        run_batch(str(works), str(tmp_path / "guides"), options(seed=2), SETTINGS, QUIET)


def test_folder_of_something_else_is_left_alone(works, tmp_path):
    (tmp_path / "guides").mkdir()
    (tmp_path / "guides" / "precious.txt").write_text("mine")
    with pytest.raises(OutputError, match="holds something else"):
        run_batch(str(works), str(tmp_path / "guides"), options(), SETTINGS, QUIET)
    assert (tmp_path / "guides" / "precious.txt").read_text() == "mine"


def test_half_a_part_that_a_kill_left_is_removed(tmp_path):
    folder = OutputFolder(str(tmp_path / "guides"))
    folder.open({})
    (tmp_path / "guides" / ".guides-00000.parquet.1a2b3c4d.part").write_bytes(b"PAR1")
    assert folder.open({}) == Counter()
    assert [p.name for p in (tmp_path / "guides").iterdir()] == ["options.json"]


def test_works_come_from_any_address_and_go_to_one(tmp_path):
    memory = fsspec.filesystem("memory")
    table = pa.table({"title": ["A", "B"], "subjects": [["jug", "lemon"], None]})
    with memory.open("/museum/works.parquet", "wb") as file:
        pq.write_table(table, file)
    with memory.open("/museum/more.jsonl.gz", "wb") as file:
        file.write(gzip.compress(b'{"title": "C"}\n'))
    found = works_of("memory://museum")
    assert [work.artwork.title for work in found] == ["C", "A", "B"]
    assert found[1].artwork.subjects == ("jug", "lemon")
    assert found[0].source == "memory:///museum/more.jsonl.gz"
    folder = OutputFolder("memory://museum/guides")
    folder.open({})
    folder.write([{"guide": "It is there.", "artwork": found[0].artwork.as_record()}])
    assert folder.open({}) == Counter({artwork_key(found[0].artwork): 1})
    memory.rm("/museum", recursive=True)


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("nowhere.jsonl", "there is no such file"),
        ("nosuch://bucket/works.jsonl", "install what fsspec needs for nosuch"),
        ("works.txt", "there is no such file"),
    ],
)
def test_source_that_cannot_be_read_is_a_sentence(source, reason):
    with pytest.raises(RecordError, match=reason):
        list(read_works(source))


def test_damaged_parquet_is_a_sentence(tmp_path):
    (tmp_path / "works.parquet").write_bytes(b"PAR1 not quite")
    with pytest.raises(RecordError, match="is not a Parquet file, or is damaged"):
        list(read_works(str(tmp_path / "works.parquet")))


def test_faulty_line_is_one_fault_among_works(tmp_path):
    (tmp_path / "works.jsonl").write_bytes(b'{"title": "A"}\n\xff\n{"title": "B"}\n')
    kinds = [type(item) for item in read_works(str(tmp_path / "works.jsonl"))]
    assert kinds == [Work, Fault, Work]


def test_more_workers_than_cores_are_refused():
    with pytest.raises(ClusterError, match="give fewer --workers"):
        divide(Cluster(2, 0), 64, 4)
    with pytest.raises(ClusterError, match="GPUs there are"):
        divide(Cluster(64, 1), 2, 1, 1.0)


def test_address_without_a_cluster_is_a_sentence(works, tmp_path):
    command = [str(GUIDE), "batch", str(works), str(tmp_path / "g"), "--engine", "ray"]
    run = subprocess.run(
        [*command, "--model", "none", "--address", "no-such-host.invalid:6379"],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert run.returncode == 2
    assert "There is no Ray cluster at no-such-host.invalid:6379" in run.stderr
    assert "Traceback" not in run.stderr


def test_use_is_not_reported_to_its_makers(cluster):
    usage_lib = importlib.import_module("ray._common.usage.usage_lib")

    assert not usage_lib.usage_stats_enabled()
