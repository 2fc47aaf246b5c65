"""A slot: one sequence of the context, and the guide that is being written in it.

`pending` are the tokens that have to be decoded before the next one can be drawn: the rest of the
prompt, the last token drawn, or what a rewind forces. All else follows from it.
"""

from __future__ import annotations

import time

from data.prompt import END
from infer.context import READ, Context, Row
from infer.request import FinishReason, Request, Rewind
from infer.samplers import Sampler
from infer.transcript import Transcript
from models.llama import LlamaModel

CHUNK = 64
"""Tokens of a prompt read between two steps of the others: about half a second on two cores.

Part of the result, not only of the pace: kernels for many rows differ with their number.
"""


class Slot:
    """One sequence; `cells` is what the KV cache holds of it."""

    def __init__(self, index: int) -> None:
        self.index = index
        self.prefix: tuple[int, ...] = ()  # what stays in the cache between guides
        self.cells = 0
        self.request: Request | None = None
        self.pending: list[int] = []
        self._sampler: Sampler | None = None
        self._transcript = Transcript(END)

    @property
    def row(self) -> Row | None:
        """The one token to decode, where that is all there is to decode."""
        return (self.index, self.pending[0], self.cells) if len(self.pending) == 1 else None

    def chunk(self) -> list[int]:
        """The next piece of a prompt; the prefix, which others share, in pieces of its own."""
        left = len(self.prefix) - self.cells
        return self.pending[: min(left, READ) if left > 0 else CHUNK]

    def begin(self, request: Request, cells: int, model: LlamaModel) -> None:
        """Take a request whose first `cells` tokens the cache holds already."""
        self.request = request
        request.taken_at = time.perf_counter()
        self.prefix, self.cells = request.prefix, cells
        self.pending = request.tokens[cells:]
        self._transcript = Transcript(END)
        self._force(request.opening, model)
        self._sampler = Sampler(request.sampling)

    def decoded(self, count: int) -> bool:
        """Note that so many pending tokens are in the cache; True when a token can be drawn."""
        self.cells += count
        del self.pending[:count]
        return not self.pending

    def draw(self, context: Context, row: int) -> None:
        """Draw a token from the logits of a row, and hand its text over."""
        request, sampler = self.request, self._sampler
        assert request is not None
        assert sampler is not None
        token = sampler.draw(context.handle, row)
        request.drawn += 1
        request.first_at = request.first_at or time.perf_counter()
        if context.model.is_end(token):
            self.end("stop")
            return
        request.give(self._transcript.add(token, context.model.piece(token)))
        if self._transcript.stopped:
            self.end("stop")
        elif len(self._transcript) >= request.max_tokens or self.cells >= context.length:
            self.end("length")
        else:
            self.pending = [token]

    def end(self, reason: FinishReason) -> None:
        """Nothing more to draw; the sequence stays until the request is closed or rewound."""
        assert self.request is not None
        self.pending = []
        self.request.give(self._transcript.rest())
        self.request.end(reason)

    def rewind(self, wish: Rewind, context: Context) -> None:
        """Go back in the text, and read again the last token that stays, for its logits."""
        request = self.request
        assert request is not None
        request.round = wish.round
        kept, again = self._transcript.cut(wish.length)
        tokens = request.tokens + self._transcript.tokens
        self.cells = min(self.cells, len(request.tokens) + kept - 1)
        context.forget(self.index, self.cells)
        self.pending = tokens[self.cells :]
        self._force(again + wish.forced, context.model)
        assert self._sampler is not None
        self._sampler.close()
        self._sampler = Sampler(request.sampling.again(wish.seed, wish.forced))
        if len(request.tokens) + len(self._transcript) >= context.length:
            self.end("length")

    def _force(self, text: str, model: LlamaModel) -> None:
        """Take a text as if it had been drawn."""
        assert self.request is not None
        for token in _continuation(text, model):
            self.pending.append(token)
            self.request.give(self._transcript.add(token, model.piece(token)))

    def release(self, context: Context) -> None:
        """Be free again, with the prefix still in the cache."""
        self.request = None
        self.pending = []
        if self._sampler:
            self._sampler.close()
            self._sampler = None
        self.cells = len(self.prefix) if self.cells >= len(self.prefix) else 0
        if not self.cells:
            self.prefix = ()
        context.forget(self.index, self.cells)


def _continuation(text: str, model: LlamaModel) -> list[int]:
    """Tokens of text that goes on, where the tokenizer may put a space before whatever it gets."""
    tokens = model.tokenize(text) if text else []
    if text.startswith(" ") and b"".join(map(model.piece, tokens)) != text.encode():
        return model.tokenize(text[1:])
    return tokens
