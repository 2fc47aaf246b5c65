"""The KV cache of a prompt's prefix, kept on disk between runs.

Reading the prefix (system line and examples, about 1,700 tokens) takes a 1.5B model half a minute
on two cores; loading it takes a tenth of a second. A file belongs to one model file, one adapter,
one llama.cpp and one sequence of tokens; anything else about it is a different file.
"""

from __future__ import annotations

import ctypes
import hashlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import llama_cpp

from models.llama import LlamaModel

_KEEP = 12  # files, about 50 MB each for a 1.5B model


class PrefixCache:
    """The saved prefixes of one model in a folder."""

    def __init__(self, folder: Path, model: LlamaModel) -> None:
        self.folder = folder
        paths = [model.path] + ([model.adapter_path] if model.adapter_path else [])
        identity = [f"{p.name}:{p.stat().st_size}:{p.stat().st_mtime_ns}" for p in paths]
        self._identity = "\n".join([llama_cpp.__version__, *identity])
        self._stem = model.path.stem

    def path_for(self, tokens: Sequence[int]) -> Path:
        """Where the state after these tokens lies, or would."""
        key = f"{self._identity}\n{' '.join(map(str, tokens))}"
        return self.folder / f"{self._stem}-{hashlib.sha256(key.encode()).hexdigest()[:16]}.prefix"

    def load(self, context: Any, tokens: Sequence[int]) -> bool:
        """Put the saved state into sequence 0; False when there is none that fits."""
        path = self.path_for(tokens)
        if not tokens or not path.exists():
            return False
        saved = (llama_cpp.llama_token * len(tokens))()
        count = ctypes.c_size_t(0)
        read = llama_cpp.llama_state_seq_load_file(
            context, str(path).encode(), 0, saved, len(tokens), ctypes.byref(count)
        )
        if read and list(saved[: count.value]) == list(tokens):
            os.utime(path)
            return True
        # Damaged, or of another build: computing it again is always right.
        llama_cpp.llama_memory_seq_rm(llama_cpp.llama_get_memory(context), 0, -1, -1)
        path.unlink(missing_ok=True)
        return False

    def save(self, context: Any, tokens: Sequence[int]) -> None:
        """Keep sequence 0 for the next run; a full or read-only disk only costs that run time."""
        path = self.path_for(tokens)
        part = path.with_name(f"{path.name}.{os.getpid()}.part")
        array = (llama_cpp.llama_token * len(tokens))(*tokens)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            if llama_cpp.llama_state_seq_save_file(
                context, str(part).encode(), 0, array, len(tokens)
            ):
                part.replace(path)
            self._drop_old()
        except OSError:
            pass
        finally:
            part.unlink(missing_ok=True)

    def _drop_old(self) -> None:
        files = sorted(self.folder.glob("*.prefix"), key=lambda f: f.stat().st_mtime, reverse=True)
        for file in files[_KEEP:]:
            file.unlink(missing_ok=True)
