"""What every bench prints beside its figures: the machine, the date, the versions, medians."""

from __future__ import annotations

import platform
import statistics
from collections.abc import Iterable
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import psutil


def machine() -> str:
    """One line that names the machine, the date and the versions that matter."""
    memory = psutil.virtual_memory().total / 2**30
    return (
        f"{_processor()}, {psutil.cpu_count(logical=False)} cores, {memory:.0f} GiB, "
        f"{platform.system()}, Python {platform.python_version()}, "
        f"llama-cpp-python {version('llama-cpp-python')}, {datetime.now(UTC):%Y-%m-%d}"
    )


def summary(values: Iterable[float], unit: str, digits: int = 2) -> str:
    """Median with the least and the greatest value."""
    ordered = sorted(values)
    middle = statistics.median(ordered)
    return (
        f"{middle:.{digits}f} {unit} (from {ordered[0]:.{digits}f} to {ordered[-1]:.{digits}f}, "
        f"{len(ordered)} times)"
    )


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
