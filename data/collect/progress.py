"""How far the collector is, on standard error: a bar on a terminal, a line now and then elsewhere.

with Progress("met", console) as progress:
    progress.expect(done=120, total=2600)
"""

from __future__ import annotations

import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    TextColumn,
    TimeRemainingColumn,
)
from rich.progress import Progress as Bar

LINE_SECONDS = 30.0


class Progress:
    """Shows settled objects, the rate, the time left and how many works were kept."""

    def __init__(
        self, name: str, console: Console, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._console, self._clock = console, clock
        self._name, self._kept = name, 0
        self._begun = self._told = clock()
        self._first: int | None = None
        self._bar = Bar(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[note]}"),
            TimeRemainingColumn(),
            console=console,
            disable=not console.is_terminal,
            speed_estimate_period=120,
        )
        self._task = self._bar.add_task(name, total=None, note="")

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bar.stop()

    def expect(self, done: int, total: int | None) -> None:
        """`done` of `total` objects are settled."""
        if self._first is None:
            self._first = done  # what an earlier run settled says nothing about this one's rate
        seconds = self._clock() - self._begun
        rate = f"{(done - self._first) / seconds:.1f}/s" if seconds >= 1 else ""
        new = f"{self._kept:,} new works" if self._kept else ""
        note = "  ".join(word for word in (rate, new, "left" if total else "") if word)
        self._bar.update(self._task, completed=done, total=total, note=note)
        if not self._console.is_terminal and self._clock() - self._told >= LINE_SECONDS:
            self._told = self._clock()
            of = f" of {total:,}" if total else ""
            self._console.print(
                f"{self._name}: {done:,}{of} objects, {rate}, {self._kept:,} new works",
                soft_wrap=True,
            )

    def kept(self, more: int) -> None:
        """So many more wanted works have come in."""
        self._kept += more

    def waiting(self, why: str, seconds: float) -> None:
        """The collector pauses."""
        self._console.print(f"{why}; pausing for {seconds:.0f} seconds.", soft_wrap=True)
