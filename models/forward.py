"""Plain use of a llama.cpp model: distributions over given text, and greedy writing.

    with LlamaModel(path) as model, Forward(model) as forward:
        forward.log_probs(tokens, first=120)      # (len(tokens) - 120, vocabulary)
        forward.write(prompt, stop="<END>").text

For measuring and checking models; guides for listeners are written by `infer`.
"""

from __future__ import annotations

import ctypes
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import llama_cpp

from data.errors import ModelError
from models.llama import LlamaModel, last_log_line, physical_cores

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_BATCH = 256  # tokens read at once; the logits of as many are held in memory

NodeCallback = Callable[[int, bool], bool]
"""llama.cpp's evaluation callback: address of a tensor, and whether it only asks for interest."""


@dataclass(frozen=True, slots=True)
class Written:
    """A text the model wrote; seconds for reading the prompt and for writing."""

    text: str
    tokens: list[int]
    stopped: bool
    reading: float
    writing: float

    @property
    def tokens_per_second(self) -> float:
        """Speed of writing, the first token not counted: it comes out of reading the prompt."""
        return (len(self.tokens) - 1) / self.writing if len(self.tokens) > 1 else 0.0


class Forward:
    """One context of one model; for one thread."""

    def __init__(
        self,
        model: LlamaModel,
        *,
        context: int = 2048,
        threads: int | None = None,
        on_node: NodeCallback | None = None,
    ) -> None:
        """Open a context of at most `context` tokens.

        Args:
            model: a loaded model; its adapter, if it has one, is applied.
            context: tokens of prompt and answer together.
            threads: by default the physical cores.
            on_node: called with each tensor that llama.cpp computes.
        """
        self.model = model
        self.context = min(context, model.context_length)
        params = llama_cpp.llama_context_default_params()
        params.n_ctx = self.context
        params.n_batch = params.n_ubatch = _BATCH
        params.n_threads = params.n_threads_batch = threads or physical_cores()
        params.no_perf = True
        if on_node is not None:
            self._callback = llama_cpp.ggml_backend_sched_eval_callback(
                lambda tensor, ask, _: on_node(tensor, ask)
            )
            params.cb_eval = self._callback
        self._ctx: Any = llama_cpp.llama_init_from_model(model.handle, params)
        if not self._ctx:
            raise ModelError(
                f"There is not enough memory for a context of {self.context} tokens "
                f"({last_log_line()}); close other programs."
            )
        self._memory = llama_cpp.llama_get_memory(self._ctx)
        self._vocabulary = llama_cpp.llama_vocab_n_tokens(model.vocab)
        if model.adapter:
            adapters = (llama_cpp.llama_adapter_lora_p_ctypes * 1)(model.adapter)
            scales = (ctypes.c_float * 1)(1.0)
            llama_cpp.llama_set_adapters_lora(self._ctx, adapters, 1, scales)

    def log_probs(self, tokens: Sequence[int], first: int = 0) -> NDArray[np.float32]:
        """Logarithms of the distributions that foretell tokens `first` (from 1 on) to the last.

        Returns:
            (len(tokens) - first, vocabulary); row i belongs to token `first + i`.
        """
        import numpy as np

        first = max(first, 1)
        rows = np.empty((len(tokens) - first, self._vocabulary), dtype=np.float32)
        self._forget()
        for start in range(0, len(tokens) - 1, _BATCH):
            piece = tokens[start : min(start + _BATCH, len(tokens) - 1)]
            wanted = range(max(start, first - 1), start + len(piece))
            self._decode(piece, start, wanted)
            for position in wanted:
                logits = self._logits(position - start).astype(np.float64)
                logits -= logits.max()
                logits -= np.log(np.exp(logits).sum())
                rows[position - first + 1] = logits
        return rows

    def read(self, tokens: Sequence[int]) -> None:
        """Run the model over a text for what `on_node` sees of it."""
        self._forget()
        for start in range(0, len(tokens), _BATCH):
            piece = tokens[start : start + _BATCH]
            self._decode(piece, start, range(start + len(piece) - 1, start + len(piece)))

    def write(self, prompt: Sequence[int], *, stop: str, max_tokens: int = 440) -> Written:
        """The likeliest continuation, up to `stop`, an end token, or `max_tokens`."""
        begun = time.perf_counter()
        self.read(prompt)
        first_at = time.perf_counter()
        tokens: list[int] = []
        raw, marker = b"", stop.encode()
        stopped = False
        while len(tokens) < max_tokens and len(prompt) + len(tokens) < self.context:
            token = int(self._logits(-1).argmax())
            tokens.append(token)
            raw += self.model.piece(token)
            stopped = self.model.is_end(token) or marker in raw[-len(marker) - 64 :]
            if stopped:
                break
            position = len(prompt) + len(tokens) - 1
            self._decode([token], position, range(position, position + 1))
        ended = time.perf_counter()
        text = raw.decode("utf-8", errors="replace").partition(stop)[0].strip()
        return Written(text, tokens, stopped, first_at - begun, ended - first_at)

    def close(self) -> None:
        """Free the context; closing twice does nothing."""
        if self._ctx:
            llama_cpp.llama_free(self._ctx)
            self._ctx = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        self.close()

    def _forget(self) -> None:
        llama_cpp.llama_memory_seq_rm(self._memory, 0, -1, -1)

    def _decode(self, tokens: Sequence[int], start: int, wanted: range) -> None:
        """Decode tokens at positions from `start`; logits are kept for the positions `wanted`."""
        if start + len(tokens) > self.context:
            raise ModelError(f"A text is longer than the context of {self.context} tokens.")
        batch = llama_cpp.llama_batch_init(len(tokens), 0, 1)
        try:
            batch.n_tokens = len(tokens)
            for index, token in enumerate(tokens):
                batch.token[index] = token
                batch.pos[index] = start + index
                batch.n_seq_id[index] = 1
                batch.seq_id[index][0] = 0
                batch.logits[index] = start + index in wanted
            if llama_cpp.llama_decode(self._ctx, batch) != 0:
                raise ModelError(
                    f"{self.model.path} could not be computed ({last_log_line() or 'no reason'})."
                )
        finally:
            llama_cpp.llama_batch_free(batch)

    def _logits(self, index: int) -> NDArray[np.float32]:
        """Logits of one position of the last batch; a view that the next decode overwrites."""
        import numpy as np

        pointer = llama_cpp.llama_get_logits_ith(self._ctx, index)
        return np.ctypeslib.as_array(pointer, (self._vocabulary,))
