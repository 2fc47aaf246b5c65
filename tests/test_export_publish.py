"""What stands beside an exported model: catalog entry, Modelfile, card, and its way to the hub."""

from __future__ import annotations

import json
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from data.errors import ModelError
from export import hub
from export.bounds import Bounds
from export.card import model_card
from export.compare import Distance
from export.convert import Facts
from export.probe import Guide, Probe, peak_memory
from export.publish import modelfile, register
from export.source import Source, check_name
from export.table import markdown_table
from export.verify import Candidate, Checked, Result, TokenCheck, Verification
from models.catalog import get_entry, load_catalog
from models.resolve import resolve
from tests.conftest import Run
from tests.hub_server import hub as hub_server

FACTS = Facts("mine", "0.1.0", "abc", base="me/base", licence="Apache-2.0", trained=True)
NEAR = Distance(0.002, 0.0001, 0.02, 0.98, 7.1, 7.0, 400)


@pytest.fixture
def candidate(models_folder: Path, tiny: Path) -> Candidate:
    folder = models_folder / "mine"
    folder.mkdir(exist_ok=True)
    file = folder / "mine-Q4_1.gguf"
    if not file.exists():
        file.symlink_to(tiny.resolve())
    return Candidate(tiny, "Q4_1", 4.9, {"q4_K → q5_0": 3})


@pytest.fixture
def verification(candidate: Candidate) -> Verification:
    probe = Probe([Guide("A guide.", 12, True)] * 10, 20.0, 90.0, 0.5, 350_000_000)
    result = Result(candidate, candidate.size, probe, Checked(10, 10, 7, 4), NEAR)
    return Verification(TokenCheck(94, 0), None, [result], Bounds(), "a machine")


def test_registered_model_is_resolved_without_examples(
    models_folder: Path, candidate: Candidate, verification: Verification
) -> None:
    from rich.console import Console

    local = models_folder / "local.toml"
    local.write_text('# my own note\n[other]\nbase = "x"\nfile = "x.gguf"\n')
    try:
        names = register(Source("mine", models_folder), FACTS, [candidate], verification)
        assert names == ["mine"]
        resolved = resolve("mine", Console(stderr=True))
        assert (resolved.path, resolved.examples) == (candidate.path, False)
        assert get_entry("mine").memory == 350_000_000
        assert "# my own note" in local.read_text()
        assert "other" in load_catalog()
    finally:
        local.unlink()


def test_modelfile_stops_at_the_end_marker(candidate: Candidate) -> None:
    text = modelfile(candidate, FACTS)
    assert f"FROM ./{candidate.path.name}\n" in text
    assert 'PARAMETER stop "<END>"\n' in text


def test_card_carries_the_verification_and_how_to_run_it(
    candidate: Candidate, verification: Verification
) -> None:
    card = model_card(FACTS, [candidate], verification, None, curves=False)
    assert card.startswith("---\nlicense: apache-2.0\nbase_model: me/base\n")
    assert markdown_table(verification) in card
    assert "| Q4_1 | 98.4 MB | 0.0020 | 98.0% | 7.100 | 10/10 | 7/10 | 4 | 20.0 | 0.35 GB |" in card
    assert "3 × q4_K → q5_0" in card
    assert "guide tell --model mine" in card
    assert "94 validation rows" in card


def test_each_missed_bound_is_a_sentence(verification: Verification) -> None:
    (result,) = verification.results
    worse = replace(
        result, distance=replace(NEAR, kl=0.9), checked=replace(result.checked, stopped=8)
    )
    failed = replace(verification, tokens=TokenCheck(94, 2, "w0001"), results=[worse])
    assert failed.failures == [
        "2 of 94 validation rows have other tokens than in training, the first is w0001",
        "Q4_1 is 0.9000 nats a token away from the 16-bit model; at most 0.5 is allowed",
        "Q4_1 ended 8 of 10 guides by itself; 100% of them must",
    ]
    assert verification.failures == []


def test_q8_0_has_a_bound_of_its_own() -> None:
    assert Bounds(max_kl=0.5).missed("Q8_0", 0.02, 10, 10) == [
        "Q8_0 is 0.0200 nats a token away from the 16-bit model; at most 0.01 is allowed"
    ]
    assert Bounds().missed("Q8_0", float("nan"), 10, 10)


def test_names_of_other_models_are_refused() -> None:
    with pytest.raises(ModelError, match="a model called tiny already"):
        check_name("tiny")
    with pytest.raises(ModelError, match="cannot be a model's name"):
        check_name("../up")


def test_peak_memory_is_this_programs_own() -> None:
    import subprocess
    import sys

    held = bytearray(400_000_000)
    code = "from export.probe import peak_memory; print(peak_memory())"
    child = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[1],
    )
    assert int(child.stdout) < len(held) < peak_memory()


@pytest.fixture
def folder(models_folder: Path) -> Path:
    """An exported model as small as can be."""
    made = models_folder / "sendable"
    made.mkdir(exist_ok=True)
    (made / "README.md").write_text("# card\n")
    (made / "Modelfile").write_text("FROM ./x.gguf\n")
    (made / "sendable-Q8_0.gguf").write_bytes(b"GGUF" * 1000)
    (made / "sendable-Q8_0.gguf.part").write_bytes(b"half")
    (made / "verify.json").write_text(json.dumps({"failures": []}))
    return made


def test_publish_sends_nothing_unless_told(guide: Run, folder: Path) -> None:
    done = guide("publish", "sendable", "--repo", "me/x")
    assert done.returncode == 0
    assert done.stdout.splitlines() == [
        "    0.0 MB  README.md",
        "    0.0 MB  Modelfile",
        "    0.0 MB  verify.json",
        "    0.0 MB  sendable-Q8_0.gguf",
        "Nothing was sent; add --upload to send these 4 files to me/x.",
    ]


def test_publish_refuses_what_failed_its_verification(guide: Run, folder: Path) -> None:
    (folder / "verify.json").write_text(json.dumps({"failures": ["Q8_0 is far away"]}))
    done = guide("publish", "sendable", "--repo", "me/x", "--upload")
    assert done.returncode == 2
    assert "did not pass its verification: Q8_0 is far away." in done.stderr


def test_upload_commits_the_folder(
    guide: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with hub_server() as server:
        monkeypatch.setenv("HF_ENDPOINT", server.address)
        monkeypatch.setenv("HF_TOKEN", "hf_test")
        monkeypatch.setenv("HF_HUB_DISABLE_XET", "1")
        done = guide("publish", "sendable", "--repo", "me/x", "--upload")
        assert done.returncode == 0, done.stderr
        assert done.stdout.splitlines()[-1] == f"{server.address}/me/x"
        assert server.repositories == ["me/x"]
        assert server.files.keys() == {
            "README.md",
            "Modelfile",
            "verify.json",
            "sendable-Q8_0.gguf",
        }
        assert server.files["sendable-Q8_0.gguf"] == b"GGUF" * 1000


def test_refused_upload_is_a_sentence(
    guide: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with hub_server() as server:
        server.refuses = True
        monkeypatch.setenv("HF_ENDPOINT", server.address)
        monkeypatch.setenv("HF_TOKEN", "hf_test")
        done = guide("publish", "sendable", "--repo", "me/x", "--upload")
    assert done.returncode == 2
    assert "sendable could not be uploaded to me/x" in done.stderr
    assert "Traceback" not in done.stderr


def test_upload_wants_a_token(
    folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("HF_TOKEN", raising=False)
    monkeypatch.setattr("huggingface_hub.get_token", lambda: None)
    with pytest.raises(ModelError, match="no hub token"):
        hub.upload(folder, "me/x")


def test_local_toml_stays_valid(
    models_folder: Path, candidate: Candidate, verification: Verification
) -> None:
    local = models_folder / "local.toml"
    for _ in range(2):
        register(Source("mine", models_folder), FACTS, [candidate], verification)
    try:
        assert list(tomllib.loads(local.read_text())) == ["mine"]
    finally:
        local.unlink()
