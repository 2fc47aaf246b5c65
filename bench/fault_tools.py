"""Disks that fill up and network lines that break, for `bench.faults`."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

import click

_ROOMY = 1 << 30  # bytes


class Disk:
    """A small disk in memory; mounting wants root."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._mount("-t", "tmpfs", "-o", f"size={_ROOMY}", "tmpfs")

    def shrink(self, share: float, needed: int) -> None:
        """Leave room for that share of the bytes needed."""
        used = int(subprocess.run(
            ["df", "--output=used", "-B1", self.folder], capture_output=True, text=True, check=True
        ).stdout.split()[-1])  # fmt: skip
        self._mount("-o", f"remount,size={max(4096, used + int(needed * share))}")

    def grow(self) -> None:
        """Room and leave to write again."""
        self._mount("-o", f"remount,rw,size={_ROOMY}")

    def forbid(self) -> None:
        """Let nothing be written."""
        self._mount("-o", "remount,ro")

    def _mount(self, *arguments: str) -> None:
        if subprocess.run(["mount", *arguments, self.folder], check=False).returncode:
            raise click.ClickException("The small disk cannot be mounted; run this as root.")


@contextlib.contextmanager
def disk(root: Path) -> Iterator[Disk]:
    """A disk mounted in `root` for the time of a `with` block."""
    folder = root / "disk"
    folder.mkdir()
    try:
        yield Disk(folder)
    finally:
        subprocess.run(["umount", "-l", folder], check=False)
        folder.rmdir()
        folder.with_name("disk.log").unlink(missing_ok=True)


class Line:
    """A TCP line to a server on loopback that can be cut: `url` leads through it."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._target = (str(parts.hostname), int(parts.port or 80))
        self._open: set[socket.socket] = set()
        self._is_cut = False
        self._ear = socket.create_server(("127.0.0.1", 0))
        self.url = parts._replace(netloc=f"127.0.0.1:{self._ear.getsockname()[1]}").geturl()

    def __enter__(self) -> Self:
        threading.Thread(target=self._listen, daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        self._ear.close()
        self.cut()

    def cut(self) -> None:
        """Break every connection, and every new one until `mend`."""
        self._is_cut = True
        for end in list(self._open):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def mend(self) -> None:
        """Let connections through again."""
        self._is_cut = False

    def _listen(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._ear.accept()
                if self._is_cut:
                    near.close()
                    continue
                far = socket.create_connection(self._target)
                self._open |= {near, far}
                for one, other in ((near, far), (far, near)):
                    threading.Thread(target=self._carry, args=(one, other), daemon=True).start()

    def _carry(self, one: socket.socket, other: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := one.recv(1 << 16):
                other.sendall(data)
        for end in (one, other):
            self._open.discard(end)
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
                end.close()
