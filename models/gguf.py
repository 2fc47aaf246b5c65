"""A look at a GGUF file's header, before llama.cpp is asked to load gigabytes of it.

    from models.gguf import read_header
    read_header(Path("model.gguf")).architecture    # "qwen2"

The format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from data.errors import ModelError

SUPPORTED_VERSIONS = (2, 3)
_STRING, _ARRAY = 8, 9
_SCALARS = {
    0: "B",
    1: "b",
    2: "H",
    3: "h",
    4: "I",
    5: "i",
    6: "f",
    7: "?",
    10: "Q",
    11: "q",
    12: "d",
}
_LONGEST_STRING = 1 << 20  # bytes; a longer one before the first array means a damaged header


@dataclass(frozen=True, slots=True)
class Header:
    """What stands before the first array of the metadata, which begins the vocabulary."""

    version: int
    tensors: int
    metadata: dict[str, str | int | float | bool]

    @property
    def architecture(self) -> str:
        """The name llama.cpp knows the network by, such as `qwen2`."""
        return str(self.metadata.get("general.architecture", ""))


def read_header(path: Path, architecture: str = "") -> Header:
    """Check magic, version, plausibility and (if given) architecture, reading a few kilobytes.

    Raises:
        ModelError: the file is absent, is no GGUF, is of an unknown version, is cut off, is an
            adapter and not a model, or is of another architecture than the one expected.
    """
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            header = _parse(file, path, size)
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror or error}.") from None
    if not header.architecture:
        raise ModelError(f"{path} names no architecture in its header; it is not a usable model.")
    if header.metadata.get("general.type") == "adapter":
        raise ModelError(
            f"{path} is a LoRA adapter, not a model; name it as `adapter` in a catalog entry."
        )
    if architecture and header.architecture != architecture:
        raise ModelError(
            f"{path} is a {header.architecture} model where {architecture} was expected; "
            "remove it and fetch the model again."
        )
    return header


def _parse(file: BinaryIO, path: Path, size: int) -> Header:
    magic = file.read(4)
    if magic != b"GGUF":
        raise ModelError(f"{path} is not a GGUF file (it begins with {magic!r}, not b'GGUF').")
    try:
        (version,) = _unpack(file, "I")
        if version not in SUPPORTED_VERSIONS:
            raise ModelError(
                f"{path} is GGUF version {version}; versions 2 and 3 are supported, "
                "convert the model again."
            )
        tensors, entries = _unpack(file, "QQ")
        metadata: dict[str, str | int | float | bool] = {}
        for _ in range(entries):
            key = _string(file)
            (kind,) = _unpack(file, "I")
            if kind == _ARRAY:
                break
            metadata[key] = _string(file) if kind == _STRING else _unpack(file, _SCALARS[kind])[0]
    except (struct.error, KeyError, ValueError):
        raise ModelError(
            f"{path} has a damaged or incomplete GGUF header; fetch it again."
        ) from None
    if tensors == 0 or size < 32 * tensors:
        raise ModelError(f"{path} is cut off: {size:,} bytes cannot hold {tensors:,} tensors.")
    return Header(int(version), int(tensors), metadata)


def _unpack(file: BinaryIO, layout: str) -> tuple[int, ...]:
    layout = "<" + layout
    return struct.unpack(layout, file.read(struct.calcsize(layout)))


def _string(file: BinaryIO) -> str:
    (length,) = _unpack(file, "Q")
    if length > _LONGEST_STRING:
        raise ValueError(length)
    raw = file.read(length)
    if len(raw) < length:
        raise ValueError(length)
    return raw.decode("utf-8", errors="replace")
