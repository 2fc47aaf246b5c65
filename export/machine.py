"""The machine and the versions that figures were measured with, in one line."""

from __future__ import annotations

import platform
from importlib.metadata import version
from pathlib import Path

import psutil


def machine() -> str:
    """Processor, cores, memory, system, Python and llama-cpp-python."""
    memory = psutil.virtual_memory().total / 1e9
    cores = psutil.cpu_count(logical=False) or psutil.cpu_count()
    return (
        f"{_processor()}, {cores} cores, {memory:.0f} GB, {platform.system()} "
        f"{platform.machine()}, Python {platform.python_version()}, "
        f"llama-cpp-python {version('llama-cpp-python')}"
    )


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    if info.is_file():
        for line in info.read_text("utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or "unknown processor"
