"""Claims models like to invent: fame, births, teachers, patrons; and attributions made certain.

for claim in story_claims(passage, facts): ...
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from data.facts.passage import Passage
from data.facts.record import Facts
from data.facts.report import Claim, Kind, Verdict

_ALWAYS = frozenset({"attributed", "any"})


def story_claims(passage: Passage, facts: Facts, context: str = "") -> Iterator[Claim]:
    """Biography and attribution; `context` is folded text that went before."""
    for concept in passage.grammar.biography.values():
        for match in concept.said.finditer(passage.folded):
            span = match.span()
            if passage.in_quotes(span[0]) or passage.sentence_at(span[0]).asks:
                continue
            if concept.name == "birth" and (year := _year_after(span[1], passage, facts)):
                if facts.leaves_birth_open(year):
                    reason = "the record does not know the year of birth for certain"
                    yield Claim(span, Kind.biography, Verdict.unsupported, reason)
                continue
            if facts.tells_of(concept):
                yield Claim(span, Kind.biography, Verdict.supported, "the record tells of it")
            elif passage.tells_lore(span[0]):
                reason = "told of myth, scripture or books"
                yield Claim(span, Kind.biography, Verdict.unclear, reason)
            else:
                reason = f"the record says nothing of {_NOUNS.get(concept.name, concept.name)}"
                yield Claim(span, Kind.biography, Verdict.unsupported, reason)
    yield from _attribution(passage, facts, context)


_NOUNS = {
    "birth": "where anyone was born",
    "training": "anyone's training",
    "fame": "anyone's fame",
    "masterpiece": "a masterpiece",
    "greatness": "rank or influence",
    "movement": "a movement",
    "influence": "an influence",
    "commission": "a commission",
    "family": "this relation",
    "places_of_life": "where the artist lived or went",
    "prize": "a prize or a showing",
    "end": "how anyone died",
    "symbol": "what anything stands for",
}


def _year_after(end: int, passage: Passage, facts: Facts) -> int:
    """The year that "born in" goes on with, if the record gives it: it is judged as a year."""
    found = re.match(r"\s*(\d{3,4})\b", passage.after(end, 10))
    year = int(found[1]) if found else 0
    return year if year in facts.years else 0


def _attribution(passage: Passage, facts: Facts, context: str) -> Iterator[Claim]:
    """A name said as certain where the record keeps it open."""
    kind = facts.derived.attribution
    artist = facts.derived.artist_name
    if kind in ("certain", "unknown") or not artist:
        return
    names = [w.casefold() for w in re.findall(r"[^\W\d_]{4,}", artist)]
    spoken = next((w for w in passage.words if w.written.casefold() in names), None)
    if spoken is None:
        return
    hedges = passage.grammar.hedges
    wanted = [hedges["any"]] + [
        h
        for n, h in hedges.items()
        if n not in _ALWAYS and (n == kind or (kind == "copy" and n == "after"))
    ]
    everything = context + " " + passage.folded
    span = (spoken.start, spoken.end)
    if any(h.said.search(everything) for h in wanted):
        yield Claim(span, Kind.attribution, Verdict.supported, "the doubt is spoken")
    else:
        yield Claim(
            span,
            Kind.attribution,
            Verdict.unsupported,
            f"the record says “{facts.artwork.artist}”; the text drops the doubt",
        )
