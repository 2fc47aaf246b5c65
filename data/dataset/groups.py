"""Which works belong together, so that no work of the training set is tested on.

    from data.dataset.groups import group_works
    names = group_works([row.artwork for row in rows])    # one name a work, the same for a group

One group are the works of one artist and title, where numbers ("Untitled, No. 3"), brackets,
articles and small differences of spelling do not part titles, nor "Rembrandt" and "Rembrandt van
Rijn" artists. Of works by nobody known, "Portrait of a Man" says nothing: they are together only
where they are the same object, by the museum's number or by their whole record.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

from data.artwork import Artwork
from data.attribution import read_attribution
from data.facts.text import fold

SAME_TITLE = 90.0
"""Likeness in percent from which two titles of one artist count as one."""
SAME_ARTIST = 95.0
"""Likeness in percent of the words that two names share, for works of one title."""

_BRACKETS = re.compile(r"\([^()]*\)|\[[^\[\]]*\]")
_WORD = re.compile(r"[^\W_]+")
_ARTICLE = {
    "the", "a", "an", "le", "la", "les", "l", "der", "die", "das", "ein", "eine", "el", "los",
    "las", "un", "una", "une", "il", "lo", "gli", "i",
}  # fmt: skip
_NUMBER = re.compile(r"\d+|[ivxlc]+|no|nr|number")


def group_works(artworks: Sequence[Artwork]) -> list[str]:
    """The group of each work, named after its first artist and title in the alphabet."""
    union = _Union(len(artworks))
    for keys in (_object_key, _record_key, _title_key):
        first: dict[tuple[str, ...], int] = {}
        for index, artwork in enumerate(artworks):
            if key := keys(artwork):
                union.join(first.setdefault(key, index), index)
    for one, other in _near(artworks):
        union.join(one, other)
    names: dict[int, str] = {}
    for index, artwork in enumerate(artworks):
        name = "\t".join(_title_key(artwork) or _record_key(artwork))
        root = union.root(index)
        names[root] = min(names.get(root, name), name)
    return [names[union.root(index)] for index in range(len(artworks))]


@lru_cache(maxsize=1 << 16)
def title_key(title: str) -> str:
    """A title without what does not tell works of one artist apart."""
    words = _WORD.findall(_BRACKETS.sub(" ", fold(title)))
    while len(words) > 1 and words[0] in _ARTICLE:
        words = words[1:]
    while len(words) > 1 and _NUMBER.fullmatch(words[-1]):
        words = words[:-1]
    return " ".join(words) or fold(title)


@lru_cache(maxsize=1 << 16)
def artist_key(artist: str | None) -> str:
    """The named artist in any order of the names; empty where nobody is named."""
    name = read_attribution(artist).name or ""
    return " ".join(sorted(set(_WORD.findall(fold(name)))))


class _Union:
    """Disjoint sets of numbers, joined two at a time."""

    def __init__(self, size: int) -> None:
        self._parents = list(range(size))

    def root(self, index: int) -> int:
        """The member that stands for the set."""
        while self._parents[index] != index:
            self._parents[index] = self._parents[self._parents[index]]
            index = self._parents[index]
        return index

    def join(self, one: int, other: int) -> None:
        """Make two sets one."""
        low, high = sorted((self.root(one), self.root(other)))
        self._parents[high] = low


def _object_key(artwork: Artwork) -> tuple[str, ...]:
    if not (artwork.museum and artwork.object_id):
        return ()
    return ("object", fold(artwork.museum), artwork.object_id)


def _record_key(artwork: Artwork) -> tuple[str, ...]:
    fields = (artwork.title, artwork.artist, artwork.date, artwork.medium, artwork.dimensions)
    return ("record", *(" ".join(_WORD.findall(fold(field or ""))) for field in fields))


def _title_key(artwork: Artwork) -> tuple[str, ...]:
    artist = artist_key(artwork.artist)
    return ("title", artist, title_key(artwork.title)) if artist else ()


def _near(artworks: Sequence[Artwork]) -> Iterable[tuple[int, int]]:
    """Pairs of works whose titles by one artist, or artists of one title, are nearly the same."""
    from rapidfuzz import fuzz

    titles: defaultdict[str, dict[str, int]] = defaultdict(dict)
    artists: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for index, artwork in enumerate(artworks):
        if artist := artist_key(artwork.artist):
            title = title_key(artwork.title)
            titles[artist].setdefault(title, index)
            artists[title].setdefault(artist, index)
    for one_artist in titles.values():
        yield from _alike(one_artist, fuzz.ratio, SAME_TITLE)
    for one_title in artists.values():
        yield from _alike(one_title, fuzz.token_set_ratio, SAME_ARTIST)


def _alike(places: dict[str, int], scorer: Any, least: float) -> Iterable[tuple[int, int]]:
    from rapidfuzz import process

    if len(places) < 2:
        return
    texts, indices = list(places), list(places.values())
    scores = process.cdist(texts, texts, scorer=scorer, score_cutoff=least)
    for one, other in zip(*scores.nonzero(), strict=True):
        if one < other:
            yield indices[one], indices[other]
