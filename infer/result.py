"""One guide being told, and everything known about it afterwards.

telling = session.start(artwork, options)
for text in telling:
    print(text, end="", flush=True)
telling.result()    # what `guide tell --json` prints and `guide batch` writes
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Protocol

from data.artwork import Artwork
from data.facts import Report
from infer.judge import Judge
from infer.options import Options
from infer.orders import REASON, without_orders
from infer.plain import PlainWriter
from infer.request import Measures
from infer.writer import GuideWriter, Outcome, Source


class Origin(Source, Protocol):
    """A source that is given back afterwards and says what it took."""

    def measures(self) -> Measures:
        """Figures of what was drawn."""

    def close(self) -> None:
        """Stop drawing."""


class Telling:
    """One guide: verified sentence by sentence, or a draft as the model draws it."""

    def __init__(
        self,
        artwork: Artwork,
        options: Options,
        model: str,
        origin: Origin | None,
        writer: GuideWriter | None = None,
    ) -> None:
        """Tell from an origin, which has begun with the writer's opening where it has one."""
        self._record, self._options, self._model = artwork, options, model
        self._artwork, self._orders = without_orders(artwork)
        self._origin, self._writer = origin, writer
        self._outcome = Outcome()
        self._told = False
        self._started_at = time.perf_counter()

    def __iter__(self) -> Iterator[str]:
        """The text in the pieces in which it may be shown; joined, they are the guide.

        Raises:
            ModelError: the model failed.
        """
        if self._origin is None:
            yield from self._joined(self._plain())
        elif self._options.draft:
            yield from self._draft(self._origin)
        else:
            options = replace(self._options, opening="model")
            writer = self._writer or guide_writer(self._artwork, options)
            assert writer is not None
            self._outcome = writer.outcome
            yield from self._joined(writer.write(self._origin))
        self._told = True
        self.cancel()

    def cancel(self) -> None:
        """Stop writing and give the model back; doing it twice does nothing."""
        if self._origin is not None:
            self._origin.close()

    @property
    def begun(self) -> bool:
        """Whether the model has drawn anything yet; a plain first sentence comes before that."""
        return self._origin is None or self._origin.measures().tokens > 0

    def result(self) -> dict[str, Any]:
        """The guide, its artwork, its model, the measures, and what the fact check saw."""
        outcome = self._outcome
        measures = self._origin.measures() if self._origin else self._no_measures()
        if self._told and measures.finish_reason == "cancelled":
            measures = replace(measures, finish_reason="stop")  # the writer had enough
        text = outcome.text
        return {
            "guide": text,
            "artwork": self._record.as_record(),
            "model": self._model,
            **measures.as_dict(),
            "seconds": round(outcome.seconds, 3),
            "time_to_first_sentence": round(outcome.time_to_first_sentence, 3),
            "check_seconds": round(outcome.check_seconds, 4),
            "redraws": outcome.redraws,
            "dropped": [
                *({"sentence": text, "reason": REASON} for text in self._orders),
                *({"sentence": d.sentence, "reason": d.reason} for d in outcome.dropped),
            ],
            "plain": [outcome.sentences[i] for i in outcome.plain],
            "claims": claims_found(text, outcome.report),
            "findings": _findings(text, outcome.report),
        }

    def _joined(self, sentences: Iterator[str]) -> Iterator[str]:
        for number, sentence in enumerate(sentences):
            yield f" {sentence}" if number else sentence

    def _draft(self, origin: Origin) -> Iterator[str]:
        text = ""
        for piece in origin:
            text += piece
            yield piece
        outcome = self._outcome
        outcome.sentences = [text]
        outcome.time_to_first_sentence = origin.measures().time_to_first_token
        self._judge_whole(text)

    def _plain(self) -> Iterator[str]:
        """The guide of the writer without a model, all of whose sentences are plain."""
        options, outcome = self._options, self._outcome
        writer = PlainWriter(self._artwork, options.request, options.sampling.seed)
        outcome.sentences = writer.guide()
        outcome.plain = list(range(len(outcome.sentences)))
        outcome.time_to_first_sentence = time.perf_counter() - self._started_at
        yield from outcome.sentences
        self._judge_whole(outcome.text)

    def _judge_whole(self, text: str) -> None:
        outcome = self._outcome
        outcome.seconds = time.perf_counter() - self._started_at
        started = time.perf_counter()
        outcome.report = Judge(self._artwork, self._options.request).report(text)
        outcome.check_seconds = time.perf_counter() - started

    def _no_measures(self) -> Measures:
        outcome = self._outcome
        return Measures("stop", 0, 0, outcome.seconds, outcome.time_to_first_sentence, 0.0)


def guide_writer(artwork: Artwork, options: Options) -> GuideWriter | None:
    """The writer for these options, or None where a draft is wanted."""
    if options.draft:
        return None
    seed = options.sampling.seed
    artwork, _ = without_orders(artwork)
    return GuideWriter(artwork, options.request, seed, opens=options.opens)


def claims_found(text: str, report: Report) -> list[dict[str, str]]:
    """The claims of a text as JSON has them."""
    return [
        {
            "text": text[claim.start : claim.end],
            "kind": claim.kind.value,
            "verdict": claim.verdict.value,
            "reason": claim.reason,
        }
        for claim in report.claims
    ]


def _findings(text: str, report: Report) -> list[dict[str, str]]:
    """Faults of style; one of the guide as a whole, such as its length, quotes nothing."""
    found = []
    for finding in report.findings:
        start, end = finding.span
        whole = (start, end) == (0, len(text))
        found.append(
            {
                "text": "" if whole else text[start:end],
                "kind": finding.kind,
                "reason": finding.reason,
            }
        )
    return found
