"""What a part of the data set is made of, in numbers.

describe(dataset.parts["train"])["languages"]    # {"en": 2264, "es": 117, …}
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from data.dataset.build import Example
from data.derive import derive

_SPOKEN_WORD = re.compile(r"[^\W_]+(?:['’.,\-][^\W_]+)*")
NO_MUSEUM = "not named"
UNDATED = "undated"


def words(script: str) -> int:
    """Words as they are spoken; a hyphen or an apostrophe parts none."""
    return len(_SPOKEN_WORD.findall(script))


def describe(part: Sequence[Example]) -> dict[str, Any]:
    """Counts of one part; `tokens` are those of whole rows."""
    works = {example.row.artwork.model_copy(update={"notes": ()}) for example in part}
    tokens = sorted(example.counted.tokens for example in part)
    return {
        "rows": len(part),
        "works": len(works),
        "words": sum(words(example.row.script) for example in part),
        "tokens": {
            "total": sum(tokens),
            "learnt": sum(example.counted.learnt for example in part),
            "least": tokens[0],
            "median": tokens[len(tokens) // 2],
            "p95": tokens[int(0.95 * (len(tokens) - 1))],
            "most": tokens[-1],
        },
        "languages": _counts(example.row.request.language for example in part),
        "styles": _counts(example.row.request.style for example in part),
        "lengths": _counts(example.row.request.length for example in part),
        "forms": _counts(example.row.artwork.form.value for example in part),
        "museums": _counts(example.row.artwork.museum or NO_MUSEUM for example in part),
        "centuries": centuries(part),
        "with_notes": sum(bool(example.row.artwork.notes) for example in part),
        "with_subjects": sum(bool(example.row.artwork.subjects) for example in part),
    }


def centuries(part: Iterable[Example]) -> dict[str, int]:
    """Rows by century of the work, the earliest first; BCE negative, undated ones last."""
    counts = Counter(derive(example.row.artwork).century for example in part)
    undated = counts.pop(None, 0)
    found = {str(c): counts[c] for c in sorted(c for c in counts if c is not None)}
    return found | ({UNDATED: undated} if undated else {})


def _counts(values: Iterable[str]) -> dict[str, int]:
    return dict(Counter(values).most_common())
