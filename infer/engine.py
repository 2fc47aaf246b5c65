"""Many guides at once from one GGUF model, streamed: continuous batching on llama.cpp.

    with Engine(model, slots=4) as engine:
        with engine.submit(prompt, Sampling(seed=1), max_tokens=220) as request:
            for piece in request:
                print(piece, end="", flush=True)

Any thread may submit; one thread of the engine's own decodes. The KV cache of the prompt's prefix,
the same for every work, is computed once, copied between slots and saved to disk. A seed gives
the same text alone and beside others (`docs/PERFORMANCE.md` has the proof and its price).
"""

from __future__ import annotations

from types import TracebackType
from typing import Self

import psutil

from data.errors import GuideError, ModelError, PromptTooLong
from data.prompt import Prompt
from infer.context import Context, bytes_per_cell, exact_rows, fastest_rows
from infer.options import CONTEXT, Sampling
from infer.prefix import PrefixCache
from infer.request import Request
from infer.scheduler import Scheduler
from models.llama import LlamaModel, physical_cores

MOST_SLOTS = 8
QUEUE = 32
"""Guides that may wait for a slot; one more is refused."""

_KV_SHARE = 0.4  # of the free memory, for the cells of all slots together


class EngineBusy(GuideError):
    """Every slot and every place in the queue is taken; `retry_after` says for how many seconds."""

    def __init__(self, retry_after: float) -> None:
        self.retry_after = retry_after
        super().__init__(
            f"The engine is busy; try again in about {max(1, round(retry_after))} seconds."
        )


class Engine:
    """A model, one context, and the thread that serves every request."""

    def __init__(
        self,
        model: LlamaModel,
        *,
        slots: int | None = None,
        context: int = CONTEXT,
        threads: int | None = None,
        prefix_cache: PrefixCache | None = None,
        exact: bool = True,
        queue: int = QUEUE,
    ) -> None:
        """Open `slots` sequences of `context` tokens each, or as many as memory and cores bear.

        Without `exact` as many guides are stepped at once as are fastest together, and a guide's
        text then depends on what is written beside it.

        Raises:
            ModelError: there is not enough memory.
        """
        self.model, self.prefix_cache, self.queue = model, prefix_cache, queue
        self.slots = slots or default_slots(model, context, threads)
        self._context = Context(model, length=context, slots=self.slots, threads=threads)
        self.context = self._context.length
        try:
            rows = self._rows(exact)
            self._scheduler = Scheduler(self._context, rows, prefix_cache)
        except BaseException:
            self._context.close()
            raise
        self.rows = rows

    def submit(
        self, prompt: Prompt, sampling: Sampling, max_tokens: int, opening: str = ""
    ) -> Request:
        """Ask for one guide; iterate over the result for its text and close it afterwards.

        The text begins with `opening`, as if the model had drawn it.

        Raises:
            PromptTooLong: prompt and guide do not fit into a slot; says by how much.
            EngineBusy: the queue is full; says when to try again.
        """
        tokens = self.model.tokenize(prompt.text)
        over = len(tokens) + max_tokens - self.context
        if over > 0:
            raise PromptTooLong(
                f"The record is {over} tokens too long: with {max_tokens} tokens for the guide the "
                f"prompt takes {len(tokens) + max_tokens} of a context of {self.context}; "
                "shorten its notes or subjects, or lower --max-tokens."
            )
        prefix = _shared(self._prefix_tokens(prompt), tokens)
        request = Request(prefix, tokens, sampling, max_tokens, self._scheduler.wake, opening)
        self._enqueue(request)
        return request

    def is_ready_for(self, prompt: Prompt) -> bool:
        """Whether the prefix is computed already, so that writing starts within seconds."""
        prefix = _shared(self._prefix_tokens(prompt), self.model.tokenize(prompt.text))
        if not prefix:
            return True
        slots = self._scheduler.slots
        if any(s.prefix == prefix and s.cells >= len(prefix) for s in slots):
            return True
        return self.prefix_cache is not None and self.prefix_cache.path_for(prefix).exists()

    @property
    def load(self) -> tuple[int, int]:
        """How many guides are being written, and how many wait."""
        writing = sum(slot.request is not None for slot in self._scheduler.slots)
        return writing, len(self._scheduler.waiting)

    def close(self) -> None:
        """Stop the thread and free the context; closing twice does nothing."""
        self._scheduler.close()
        self._context.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        self.close()

    def _enqueue(self, request: Request) -> None:
        scheduler = self._scheduler
        with scheduler.lock:
            if scheduler.closing:
                raise ModelError("The engine is closed.")
            waiting = len(scheduler.waiting)
            if waiting >= self.queue:
                raise EngineBusy(scheduler.seconds_a_guide * (waiting + 1) / self.slots)
            scheduler.waiting.append(request)
        scheduler.wake(request)

    def _prefix_tokens(self, prompt: Prompt) -> list[int]:
        return self.model.tokenize(prompt.prefix) if prompt.prefix else []

    def _rows(self, exact: bool) -> int:
        """Rows decoded at once; tried out once for a model and machine."""
        if self.slots == 1:
            return 1
        name = f"rows{self.slots}" if exact else f"fast{self.slots}"
        known = self.prefix_cache.recalled(name) if self.prefix_cache else None
        if known and known.isdigit() and 0 < int(known) <= self.slots:
            return int(known)
        rows = (exact_rows if exact else fastest_rows)(self._context, self.slots)
        if self.prefix_cache:
            self.prefix_cache.keep(name, str(rows))
        return rows


def default_slots(model: LlamaModel, context: int = CONTEXT, threads: int | None = None) -> int:
    """As many guides at once as memory bears and cores can write at speaking pace."""
    size = min(context, model.context_length) * bytes_per_cell(model)
    bearable = int(psutil.virtual_memory().available * _KV_SHARE / size)
    return max(1, min(MOST_SLOTS, 2 * (threads or physical_cores()), bearable))


def _shared(prefix: list[int], tokens: list[int]) -> tuple[int, ...]:
    """The prefix as far as the prompt begins with it; the last token must be left to read."""
    count = 0
    for ours, theirs in zip(prefix, tokens[:-1], strict=False):
        if ours != theirs:
            break
        count += 1
    return tuple(prefix[:count])
