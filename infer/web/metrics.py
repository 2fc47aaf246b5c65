"""What Prometheus is told at `/metrics`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from data.prompt import Request

_SECONDS = (0.05, 0.1, 0.25, 0.5, 1, 2, 3, 5, 8, 13, 21, 34, 60)


class Metrics:
    """Counters of one server, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        kept: dict[str, Any] = {"registry": self.registry}
        self.guides = Counter(
            "guide_served", "Guides served.", ["source", "language", "length"], **kept
        )
        self.failed = Counter("guide_failed", "Guides that could not be written.", **kept)
        self.rejected = Counter("guide_rejected", "Requests refused.", ["reason"], **kept)
        self.listened = Counter("guide_listened_seconds", "Time listened.", **kept)
        self.first_sentence = Histogram(
            "guide_first_sentence_seconds", "From the request to the first sentence.",
            buckets=_SECONDS, **kept,
        )  # fmt: skip
        self.writing_seconds = Histogram(
            "guide_writing_seconds", "From the request to the end.", buckets=_SECONDS, **kept
        )
        self.tokens = Counter("guide_tokens", "Tokens drawn.", **kept)
        self.redraws = Counter("guide_redraws", "Sentences drawn again.", **kept)
        self.dropped = Counter("guide_dropped_sentences", "Sentences dropped.", **kept)
        self.requests = Counter(
            "guide_http_requests", "Requests.", ["route", "method", "status"], **kept
        )
        self.request_seconds = Histogram(
            "guide_http_request_seconds", "Until the response began.", ["route"],
            buckets=_SECONDS, **kept,
        )  # fmt: skip

    def watch(self, load: Callable[[], tuple[int, int]]) -> None:
        """Ask for the load whenever the metrics are read."""
        writing = Gauge("guide_writing", "Guides being written.", registry=self.registry)
        waiting = Gauge("guide_waiting", "Guides waiting.", registry=self.registry)
        writing.set_function(lambda: load()[0])
        waiting.set_function(lambda: load()[1])

    def wrote(self, request: Request, result: dict[str, Any], seconds: float) -> None:
        """A guide was written."""
        self.guides.labels("written", request.language, request.length).inc()
        self.writing_seconds.observe(seconds)
        self.tokens.inc(result["tokens"])
        self.redraws.inc(result["redraws"])
        self.dropped.inc(len(result["dropped"]))

    def render(self) -> bytes:
        """The text Prometheus reads."""
        return generate_latest(self.registry)
