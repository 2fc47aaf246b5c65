"""Scripts as rows of a corpus, and what there is of them.

for row in rows(store, unreviewed=False): print(row.as_json())
for line in report_lines(store): print(line)
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from data.dataset.rows import Row
from data.errors import OutputError
from data.scripts.database import ScriptsError
from data.scripts.store import Attempt, Job, Store

_DETAILS = re.compile(r"[,;:].*")


def rows(store: Store, *, unreviewed: bool = False) -> Iterator[Row]:
    """The scripts that the curator kept; with `unreviewed`, the best of those that passed too."""
    reviews, passed = store.reviews(), store.passed()
    for job in store.jobs():
        review = reviews.get(job.id)
        if review is not None:
            if review.decision != "reject":
                yield Row(job.row_id, job.artwork, job.request, review.script)
        elif unreviewed and job.id in passed:
            yield Row(job.row_id, job.artwork, job.request, store.attempts(job)[0].script or "")


def write_rows(store: Store, out: Path, *, unreviewed: bool = False) -> int:
    """Write JSONL in the corpus's shape, whole or not at all; returns the rows.

    Raises:
        ScriptsError: there is nothing to write.
        OutputError: the file cannot be written.
    """
    lines = [
        json.dumps(row.as_json(), ensure_ascii=False) + "\n"
        for row in rows(store, unreviewed=unreviewed)
    ]
    if not lines:
        waiting = len(store.passed() - set(store.reviews()))
        hint = (
            f"{waiting} passed and wait for guide scripts review, or take them with --unreviewed"
            if waiting and not unreviewed
            else "write some with guide scripts write"
        )
        raise ScriptsError(f"No script is reviewed and kept, so {out} was not written; {hint}.")
    aside = out.with_name(f".{out.name}.part")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        aside.write_text("".join(lines), encoding="utf-8")
        aside.replace(out)
    except OSError as error:
        raise OutputError(f"{out} cannot be written: {error.strerror or error}.") from None
    return len(lines)


def figures(store: Store) -> dict[str, Any]:
    """Counts of everything."""
    jobs, passed, reviews = store.jobs(), store.passed(), store.reviews()
    answered = store.answered()
    failed = [job for job in jobs if job.id in answered - passed]
    totals = store.totals()
    return {
        "works": len({job.work for job in jobs}),
        "guides": len(jobs),
        "passed": len(passed),
        "failed": len(failed),
        "not yet asked": len(jobs) - len(answered),
        "reviewed": dict(Counter(review.decision for review in reviews.values())),
        "waiting for review": len(passed - set(reviews)),
        "by language": _passed_by(jobs, passed, "language"),
        "by length": _passed_by(jobs, passed, "length"),
        "by style": _passed_by(jobs, passed, "style"),
        "models": {
            f"{model} (prompt {version})": f"{count:,} answers"
            for (model, version), count in store.models().items()
        },
        "reasons of the failed": dict(
            Counter(
                reason for job in failed for reason in _kinds(store.attempts(job)[0])
            ).most_common()
        ),
        "answers": totals.answers,
        "prompt tokens": totals.prompt_tokens,
        "completion tokens": totals.completion_tokens,
        "cost": round(totals.cost, 4),
    }


def report_lines(store: Store) -> Iterator[str]:
    """The figures to read."""
    for name, value in figures(store).items():
        if not isinstance(value, dict):
            yield f"{name}: {value:,}"
        elif value:
            yield f"{name}: " + ", ".join(f"{key} {count}" for key, count in value.items())


def failed_lines(store: Store) -> Iterator[str]:
    """Each guide that did not pass, with the reasons of its best try, parted by tabs."""
    passed, reviews = store.passed(), store.reviews()
    for job in store.jobs():
        answers = store.attempts(job)
        if answers and job.id not in passed and job.id not in reviews:
            reasons = "; ".join(_reasons(answers[0]))
            yield f"{job.row_id}\t{job.artwork.title}\t{len(answers)} tries\t{reasons}"


def _passed_by(jobs: list[Job], passed: set[int], field: str) -> dict[str, str]:
    counts = Counter(getattr(job.request, field) for job in jobs)
    good = Counter(getattr(job.request, field) for job in jobs if job.id in passed)
    return {name: f"{good[name]:,} of {count:,} passed" for name, count in counts.most_common()}


def _reasons(attempt: Attempt) -> list[str]:
    if attempt.verdict == "faults":
        return [str(fault) for fault in attempt.faults]
    return [f"{attempt.verdict}: {attempt.answer}" if attempt.answer else attempt.verdict]


def _kinds(attempt: Attempt) -> list[str]:
    """Reasons without what differs from script to script, so that they can be counted."""
    if attempt.verdict != "faults":
        return [attempt.verdict]
    return sorted({_DETAILS.sub("", fault.reason) for fault in attempt.faults})
