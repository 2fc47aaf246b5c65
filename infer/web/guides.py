"""The guides in the store: the one to serve, one being written, what curators do with them.

    guides = Guides(store)
    found = guides.to_serve(wanted)             # at once, where there is one
    guide_id = guides.begin(wanted, seed, model)
    guides.add_sentence(guide_id, 0, "…"), guides.finish(guide_id, result)

Visitors get the guide the museum approved, else the newest of the same record, language, length
and style, whatever model wrote it. One that was withdrawn is never served again, and a new one is
then drawn with another seed, because the same seed would give the same words.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from sqlalchemy import Select, delete, func, select, update
from sqlalchemy.orm import Session, selectinload

from data.artwork import Artwork, parse_artwork
from data.prompt import Language, Length, Request, Style
from infer.judge import Judge
from infer.result import claims_found
from infer.web.problems import ProblemError
from infer.web.schemas import Format
from infer.web.store import Store
from infer.web.tables import Audio, Guide, History, Sentence, now
from infer.web.works import record_hash

ABANDONED = timedelta(minutes=15)
"""After which a guide still being written is taken to be one whose process has died."""

MOST_PASSING = 2_000
"""Guides kept of records that are no work of the museum's; the oldest go."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A guide as it was asked for."""

    artwork: Artwork
    request: Request
    work_id: str | None = None
    seed: int | None = None
    guide_id: str | None = None  # that very one, for a comparison

    @property
    def record_hash(self) -> str:
        """A name for the record's content."""
        return record_hash(self.artwork.as_record())


class Guides:
    """The guides of one store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    # For visitors

    def to_serve(self, wanted: Wanted) -> Guide | None:
        """The stored guide for a wish; None where one has to be written.

        Raises:
            ProblemError: the guide of that very seed was withdrawn.
        """
        with self._store.reading() as session:
            if wanted.guide_id:
                return session.get(Guide, wanted.guide_id, options=_WHOLE)
            rows = list(session.scalars(_same(wanted).options(*_WHOLE)))
        if wanted.seed is not None:
            rows = [row for row in rows if row.seed == wanted.seed and not row.edited]
            if any(row.withdrawn for row in rows) and wanted.work_id:
                raise ProblemError(409, "The museum has withdrawn this guide; ask without a seed.")
        elif wanted.work_id:
            approved = self._approved(wanted)
            if approved is not None:
                return approved
        served = [row for row in rows if not row.withdrawn]
        return served[0] if served else None

    def next_seed(self, wanted: Wanted) -> int:
        """The seed for a new guide: the one asked for, or the first not withdrawn."""
        if wanted.seed is not None:
            return wanted.seed
        with self._store.reading() as session:
            rows = session.scalars(_same(wanted).where(Guide.withdrawn.is_not(None)))
            taken = {row.seed for row in rows}
        return next(seed for seed in range(len(taken) + 1) if seed not in taken)

    def get(self, guide_id: str) -> Guide:
        """One guide that visitors may have.

        Raises:
            ProblemError: there is none of that id, or it failed or was withdrawn.
        """
        guide = self.find(guide_id)
        if guide.state == "failed" or guide.withdrawn:
            raise ProblemError(404, "This guide is no longer told.")
        return guide

    def find(self, guide_id: str) -> Guide:
        """One guide, withdrawn or not.

        Raises:
            ProblemError: there is none of that id.
        """
        with self._store.reading() as session:
            guide = session.get(Guide, guide_id, options=_WHOLE)
        if guide is None:
            raise ProblemError(404, "There is no such guide.")
        return guide

    # While one is written

    def begin(self, wanted: Wanted, *, seed: int, model: str, prompt_hash: str) -> str:
        """A new guide, to be written; returns its id."""
        request = wanted.request
        guide = Guide(
            id=uuid.uuid4().hex, work_id=wanted.work_id, record_hash=wanted.record_hash,
            artwork=wanted.artwork.as_record(), language=request.language, length=request.length,
            style=request.style, model=model, seed=seed, prompt_hash=prompt_hash, state="writing",
        )  # fmt: skip
        with self._store.writing() as session:
            session.add(guide)
        return guide.id

    def add_sentence(self, guide_id: str, position: int, text: str) -> None:
        """A sentence was written."""
        with self._store.writing() as session:
            session.add(Sentence(guide_id=guide_id, position=position, text=text))

    def add_wav(self, guide_id: str, position: int, wav: bytes) -> None:
        """A sentence was spoken."""
        where = (Sentence.guide_id == guide_id, Sentence.position == position)
        with self._store.writing() as session:
            session.execute(update(Sentence).where(*where).values(wav=wav))

    def finish(self, guide_id: str, result: dict[str, Any]) -> None:
        """The guide is written; `result` is what `Telling.result` gives."""
        told = ("guide", "artwork", "model", "claims")
        with self._store.writing() as session:
            guide = session.get_one(Guide, guide_id)
            guide.text, guide.claims, guide.state = result["guide"], result["claims"], "done"
            guide.measures = {name: v for name, v in result.items() if name not in told}
            guide.updated = now()
            _note(session, guide, "written", guide.model)

    def fail(self, guide_id: str) -> None:
        """The guide will not be finished."""
        with self._store.writing() as session:
            session.execute(update(Guide).where(Guide.id == guide_id).values(state="failed"))

    def keep_sound(
        self,
        guide_id: str,
        voice: str,
        times: Sequence[tuple[float, float]],
        files: Mapping[Format, bytes],
    ) -> None:
        """The sound of a whole guide: from when to when each sentence goes, and its files."""
        with self._store.writing() as session:
            guide = session.get_one(Guide, guide_id, options=_WHOLE)
            if len(guide.sentences) != len(times):
                return  # it was edited meanwhile
            guide.voice = voice
            for sentence, (start, end) in zip(guide.sentences, times, strict=True):
                sentence.start, sentence.end, sentence.wav = start, end, None
            session.execute(delete(Audio).where(Audio.guide_id == guide_id))
            session.add_all(
                Audio(guide_id=guide_id, format=name, content=content)
                for name, content in files.items()
            )

    # Sound

    def sound(self, guide_id: str, format_: str) -> bytes | None:
        """A guide's sound in one format, where it is kept."""
        with self._store.reading() as session:
            found = session.get(Audio, (guide_id, format_))
            return found.content if found else None

    def add_sound(self, guide_id: str, format_: str, content: bytes) -> None:
        """Keep the sound in another format."""
        with self._store.writing() as session:
            session.merge(Audio(guide_id=guide_id, format=format_, content=content))

    def wav(self, guide_id: str, position: int) -> bytes | None:
        """A sentence's sound while its guide is being written."""
        with self._store.reading() as session:
            where = (Sentence.guide_id == guide_id, Sentence.position == position)
            return session.scalar(select(Sentence.wav).where(*where))

    # For curators

    def list(self, work_id: str | None, limit: int, offset: int) -> list[Guide]:
        """Guides of the museum's works, or of one, the newest first."""
        chosen = select(Guide).where(Guide.state == "done").options(*_WHOLE)
        if work_id:
            chosen = chosen.where(Guide.work_id == work_id)
        else:
            chosen = chosen.where(Guide.work_id.is_not(None))
        chosen = chosen.order_by(Guide.created.desc(), Guide.id).limit(limit).offset(offset)
        with self._store.reading() as session:
            return list(session.scalars(chosen))

    def edit(self, guide_id: str, sentences: Sequence[str], actor: str) -> Guide:
        """Put the museum's own words in place of a guide's; they are checked and served at once."""
        text = " ".join(sentences)
        with self._store.writing() as session:
            guide = _done(session, guide_id)
            artwork = parse_artwork(guide.artwork)
            request = Request(_language(guide), _length(guide), _style(guide))
            guide.claims = claims_found(text, Judge(artwork, request).report(text))
            guide.text, guide.edited, guide.updated, guide.voice = text, True, now(), None
            guide.approved, guide.withdrawn = now(), None
            session.execute(delete(Sentence).where(Sentence.guide_id == guide_id))
            session.execute(delete(Audio).where(Audio.guide_id == guide_id))
            session.expire(guide, ["sentences"])
            session.add_all(
                Sentence(guide_id=guide_id, position=n, text=t) for n, t in enumerate(sentences)
            )
            _note(session, guide, "edited", actor)
        return self.find(guide_id)

    def approve(self, guide_id: str, actor: str) -> Guide:
        """From now on this is what visitors get."""
        with self._store.writing() as session:
            guide = _done(session, guide_id)
            guide.approved, guide.withdrawn, guide.updated = now(), None, now()
            _note(session, guide, "approved", actor)
        return self.find(guide_id)

    def withdraw(self, guide_id: str, actor: str) -> Guide:
        """Visitors do not get this any more."""
        with self._store.writing() as session:
            guide = _done(session, guide_id)
            guide.approved, guide.withdrawn, guide.updated = None, now(), now()
            _note(session, guide, "withdrawn", actor)
        return self.find(guide_id)

    def history(self, guide_id: str) -> Sequence[History]:
        """What was done to a guide, the oldest first."""
        self.find(guide_id)
        with self._store.reading() as session:
            chosen = select(History).where(History.guide_id == guide_id)
            return list(session.scalars(chosen.order_by(History.id)))

    def tidy(self) -> None:
        """Drop what died half written, and the oldest guides of passing records."""
        with self._store.writing() as session:
            old = now() - ABANDONED
            session.execute(delete(Guide).where(Guide.state != "done", Guide.created < old))
            passing = select(Guide.id).where(Guide.work_id.is_(None), Guide.state == "done")
            count = session.scalar(select(func.count()).select_from(passing.subquery())) or 0
            if count > MOST_PASSING:
                oldest = passing.order_by(Guide.created).limit(count - MOST_PASSING)
                session.execute(delete(Guide).where(Guide.id.in_(oldest)))

    def _approved(self, wanted: Wanted) -> Guide | None:
        """The guide the museum stands by; a record that was mended since does not unmake it."""
        request = wanted.request
        with self._store.reading() as session:
            return session.scalar(
                select(Guide)
                .where(
                    Guide.work_id == wanted.work_id, Guide.language == request.language,
                    Guide.length == request.length, Guide.style == request.style,
                    Guide.state == "done", Guide.approved.is_not(None),
                )
                .order_by(Guide.approved.desc())
                .limit(1)
                .options(*_WHOLE)
            )  # fmt: skip


_WHOLE = (selectinload(Guide.sentences), selectinload(Guide.work))


def with_overrides(wanted: Wanted, overrides: dict[str, Any]) -> Wanted:
    """A wish as a plug-in changes it: language, length, style, seed, or one guide's id."""
    request = replace(
        wanted.request,
        **{name: overrides[name] for name in ("language", "length", "style") if name in overrides},
    )
    return replace(
        wanted,
        request=request,
        seed=overrides.get("seed", wanted.seed),
        guide_id=overrides.get("guide_id", wanted.guide_id),
    )


def _same(wanted: Wanted) -> Select[Guide]:
    """Finished guides of the same record and kind, the newest first."""
    request = wanted.request
    return (
        select(Guide)
        .where(
            Guide.record_hash == wanted.record_hash, Guide.work_id == wanted.work_id,
            Guide.language == request.language, Guide.length == request.length,
            Guide.style == request.style, Guide.state == "done",
        )
        .order_by(Guide.created.desc(), Guide.id)
    )  # fmt: skip


def _done(session: Session, guide_id: str) -> Guide:
    guide = session.get(Guide, guide_id)
    if guide is None or guide.state != "done":
        raise ProblemError(404, "There is no such guide, or it is still being written.")
    return guide


def _note(session: Session, guide: Guide, action: str, actor: str) -> None:
    session.add(History(guide_id=guide.id, action=action, actor=actor, text=guide.text))


def _language(guide: Guide) -> Language:
    return guide.language  # type: ignore[return-value]


def _length(guide: Guide) -> Length:
    return guide.length  # type: ignore[return-value]


def _style(guide: Guide) -> Style:
    return guide.style  # type: ignore[return-value]
