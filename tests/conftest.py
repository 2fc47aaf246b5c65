"""Real components for the tests: the `tiny` model, and a models folder of the tests' own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.console import Console

from models.catalog import get_entry
from models.fetch import fetch

ROOT = Path(__file__).parents[1]
SHARED = ROOT.parent / "shared"
GUIDE = Path(sys.executable).with_name("guide")

VERMEER = {
    "title": "Girl with a Pearl Earring",
    "artist": "Johannes Vermeer",
    "date": "c. 1665",
    "medium": "oil on canvas",
    "dimensions": "44.5 x 39 cm",
}

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The real SmolLM2-135M, in a models folder of its own (fetched once into the checkout)."""
    os.environ.pop("GUIDE_MODELS", None)
    entry = get_entry("tiny")
    fetch("tiny", entry, Console(stderr=True))
    folder = tmp_path_factory.mktemp("models")
    (folder / entry.file).symlink_to(entry.path)
    return folder / entry.file


@pytest.fixture(autouse=True)
def models_folder(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Every test sees a models folder that holds `tiny` alone, never the user's own."""
    monkeypatch.setenv("GUIDE_MODELS", str(tiny.parent))
    return tiny.parent


@pytest.fixture
def guide(tmp_path: Path) -> Run:
    """Run the installed command as a user would, in an empty folder; returns its process."""

    def run(*arguments: str, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(GUIDE), *arguments],
            input=stdin,
            stdin=None if stdin is not None else subprocess.DEVNULL,
            capture_output=True,
            text=True,
            cwd=tmp_path,
            timeout=300,
            check=False,
        )

    return run
