"""Quantize a 16-bit GGUF in process, to every type that llama.cpp has.

from export.quantize import parse_types, quantize
quantize(Path("x-F16.gguf"), Path("x-Q4_K_M.gguf"), parse_types("Q4_K_M")[0])
"""

from __future__ import annotations

import ctypes
import difflib
import re
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import llama_cpp

from data.errors import ModelError
from export.files import whole
from models.llama import heard_log

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Importance = Mapping[str, "NDArray[np.float32]"]
"""Mean squared input of each linear layer, by the name of its weight: (columns,)."""

Advance = Callable[[int, int], None]
"""Told how many tensors of how many are done."""

WEIGHED = "museum_guide.imatrix"
"""Metadata of a file that was quantized with an importance matrix: over how many weights."""

_FALLBACK = re.compile(r"required for type\s+(\S+)\).*?falling back to\s+(\S+)", re.DOTALL)
_PROGRESS = re.compile(r"\[\s*(\d+)/\s*(\d+)\]")
_SIZE = re.compile(r"quant size\s*=\s*([\d.]+) MiB \(([\d.]+) BPW\)")
_TAGS = {"int": 0, "float": 1, "bool": 2, "str": 3}  # enum llama_model_kv_override_type
_POLL = 0.2  # seconds between looks at the thread that quantizes


@dataclass(frozen=True, slots=True)
class Quantized:
    """One quantized file: its type, bits a weight, and what fell back to another type."""

    path: Path
    type: str
    bits: float
    fallbacks: dict[str, int]
    """How many tensors, by "wanted → given"."""


def types() -> dict[str, int]:
    """Every type of llama.cpp's enum `llama_ftype` by its name, such as Q4_K_M."""
    found = {}
    for name, value in vars(llama_cpp).items():
        match = re.fullmatch(r"LLAMA_FTYPE_(?:MOSTLY_|ALL_)(\w+)", name)
        if match:
            found[match[1]] = int(value)
    return dict(sorted(found.items(), key=lambda item: item[1]))


def parse_types(text: str) -> list[str]:
    """Types from a list with commas, each once, in the order given.

    Raises:
        ModelError: one is unknown; the sentence names the nearest.
    """
    known = types()
    chosen = []
    for part in text.split(","):
        name = part.strip().upper()
        if not name:
            continue
        if name not in known:
            close = difflib.get_close_matches(name, known, n=1)
            hint = f"did you mean {close[0]}? " if close else ""
            raise ModelError(
                f"llama.cpp has no type {part.strip()!r}; {hint}it has {', '.join(known)}."
            )
        if name not in chosen:
            chosen.append(name)
    if not chosen:
        raise ModelError("No type is named; give one such as --quantize Q4_K_M.")
    return chosen


def needs_importance(name: str) -> bool:
    """Whether llama.cpp makes this type only with an importance matrix."""
    return name.startswith(("IQ1", "IQ2")) or name in ("IQ3_XXS", "Q2_K_S")


def planned_size(source: Path, name: str) -> int:
    """Bytes that the quantized file will have, header not counted; nothing is written."""
    params = _params(name)
    params.dry_run = True
    # Types that need a matrix have the same size without one; the dry run only warns.
    said = _call(source, source.with_name(f"{source.name}.dry"), params, lambda _a, _b: None)
    match = _SIZE.search(said)
    if match is None:
        raise ModelError(f"llama.cpp did not say how large {name} of {source} would be: {said!r}.")
    return int(float(match[1]) * 2**20)


def quantize(
    source: Path,
    out: Path,
    name: str,
    *,
    importance: Importance | None = None,
    threads: int = 0,
    advance: Advance = lambda _done, _all: None,
) -> Quantized:
    """Write `out`, which appears when it is whole.

    Args:
        source: a float GGUF.
        out: the file to make.
        name: one of `types()`.
        importance: makes the types below 6 bits better, and those of 1 and 2 bits possible.
        threads: 0 for all cores.
        advance: progress.

    Raises:
        ModelError: llama.cpp refuses; its reason is given.
    """
    if importance is None and needs_importance(name):
        raise ModelError(f"{name} is only sensible with an importance matrix; add --imatrix.")
    params = _params(name)
    params.nthread = threads
    kept: list[Any] = []
    if importance is not None:
        params.imatrix = _importance_array(importance, kept)
        params.kv_overrides = _overrides({WEIGHED: len(importance)}, kept)
    with whole(out) as part:
        said = _call(source, part, params, advance)
    bits = _SIZE.search(said)
    fallbacks = Counter(f"{wanted} → {given}" for wanted, given in _FALLBACK.findall(said))
    return Quantized(out, name, float(bits[2]) if bits else 0.0, dict(fallbacks))


def _params(name: str) -> Any:
    params = llama_cpp.llama_model_quantize_default_params()
    params.ftype = types()[name]
    return params


def _importance_array(importance: Importance, kept: list[Any]) -> Any:
    """A C array that ends with an empty entry; `kept` holds what it points to."""
    array = (llama_cpp.llama_model_imatrix_data * (len(importance) + 1))()
    for entry, (name, values) in zip(array, importance.items(), strict=False):
        entry.name = name.encode()
        entry.data = values.ctypes.data_as(ctypes.POINTER(ctypes.c_float))
        entry.size = values.size
        kept.append(values)
    kept.append(array)
    return array


def _overrides(values: Mapping[str, int], kept: list[Any]) -> Any:
    """Metadata to add, as a C array that ends with an empty key."""
    array = (llama_cpp.llama_model_kv_override * (len(values) + 1))()
    for entry, (key, value) in zip(array, values.items(), strict=False):
        entry.tag = _TAGS["int"]
        entry.key = key.encode()
        entry.value.val_i64 = value
    kept.append(array)
    return array


def _call(source: Path, out: Path, params: Any, advance: Advance) -> str:
    """Run llama.cpp's quantizer in a thread, so that Ctrl-C is heard; returns all it said."""
    status: list[int] = []
    with heard_log() as said:
        arguments = (str(source).encode(), str(out).encode(), ctypes.byref(params))
        thread = threading.Thread(
            target=lambda: status.append(llama_cpp.llama_model_quantize(*arguments)), daemon=True
        )
        thread.start()
        while thread.is_alive():
            thread.join(_POLL)
            if found := _PROGRESS.findall("".join(said[-8:])):
                advance(int(found[-1][0]), int(found[-1][1]))
        words = "".join(said)
    if status != [0]:
        lines = [line for line in words.splitlines() if "failed" in line or "rror" in line]
        raise ModelError(
            f"llama.cpp could not quantize {source} "
            f"({lines[-1].strip() if lines else 'no reason given'})."
        )
    return words
