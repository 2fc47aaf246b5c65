"""Guides whose every sentence has been checked before anyone hears it.

    writer = GuideWriter(artwork, Request("en", "brief"), seed=1)
    with engine.submit(prompt, sampling, max_tokens, writer.opening) as source:
        for sentence in writer.write(source):
            print(sentence, end=" ", flush=True)
    writer.outcome.redraws, writer.outcome.dropped, writer.outcome.report.claims

Sentences are taken from the model as they complete. One that says what the record does not
support, or cannot be spoken, is rolled back and drawn again with another seed; after a few tries
it is dropped. What a guide may not leave out is asked of the model when it is still missing near
the end, and said by a plain sentence where the model cannot. While a sentence is checked the
model draws on; nothing waits.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol

from data.artwork import Artwork
from data.facts import Report
from data.prompt import WORDS, Request
from infer.judge import Judge, Judgement, count_words
from infer.plain import PlainWriter
from infer.request import FinishReason
from infer.samplers import derived_seed
from infer.sentences import SentenceSplitter

TRIES = 3
"""Redraws of one sentence before it is dropped."""
REDRAWS = 10
"""Redraws in one guide; then whatever fails is dropped at once."""
DROPS = 3
"""Sentences dropped after which the model is not asked for more."""
LONGEST = 45
"""Words after which a sentence that has not ended will not become one."""
STEER = 0.6
"""Share of the fewest words at which what is still missing is asked for."""


class Source(Protocol):
    """What draws text and can go back: a request of the engine, or of a server."""

    def __iter__(self) -> Iterator[str]:
        """Pieces of text until the model ends or is cut off."""

    def rewind(self, length: int, *, seed: int, forced: str = "") -> None:
        """Go back to the first characters, put `forced` behind them, and draw on."""

    @property
    def finish(self) -> FinishReason:
        """Why the text ended."""


@dataclass(frozen=True, slots=True)
class Dropped:
    """A sentence that was drawn and not said, and why."""

    sentence: str
    reason: str


@dataclass(slots=True)
class Outcome:
    """What became of one guide; seconds from the first draw on."""

    sentences: list[str] = field(default_factory=list)
    plain: list[int] = field(default_factory=list)  # which of them no model wrote
    dropped: list[Dropped] = field(default_factory=list)
    redraws: int = 0
    check_seconds: float = 0.0
    time_to_first_sentence: float = 0.0
    seconds: float = 0.0
    report: Report = field(default_factory=Report)

    @property
    def text(self) -> str:
        """The guide."""
        return " ".join(self.sentences)


@dataclass(frozen=True, slots=True)
class _Candidate:
    text: str
    end: int  # where it ends in the text drawn
    last: bool  # nothing was drawn after it
    whole: bool


class GuideWriter:
    """One guide, from the first draw to the last sentence."""

    def __init__(
        self, artwork: Artwork, request: Request, seed: int = 0, *, opens: bool = False
    ) -> None:
        """Prepare; `opens` has a plain sentence come first, said while the model reads."""
        self.outcome = Outcome()
        self._seed = seed
        self._fewest, self._most = WORDS[request.length]
        self._judge = Judge(artwork, request)
        self._plain = PlainWriter(artwork, request, seed)
        keep = [t for t in (artwork.title, artwork.artist, *artwork.subjects) if t]
        self._splitter = SentenceSplitter(request.language, keep)
        self._pieces: Iterator[str] = iter(())
        self._drawn, self._base = "", 0  # the source's text, and how much of it is settled
        self._tries, self._draws = 0, 0
        self._asked: set[str] = set()  # fields the model has been steered to
        self._started_at = time.perf_counter()
        self.opening = self._plain_opening() if opens else ""
        """What the source has to begin with."""

    def write(self, source: Source) -> Iterator[str]:
        """The sentences of the guide, each as soon as it is known to be good."""
        if self.opening:
            self._base = len(self.opening)
            yield self._say(self.opening, plain=True)
        yield from self._from_model(source)
        yield from self._finish()
        outcome = self.outcome
        outcome.report = self._judge.report(outcome.text)
        outcome.seconds = time.perf_counter() - self._started_at
        outcome.check_seconds = self._judge.seconds

    def _plain_opening(self) -> str:
        sentence = self._plain.opening()
        return sentence if self._judge.judge("", sentence).good else ""

    def _from_model(self, source: Source) -> Iterator[str]:
        self._pieces = iter(source)
        while (candidate := self._candidate(source)) is not None:
            judgement = self._judge.judge(self.outcome.text, candidate.text, whole=candidate.whole)
            if judgement.good and self._has_room(judgement):
                self._base, self._tries = candidate.end, 0
                yield self._say(candidate.text)
                if candidate.last or self._is_full(judgement):
                    return
                sentence = self._steer(source, judgement)
                if sentence:
                    yield sentence
                continue
            if judgement.good or (candidate.last and source.finish == "length"):
                self._drop(candidate, judgement)
                return
            if self._tries < TRIES and self.outcome.redraws < REDRAWS:
                self._tries += 1
                self.outcome.redraws += 1
                self._rewind(source)
                continue
            self._drop(candidate, judgement)
            if len(self.outcome.dropped) >= DROPS or not (sentence := self._plain_instead(source)):
                return
            yield sentence

    def _candidate(self, source: Source) -> _Candidate | None:
        """The next sentence, as soon as it is whole or will never be."""
        while True:
            rest = self._drawn[self._base :]
            if (end := self._splitter.first_end(rest)) is not None:
                return _Candidate(rest[:end].strip(), self._base + end, False, True)
            if count_words(rest) > LONGEST:
                return _Candidate(rest.strip(), len(self._drawn), False, False)
            piece = next(self._pieces, None)
            if piece is None:
                break
            self._drawn += piece
        if not rest.strip():
            return None
        whole = source.finish == "stop" and self._splitter.is_whole(rest)
        return _Candidate(rest.strip(), len(self._drawn), True, whole)

    def _has_room(self, judgement: Judgement) -> bool:
        """Whether what is required still fits behind the sentence."""
        reserve = sum(count_words(self._plain.say(name)) for name in judgement.missing)
        return judgement.words + reserve <= self._most

    def _is_full(self, judgement: Judgement) -> bool:
        return judgement.words >= self._most - 3 and not judgement.missing

    def _say(self, sentence: str, *, plain: bool = False) -> str:
        outcome = self.outcome
        if not outcome.sentences:
            outcome.time_to_first_sentence = time.perf_counter() - self._started_at
        if plain:
            outcome.plain.append(len(outcome.sentences))
        outcome.sentences.append(sentence)
        return sentence

    def _drop(self, candidate: _Candidate, judgement: Judgement) -> None:
        reason = judgement.reason or "no room is left"
        self.outcome.dropped.append(Dropped(candidate.text, reason))

    def _rewind(self, source: Source, forced: str = "") -> None:
        """Back to what is settled; text that is forced begins the next sentence."""
        self._draws += 1
        self._drawn = self._drawn[: self._base]
        gap = " " if self._drawn and forced else ""
        seed = derived_seed(self._seed, len(self.outcome.sentences), self._draws)
        source.rewind(self._base, seed=seed, forced=gap + forced)
        self._pieces = iter(source)

    def _steer(self, source: Source, judgement: Judgement) -> str | None:
        """Begin the next sentence on what is missing; the plain sentence where that was in vain."""
        if not judgement.missing or judgement.words < STEER * self._fewest:
            return None
        name = judgement.missing[0]
        if name not in self._asked:
            self._asked.add(name)
            self._rewind(source, self._plain.opener(name))
            return None
        return self._say_in_model(source, self._plain.say(name))

    def _plain_instead(self, source: Source) -> str | None:
        """A plain sentence where one of the model's was dropped, so that it gets on."""
        text = self.outcome.text
        missing = self._judge.missing(text)
        for sentence in [self._plain.say(name) for name in missing] or self._plain.extras(text):
            judgement = self._judge.judge(text, sentence)
            if judgement.good and self._has_room(judgement):
                return self._say_in_model(source, sentence)
        return None

    def _say_in_model(self, source: Source, sentence: str) -> str:
        """Say a plain sentence and let the model go on from it as if it were its own."""
        self._rewind(source, sentence)
        self._base += len(sentence) + (1 if self._drawn else 0)
        self._tries = 0
        return self._say(sentence, plain=True)

    def _finish(self) -> Iterator[str]:
        """What is still missing, what is too short, and an end that one can leave with."""
        outcome = self.outcome
        before = len(outcome.plain)
        for name in self._judge.missing(outcome.text):
            yield self._say(self._plain.say(name), plain=True)
        closing = self._plain.closing(outcome.text)
        room = count_words(closing)
        for sentence in self._plain.extras(outcome.text):
            if count_words(outcome.text) + room >= self._fewest:
                break
            judgement = self._judge.judge(outcome.text, sentence)
            if judgement.good and judgement.words + room <= self._most:
                yield self._say(sentence, plain=True)
        added = len(outcome.plain) > before
        short = count_words(outcome.text) < self._fewest
        if (added or short) and count_words(outcome.text) + room <= self._most:
            yield self._say(closing, plain=True)
