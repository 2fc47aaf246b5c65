"""A split inside the running server: which options a visitor gets, and how long it listened.

    SplitHook(services).add_to(app)

A thread looks every second whether a split began, ended or was killed, in this process or by
`guide ab split` in another, and once a minute whether one is decided. While none is in force the
server chooses by nothing and sets no cookie. Whatever fails in here, visitors get what they would
get without a split.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from data.errors import GuideError
from evaluate.ab.guard import hashed, hashing_key
from evaluate.ab.split.report import settle
from evaluate.ab.split.store import SplitStore, variant_of
from evaluate.ab.split.variants import guide_key

if TYPE_CHECKING:
    from fastapi import FastAPI

    from data.prompt import Request
    from evaluate.ab.split.tables import Split
    from infer.web import schemas
    from infer.web.services import ListenedEvent, Services

LOOK = 1.0  # seconds between looks at the store
SETTLE = 60.0  # seconds between looks at the figures

_log = logging.getLogger("guide.serve")


class SplitHook:
    """The split that this server's visitors are under, if any."""

    def __init__(self, services: Services) -> None:
        """Take part in a server that is about to start."""
        self._services = services
        self._splits = SplitStore(services.store)
        self._key = hashing_key(services.store)
        self._split: Split | None = None
        self._ending = threading.Event()

    def add_to(self, app: FastAPI) -> None:
        """Look for splits for as long as the application runs."""
        inner = app.router.lifespan_context

        @asynccontextmanager
        async def lifespan(running: Any) -> AsyncIterator[Any]:
            async with inner(running) as state:
                watch = threading.Thread(target=self._watch, name="guide-split", daemon=True)
                watch.start()
                try:
                    yield state
                finally:
                    self._ending.set()
                    watch.join(5)

        app.router.lifespan_context = lifespan

    def choose(self, work: schemas.Work | None, visitor: str, asked: Request) -> dict[str, Any]:
        """The options for one visitor and work; none where the split has no part in it."""
        split = self._split
        if split is None or work is None:
            return {}
        try:
            variant = self.variant(split, visitor)
            options = _options(split, variant, work.id, asked)
            if options is None:
                return {}
            if split.state == "running":
                self._splits.give(split, self._name(visitor), variant, work.id)
        except Exception as error:
            _log.error("The split has no part in this guide.", exc_info=error)
            return {}
        else:
            return options

    def variant(self, split: Split, visitor: str) -> str:
        """What a visitor gets: by the hash while it runs, then what was kept."""
        if split.state == "running":
            return variant_of(split, self._name(visitor))
        return split.kept or "a"

    def listened(self, event: ListenedEvent) -> None:
        """A visitor says how long it listened."""
        split = self._split
        if split is None or split.state != "running" or event.visitor_id is None:
            return
        try:
            guide = self._services.guides.find(event.guide_id)
            if guide.work_id:
                end = max((s.end for s in guide.sentences if s.end is not None), default=None)
                duration = end or len(guide.text.split()) / 2.5  # at 150 words a minute
                self._splits.hear(
                    guide.work_id, self._name(event.visitor_id), event.seconds, event.finished,
                    duration,
                )  # fmt: skip
        except Exception as error:
            _log.error("The split has not heard of this.", exc_info=error)

    def look(self) -> None:
        """Take up what was begun, ended or killed."""
        was, self._split = self._split, self._splits.current()
        if (was is None) == (self._split is None):
            return
        hooks = self._services.hooks
        if self._split is not None:
            hooks.choose_options.append(self.choose)
            hooks.listened.append(self.listened)
        else:
            hooks.choose_options.remove(self.choose)
            hooks.listened.remove(self.listened)

    def settle(self) -> None:
        """End the split where it is decided."""
        split = self._split
        if split is not None and split.state == "running":
            found = settle(self._splits, split.name)
            if found.state != "running":
                _log.info("The split %s is over: %s", found.name, found.sentence)

    def _watch(self) -> None:
        waited = 0.0
        while not self._ending.wait(LOOK):
            waited += LOOK
            try:
                self.look()
                if waited >= SETTLE:
                    waited = 0.0
                    self.settle()
            except GuideError as error:  # it was ended in another process at that very moment
                _log.info("%s", error)
            except Exception as error:
                _log.error("The split could not be looked at.", exc_info=error)

    def _name(self, visitor: str) -> str:
        return hashed(self._key, f"visitor {visitor}")


def _options(
    split: Split, variant: str, work_id: str, asked: Request
) -> dict[str, Any] | None:  # fmt: skip
    """What changes for the variant; None where one of the two has no guide of that work."""
    key = guide_key(work_id, asked)
    if any("guides" in options and key not in options["guides"] for options in (split.a, split.b)):
        return None
    options = split.b if variant == "b" else split.a
    return {"guide_id": options["guides"][key]} if "guides" in options else options
