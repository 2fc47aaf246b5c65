"""One llama.cpp context that several sequences share: the only module that calls its decoder.

    with Context(model, slots=4) as context:
        context.read(0, tokens, at=0)              # a piece of a prompt into sequence 0
        context.step([(0, token, position), …])    # one token each of several sequences

Every sequence has a part of the KV cache to itself, so that none can run out of another's cells
and none is slowed down by another's. Flash attention is off: with it, and with a cache of one
piece, a sequence's numbers depend on what is computed beside it (docs/PERFORMANCE.md).
"""

from __future__ import annotations

import ctypes
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

import llama_cpp

from data.errors import ModelError
from models.llama import LlamaModel, last_log_line, physical_cores

READ = 256
"""Most tokens of a prompt read at once."""

Outcome = Literal["done", "full", "aborted", "failed"]
_OUTCOMES: dict[int, Outcome] = {0: "done", 1: "full", 2: "aborted"}

Row = tuple[int, int, int]
"""A sequence, its next token, and that token's position."""

SETTINGS = "f16 KV, a stream each, no flash attention"
"""What a saved KV state depends on besides the model."""


class Context:
    """KV cache and buffers for `slots` sequences of `length` tokens each."""

    def __init__(
        self, model: LlamaModel, *, length: int, slots: int = 1, threads: int | None = None
    ) -> None:
        """Open it.

        Raises:
            ModelError: there is not enough memory.
        """
        self.model, self.slots = model, slots
        self.length = min(length, model.context_length)
        self._abort = ctypes.create_string_buffer(2)
        params = llama_cpp.llama_context_default_params()
        params.n_ctx, params.n_seq_max, params.kv_unified = self.length * slots, slots, False
        params.flash_attn_type = llama_cpp.LLAMA_FLASH_ATTN_TYPE_DISABLED
        params.n_batch = params.n_ubatch = READ
        params.n_outputs_max = slots
        params.n_threads = params.n_threads_batch = threads or physical_cores()
        params.no_perf = True
        self.handle: Any = llama_cpp.llama_init_from_model(model.handle, params)
        if not self.handle:
            raise ModelError(
                f"There is not enough memory for {slots} contexts of {self.length} tokens "
                f"({last_log_line()}); close other programs or choose a smaller model."
            )
        self._memory = llama_cpp.llama_get_memory(self.handle)
        self._batch = llama_cpp.llama_batch_init(READ, 0, 1)
        self._apply_adapter()
        self._allow_aborting()

    def read(self, slot: int, tokens: Sequence[int], at: int) -> Outcome:
        """Append up to `READ` tokens of one sequence; the last one's logits are kept."""
        last = len(tokens) - 1
        return self._decode([(slot, token, at + i) for i, token in enumerate(tokens)], last)

    def step(self, rows: Sequence[Row]) -> Outcome:
        """Append one token to each of several sequences; the logits of row i are those of i."""
        return self._decode(rows, None)

    def logits(self, row: int) -> bytes:
        """The logits of a row of the last batch, for comparison bit by bit."""
        count = llama_cpp.llama_vocab_n_tokens(self.model.vocab)
        values = llama_cpp.llama_get_logits_ith(self.handle, row)
        return ctypes.string_at(values, count * ctypes.sizeof(ctypes.c_float))

    def forget(self, slot: int, keep: int = 0) -> None:
        """Drop what a sequence holds behind its first `keep` tokens."""
        llama_cpp.llama_memory_seq_rm(self._memory, slot, keep, -1)

    def copy(self, source: int, target: int, keep: int) -> None:
        """Give a sequence the first `keep` tokens of another."""
        self.forget(target)
        llama_cpp.llama_memory_seq_cp(self._memory, source, target, -1, -1)
        self.forget(target, keep)

    def save(self, slot: int, tokens: Sequence[int], path: Path) -> bool:
        """Write a sequence that holds exactly these tokens to a file."""
        array = (llama_cpp.llama_token * len(tokens))(*tokens)
        written = llama_cpp.llama_state_seq_save_file(
            self.handle, str(path).encode(), slot, array, len(tokens)
        )
        return bool(written)

    def load(self, slot: int, tokens: Sequence[int], path: Path) -> bool:
        """Fill a sequence from a file; False when the file is not of these tokens and settings."""
        self.forget(slot)
        saved = (llama_cpp.llama_token * len(tokens))()
        count = ctypes.c_size_t(0)
        read = llama_cpp.llama_state_seq_load_file(
            self.handle, str(path).encode(), slot, saved, len(tokens), ctypes.byref(count)
        )
        if read and list(saved[: count.value]) == list(tokens):
            return True
        self.forget(slot)
        return False

    def abort(self) -> None:
        """Make a running decode return at once; safe from any thread."""
        self._abort.value = b"x"

    def allow(self) -> None:
        """Let decoding go on after an abort."""
        self._abort.value = b""

    def close(self) -> None:
        """Free the context; closing twice does nothing."""
        if self.handle:
            llama_cpp.llama_batch_free(self._batch)
            llama_cpp.llama_free(self.handle)
            self.handle = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        self.close()

    def _decode(self, rows: Sequence[Row], wanted: int | None) -> Outcome:
        batch = self._batch
        for i, (slot, token, position) in enumerate(rows):
            batch.token[i], batch.pos[i] = token, position
            batch.n_seq_id[i], batch.seq_id[i][0] = 1, slot
            batch.logits[i] = wanted is None or i == wanted
        batch.n_tokens = len(rows)
        return _OUTCOMES.get(llama_cpp.llama_decode(self.handle, batch), "failed")

    def _apply_adapter(self) -> None:
        if self.model.adapter:
            adapters = (llama_cpp.llama_adapter_lora_p_ctypes * 1)(self.model.adapter)
            scales = (ctypes.c_float * 1)(1.0)
            llama_cpp.llama_set_adapters_lora(self.handle, adapters, 1, scales)

    def _allow_aborting(self) -> None:
        """Let llama.cpp ask the C library, not Python, whether to stop.

        It asks after every node of the graph, hundreds of times a token. `strlen` of our buffer
        is 0 (go on) while it is empty and 1 (stop) once `abort` has written into it.
        """
        strlen = ctypes.cast(ctypes.CDLL(None).strlen, llama_cpp.ggml_abort_callback)
        llama_cpp.llama_set_abort_callback(
            self.handle, strlen, ctypes.cast(self._abort, ctypes.c_void_p)
        )


def bytes_per_cell(model: LlamaModel) -> int:
    """Memory that the keys and values of one token take, 16 bits a number."""
    heads = llama_cpp.llama_model_n_head(model.handle)
    width = llama_cpp.llama_model_n_embd(model.handle) // heads
    layers = llama_cpp.llama_model_n_layer(model.handle)
    return 2 * 2 * int(layers * llama_cpp.llama_model_n_head_kv(model.handle) * width)


def exact_rows(context: Context, most: int) -> int:
    """How many sequences can be stepped at once with the very numbers of each one alone.

    llama.cpp has other kernels for several rows than for one, with sums in another order; which
    number of rows they begin at depends on the weights' type and the processor, so it is tried,
    on an unused context. The greatest of `most`, 4, 3 and 2 that agrees bit by bit, or 1.
    """
    # Any tokens do, as long as they differ; position 0 needs no prompt.
    rows = [(slot, 100 + 7 * slot, 0) for slot in range(min(most, context.slots))]
    alone: list[bytes] = []
    for size in sorted({len(rows), 4, 3, 2}, reverse=True):
        if not 1 < size <= len(rows):
            continue
        if context.step(rows[:size]) != "done":
            break
        together = [context.logits(i) for i in range(size)]
        _forget_all(context, size)
        for row in rows[len(alone) : size]:
            context.step([row])
            alone.append(context.logits(0))
        _forget_all(context, size)
        if together == alone[:size]:
            return size
    return 1


def fastest_rows(context: Context, most: int) -> int:
    """How many sequences stepped at once draw most tokens a second; tried on an unused context.

    More is not always faster: llama.cpp's kernels take the rows of a matrix in fours or eights.
    """
    speeds: dict[int, float] = {}
    for size in range(1, min(most, context.slots) + 1):
        rows = [(slot, 100 + 7 * slot, 0) for slot in range(size)]
        seconds = []
        for _ in range(3):
            started = time.perf_counter()
            context.step(rows)
            context.logits(0)  # a step may return before its numbers are there
            seconds.append(time.perf_counter() - started)
            _forget_all(context, size)
        speeds[size] = size / min(seconds)
    return max(speeds, key=lambda size: speeds[size])


def _forget_all(context: Context, slots: int) -> None:
    for slot in range(slots):
        context.forget(slot)
