"""The engine's one thread: guides join and leave a running batch, token by token.

Each turn of the loop hears who came, left or went back, reads one piece of one prompt, and draws
one token for every guide that is being written. Prompts and single tokens are never decoded
together, and tokens only so many at once as leave every guide's numbers what they are alone.
"""

from __future__ import annotations

import queue
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import suppress

from data.errors import ModelError
from infer.context import Context, Outcome
from infer.prefix import PrefixCache
from infer.request import Request
from infer.slots import Slot
from models.llama import last_log_line

HELD = 300.0
"""Seconds after which the slot of a finished guide that nobody closes is taken back."""


class Scheduler:
    """Waiting requests, slots, and the loop that serves them."""

    def __init__(self, context: Context, rows: int, prefixes: PrefixCache | None) -> None:
        self.context, self.rows, self.prefixes = context, rows, prefixes
        self.slots = [Slot(index) for index in range(context.slots)]
        self.waiting: deque[Request] = deque()
        self.lock = threading.Lock()  # of `waiting`, which callers append to
        self._heard: queue.SimpleQueue[Request | None] = queue.SimpleQueue()
        self._decoding: tuple[Request, ...] = ()
        self._next_reader = 0
        self.closing = False
        self.seconds_a_guide = 15.0  # a running mean without the waiting; at first a guess
        self._thread = threading.Thread(target=self._run, name="guide-engine", daemon=True)
        self._thread.start()

    # From any thread

    def wake(self, request: Request) -> None:
        """Look at a request again: it is new, was closed, or wants to go back."""
        self._heard.put(request)
        decoding = self._decoding
        if decoding and all(r.closed for r in decoding):
            self.context.abort()

    def close(self) -> None:
        """Stop the thread; requests that are not finished are told so."""
        self.closing = True
        while self._thread.is_alive():
            self._heard.put(None)
            self.context.abort()
            self._thread.join(0.05)

    # In the engine's thread

    def _run(self) -> None:
        try:
            while not self.closing:
                self._hear()
                self._admit()
                self._read()
                self._step()
        except BaseException as error:
            self._fail_all(error)
        else:
            self._fail_all(ModelError("The engine was closed before this guide was finished."))

    def _hear(self) -> None:
        """Carry out what listeners wish; waits when there is nothing else to do."""
        idle = not any(slot.pending for slot in self.slots)
        with suppress(queue.Empty):
            heard = self._heard.get(timeout=1.0) if idle else self._heard.get_nowait()
            while True:
                if heard is not None and (slot := self._slot_of(heard)):
                    self._attend(slot, heard)
                heard = self._heard.get_nowait()
        now = time.perf_counter()
        for slot in self.slots:
            request = slot.request
            if request and not slot.pending and now - request.held_at > HELD:
                request.fail(ModelError("This guide was left unfinished for too long."))
                slot.release(self.context)

    def _attend(self, slot: Slot, request: Request) -> None:
        if request.closed:
            if slot.pending:
                slot.end("cancelled")
            if request.finish != "cancelled":
                seconds = request.ended_at - request.taken_at
                self.seconds_a_guide += 0.2 * (seconds - self.seconds_a_guide)
            slot.release(self.context)
            return
        with suppress(queue.Empty):
            while True:
                slot.rewind(request.rewinds.get_nowait(), self.context)

    def _slot_of(self, request: Request) -> Slot | None:
        return next((slot for slot in self.slots if slot.request is request), None)

    def _admit(self) -> None:
        """Give free slots to those who wait, in their order."""
        while True:
            free = [slot for slot in self.slots if slot.request is None]
            with self.lock:
                while self.waiting and self.waiting[0].closed:
                    self.waiting.popleft().end("cancelled")
                if not self.waiting or not free or self._being_read(self.waiting[0].prefix):
                    return
                request = self.waiting.popleft()
            slot = next((s for s in free if s.prefix == request.prefix), free[0])
            cells = self._provide_prefix(slot, request.prefix)
            slot.begin(request, cells, self.context.model)
            self._attend(slot, request)  # it may have gone back, or left, while it waited

    def _being_read(self, prefix: tuple[int, ...]) -> bool:
        """Whether a slot is computing that prefix just now, which is worth waiting for."""
        return any(s.request and s.prefix == prefix and s.cells < len(prefix) for s in self.slots)

    def _provide_prefix(self, slot: Slot, prefix: tuple[int, ...]) -> int:
        """Put a prefix into a slot's cells by the cheapest way; returns how many it has then."""
        if slot.prefix == prefix and slot.cells >= len(prefix):
            self.context.forget(slot.index, len(prefix))
            return len(prefix)
        for other in self.slots:
            if other is not slot and other.prefix == prefix and other.cells >= len(prefix):
                self.context.copy(other.index, slot.index, len(prefix))
                return len(prefix)
        self.context.forget(slot.index)
        if prefix and self.prefixes and self.prefixes.load(self.context, slot.index, prefix):
            return len(prefix)
        return 0

    def _read(self) -> None:
        """Read one piece of one prompt, of another slot each time."""
        count = len(self.slots)
        for turn in range(count):
            slot = self.slots[(self._next_reader + turn) % count]
            if len(slot.pending) > 1:
                self._next_reader = (slot.index + 1) % count
                self._read_chunk(slot)
                return

    def _read_chunk(self, slot: Slot) -> None:
        chunk = slot.chunk()
        outcome = self._decode((slot,), chunk)
        if outcome != "done":
            self._failed(slot, outcome)
            return
        ready = slot.decoded(len(chunk))
        if slot.cells == len(slot.prefix) and self.prefixes:
            self.prefixes.save(self.context, slot.index, slot.prefix)
        if ready:
            slot.draw(self.context, -1)

    def _step(self) -> None:
        for group in self._groups():
            outcome = self._decode(group)
            if outcome == "done":
                for row, slot in enumerate(group):
                    self._drawn(slot, row)
            elif len(group) == 1 or outcome == "aborted":
                for slot in group:
                    self._failed(slot, outcome)
            else:
                self._step_alone(group)

    def _step_alone(self, group: tuple[Slot, ...]) -> None:
        """What failed together, one by one: only those that fail alone are given up."""
        for slot in group:
            self.context.forget(slot.index, slot.cells)
            outcome = self._decode((slot,))
            if outcome == "done":
                self._drawn(slot, 0)
            else:
                self._failed(slot, outcome)

    def _drawn(self, slot: Slot, row: int) -> None:
        if slot.decoded(1):
            slot.draw(self.context, row)

    def _groups(self) -> Iterator[tuple[Slot, ...]]:
        """Slots with one token to decode, neighbours together: llama.cpp parts others anyway."""
        group: list[Slot] = []
        for slot in self.slots:
            if group and (slot.row is None or len(group) == self.rows):
                yield tuple(group)
                group = []
            if slot.row is not None:
                group.append(slot)
        if group:
            yield tuple(group)

    def _decode(self, group: tuple[Slot, ...], chunk: list[int] | None = None) -> Outcome:
        self._decoding = tuple(slot.request for slot in group if slot.request)
        self.context.allow()
        try:
            if all(request.closed for request in self._decoding) or self.closing:
                return "aborted"  # after `_decoding` is set, so that no close goes unnoticed
            if chunk is not None:
                return self.context.read(group[0].index, chunk, group[0].cells)
            return self.context.step([slot.row for slot in group if slot.row])
        finally:
            self._decoding = ()

    def _failed(self, slot: Slot, outcome: Outcome) -> None:
        """What could not be decoded leaves no trace; the other guides never notice."""
        request = slot.request
        assert request is not None
        self.context.forget(slot.index, slot.cells)
        if outcome == "full":
            slot.end("length")
        elif outcome == "failed":
            request.fail(ModelError(f"llama.cpp could not decode ({last_log_line()})."))
            slot.release(self.context)
        # Aborted: whoever closed it is heard in the next turn, and anyone else is decoded again.

    def _fail_all(self, error: BaseException) -> None:
        with self.lock:
            waiting, self.closing = list(self.waiting), True
            self.waiting.clear()
        for request in [*waiting, *(s.request for s in self.slots if s.request)]:
            request.fail(error)
        for slot in self.slots:
            slot.release(self.context)
