"""One guide at a time from a GGUF model, streamed.

    with Runner(model) as runner:
        generation = runner.start(prompt, Sampling(seed=1), max_tokens=220)
        for piece in generation:
            print(piece, end="", flush=True)
        print(generation.measures())

The KV cache of the prompt's prefix, the same for every work, is saved to disk: a second run reads
it back instead of computing it.
"""

from __future__ import annotations

import codecs
import ctypes
import queue
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from types import TracebackType
from typing import Any, Literal, Self

import llama_cpp

from data.errors import ModelError, PromptTooLong
from data.prompt import END, Prompt
from infer.options import CONTEXT, Sampling
from infer.prefix import PrefixCache
from models.llama import LlamaModel, last_log_line, physical_cores

_BATCH = 256  # tokens read at once: large enough to be fast, small enough to report progress
_ABORTED = 2  # llama_decode's answer when the abort callback says so

FinishReason = Literal["stop", "length", "cancelled"]


@dataclass(frozen=True, slots=True)
class Measures:
    """What one generation took; seconds from the request on, tokens as the model counts them."""

    finish_reason: FinishReason
    prompt_tokens: int
    tokens: int
    seconds: float
    time_to_first_token: float
    tokens_per_second: float

    def as_dict(self) -> dict[str, str | int | float]:
        """Rounded for people and JSON."""
        return {k: round(v, 3) if isinstance(v, float) else v for k, v in asdict(self).items()}


class Runner:
    """A model with one context; one generation at a time."""

    def __init__(
        self,
        model: LlamaModel,
        *,
        context: int = CONTEXT,
        threads: int | None = None,
        prefix_cache: PrefixCache | None = None,
    ) -> None:
        """Open a context of `context` tokens, or of as many as the model was trained on."""
        self.model = model
        self.context = min(context, model.context_length)
        self.prefix_cache = prefix_cache
        self._abort = ctypes.create_string_buffer(2)
        self._cached: list[int] = []  # the tokens whose KV cells are in sequence 0
        params = llama_cpp.llama_context_default_params()
        params.n_ctx = self.context
        params.n_batch = params.n_ubatch = _BATCH
        params.n_threads = params.n_threads_batch = threads or physical_cores()
        params.no_perf = True
        self._ctx: Any = llama_cpp.llama_init_from_model(model.handle, params)
        if not self._ctx:
            raise ModelError(
                f"There is not enough memory for a context of {self.context} tokens "
                f"({last_log_line()}); close other programs or choose a smaller model."
            )
        self._memory = llama_cpp.llama_get_memory(self._ctx)
        self._apply_adapter()
        self._allow_aborting()

    def start(self, prompt: Prompt, sampling: Sampling, max_tokens: int) -> Generation:
        """Begin to write; iterate over the result for the text.

        Raises:
            PromptTooLong: prompt and guide do not fit into the context; says by how much.
        """
        tokens = self.model.tokenize(prompt.text)
        over = len(tokens) + max_tokens - self.context
        if over > 0:
            raise PromptTooLong(
                f"The record is {over} tokens too long: with {max_tokens} tokens for the guide the "
                f"prompt takes {len(tokens) + max_tokens} of a context of {self.context}; "
                "shorten its notes or subjects, or lower --max-tokens."
            )
        return Generation(self, prompt, tokens, sampling, max_tokens)

    def is_ready_for(self, prompt: Prompt) -> bool:
        """Whether the prefix is computed already, so that writing starts within seconds."""
        prefix = self._prefix_tokens(prompt)
        if prefix == self._cached[: len(prefix)]:
            return True
        return self.prefix_cache is not None and self.prefix_cache.path_for(prefix).exists()

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

    def write(
        self, prompt: Prompt, tokens: Sequence[int], sampling: Sampling, cancelled: threading.Event
    ) -> Iterator[int]:
        """Token after token, for `Generation`'s thread; ends early when cancelled."""
        self._abort.value = b""
        self._load_prefix(prompt)
        if not self._read(tokens):
            return
        sampler = _sampler(sampling)
        try:
            while not cancelled.is_set():
                token = llama_cpp.llama_sampler_sample(sampler, self._ctx, -1)
                yield token
                if self.model.is_end(token) or not self._decode([token]):
                    return
        finally:
            llama_cpp.llama_sampler_free(sampler)

    def abort(self) -> None:
        """Make a running decode return at once; safe from any thread."""
        self._abort.value = b"x"

    def _load_prefix(self, prompt: Prompt) -> None:
        prefix = self._prefix_tokens(prompt)
        if not prefix or prefix == self._cached[: len(prefix)]:
            return
        self._forget(0)
        if self.prefix_cache and self.prefix_cache.load(self._ctx, prefix):
            self._cached = prefix
        elif self._read(prefix, keep_last=True) and self.prefix_cache:
            self.prefix_cache.save(self._ctx, prefix)

    def _prefix_tokens(self, prompt: Prompt) -> list[int]:
        return self.model.tokenize(prompt.prefix) if prompt.prefix else []

    def _read(self, tokens: Sequence[int], *, keep_last: bool = False) -> bool:
        """Decode what the cache does not hold yet; at least one token, to have its logits."""
        shared = 0
        for ours, theirs in zip(self._cached, tokens, strict=False):
            if ours != theirs:
                break
            shared += 1
        if not keep_last:
            shared = min(shared, len(tokens) - 1)
        self._forget(shared)
        return all(
            self._decode(tokens[start : start + _BATCH])
            for start in range(shared, len(tokens), _BATCH)
        )

    def _forget(self, keep: int) -> None:
        llama_cpp.llama_memory_seq_rm(self._memory, 0, keep, -1)
        del self._cached[keep:]

    def _decode(self, tokens: Sequence[int]) -> bool:
        """Append tokens to the cache; False when aborted, which leaves the cache to be cleared."""
        array = (llama_cpp.llama_token * len(tokens))(*tokens)
        code = llama_cpp.llama_decode(self._ctx, llama_cpp.llama_batch_get_one(array, len(tokens)))
        if code == 0:
            self._cached.extend(tokens)
            return True
        self._forget(0)
        if code == _ABORTED:
            return False
        raise ModelError(f"llama.cpp could not decode (code {code}: {last_log_line()}).")

    def _apply_adapter(self) -> None:
        if self.model.adapter:
            adapters = (llama_cpp.llama_adapter_lora_p_ctypes * 1)(self.model.adapter)
            scales = (ctypes.c_float * 1)(1.0)
            llama_cpp.llama_set_adapters_lora(self._ctx, adapters, 1, scales)

    def _allow_aborting(self) -> None:
        """Let llama.cpp ask the C library, not Python, whether to stop.

        It asks after every node of the graph, hundreds of times a token. `strlen` of our buffer
        is 0 (go on) while it is empty and 1 (stop) once `abort` has written into it.
        """
        strlen = ctypes.cast(ctypes.CDLL(None).strlen, llama_cpp.ggml_abort_callback)
        llama_cpp.llama_set_abort_callback(
            self._ctx, strlen, ctypes.cast(self._abort, ctypes.c_void_p)
        )


class Generation:
    """One guide being written in a thread of its own, so that Ctrl-C is answered at once."""

    def __init__(
        self,
        runner: Runner,
        prompt: Prompt,
        tokens: list[int],
        sampling: Sampling,
        max_tokens: int,
    ) -> None:
        self._runner, self._prompt, self._tokens = runner, prompt, tokens
        self._sampling, self._max_tokens = sampling, max_tokens
        self._pieces: queue.SimpleQueue[str | BaseException | None] = queue.SimpleQueue()
        self._cancelled = threading.Event()
        self._count, self._first_at, self._ended_at = 0, 0.0, 0.0
        self._finish: FinishReason = "cancelled"
        self._started_at = time.perf_counter()
        self._thread = threading.Thread(target=self._run, name="guide-runner", daemon=True)

    def __iter__(self) -> Iterator[str]:
        """Pieces of text without the end marker; leaving the loop early cancels the rest.

        Raises:
            ModelError: llama.cpp failed.
        """
        self._thread.start()
        try:
            while (piece := self._next()) is not None:
                yield piece
        finally:
            self.cancel()

    def cancel(self) -> None:
        """Stop within one token and wait until the model is free again."""
        self._cancelled.set()
        while self._thread.is_alive():
            self._runner.abort()
            self._thread.join(0.05)

    def measures(self) -> Measures:
        """Figures of the finished generation."""
        seconds = self._ended_at - self._started_at
        first = (self._first_at or self._ended_at) - self._started_at
        writing = self._ended_at - (self._first_at or self._ended_at)
        rate = (self._count - 1) / writing if self._count > 1 and writing > 0 else 0.0
        return Measures(self._finish, len(self._tokens), self._count, seconds, first, rate)

    def _next(self) -> str | None:
        while True:
            try:
                piece = self._pieces.get(timeout=0.1)  # short, so that Windows sees Ctrl-C too
            except queue.Empty:
                continue
            if isinstance(piece, BaseException):
                raise piece
            return piece

    def _run(self) -> None:
        try:
            self._write()
        except BaseException as error:
            self._pieces.put(error)
        self._ended_at = time.perf_counter()
        self._pieces.put(None)

    def _write(self) -> None:
        text = _StopText(END)
        tokens = self._runner.write(self._prompt, self._tokens, self._sampling, self._cancelled)
        for token in tokens:
            self._count += 1
            self._first_at = self._first_at or time.perf_counter()
            if self._runner.model.is_end(token):
                self._finish = "stop"
                break
            self._put(text.add(self._runner.model.piece(token)))
            if text.stopped:
                self._finish = "stop"
                break
            if self._count == self._max_tokens:
                self._finish = "length"
                break
        self._put(text.rest())

    def _put(self, piece: str) -> None:
        if piece:
            self._pieces.put(piece)


class _StopText:
    """Joins token bytes to text and ends at a marker, also one that spans several tokens."""

    def __init__(self, marker: str) -> None:
        self.stopped = False
        self._marker, self._held, self._began = marker, "", False
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")

    def add(self, raw: bytes) -> str:
        """The text that is certain to come before the marker."""
        self._held += self._decoder.decode(raw)
        before, marker, _ = self._held.partition(self._marker)
        if marker:
            self.stopped = True
            self._held = before.rstrip()
            return ""
        keep = next(
            n for n in range(len(self._marker) - 1, -1, -1)
            if self._held.endswith(self._marker[:n])
        )  # fmt: skip
        ready = self._held[: len(self._held) - keep].rstrip()
        self._held = self._held[len(ready) :]
        return self._begin(ready)

    def rest(self) -> str:
        """What was held back, without trailing white space."""
        return self._begin(self._held.rstrip())

    def _begin(self, text: str) -> str:
        if not self._began:
            text = text.lstrip()
            self._began = bool(text)
        return text


def _sampler(sampling: Sampling) -> Any:
    chain = llama_cpp.llama_sampler_chain_init(llama_cpp.llama_sampler_chain_default_params())
    if sampling.temperature <= 0:
        llama_cpp.llama_sampler_chain_add(chain, llama_cpp.llama_sampler_init_greedy())
        return chain
    for link in (
        llama_cpp.llama_sampler_init_min_p(sampling.min_p, 1),
        llama_cpp.llama_sampler_init_top_p(sampling.top_p, 1),
        llama_cpp.llama_sampler_init_temp(sampling.temperature),
        llama_cpp.llama_sampler_init_dist(sampling.seed & 0xFFFFFFFF),
    ):
        llama_cpp.llama_sampler_chain_add(chain, link)
    return chain
