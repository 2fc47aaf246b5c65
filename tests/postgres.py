"""A throwaway PostgreSQL for the tests: a cluster in a temporary folder, on a port of its own."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

USERS = ("postgres", "nobody")
"""Whom the server runs as where the tests run as root, which it refuses."""


def binaries() -> Path | None:
    """The folder of initdb and pg_ctl: of the newest Debian package, or where the path leads."""
    found = sorted(
        Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: float(path.parent.name)
    )
    if found:
        return found[-1]
    command = shutil.which("initdb")
    return Path(command).parent if command else None


@contextmanager
def postgres() -> Iterator[str]:
    """The URL of an empty database; the server is gone afterwards."""
    folder = binaries()
    assert folder is not None
    with tempfile.TemporaryDirectory(prefix="guide-postgres") as name:
        home = Path(name)
        user = _user()
        if user:
            shutil.chown(home, user)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        _run(user, folder / "initdb", "-D", home / "data", "-U", "guide", "-A", "trust", "-N",
             "-E", "UTF8", "--locale=C")  # fmt: skip
        options = f"-p {port} -c listen_addresses=127.0.0.1 -k {home} -c fsync=off"
        _run(user, folder / "pg_ctl", "-D", home / "data", "-w", "-o", options,
             "-l", home / "log", "start")  # fmt: skip
        try:
            yield f"postgresql://guide@127.0.0.1:{port}/postgres"
        finally:
            _run(user, folder / "pg_ctl", "-D", home / "data", "-w", "-m", "immediate", "stop")


def _user() -> str | None:
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return next(user for user in USERS if user in known)


def _run(user: str | None, *command: str | Path) -> None:
    subprocess.run(
        [str(part) for part in command], check=True, capture_output=True, user=user, cwd="/",
        env={"PATH": os.environ["PATH"], "LC_ALL": "C"}, timeout=120,
    )  # fmt: skip
