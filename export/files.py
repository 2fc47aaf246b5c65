"""Files that appear under their final name only when they are whole, and room to write them.

with whole(path) as part:
    write(part)
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from data.errors import OutputError

_SPARE = 500_000_000  # bytes of disk to leave free


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """A path beside the final one; renamed to it at the end, removed if writing fails.

    A process that is killed leaves the `.part`, which the next attempt overwrites.
    """
    part = path.with_name(f"{path.name}.part")
    part.unlink(missing_ok=True)
    try:
        yield part
        with part.open("rb") as file:
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write a small text file whole."""
    with whole(path) as part:
        part.write_text(text, encoding="utf-8")


def check_disk(folder: Path, needed: int, what: str) -> None:
    """Refuse before hours of work what the disk cannot hold.

    Raises:
        OutputError: `folder`'s disk has less than `needed` bytes and some to spare.
    """
    free = shutil.disk_usage(folder).free
    if needed + _SPARE > free:
        raise OutputError(
            f"{what} needs {gigabytes(needed + _SPARE)} of disk and {folder} has "
            f"{gigabytes(free)}; free some, ask for fewer types, or set GUIDE_MODELS to another "
            "folder."
        )


def gigabytes(size: float) -> str:
    """Bytes for people."""
    return f"{size / 1e9:.2f} GB" if size >= 1e8 else f"{size / 1e6:.1f} MB"
