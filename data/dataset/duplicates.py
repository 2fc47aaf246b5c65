"""Scripts that say the same twice: exact and near duplicates within one language.

    from data.dataset.duplicates import duplicates_of
    duplicates_of(rows, 0.8)    # {"w0002-copy": ("w0002", 0.97)}

A model learns a doubled row by heart, and one that stands on both sides of the split is no test.
Candidates come from MinHash with locality-sensitive hashing (datasketch), whose cost grows with the
rows and not with their square; what counts is the true share of word shingles in common.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from data.dataset.rows import Row
from data.facts.text import fold

SHINGLE = 3
"""Words in a row; long enough that the common turns of a guide do not make two alike."""
_WORD = re.compile(r"[^\W_]+")
_PERMUTATIONS = 128
_SLACK = 0.15  # how far below the threshold candidates are still looked at


def duplicates_of(rows: Sequence[Row], threshold: float) -> dict[str, tuple[str, float]]:
    """Each row to leave out, by id: the earlier row that it repeats, and their likeness, 0 to 1.

    The likeness is Jaccard's: shingles in common over shingles in either.
    """
    from datasketch import MinHash, MinHashLSH  # type: ignore[import-untyped]

    found: dict[str, tuple[str, float]] = {}
    for language in sorted({row.request.language for row in rows}):
        lsh = MinHashLSH(threshold=max(0.1, threshold - _SLACK), num_perm=_PERMUTATIONS)
        kept: dict[str, frozenset[str]] = {}
        for row in (row for row in rows if row.request.language == language):
            words = shingles(row.script)
            sketch = MinHash(num_perm=_PERMUTATIONS, seed=1)
            sketch.update_batch([shingle.encode() for shingle in words])
            likeness, twin = _closest(words, ((name, kept[name]) for name in lsh.query(sketch)))
            if likeness >= threshold:
                found[row.id] = (twin, likeness)
            else:
                kept[row.id] = words
                lsh.insert(row.id, sketch)
    return found


def shingles(script: str) -> frozenset[str]:
    """Every run of `SHINGLE` words, folded; a shorter text is one shingle."""
    words = _WORD.findall(fold(script))
    count = max(1, len(words) - SHINGLE + 1)
    return frozenset(" ".join(words[start : start + SHINGLE]) for start in range(count))


def _closest(
    words: frozenset[str], others: Iterable[tuple[str, frozenset[str]]]
) -> tuple[float, str]:
    likeness = ((len(words & other) / len(words | other), name) for name, other in others)
    return max(likeness, default=(0.0, ""))
