"""The verified writer where a text is drawn as a whole: in rounds, for engines that cannot go back.

    state = State()
    while isinstance(asked := next_draw(artwork, options, "name", state), Ask):
        draw asked.text's continuation by asked.sampling; state.draws.append(Draw(...))

Our engine rolls a sentence back and draws again while the guide is being written. vLLM in a batch
job gives whole texts only. So all works are drawn once; the same writer (infer/writer.py) reads
each text until it wants a sentence drawn again; what it keeps is the beginning of the next round's
prompt. The writer is a function of what it has read, so it is run anew in every round over all
draws so far, and no state but those has to travel.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any, Self

from data.artwork import Artwork
from data.prompt import END
from infer.lines import option_fields
from infer.options import Options, Sampling
from infer.request import FinishReason, Measures
from infer.result import Telling, guide_writer
from infer.transcript import StopText
from infer.writer import REDRAWS

ROUNDS = 2 + REDRAWS + 4
"""Draws of one guide: the first, the redraws, and one for each field it may be steered to."""

ENGINE_ROUNDS = 4
"""The same where each starts an engine, for over a minute; what is open then ends plainly."""


@dataclass(frozen=True, slots=True)
class Draw:
    """What came of one draw: its text without the end marker, and its tokens."""

    text: str
    tokens: int
    prompt_tokens: int = 0
    cut: bool = False  # at the greatest number of tokens


@dataclass(frozen=True, slots=True)
class Ask:
    """The next draw: what follows the prompt, how tokens are drawn, and the most of them."""

    text: str
    sampling: Sampling
    max_tokens: int


@dataclass(slots=True)
class State:
    """All draws of one guide so far."""

    draws: list[Draw] = field(default_factory=list)

    def to_json(self) -> str:
        """As it travels between rounds."""
        return json.dumps([asdict(draw) for draw in self.draws], ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """What `to_json` wrote."""
        return cls([Draw(**fields) for fields in json.loads(text)])


class _Undrawn(BaseException):
    """The writer wants text that no round has drawn yet.

    No `Exception`, so that nothing on the way takes it for a failure of the guide.
    """

    def __init__(self, ask: Ask) -> None:
        self.ask = ask


def next_draw(
    artwork: Artwork, options: Options, model: str, state: State, *, last: bool = False
) -> Ask | dict[str, Any]:
    """The finished line of a batch, or what has to be drawn first.

    After the `last` round nothing more is drawn: the writer ends with plain sentences.
    """
    writer = guide_writer(artwork, options)
    opening = writer.opening if writer else ""
    drawn = _Recorded(state.draws, options, opening, last=last)
    telling = Telling(artwork, options, model, drawn, writer)
    try:
        for _ in telling:
            pass
    except _Undrawn as undrawn:
        return undrawn.ask
    return telling.result() | {"options": option_fields(options)}


def first_text(artwork: Artwork, options: Options) -> str:
    """What the first draw goes on from: the plain sentence that opens a guide, where one does."""
    writer = guide_writer(artwork, options)
    return writer.opening if writer else ""


class _Recorded:
    """A source of text that plays the draws back: the counterpart of the engine's request."""

    def __init__(
        self, draws: list[Draw], options: Options, opening: str = "", *, last: bool
    ) -> None:
        self.finish: FinishReason = "cancelled"
        self._draws, self._options, self._last = draws, options, last
        self._sampling = options.sampling
        self._next = 0
        self._text, self._forced, self._kept = "", opening, 0
        self._begun = 0  # length of the text when the draw in progress began
        self._tokens = 0  # that stood in it then

    def __iter__(self) -> Iterator[str]:
        forced, self._forced = self._forced, ""
        self._begun, self._tokens = len(self._text) + len(forced), self._kept
        if forced:
            self._text += forced
            yield forced
        room = self._options.max_tokens - self._kept
        if self._next == len(self._draws):
            if self._last or room <= 0:
                self.finish = "length"
                return
            raise _Undrawn(Ask(self._text, self._sampling, room))
        draw = self._draws[self._next]
        self._next += 1
        stop = StopText(END)
        stop.add(self._text.encode())
        text = stop.add(draw.text.encode()) + stop.rest()
        self._text += text
        self._kept += draw.tokens
        self.finish = "length" if draw.cut else "stop"
        if text:
            yield text

    def rewind(self, length: int, *, seed: int, forced: str = "") -> None:
        """Go back, put `forced` there, and have the rest drawn in the next round."""
        drawn = len(self._text) - self._begun
        if length < self._begun or not drawn:
            self._kept = self._tokens
        else:  # the tokens of a part of a draw are not told: by its share of the letters
            share = (length - self._begun) / drawn
            self._kept = self._tokens + round((self._kept - self._tokens) * share)
        self._text, self._forced = self._text[:length], forced
        self._sampling = self._options.sampling.again(seed, forced)

    def measures(self) -> Measures:
        """Tokens of all draws; a batch job tells no times."""
        first = self._draws[0].prompt_tokens if self._draws else 0
        tokens = sum(draw.tokens for draw in self._draws)
        return Measures(self.finish, first, tokens, 0.0, 0.0, 0.0)

    def close(self) -> None:
        """Nothing is held."""
