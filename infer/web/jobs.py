"""Guides written ahead, so that a whole tour is there before the doors open.

    jobs = Jobs(store, works, guides, desk)
    job_id = jobs.add(work_ids, languages=["en"], lengths=["brief"], style="clear")
    jobs.progress(job_id), jobs.cancel(job_id)
    jobs.start()        # one thread, which takes up whatever is not done

A job and each of its guides is a row, so that after a crash or `kill -9` it goes on where it was:
whoever works on a job says so every second, and when that stops another process, or the next,
takes over. Visitors come first: the next guide is begun only when nobody waits.
"""

from __future__ import annotations

import logging
import threading
import uuid
from collections.abc import Sequence
from datetime import timedelta
from itertools import product

from sqlalchemy import CursorResult, or_, select, update

from data.artwork import parse_artwork
from data.prompt import Language, Length, Request, Style
from infer.web import schemas
from infer.web.desk import Desk
from infer.web.guides import Guides, Wanted
from infer.web.live import Live
from infer.web.problems import BusyError, ProblemError, as_problem
from infer.web.store import Store
from infer.web.tables import Job, JobItem, now
from infer.web.works import Works

LEASE = timedelta(seconds=6)
"""Silence after which a job's process is taken to be dead."""

_BEAT = 1.0  # seconds
_BUSY = 2.0  # seconds between tries while every slot is taken

_log = logging.getLogger("guide.serve")


class Jobs:
    """The jobs of one store, and this process's part in them."""

    def __init__(self, store: Store, works: Works, guides: Guides, desk: Desk) -> None:
        self._store, self._works, self._guides, self._desk = store, works, guides, desk
        self._me = uuid.uuid4().hex
        self._closing = threading.Event()
        self._news = threading.Event()
        self._thread = threading.Thread(target=self._run, name="guide-jobs", daemon=True)

    def add(
        self,
        work_ids: Sequence[str],
        *,
        languages: Sequence[Language],
        lengths: Sequence[Length],
        style: Style,
    ) -> str:
        """Put guides in the queue; returns the job's id.

        Raises:
            ProblemError: there is nothing to write, or no such work.
        """
        unknown = set(work_ids) - set(self._works.ids())
        if unknown:
            raise ProblemError(404, f"There is no work {min(unknown)}.")
        if not work_ids:
            raise ProblemError(409, "There are no works yet; add or import some first.")
        job = Job(id=uuid.uuid4().hex, state="waiting", owner=None, beat=None)
        for position, what in enumerate(product(work_ids, languages, lengths)):
            work_id, language, length = what
            job.items.append(
                JobItem(
                    position=position, work_id=work_id, language=language, length=length,
                    style=style, state="waiting",
                )
            )  # fmt: skip
        with self._store.writing() as session:
            session.add(job)
        self._news.set()
        return job.id

    def progress(self, job_id: str) -> schemas.JobProgress:
        """How far a job is.

        Raises:
            ProblemError: there is none of that id.
        """
        with self._store.reading() as session:
            job = session.get(Job, job_id)
            if job is None:
                raise ProblemError(404, "There is no such job.")
            items = list(job.items)
        return schemas.JobProgress(
            done=sum(item.state != "waiting" for item in items),
            total=len(items),
            faults=[item.fault for item in items if item.fault],
            state=job.state,
        )

    def cancel(self, job_id: str) -> schemas.JobProgress:
        """Write no more of it; what is written stays."""
        with self._store.writing() as session:
            session.execute(
                update(Job)
                .where(Job.id == job_id, Job.state.in_(("waiting", "running")))
                .values(state="cancelled")
            )
        return self.progress(job_id)

    def start(self) -> None:
        """Begin to work."""
        self._thread.start()

    def close(self) -> None:
        """Stop after this; another process may take over at once."""
        self._closing.set()
        self._news.set()
        if self._thread.is_alive():
            self._thread.join(10)

    # In the thread

    def _run(self) -> None:
        while not self._closing.is_set():
            try:
                job_id = self._take()
                if job_id:
                    self._work_on(job_id)
                    continue
            except Exception as error:
                _log.error("A job had to be left for a while.", exc_info=error)
            self._news.wait(_BUSY)
            self._news.clear()

    def _take(self) -> str | None:
        """The oldest job that nobody works on, from now on ours."""
        silent = or_(Job.owner.is_(None), Job.owner == self._me, Job.beat < now() - LEASE)
        open_ = (Job.state.in_(("waiting", "running")), silent)
        with self._store.writing() as session:
            job_id = session.scalar(select(Job.id).where(*open_).order_by(Job.created).limit(1))
            if job_id is None:
                return None
            taken = session.execute(
                update(Job)
                .where(Job.id == job_id, *open_)
                .values(owner=self._me, beat=now(), state="running")
            )
            assert isinstance(taken, CursorResult)
            return job_id if taken.rowcount else None

    def _work_on(self, job_id: str) -> None:
        """Write what is waiting, one after the other, while we are still the ones who do."""
        with _Beating(self, job_id):
            while not self._closing.is_set() and self._is_ours(job_id):
                item = self._next(job_id)
                if item is None:
                    self._end(job_id)
                    return
                fault = self._write(item)
                if self._closing.is_set():
                    break
                self._settle(item, fault)
        self._release(job_id)

    def _is_ours(self, job_id: str) -> bool:
        with self._store.reading() as session:
            job = session.get(Job, job_id)
            return job is not None and job.state == "running" and job.owner == self._me

    def _next(self, job_id: str) -> JobItem | None:
        with self._store.reading() as session:
            chosen = select(JobItem).where(JobItem.job_id == job_id, JobItem.state == "waiting")
            return session.scalar(chosen.order_by(JobItem.position).limit(1))

    def _write(self, item: JobItem) -> str | None:
        """Have one guide written unless it is there; returns what was wrong."""
        try:
            work = self._works.get(item.work_id)
            request = Request(item.language, item.length, item.style)  # type: ignore[arg-type]
            wanted = Wanted(parse_artwork(work.artwork), request, work.id)
            if self._guides.to_serve(wanted) is not None:
                return None
            return self._told(wanted)
        except Exception as error:
            return as_problem(error).detail

    def _told(self, wanted: Wanted) -> str | None:
        while not self._closing.is_set():
            if self._desk.load[1] == 0:  # nobody waits
                try:
                    live = self._desk.begin(wanted, background=True)
                except BusyError:
                    pass
                else:
                    return self._fault(wanted, live)
            self._closing.wait(_BUSY)
        return None

    def _fault(self, wanted: Wanted, live: Live) -> str | None:
        """What was wrong with a guide, once it has ended."""
        last = live.wait()
        return f"{wanted.artwork.title}: {last.data['detail']}" if last.name == "error" else None

    def _settle(self, item: JobItem, fault: str | None) -> None:
        where = (JobItem.job_id == item.job_id, JobItem.position == item.position)
        state = "failed" if fault else "done"
        with self._store.writing() as session:
            session.execute(update(JobItem).where(*where).values(state=state, fault=fault))

    def _end(self, job_id: str) -> None:
        ours = (Job.id == job_id, Job.owner == self._me, Job.state == "running")
        with self._store.writing() as session:
            session.execute(update(Job).where(*ours).values(state="done", owner=None))

    def _release(self, job_id: str) -> None:
        ours = (Job.id == job_id, Job.owner == self._me)
        with self._store.writing() as session:
            session.execute(update(Job).where(*ours).values(owner=None, beat=None))

    def beat(self, job_id: str) -> None:
        """Say that this process still works on it."""
        with self._store.writing() as session:
            ours = (Job.id == job_id, Job.owner == self._me)
            session.execute(update(Job).where(*ours).values(beat=now()))


class _Beating:
    """Says every second that we live, while the block goes."""

    def __init__(self, jobs: Jobs, job_id: str) -> None:
        self._jobs, self._job_id = jobs, job_id
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="guide-job-beat", daemon=True)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._ended.wait(_BEAT):
            try:
                self._jobs.beat(self._job_id)
            except Exception as error:
                _log.warning("A sign of life could not be written: %s", error)
