"""Set up the project's own environment in .venv: `python3 bootstrap.py [extra …]`, or `just setup`.

Does nothing when none of pyproject.toml, the locks and the wanted extras changed since the last
time. Needs Python 3.11 or newer and a C++ compiler (llama-cpp-python is compiled for this machine,
once); CMAKE_ARGS is passed through for other builds, such as -DGGML_CUDA=on.

What every set-up needs, pip and the build tools among it, is installed from requirements/*.lock and
refused where its sha256 is another. Other extras come on top, with the locked versions kept. With
GUIDE_UNLOCKED=1 the versions are kept and the hashes are not asked: for a prebuilt wheel of
llama-cpp-python, whose hash only its builder knows.
"""

from __future__ import annotations

import hashlib
import json
import os
import shlex
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
# The voice is part of what people get who set the project up, though not of the package's base.
DEFAULT_EXTRAS = ["speech"]
LOCKS = ROOT / "requirements"
AMX_HEADER = LOCKS / "gcc_amx.h"
# Their packages are locked (serve.lock holds them all, guide.lock those without `serve`); every
# other extra's are resolved on top of the lock.
LOCKED_EXTRAS = {"speech", "serve"}


def main(extras: list[str]) -> int:
    """Create or bring up to date; returns the exit status."""
    if sys.version_info < OLDEST:
        wanted = ".".join(map(str, OLDEST))
        print(f"Museum Guide needs Python {wanted} or newer, not {sys.version.split()[0]}.")
        return 2
    extras = [*DEFAULT_EXTRAS, *extras]
    if "train" in extras and shutil.which("nvidia-smi"):
        extras = [*extras, "unsloth"]
    fingerprint = _fingerprint()
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
    """The locked packages first, then this project and what its other extras ask for."""
    lock = LOCKS / ("serve.lock" if "serve" in extras else "guide.lock")
    project = f".[{','.join(extras)}]" if extras else "."
    if os.environ.get("GUIDE_UNLOCKED"):
        _pip(python, "--editable", project, "--constraint", str(_without_hashes(lock)))
        return
    # Old releases of pip cannot check the hashes of what a package is built with.
    _pip(python, "--require-hashes", "--requirement", str(LOCKS / "pip.lock"))
    build = {"PIP_BUILD_CONSTRAINT": str(LOCKS / "build.lock")}
    _pip(python, "--require-hashes", "--requirement", str(lock), **build)
    _pip(python, "--no-deps", "--editable", ".", **build)
    if not LOCKED_EXTRAS.issuperset(extras):
        _pip(python, "--editable", project, "--constraint", str(_without_hashes(lock)))


def _pip(python: Path, *arguments: str, **more: str) -> None:
    environment = os.environ | {
        "CMAKE_ARGS": os.environ.get("CMAKE_ARGS", CMAKE_ARGS),
        "CXXFLAGS": f"{os.environ.get('CXXFLAGS', '')} {mended_amx()}".strip(),
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    }
    subprocess.run(
        [python, "-m", "pip", "install", "--progress-bar=off", *arguments],
        cwd=ROOT,
        env=environment | more,
        check=True,
    )


def mended_amx(cpuinfo: Path = Path("/proc/cpuinfo")) -> str:
    """The C++ compiler's flags that llama.cpp's AMX code needs where the processor has AMX.

    GCC before 11.5, 12.4, 13.3 and 14 compiles it wrongly; AMX_HEADER says how and mends it.
    """
    try:
        has_amx = "amx_int8" in cpuinfo.read_text()
    except OSError:
        has_amx = False
    return f"-include {shlex.quote(str(AMX_HEADER))}" if has_amx else ""


def _without_hashes(lock: Path) -> Path:
    """The lock's versions as constraints: one hash among them would make pip want all.

    All but the certificates: Unsloth asks for newer ones than are locked.
    """
    pins = [line.rstrip(" \\") for line in lock.read_text().splitlines() if line[:1].isalnum()]
    kept = [pin for pin in pins if not pin.startswith("certifi==")]
    constraints = VENV / "constraints.txt"
    constraints.write_text("\n".join(kept) + "\n")
    return constraints


def _fingerprint() -> str:
    """Changes with whatever decides what is installed."""
    digest = hashlib.sha256()
    for path in [ROOT / "pyproject.toml", *sorted(LOCKS.glob("*.lock"))]:
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _read_stamp() -> dict[str, Any]:
    try:
        stamp: dict[str, Any] = json.loads(STAMP.read_text())
    except (OSError, ValueError):
        return {}
    return stamp


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
