"""An importance matrix: how strongly each column of each linear layer is used on our prompts.

    from export.imatrix import compute, save
    importance = compute(Path("x-F16.gguf"), token_lists)

The mean of the squared inputs of each linear layer tells the quantizer which columns' errors hurt.
They are read from llama.cpp's graph while it computes, so any model that it runs will do. `save`
writes the format of llama.cpp's own `llama-imatrix`.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import llama_cpp
from llama_cpp._ctypes_extensions import load_shared_library

from data.errors import ModelError
from export.convert import ORIGIN
from export.files import whole
from models.forward import Forward
from models.llama import LlamaModel

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_F32 = 0  # GGML_TYPE_F32

Advance = Callable[[int], None]
"""Told how many texts are read."""


class _Tensor(ctypes.Structure):
    """`struct ggml_tensor` of ggml.h, as llama-cpp-python 0.3 ships it."""


_Tensor._fields_ = [
    ("type", ctypes.c_int),
    ("buffer", ctypes.c_void_p),
    ("ne", ctypes.c_int64 * 4),
    ("nb", ctypes.c_size_t * 4),
    ("op", ctypes.c_int),
    ("op_params", ctypes.c_int32 * 16),
    ("flags", ctypes.c_int32),
    ("src", ctypes.POINTER(_Tensor) * 10),
    ("view_src", ctypes.c_void_p),
    ("view_offs", ctypes.c_size_t),
    ("data", ctypes.c_void_p),
    ("name", ctypes.c_char * 64),
    ("extra", ctypes.c_void_p),
    ("padding", ctypes.c_char * 8),
]


class _Collector:
    """Adds up squared inputs, as llama.cpp calls it for each tensor that it computes."""

    def __init__(self) -> None:
        self.sums: dict[str, NDArray[np.float64]] = {}
        self.counts: dict[str, int] = {}
        self.fault: Exception | None = None
        library = _ggml()
        self._get = library.ggml_backend_tensor_get
        self._matrix_product = _operation(library, b"MUL_MAT")

    def on_node(self, address: int, ask: bool) -> bool:
        """True for a matrix product with a layer's weight; reads its input when it is computed."""
        try:
            tensor = ctypes.cast(address, ctypes.POINTER(_Tensor)).contents
            if not (tensor.src[0] and tensor.src[1]) or tensor.op != self._matrix_product:
                return not ask
            name = tensor.src[0].contents.name.decode("utf-8", errors="replace")
            wanted = name.startswith("blk.") and name.endswith(".weight")
            if ask:
                return bool(wanted and tensor.src[1].contents.type == _F32)
            if wanted:
                self._add(name, tensor.src[1])
        except Exception as fault:
            self.fault = fault  # told by `compute`: nothing can be raised through C
            return False
        return True

    def _add(self, name: str, pointer: Any) -> None:
        import numpy as np

        inputs = pointer.contents
        columns, rows = int(inputs.ne[0]), int(inputs.ne[1] * inputs.ne[2] * inputs.ne[3])
        values = np.empty((rows, columns), dtype=np.float32)
        self._get(pointer, values.ctypes.data_as(ctypes.c_void_p), 0, values.nbytes)
        if name not in self.sums:
            self.sums[name], self.counts[name] = np.zeros(columns), 0
        self.sums[name] += np.einsum("rc,rc->c", values, values, dtype=np.float64)
        self.counts[name] += rows


def _ggml() -> Any:
    """The library under llama.cpp that llama-cpp-python brings and does not bind."""
    folder = Path(llama_cpp.__file__).parent / "lib"
    library = load_shared_library("ggml-base", folder)
    library.ggml_op_name.argtypes = [ctypes.c_int]
    library.ggml_op_name.restype = ctypes.c_char_p
    library.ggml_backend_tensor_get.argtypes = [
        ctypes.c_void_p,
        ctypes.c_void_p,
        ctypes.c_size_t,
        ctypes.c_size_t,
    ]
    library.ggml_backend_tensor_get.restype = None
    return library


def _operation(library: Any, name: bytes) -> int:
    """The number of an operation: `enum ggml_op` changes between versions, names do not."""
    return next(number for number in range(256) if library.ggml_op_name(number) == name)


def compute(
    model_path: Path,
    texts: Iterable[Sequence[int]],
    *,
    threads: int | None = None,
    advance: Advance = lambda _: None,
) -> dict[str, NDArray[np.float32]]:
    """Mean squared input of each linear layer over tokenized texts.

    Returns:
        (columns,) by the name of the layer's weight in the GGUF.

    Raises:
        ModelError: the file cannot be loaded, or llama.cpp's graph is not read as expected.
    """
    collector = _Collector()
    with (
        LlamaModel(model_path) as model,
        Forward(model, threads=threads, on_node=collector.on_node) as forward,
    ):
        for number, tokens in enumerate(texts, 1):
            forward.read(tokens)
            advance(number)
    if collector.fault is not None or not collector.sums:
        raise ModelError(
            f"The importance matrix of {model_path} could not be computed with llama-cpp-python "
            f"{llama_cpp.__version__} ({collector.fault or 'no linear layer was seen'}); "
            "leave out --imatrix."
        )
    return {
        name: (total / collector.counts[name]).astype("float32")
        for name, total in collector.sums.items()
    }


def save(
    importance: dict[str, NDArray[np.float32]], texts: int, tokens: int, out: Path, origin: str = ""
) -> None:
    """Write it as GGUF, as `llama-quantize --imatrix` reads it, with what it was made from."""
    import gguf
    import numpy as np

    with whole(out) as part:
        writer = gguf.GGUFWriter(part, "")
        writer.add_type("imatrix")
        writer.add_array("imatrix.datasets", ["museum-guide corpus"])
        writer.add_string(ORIGIN, origin)
        writer.add_uint32("imatrix.chunk_count", texts)
        writer.add_uint32("imatrix.chunk_size", tokens // max(texts, 1))
        for name, mean in sorted(importance.items()):
            writer.add_tensor(f"{name}.in_sum2", (mean * tokens).reshape(1, -1))
            writer.add_tensor(f"{name}.counts", np.full((1, 1), tokens, dtype=np.float32))
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()


def load(path: Path) -> dict[str, NDArray[np.float32]]:
    """Read what `save`, or `llama-imatrix`, wrote."""
    from models.tokenizer import open_gguf

    tensors = {tensor.name: tensor.data for tensor in open_gguf(path).tensors}
    return {
        name.removesuffix(".in_sum2"): (
            sums.reshape(-1) / tensors[name.replace(".in_sum2", ".counts")].reshape(-1)[0]
        ).astype("float32")
        for name, sums in tensors.items()
        if name.endswith(".in_sum2")
    }
