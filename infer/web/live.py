"""A guide that is being written, and everybody who follows it.

    live = Live(guide_id, model)
    live.publish("sentence", {...})            # in the writer's thread
    async with aclosing(live.follow()) as events: ...     # in the server's loop

Whoever comes later hears what was said already, and then the rest with everybody else.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Any

LAST = ("done", "error")


@dataclass(frozen=True, slots=True)
class Event:
    """A server-sent event."""

    name: str
    data: dict[str, Any]


class Live:
    """The events of one guide so far, and those who wait for more."""

    def __init__(self, guide_id: str) -> None:
        self.guide_id = guide_id
        self.followers = 0
        self._events: list[Event] = []
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._waiting: dict[asyncio.Event, asyncio.AbstractEventLoop] = {}

    def wait(self) -> Event:
        """The last event; for a thread that has nothing else to do."""
        self._ended.wait()
        return self._events[-1]

    def publish(self, name: str, data: dict[str, Any]) -> None:
        """Tell everybody; from any thread."""
        with self._lock:
            self._events.append(Event(name, data))
            waiting = list(self._waiting.items())
        for flag, loop in waiting:
            if not loop.is_closed():
                loop.call_soon_threadsafe(flag.set)
        if name in LAST:
            self._ended.set()

    async def follow(self) -> AsyncGenerator[Event, None]:
        """Every event from the first to the last; to be closed, for it counts who listens."""
        flag = asyncio.Event()
        with self._lock:
            self._waiting[flag] = asyncio.get_running_loop()
            self.followers += 1
        position = 0
        try:
            while True:
                flag.clear()
                with self._lock:
                    news = self._events[position:]
                for event in news:
                    yield event
                    if event.name in LAST:
                        return
                position += len(news)
                if not news:
                    await flag.wait()
        finally:
            with self._lock:
                self._waiting.pop(flag, None)
                self.followers -= 1
