"""A guide of the store as the API shows it."""

from __future__ import annotations

from typing import Any

from data.artwork import Artwork
from infer.orders import without_orders
from infer.web import schemas
from infer.web.tables import Guide


def guide_shown(guide: Guide) -> schemas.Guide:
    """For visitors."""
    return schemas.Guide(**_members(guide))


def curator_shown(guide: Guide) -> schemas.CuratorGuide:
    """For curators."""
    return schemas.CuratorGuide(
        **_members(guide),
        stop=guide.work.stop if guide.work else None,
        title=guide.artwork["title"],
        approved=guide.approved,
        withdrawn=guide.withdrawn,
        voice=guide.voice,
        left_out=list(without_orders(Artwork.model_validate(guide.artwork))[1]),
    )


def sentence_url(guide_id: str, position: int) -> str:
    """Where a sentence is heard."""
    return f"/api/guides/{guide_id}/sentences/{position}/audio"


def events(guide: Guide) -> list[tuple[str, dict[str, Any]]]:
    """A stored guide as the events in which one that is being written comes."""
    shown = guide_shown(guide)
    heard = shown.audio is not None
    return [
        ("start", {"guide_id": guide.id, "stored": True, "model": guide.model}),
        *(
            (
                "sentence",
                {
                    "index": position,
                    "text": sentence.text,
                    "audio": sentence_url(guide.id, position) if heard else None,
                },
            )
            for position, sentence in enumerate(shown.sentences)
        ),
        ("done", shown.model_dump(mode="json")),
    ]


def _members(guide: Guide) -> dict[str, Any]:
    sentences = guide.sentences
    heard = guide.voice is not None and all(s.end is not None for s in sentences)
    where = f"/api/guides/{guide.id}"
    return {
        "id": guide.id,
        "work_id": guide.work_id,
        "artwork": guide.artwork,
        "language": guide.language,
        "length": guide.length,
        "style": guide.style,
        "state": guide.state,
        "text": guide.text or " ".join(s.text for s in sentences),
        "sentences": [{"text": s.text, "start": s.start, "end": s.end} for s in sentences],
        "label": guide.label,
        "model": guide.model,
        "seed": guide.seed,
        "claims": guide.claims,
        "credit_line": guide.artwork.get("credit_line"),
        "created": guide.created,
        "audio": f"{where}/audio" if heard else None,
        "captions": f"{where}/captions.vtt" if heard else None,
    }
