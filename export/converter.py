"""llama.cpp's own converter, from the source archive of the installed llama-cpp-python.

    from export.converter import converter_folder
    subprocess.run([sys.executable, converter_folder(cache, tell) / "convert_hf_to_gguf.py", …])

The converter and the engine are then of one version. It is fetched once by pip (77 MB, of which
6 are kept) and used from the cache afterwards, without a network.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path, PurePosixPath

from filelock import FileLock

from data.errors import DownloadError

PACKAGE = "llama-cpp-python"
_KEPT = ("convert_hf_to_gguf.py", "convert_lora_to_gguf.py", "conversion", "gguf-py/gguf")
_SOURCE = PurePosixPath("vendor/llama.cpp")
_LONGEST_FETCH = 900  # seconds

Tell = Callable[[str], None]


def converter_version() -> str:
    """The installed llama-cpp-python's version, which is the converter's."""
    return version(PACKAGE)


def converter_folder(cache: Path, tell: Tell = lambda _: None) -> Path:
    """The folder with the converter's scripts and their `gguf-py`.

    Raises:
        DownloadError: it is not in the cache and pip could not fetch the archive.
    """
    folder = cache / f"converter-{converter_version()}"
    cache.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{folder}.lock"):
        if not folder.is_dir():
            archive = _given_archive(cache)
            with tempfile.TemporaryDirectory(dir=cache) as scratch:
                _unpack(archive or _fetch(Path(scratch), cache, tell), Path(scratch), folder)
    return folder


def _archive_name() -> str:
    return f"llama_cpp_python-{converter_version()}.tar.gz"


def _given_archive(cache: Path) -> Path | None:
    """An archive that was put into the cache by hand, for a machine without a network."""
    path = cache / _archive_name()
    return path if path.is_file() else None


def _fetch(scratch: Path, cache: Path, tell: Tell) -> Path:
    wanted = f"{PACKAGE}=={converter_version()}"
    tell(f"Fetching llama.cpp's converter ({wanted}'s source), once …")
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
    command += ["--no-binary", PACKAGE, "--dest", str(scratch), wanted]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_LONGEST_FETCH)
        reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
    except subprocess.TimeoutExpired:
        reason = f"nothing after {_LONGEST_FETCH} seconds"
    archive = scratch / _archive_name()
    if not archive.is_file():
        raise DownloadError(
            f"pip could not fetch the source of {wanted} ({reason}); put its "
            f"{_archive_name()} into {cache} and try again."
        )
    return archive


def _unpack(archive: Path, scratch: Path, folder: Path) -> None:
    unfinished = scratch / "converter"
    try:
        with tarfile.open(archive) as tar:
            for member in tar:
                inner = PurePosixPath(*PurePosixPath(member.name).parts[1:])
                if not member.isfile() or not inner.is_relative_to(_SOURCE):
                    continue
                name = inner.relative_to(_SOURCE)
                if any(name.is_relative_to(kept) for kept in _KEPT):
                    target = unfinished / name
                    target.parent.mkdir(parents=True, exist_ok=True)
                    source = tar.extractfile(member)
                    assert source is not None
                    with source, target.open("wb") as file:
                        shutil.copyfileobj(source, file)
    except (OSError, tarfile.TarError) as error:
        raise DownloadError(f"{archive} is damaged ({error}); remove it and try again.") from None
    if not (unfinished / _KEPT[0]).is_file():
        raise DownloadError(f"{archive} holds no converter; it is not the source of {PACKAGE}.")
    unfinished.rename(folder)
