"""Set up the project's own environment in .venv: `python3 bootstrap.py [extra …]`, or `just setup`.

Does nothing when neither pyproject.toml nor the wanted extras changed since the last time. Needs
Python 3.11 or newer and a C++ compiler (llama-cpp-python is compiled for this machine, once);
CMAKE_ARGS is passed through for other builds, such as -DGGML_CUDA=on.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
STAMP = VENV / "setup.json"
OLDEST = (3, 11)
# The multimodal parts of llama.cpp take half of its compile time, and a guide needs none of them.
CMAKE_ARGS = "-DLLAVA_BUILD=OFF"


def main(extras: list[str]) -> int:
    """Create or bring up to date; returns the exit status."""
    if sys.version_info < OLDEST:
        wanted = ".".join(map(str, OLDEST))
        print(f"Museum Guide needs Python {wanted} or newer, not {sys.version.split()[0]}.")
        return 2
    if "train" in extras and shutil.which("nvidia-smi"):
        extras = [*extras, "unsloth"]
    fingerprint = hashlib.sha256((ROOT / "pyproject.toml").read_bytes()).hexdigest()
    stamp = _read_stamp()
    installed = set(stamp.get("extras", []))
    if stamp.get("pyproject") == fingerprint and installed.issuperset(extras):
        return 0
    wanted_extras = sorted(installed.union(extras))
    python = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    print("Setting up .venv; the first time compiles llama.cpp, which takes some minutes.")
    try:
        if not python.exists():
            subprocess.run([sys.executable, "-m", "venv", str(VENV)], check=True)
        STAMP.unlink(missing_ok=True)  # a set-up that is killed midway must not look finished
        _install(python, wanted_extras)
    except subprocess.CalledProcessError as error:
        print("The set-up failed at: " + " ".join(map(str, error.cmd)))
        print("The lines above say why; mend that and run it again, what is done is kept.")
        return 2
    STAMP.write_text(json.dumps({"pyproject": fingerprint, "extras": wanted_extras}))
    return 0


def _install(python: Path, extras: list[str]) -> None:
    names = f"[{','.join(extras)}]" if extras else ""
    environment = {"CMAKE_ARGS": CMAKE_ARGS} | os.environ | {"PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    subprocess.run(
        [python, "-m", "pip", "install", "--progress-bar=off", "--editable", f".{names}"],
        cwd=ROOT,
        env=environment,
        check=True,
    )


def _read_stamp() -> dict[str, Any]:
    try:
        stamp: dict[str, Any] = json.loads(STAMP.read_text())
    except (OSError, ValueError):
        return {}
    return stamp


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
