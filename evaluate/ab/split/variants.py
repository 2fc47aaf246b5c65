"""What a variant of a split is, as one writes it: options, or a file of guides.

    read_variant("style=literary", store)       # {"style": "literary"}
    read_variant("warm.jsonl", store)           # {"file": "warm.jsonl", "guides": {…}}

A file is one that `guide batch` wrote: by another model, another prompt or temperature, or edited
by hand. Its guides go into the museum's store, each beside the work with the same record. They are
dated to the beginning of time, so that nobody gets them but by the split: of guides that nobody has
approved, the museum serves the newest.
"""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from sqlalchemy import select

from data.facts.text import sentences
from data.prompt import Length, Request, Style
from evaluate.ab.tables import VoteError
from infer.web.tables import Guide, Sentence, Work, now
from infer.web.works import record_hash

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from evaluate.works import Line
    from infer.web.store import Store

CHOICES = {"style": get_args(Style), "length": get_args(Length)}
_TRIAL = datetime(1970, 1, 2, tzinfo=UTC)


def read_variant(text: str, store: Store) -> dict[str, Any]:
    """The options of a variant; empty for what visitors get anyway.

    Raises:
        VoteError: it is neither, or no guide of the file is of one of the museum's works.
        RecordError: the file cannot be read.
    """
    if text.lower().endswith(".jsonl"):
        return {"file": Path(text).name, "guides": add_guides(Path(text), store)}
    options = {}
    for item in filter(None, (part.strip() for part in text.split(","))):
        key, _, value = item.partition("=")
        if value not in CHOICES.get(key, ()):
            known = "; ".join(f"{name}={' or '.join(of)}" for name, of in CHOICES.items())
            raise VoteError(f"{item!r} is no variant; write {known}; or name a file of guides.")
        options[key] = value
    return options


def guide_key(work_id: str, request: Request) -> str:
    """Under which a variant's guide of that work is found."""
    return f"{work_id} {request.language} {request.length} {request.style}"


def add_guides(path: Path, store: Store) -> dict[str, str]:
    """Put a file's guides into the store; returns their ids by `guide_key`.

    Raises:
        VoteError: none is of one of the museum's works.
        RecordError: the file cannot be read.
    """
    from evaluate.works import Choice, read_lines

    lines = [line for line in read_lines(path, Choice()) if line.guide]
    added: dict[str, str] = {}
    with store.writing() as session:
        rows = session.execute(select(Work.id, Work.record))
        works = {record_hash(record): id_ for id_, record in rows}
        for line in lines:
            work_id = works.get(record_hash(line.task.artwork.as_record()))
            if work_id and line.guide:
                added[guide_key(work_id, line.task.request)] = _add(session, work_id, line)
    if not added:
        raise VoteError(
            f"{path} holds no guide for any of the museum's {len(works)} works; a guide belongs "
            "to the work with the same record."
        )
    return added


def _add(session: Session, work_id: str, line: Line) -> str:
    from infer.judge import Judge
    from infer.result import claims_found

    artwork, request, text = line.task.artwork, line.task.request, line.guide or ""
    record = artwork.as_record()
    guide = Guide(
        id=uuid.uuid4().hex, work_id=work_id, record_hash=record_hash(record), artwork=record,
        language=request.language, length=request.length, style=request.style,
        model=str(line.made.get("model") or "by hand"), seed=0, prompt_hash="", state="done",
        text=text, claims=claims_found(text, Judge(artwork, request).report(text)),
        created=_TRIAL, updated=now(),
    )  # fmt: skip
    session.add(guide)
    session.add_all(
        Sentence(guide_id=guide.id, position=number, text=text[start:end])
        for number, (start, end) in enumerate(sentences(text))
    )
    return guide.id
