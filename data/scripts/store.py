"""Everything a teacher was asked and answered, and what the curator made of it.

    with Store.open(Path("data/raw/scripts.sqlite"), create=True) as store:
        job = store.add_job(artwork, Request(), notes=True)
        store.put_attempt(job, attempt)

    works      records as they were given, by a hash of them
    jobs       a work in one language, length and style, with or without its notes
    attempts   each answer of a teacher, with what it was asked and how it was judged
    reviews    the curator's decision on a job: keep, edit or reject

Every answer is one transaction, made before the next question is asked, so whoever is killed has
paid for nothing twice.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, Self

from data.artwork import Artwork, parse_artwork
from data.prompt import Request
from data.scripts.database import open_database
from data.scripts.standard import Fault

Decision = Literal["keep", "edit", "reject"]
Verdict = Literal["passed", "faults", "no script", "refused", "cut off", "not answered"]
Message = dict[str, str]


@dataclass(frozen=True, slots=True)
class Job:
    """One guide to write; `artwork` has its notes where they may be used."""

    id: int
    work: str
    artwork: Artwork
    request: Request
    notes: bool

    @property
    def row_id(self) -> str:
        """The id of its row in a corpus."""
        asked = self.request
        bare = "" if self.notes else "-bare"
        return f"s{self.work}-{asked.style}-{asked.language}-{asked.length}{bare}"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One answer: candidate and try count from 0, cost in the price's currency."""

    model: str
    prompt_version: str
    candidate: int
    number: int
    messages: list[Message]
    answer: str
    script: str | None
    verdict: Verdict
    faults: tuple[Fault, ...] = ()
    unclear: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost: float = 0.0
    seconds: float = 0.0
    id: int = 0


@dataclass(frozen=True, slots=True)
class Review:
    """What the curator decided, and the script as it stands now."""

    attempt: int
    decision: Decision
    script: str


@dataclass(frozen=True, slots=True)
class Totals:
    """Answers, tokens and cost of everything asked so far."""

    answers: int
    prompt_tokens: int
    completion_tokens: int
    cost: float


_INSERT = """
    INSERT INTO attempts (job, model, prompt_version, candidate, try, messages, answer, script,
    verdict, faults, unclear, prompt_tokens, completion_tokens, cost, seconds, written)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
_SELECT = """
    SELECT model, prompt_version, candidate, try, messages, answer, script, verdict, faults,
    unclear, prompt_tokens, completion_tokens, cost, seconds, id FROM attempts WHERE job = ?
"""
# The fewest claims that no rule can judge, then the fewest corrections.
_BEST_FIRST = (
    " ORDER BY verdict != 'passed', script IS NULL, unclear, json_array_length(faults), try, id"
)


class Store:
    """The database of one teacher's run after another, and of their review."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    @classmethod
    @contextmanager
    def open(cls, path: Path, *, create: bool = False) -> Iterator[Self]:
        """Open the database.

        Raises:
            ScriptsError: it cannot be used.
        """
        with open_database(path, create=create) as connection:
            yield cls(connection)

    @contextmanager
    def change(self) -> Iterator[None]:
        """Many changes as one."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    def add_job(self, artwork: Artwork, request: Request, *, notes: bool) -> Job:
        """The job of that description, the same one if it is known."""
        text = json.dumps(artwork.as_record(), ensure_ascii=False, sort_keys=True)
        work = hashlib.sha256(text.encode()).hexdigest()[:12]
        self._db.execute("INSERT OR IGNORE INTO works VALUES (?, ?)", (work, text))
        fields = (work, request.language, request.length, request.style, notes)
        self._db.execute(
            "INSERT OR IGNORE INTO jobs (work, language, length, style, notes)"
            " VALUES (?, ?, ?, ?, ?)",
            fields,
        )
        (number,) = self._db.execute(
            "SELECT id FROM jobs WHERE work = ? AND language = ? AND length = ? AND style = ?"
            " AND notes = ?",
            fields,
        ).fetchone()
        return Job(number, work, _with_notes(artwork, notes=notes), request, notes)

    def jobs(self) -> list[Job]:
        """Every job, in the order in which they came."""
        rows = self._db.execute(
            "SELECT id, work, artwork, language, length, style, notes"
            " FROM jobs JOIN works ON key = work ORDER BY id"
        )
        return [
            Job(
                number,
                work,
                _with_notes(parse_artwork(json.loads(artwork)), notes=bool(notes)),
                Request(language, length, style),
                bool(notes),
            )
            for number, work, artwork, language, length, style, notes in rows
        ]

    def put_attempt(self, job: Job, attempt: Attempt) -> None:
        """Store an answer."""
        faults = json.dumps([[f.words, f.reason] for f in attempt.faults], ensure_ascii=False)
        values = (
            attempt.model, attempt.prompt_version, attempt.candidate, attempt.number,
            json.dumps(attempt.messages, ensure_ascii=False), attempt.answer, attempt.script,
            attempt.verdict, faults, attempt.unclear, attempt.prompt_tokens,
            attempt.completion_tokens, attempt.cost, attempt.seconds,
        )  # fmt: skip
        self._db.execute(_INSERT, (job.id, *values, _now()))

    def chain(self, job: Job, model: str, version: str, candidate: int) -> list[Attempt]:
        """The tries at one candidate so far."""
        return self._attempts(
            " AND model = ? AND prompt_version = ? AND candidate = ? ORDER BY try",
            (job.id, model, version, candidate),
        )

    def attempts(self, job: Job) -> list[Attempt]:
        """Every answer for a job: those that passed, other scripts, the rest; the best first."""
        return self._attempts(_BEST_FIRST, (job.id,))

    def passed(self) -> set[int]:
        """The jobs that have a script to the standard."""
        return {n for (n,) in self._db.execute("SELECT job FROM attempts WHERE verdict = 'passed'")}

    def answered(self) -> set[int]:
        """The jobs that a teacher has answered anything to."""
        return {n for (n,) in self._db.execute("SELECT DISTINCT job FROM attempts")}

    def models(self) -> dict[tuple[str, str], int]:
        """Answers by model and prompt version."""
        rows = self._db.execute(
            "SELECT model, prompt_version, COUNT(*) FROM attempts GROUP BY 1, 2 ORDER BY MIN(id)"
        )
        return {(model, version): count for model, version, count in rows}

    def settled(self, model: str, version: str) -> set[int]:
        """The jobs that need nothing of this teacher: reviewed, or done well by another one."""
        rows = self._db.execute(
            "SELECT job FROM reviews UNION SELECT job FROM attempts WHERE verdict = 'passed'"
            " AND (model != ? OR prompt_version != ?)",
            (model, version),
        )
        return {number for (number,) in rows}

    def put_review(self, job: Job, review: Review) -> None:
        """Store a decision in place of any earlier one."""
        self._db.execute(
            "INSERT OR REPLACE INTO reviews VALUES (?, ?, ?, ?, ?)",
            (job.id, review.attempt, review.decision, review.script, _now()),
        )

    def reviews(self) -> dict[int, Review]:
        """Every decision, by job."""
        rows = self._db.execute("SELECT job, attempt, decision, script FROM reviews")
        return {job: Review(*rest) for job, *rest in rows}

    def totals(self) -> Totals:
        """What all of it has cost."""
        row = self._db.execute(
            "SELECT COUNT(*), COALESCE(SUM(prompt_tokens), 0), COALESCE(SUM(completion_tokens), 0),"
            " COALESCE(SUM(cost), 0.0) FROM attempts"
        ).fetchone()
        return Totals(*row)

    def _attempts(self, rest: str, values: tuple[Any, ...]) -> list[Attempt]:
        return [_attempt(row) for row in self._db.execute(_SELECT + rest, values)]


def _attempt(row: tuple[Any, ...]) -> Attempt:
    fields = list(row)
    fields[4] = json.loads(fields[4])
    fields[8] = tuple(Fault(words, reason) for words, reason in json.loads(fields[8]))
    return Attempt(*fields)


def _with_notes(artwork: Artwork, *, notes: bool) -> Artwork:
    return artwork if notes else artwork.model_copy(update={"notes": ()})


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
