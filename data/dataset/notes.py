"""Notes dropout: rows that lose their museum's notes because their script does not need them.

    dropper = NotesDropper(rows)
    dropper.drop(row)    # the row without notes, or None where the script says something of them

Most collections have no notes, and a model that has met them in every other record invents some
where there are none. In the shipped corpus nearly every script uses its notes; pairs of scripts
with and without them come from `guide scripts write --without-notes`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

from data.artwork import Artwork
from data.dataset.rows import Row
from data.facts import check
from data.facts.text import fold
from data.prompt import record_lines

LANGUAGE = "en"
"""The language of the notes; in another one, a script that tells them shares no word with them."""
_COMMON = 0.03  # share of the scripts without notes from which a word is anybody's
_STEM = 5  # letters; "carving" and "carved" are one word
_WORD = re.compile(r"[^\W\d_]{4,}|\d{2,}")


class NotesDropper:
    """Knows the words that scripts use whatever their record says."""

    def __init__(self, rows: Iterable[Row]) -> None:
        scripts = [
            _stems(row.script)
            for row in rows
            if row.request.language == LANGUAGE and not row.artwork.notes
        ]
        counts = Counter(stem for stems in scripts for stem in stems)
        self._common = {stem for stem, n in counts.items() if n >= _COMMON * len(scripts)}

    def drop(self, row: Row) -> Row | None:
        """The row without notes, its id marked `-bare`; None where the script leans on them.

        It leans on them where it says a word that stands in the notes and nowhere else in the
        record, or where the fact check finds more to object to without them.
        """
        if not row.artwork.notes or row.request.language != LANGUAGE:
            return None
        bare = row.artwork.model_copy(update={"notes": ()})
        if self._tells_notes(row, bare):
            return None
        before, after = (check(row.script, artwork, LANGUAGE) for artwork in (row.artwork, bare))
        if after.unsupported or len(after.unclear) > len(before.unclear):
            return None
        return replace(row, id=f"{row.id}-bare", artwork=bare)

    def _tells_notes(self, row: Row, bare: Artwork) -> bool:
        said = _stems(row.script) & _stems(" ".join(row.artwork.notes))
        return bool(said - self._common - _stems("\n".join(record_lines(bare, LANGUAGE))))


def _stems(text: str) -> set[str]:
    return {word[:_STEM] for word in _WORD.findall(fold(text))}
