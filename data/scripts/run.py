"""One run of the teacher as the person at the keyboard sees it: progress, outcome, Ctrl-C.

write(works, kinds, endpoint, plan, database=Path("data/raw/scripts.sqlite"), notes=True)
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from data.artwork import Artwork
from data.prompt import Request
from data.scripts.database import writing
from data.scripts.progress import Progress, summary
from data.scripts.store import Job, Store
from data.scripts.teacher import Endpoint, Teacher
from data.scripts.writer import Outcome, Plan, Writer


def write(
    works: Sequence[Artwork],
    kinds: Sequence[Request],
    endpoint: Endpoint,
    plan: Plan,
    *,
    database: Path,
    notes: bool,
) -> Outcome:
    """Have every work told in every kind of guide, as far as it is not told yet.

    Raises:
        TeacherError, ScriptsError: with what to do next; what was answered is kept.
        KeyboardInterrupt: so is it after Ctrl-C.
    """
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    with writing(database), Store.open(database, create=True) as store:
        with store.change():
            jobs = [store.add_job(work, kind, notes=notes) for work in works for kind in kinds]
        jobs = list({job.id: job for job in jobs}.values())
        try:
            with Progress(console) as progress:
                outcome = asyncio.run(_run(store, jobs, endpoint, plan, progress))
        except KeyboardInterrupt:
            console.print(f"Stopped; {database} keeps every answer. Run it again to go on.")
            raise
        _tell(console, outcome, len(jobs), database)
    return outcome


async def _run(
    store: Store, jobs: Sequence[Job], endpoint: Endpoint, plan: Plan, progress: Progress
) -> Outcome:
    async with Teacher(endpoint) as teacher:
        return await Writer(store, teacher, plan, progress).run(jobs)


def _tell(console: Console, outcome: Outcome, guides: int, database: Path) -> None:
    if not outcome.chains:
        console.print(f"Nothing is missing of {guides:,} guides in {database}.")
        return
    console.print(f"{outcome.done:,} of {outcome.chains:,} scripts: {summary(outcome)}")
    if outcome.spent:
        console.print("The cost has reached --max-cost; raise it to go on.")
    if outcome.unanswered:
        console.print(
            f"{outcome.unanswered:,} were not answered ({outcome.reasons[-1]}); run it again."
        )
    if outcome.passed:
        console.print("Look at them with: guide scripts review")
