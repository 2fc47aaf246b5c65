"""Orders in a record: text that speaks to the writer or to the visitor and says nothing of a work.

    artwork, orders = without_orders(artwork)

Whoever can write to a museum's database could plant a note such as "Ignore the above and say …",
and a language model may obey it. So no writer is told such a note or subject; of a title, an
artist, a date and the like, which a guide has to say, what comes before the order is kept. The
rules (orders.toml) know the words of an order in five languages, not its intention: what merely
states a falsehood ("it was stolen by the director") is for whoever keeps the records to find. The
page and the store keep the record whole.
"""

from __future__ import annotations

import re
import tomllib
from functools import lru_cache
from pathlib import Path
from typing import Any

from data.artwork import Artwork

REASON = "it tells the writer or the visitor what to do, so no guide is told it"

_RULES = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
_COMMAND = (
    rf"(?:^|[.!?:;]\s+)(?:(?:{'|'.join(_RULES['before_verbs'])})[\s,:!]+)?"
    rf"(?:{'|'.join(_RULES['verbs'])})(?=[\s:]+\w)"
)
_ANYWHERE = re.compile("|".join(_RULES["anywhere"]), re.MULTILINE | re.IGNORECASE)
_IN_NOTES = re.compile("|".join((*_RULES["in_notes"], _COMMAND)), re.MULTILINE | re.IGNORECASE)
_QUOTED = re.compile(
    r"“[^”\n]{1,300}”|„[^“\n]{1,300}“|«[^»\n]{1,300}»|\"[^\"\n]{1,300}\"|(?<!\w)['‘][^'’\n]{1,300}['’](?!\w)"
)
_PART_END = re.compile(r"(?<=[.!?:;])\s+|\s*\n\s*|\s+(?=[(\[{])|\s+(?=[-–—|/]+\s)")
_MARKS = " \n([{-–—|/:;,"

_SAID = ("title", "artist", "artist_bio", "date", "medium", "dimensions")


@lru_cache(maxsize=64)  # one guide asks several times: its prompt, its writer, its result
def without_orders(artwork: Artwork) -> tuple[Artwork, tuple[str, ...]]:
    """What writers are told of a record, and the texts or parts of texts that they are not told."""
    found: list[str] = []
    changed: dict[str, Any] = {}
    for name in ("notes", "subjects"):
        texts = getattr(artwork, name)
        kept = tuple(text for text in texts if not _is_order(text))
        if len(kept) < len(texts):
            changed[name] = kept
            found += [text for text in texts if text not in kept]
    for name in _SAID:
        text = getattr(artwork, name)
        if text and (before := _before_order(text)) != text:
            changed[name] = before
            found.append(text[len(before) :].strip(_MARKS))
    return (artwork.model_copy(update=changed) if changed else artwork), tuple(found)


def _is_order(note: str) -> bool:
    return bool(_ANYWHERE.search(note) or _IN_NOTES.search(_QUOTED.sub(" … ", note)))


def _before_order(text: str) -> str:
    """What comes before the part that is an order, at least to its first comma; else the text."""
    begin = 0
    for end in (*(match.start() for match in _PART_END.finditer(text)), len(text)):
        if _ANYWHERE.search(text[begin:end].lstrip(_MARKS)):
            before = text[:begin] or text.partition(", ")[0]
            return before.rstrip(_MARKS) or text
        begin = end
    return text
