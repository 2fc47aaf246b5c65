"""Asking the teacher for every guide that is missing, several at a time.

    outcome = await Writer(store, teacher, plan, watch).run(jobs)

A candidate is a chain of tries: an answer with faults is handed back with them, until it passes or
the tries are used up. Each answer is stored before the next question, so that another run, after
any end of this one, goes on with the very next try.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from data.scripts.prompt import (
    CUT_OFF,
    NO_SCRIPT,
    again,
    first_messages,
    read_script,
    teacher_version,
)
from data.scripts.standard import judge
from data.scripts.store import Attempt, Job, Message, Store, Verdict
from data.scripts.teacher import (
    Answer,
    RequestRefusedError,
    ServerFailedError,
    Teacher,
    TeacherError,
)

FAILURES_IN_A_ROW = 3
"""Requests that come to nothing, with no answer in between, after which asking on is no use."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is asked: candidates a guide, tries a candidate, examples shown; prices and cap.

    Prices are for a million tokens, in whatever currency; `most_cost` stops the run.
    """

    candidates: int = 1
    tries: int = 3
    shots: int = 2
    concurrency: int = 4
    price_in: float = 0.0
    price_out: float = 0.0
    most_cost: float | None = None


@dataclass(slots=True)
class Outcome:
    """What a run has come to; tokens and cost are of this run."""

    chains: int = 0  # candidates to write
    done: int = 0
    passed: int = 0
    failed: int = 0  # tries used up
    unanswered: int = 0  # left for another run
    answers: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost: float = 0.0
    spent: bool = False  # the cap on cost ended the run
    reasons: list[str] = field(default_factory=list)


class Watch(Protocol):
    """Is shown how far a run has come."""

    def show(self, outcome: Outcome) -> None:
        """Something has changed."""


class Writer:
    """One run."""

    def __init__(self, store: Store, teacher: Teacher, plan: Plan, watch: Watch) -> None:
        self.outcome = Outcome()
        self._store, self._teacher, self._plan, self._watch = store, teacher, plan, watch
        self._model = teacher.endpoint.model
        self._version = teacher_version(plan.shots)
        self._in_a_row = 0

    async def run(self, jobs: Sequence[Job]) -> Outcome:
        """Write what is missing.

        Raises:
            TeacherError: it is no use to ask on; what was answered is stored.
            sqlite3.Error: an answer could not be stored.
        """
        missing = self._missing(jobs)
        self.outcome.chains = len(missing)
        self._watch.show(self.outcome)
        queue = iter(missing)
        failure: BaseException | None = None
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(min(self._plan.concurrency, len(missing))):
                    group.create_task(self._work(queue))
        except* (TeacherError, sqlite3.Error) as errors:
            failure = next(_leaves(errors))
        if failure:
            raise failure
        return self.outcome

    def _missing(self, jobs: Sequence[Job]) -> list[tuple[Job, int]]:
        settled = self._store.settled(self._model, self._version)
        return [
            (job, candidate)
            for job in jobs
            if job.id not in settled
            for candidate in range(self._plan.candidates)
            if not self._finished(self._chain(job, candidate))
        ]

    def _chain(self, job: Job, candidate: int) -> list[Attempt]:
        return self._store.chain(job, self._model, self._version, candidate)

    def _finished(self, chain: Sequence[Attempt]) -> bool:
        return len(chain) >= self._plan.tries or any(a.verdict == "passed" for a in chain)

    async def _work(self, queue: Iterator[tuple[Job, int]]) -> None:
        for job, candidate in queue:
            if self._over_cost():
                return
            await self._write(job, candidate)
            self._watch.show(self.outcome)

    def _over_cost(self) -> bool:
        cap = self._plan.most_cost
        if cap is not None and self.outcome.cost >= cap:
            self.outcome.spent = True
        return self.outcome.spent

    async def _write(self, job: Job, candidate: int) -> None:
        """Try until one passes, or the tries or the money are used up."""
        first = first_messages(job, self._plan.shots)
        chain = self._chain(job, candidate)
        while not self._finished(chain):
            if self._over_cost():
                return
            try:
                attempt = await self._try(job, candidate, first, chain)
            except ServerFailedError as error:
                self._count_failure(str(error))
                self.outcome.unanswered += 1
                return
            self._store.put_attempt(job, attempt)
            chain.append(attempt)
        self.outcome.done += 1
        if chain[-1].verdict == "passed":
            self.outcome.passed += 1
        else:
            self.outcome.failed += 1

    async def _try(
        self, job: Job, candidate: int, first: list[Message], chain: Sequence[Attempt]
    ) -> Attempt:
        messages = _question(first, chain)
        try:
            answer = await self._teacher.ask(messages)
        except RequestRefusedError as error:
            self._count_failure(str(error))
            answer = Answer("", f"the server refuses the request: {error}", "", 0, 0, 0.0)
            verdict: Verdict = "not answered"
            script = None
        else:
            self._in_a_row = 0
            script = read_script(answer.text)
            verdict = _reading(answer, script)
        judged = judge(script, job.artwork, job.request) if script else None
        if judged and verdict == "passed" and not judged.passed:
            verdict = "faults"
        return Attempt(
            model=self._model,
            prompt_version=self._version,
            candidate=candidate,
            number=len(chain),
            messages=messages,
            answer=answer.refusal or answer.text,
            script=script,
            verdict=verdict,
            faults=judged.faults if judged else (),
            unclear=len(judged.report.unclear) if judged else 0,
            prompt_tokens=answer.prompt_tokens,
            completion_tokens=answer.completion_tokens,
            cost=self._count(answer),
            seconds=answer.seconds,
        )

    def _count(self, answer: Answer) -> float:
        cost = (
            answer.prompt_tokens * self._plan.price_in
            + answer.completion_tokens * self._plan.price_out
        ) / 1e6
        self.outcome.answers += 1
        self.outcome.prompt_tokens += answer.prompt_tokens
        self.outcome.completion_tokens += answer.completion_tokens
        self.outcome.cost += cost
        self._watch.show(self.outcome)
        return cost

    def _count_failure(self, reason: str) -> None:
        self._in_a_row += 1
        self.outcome.reasons.append(reason)
        if self._in_a_row >= FAILURES_IN_A_ROW:
            raise TeacherError(
                f"The teacher at {self._teacher.address} does not answer: {reason}. What was "
                "answered is kept; run the same command later to go on."
            )


def _question(first: list[Message], chain: Sequence[Attempt]) -> list[Message]:
    """The first question, or the last answer handed back with its faults.

    A teacher that has repeated itself would do so again, so it begins anew.
    """
    last = chain[-1] if chain else None
    if last is None or last.verdict in ("refused", "not answered"):
        return first
    if any(last.answer == earlier.answer for earlier in chain[:-1]):
        return first
    reasons = list(dict.fromkeys(str(fault) for fault in last.faults))
    if last.verdict == "no script":
        reasons.append(NO_SCRIPT)
    elif last.verdict == "cut off":
        reasons.append(CUT_OFF)
    return again(first, last.answer, reasons)


def _reading(answer: Answer, script: str | None) -> Verdict:
    """What kind of answer it is, before the script is judged."""
    if answer.refusal or answer.finish == "content_filter":
        return "refused"
    if answer.finish == "length":
        return "cut off"
    return "passed" if script else "no script"


def _leaves(error: BaseException) -> Iterator[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        for one in error.exceptions:
            yield from _leaves(one)
    else:
        yield error
