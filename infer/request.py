"""One listener's side of the engine: text as it is drawn, the way back, and what it took.

    with engine.submit(prompt, Sampling(seed=1), max_tokens=220) as request:
        for piece in request:
            print(piece, end="", flush=True)
        request.rewind(120, seed=7)     # back to the first 120 characters, drawn on with seed 7
        for piece in request: ...
        print(request.measures())

The sequence stays in its slot until the request is closed, so that it can be rewound even after
its end. One thread uses a request; the engine's own thread is the only other that touches it.
"""

from __future__ import annotations

import queue
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from types import TracebackType
from typing import Literal, Self

from infer.options import Sampling

FinishReason = Literal["stop", "length", "cancelled"]


@dataclass(frozen=True, slots=True)
class Measures:
    """What one guide took; seconds from the request on, tokens as the model drew them."""

    finish_reason: FinishReason
    prompt_tokens: int
    tokens: int
    seconds: float
    time_to_first_token: float
    tokens_per_second: float

    def as_dict(self) -> dict[str, str | int | float]:
        """Rounded for people and JSON."""
        return {k: round(v, 3) if isinstance(v, float) else v for k, v in asdict(self).items()}


@dataclass(frozen=True, slots=True)
class Rewind:
    """A wish to go back: how many characters stay, what follows them, and the seed from there."""

    length: int
    seed: int
    forced: str
    round: int


_Event = tuple[int, str | FinishReason | BaseException, bool]
"""The round it belongs to, what it brings, and whether nothing follows in that round."""


class Request:
    """One guide asked of an engine."""

    def __init__(
        self,
        prefix: tuple[int, ...],
        tokens: list[int],
        sampling: Sampling,
        max_tokens: int,
        wake: Callable[[Request], None],
        opening: str = "",
    ) -> None:
        self.prefix, self.tokens = prefix, tokens
        self.sampling, self.max_tokens, self.opening = sampling, max_tokens, opening
        self.rewinds: queue.SimpleQueue[Rewind] = queue.SimpleQueue()
        self.closed = False
        self.round = 0  # of the engine's side; counts the rewinds it has carried out
        self.drawn = 0
        self.finish: FinishReason = "cancelled"
        self.started_at = time.perf_counter()
        self.taken_at = 0.0  # by a slot; until then it waits
        self.first_at = self.ended_at = self.held_at = 0.0
        self._round = 0  # of the listener's side
        self._events: queue.SimpleQueue[_Event] = queue.SimpleQueue()
        self._wake = wake

    # The listener's side

    def __iter__(self) -> Iterator[str]:
        """Pieces of text without the end marker, until the model ends or is cut off.

        Raises:
            ModelError: llama.cpp failed on this guide, or the engine was closed.
        """
        while True:
            turn, content, last = self._next()
            if isinstance(content, BaseException):
                raise content
            if turn != self._round:
                continue  # drawn before the engine heard of the rewind
            if last:
                return
            yield content

    def rewind(self, length: int, *, seed: int, forced: str = "") -> None:
        """Go back to the first `length` characters and draw on with another seed.

        `forced` is put behind them as if the model had drawn it; it comes as a piece as well.
        """
        self._round += 1
        self.rewinds.put(Rewind(length, seed, forced, self._round))
        self._wake(self)

    def close(self) -> None:
        """Give the slot back; a guide still being drawn stops within one step."""
        if not self.closed:
            self.closed = True
            self._wake(self)

    def measures(self) -> Measures:
        """Figures of the guide so far."""
        ended = self.ended_at or time.perf_counter()
        first = self.first_at or ended
        writing = ended - first
        rate = (self.drawn - 1) / writing if self.drawn > 1 and writing > 0 else 0.0
        return Measures(
            self.finish,
            len(self.tokens),
            self.drawn,
            ended - self.started_at,
            first - self.started_at,
            rate,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        self.close()

    def _next(self) -> _Event:
        while True:
            try:
                return self._events.get(timeout=0.1)  # short, so that Windows sees Ctrl-C too
            except queue.Empty:
                continue

    # The engine's side

    def give(self, piece: str) -> None:
        """Hand over text."""
        if piece:
            self._events.put((self.round, piece, False))

    def end(self, reason: FinishReason) -> None:
        """Say that this round has ended."""
        self.finish = reason
        self.ended_at = self.held_at = time.perf_counter()
        self._events.put((self.round, reason, True))

    def fail(self, error: BaseException) -> None:
        """Say that nothing more will come, in whatever round."""
        self.ended_at = time.perf_counter()
        self._events.put((self.round, error, True))
