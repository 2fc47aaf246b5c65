"""The KV cache of a prompt's prefix, kept on disk between runs.

Reading the prefix (system line and examples, about 1,700 tokens) takes a 1.5B model half a minute
on two cores; loading it takes a tenth of a second. A file belongs to one model file, one adapter,
one build of llama.cpp and one sequence of tokens; anything else about it is a different file.
"""

from __future__ import annotations

import hashlib
import os
import platform
from collections.abc import Sequence
from pathlib import Path

import llama_cpp

from infer.context import SETTINGS, Context
from models.llama import LlamaModel

_KEEP = 12  # files, about 50 MB each for a 1.5B model


class PrefixCache:
    """The saved prefixes of one model in a folder."""

    def __init__(self, folder: Path, model: LlamaModel) -> None:
        self.folder = folder
        paths = [model.path] + ([model.adapter_path] if model.adapter_path else [])
        identity = [f"{p.name}:{p.stat().st_size}:{p.stat().st_mtime_ns}" for p in paths]
        # Which of the processor's instructions it was compiled for: other ones give other numbers.
        build = llama_cpp.llama_print_system_info().decode()
        self._identity = "\n".join([llama_cpp.__version__, build, SETTINGS, *identity])
        self._stem = model.path.stem

    def path_for(self, tokens: Sequence[int]) -> Path:
        """Where the state after these tokens lies, or would."""
        key = f"{self._identity}\n{' '.join(map(str, tokens))}"
        return self.folder / f"{self._stem}-{hashlib.sha256(key.encode()).hexdigest()[:16]}.prefix"

    def load(self, context: Context, slot: int, tokens: Sequence[int]) -> bool:
        """Put the saved state into an empty slot; False when there is none that fits."""
        path = self.path_for(tokens)
        if not tokens or not path.exists():
            return False
        if context.load(slot, tokens, path):
            os.utime(path)
            return True
        # Damaged, or of another build: computing it again is always right.
        path.unlink(missing_ok=True)
        return False

    def save(self, context: Context, slot: int, tokens: Sequence[int]) -> None:
        """Keep a slot for the next run; a full or read-only disk only costs that run time."""
        path = self.path_for(tokens)
        part = path.with_name(f"{path.name}.{os.getpid()}.part")
        try:
            if path.exists():
                return
            self.folder.mkdir(parents=True, exist_ok=True)
            if context.save(slot, tokens, part):
                part.replace(path)
            self._drop_old()
        except OSError:
            pass
        finally:
            part.unlink(missing_ok=True)

    def recalled(self, name: str) -> str | None:
        """A short text kept for this model and machine, such as what was measured of it."""
        try:
            return self._note(name).read_text(encoding="utf-8")
        except OSError:
            return None

    def keep(self, name: str, value: str) -> None:
        """Keep a short text for the next run."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._note(name).write_text(value, encoding="utf-8")
        except OSError:
            pass

    def _note(self, name: str) -> Path:
        key = f"{self._identity}\n{platform.node()}\n{platform.processor()}\n{name}"
        digest = hashlib.sha256(key.encode()).hexdigest()[:16]
        return self.folder / f"{self._stem}-{digest}.{name}"

    def _drop_old(self) -> None:
        files = sorted(self.folder.glob("*.prefix"), key=lambda f: f.stat().st_mtime, reverse=True)
        for file in files[_KEEP:]:
            file.unlink(missing_ok=True)
