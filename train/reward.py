"""What a guide earns by rules alone, for preference training.

from train.reward import reward
reward(answer, artwork, request).total
"""

from __future__ import annotations

from dataclasses import dataclass

from data.artwork import Artwork
from data.facts import check
from data.prompt import END, WORDS, Request


@dataclass(frozen=True, slots=True)
class Reward:
    """What a guide earns, each part from 0 to 1; their weights say what matters."""

    truth: float  # 1 without an unsupported claim, less for each
    completeness: float  # share of title, artist, date and medium that it says
    length: float  # 1 within the bounds of its length
    ended: float  # 1 if it ended by itself
    style: float  # 1 without a fault of speech, less for each

    @property
    def total(self) -> float:
        """Between 0 and 1; truth weighs as much as all the rest."""
        rest = self.completeness + self.length + self.ended + self.style
        return 0.5 * self.truth + 0.125 * rest


def reward(answer: str, artwork: Artwork, request: Request) -> Reward:
    """Judge a guide by rules alone: fact check, completeness, length, end and speech."""
    script, marker, _ = answer.partition(END)
    script = script.strip()
    report = check(script, artwork, request.language)
    fewest, most = WORDS[request.length]
    words = len(script.split())
    outside = max(fewest - words, words - most, 0)
    return Reward(
        truth=1 / (1 + len(report.unsupported)),
        completeness=completeness(script, artwork),
        length=max(0.0, 1 - outside / fewest),
        ended=1.0 if marker else 0.0,
        style=1 / (1 + len(report.findings)),
    )


def completeness(script: str, artwork: Artwork) -> float:
    """Share of the record's title, artist, date and medium that the script says."""
    said = script.casefold()
    wanted = {
        "title": _words(artwork.title),
        "artist": _words(artwork.artist)[-1:],
        "date": [word for word in _words(artwork.date) if word.isdigit() and len(word) == 4][:1],
        "medium": [word for word in _words(artwork.medium) if len(word) > 3][:1],
    }
    found = [all(word in said for word in words) for words in wanted.values() if words]
    return sum(found) / len(found)


def _words(text: str | None) -> list[str]:
    return ["".join(c for c in word if c.isalnum()) for word in (text or "").casefold().split()]
