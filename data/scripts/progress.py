"""How far the teacher is, on standard error: a bar on a terminal, a line now and then elsewhere.

with Progress(console, "USD") as progress:
    progress.show(outcome)
"""

from __future__ import annotations

import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

from data.scripts.writer import Outcome

LINE_SECONDS = 30.0


class Progress:
    """Shows guides done, how many passed, tokens, cost and the time left."""

    def __init__(self, console: Console, clock: Callable[[], float] = time.monotonic) -> None:
        self._console, self._clock = console, clock
        self._told = clock()
        self._bar = Bar(
            TextColumn("scripts"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[facts]}  left"),
            TimeRemainingColumn(),
            console=console,
            speed_estimate_period=600,
        )
        self._task = self._bar.add_task("scripts", total=None, facts="")

    def show(self, outcome: Outcome) -> None:
        """Show where a run stands."""
        facts = summary(outcome)
        done = outcome.done + outcome.unanswered
        self._bar.update(self._task, completed=done, total=outcome.chains, facts=facts)
        if not self._console.is_terminal and self._clock() - self._told >= LINE_SECONDS:
            self._told = self._clock()
            self._console.print(f"{done:,} of {outcome.chains:,}: {facts}", soft_wrap=True)

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._console.is_terminal:
            self._bar.stop()


def summary(outcome: Outcome) -> str:
    """The counts of a run in a line."""
    tokens = outcome.prompt_tokens + outcome.completion_tokens
    cost = f"  cost {outcome.cost:.2f}" if outcome.cost else ""
    return (
        f"{outcome.passed:,} passed  {outcome.failed:,} failed  {outcome.answers:,} answers  "
        f"{tokens:,} tokens{cost}"
    )
