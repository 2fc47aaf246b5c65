"""What a check says: claims with their verdicts, and findings of style.

report = check(script, artwork)
for claim in report.unsupported:
    print(script[claim.start : claim.end], claim.reason)
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class Verdict(StrEnum):
    """What the record says to a claim."""

    supported = "supported"
    unsupported = "unsupported"
    unclear = "unclear"


class Kind(StrEnum):
    """What a claim is about."""

    year = "year"
    century = "century"
    decade = "decade"
    age = "age"
    duration = "duration"
    size = "size"
    weight = "weight"
    count = "count"  # type: ignore[assignment]  # str has a method of that name
    orientation = "orientation"
    name = "name"
    artist = "artist"
    place = "place"
    nationality = "nationality"
    material = "material"
    technique = "technique"
    colour = "colour"
    detail = "detail"
    attribution = "attribution"
    biography = "biography"


@dataclass(frozen=True, slots=True, order=True)
class Claim:
    """One thing the text says of the work, and what the record says to it.

    `span` holds the first character and the one after the last, counted in the text as given.
    """

    span: tuple[int, int]
    kind: Kind
    verdict: Verdict
    reason: str

    @property
    def start(self) -> int:
        """Offset of the first character."""
        return self.span[0]

    @property
    def end(self) -> int:
        """Offset after the last character."""
        return self.span[1]


def judged(span: tuple[int, int], kind: Kind, good: bool | None, reason: str) -> Claim:
    """A claim that is supported (True), unsupported (False) or unclear (None)."""
    verdicts = {True: Verdict.supported, False: Verdict.unsupported, None: Verdict.unclear}
    return Claim(span, kind, verdicts[good], reason)


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """A fault of style, which says nothing about truth."""

    span: tuple[int, int]
    kind: str
    reason: str


@dataclass(frozen=True, slots=True)
class Report:
    """Every claim found in a text, in the order of the text, and the faults of its style."""

    claims: tuple[Claim, ...] = ()
    findings: tuple[Finding, ...] = field(default=())

    @property
    def unsupported(self) -> tuple[Claim, ...]:
        """The claims the record does not support."""
        return tuple(c for c in self.claims if c.verdict is Verdict.unsupported)

    @property
    def unclear(self) -> tuple[Claim, ...]:
        """The claims no rule can judge."""
        return tuple(c for c in self.claims if c.verdict is Verdict.unclear)

    @property
    def supported(self) -> tuple[Claim, ...]:
        """The claims the record supports."""
        return tuple(c for c in self.claims if c.verdict is Verdict.supported)

    @property
    def clean(self) -> bool:
        """Whether nothing in the text is unsupported."""
        return not self.unsupported
