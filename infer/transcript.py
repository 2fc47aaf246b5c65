"""The text that tokens make, up to the end marker, and the way back in it.

    transcript = Transcript(END)
    shown = transcript.add(token, model.piece(token))
    kept, again = transcript.cut(40)   # how many tokens stay for the first 40 characters

A character may be spread over tokens, and so may the marker; both are held back until whole.
"""

from __future__ import annotations

import codecs
from dataclasses import dataclass


class StopText:
    """Joins token bytes to text and ends at a marker, also one that spans several tokens."""

    def __init__(self, marker: str) -> None:
        self.stopped = False
        self._marker, self._held, self._began = marker, "", False
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")

    def add(self, raw: bytes) -> str:
        """The text that is certain to come before the marker."""
        self._held += self._decoder.decode(raw)
        before, marker, _ = self._held.partition(self._marker)
        if marker:
            self.stopped = True
            self._held = before.rstrip()
            return ""
        keep = next(
            n for n in range(len(self._marker) - 1, -1, -1)
            if self._held.endswith(self._marker[:n])
        )  # fmt: skip
        ready = self._held[: len(self._held) - keep].rstrip()
        self._held = self._held[len(ready) :]
        return self._begin(ready)

    def rest(self) -> str:
        """What was held back, without trailing white space."""
        rest, self._held = self._begin(self._held.rstrip()), ""
        return rest

    def _begin(self, text: str) -> str:
        if not self._began:
            text = text.lstrip()
            self._began = bool(text)
        return text


@dataclass(frozen=True, slots=True)
class _Mark:
    """A token, how many characters there are after it, and whether the last one is whole."""

    token: int
    length: int
    whole: bool


class Transcript:
    """The tokens drawn so far, the text they make, and where in it each of them ends."""

    def __init__(self, marker: str) -> None:
        self._marker = marker
        self._marks: list[_Mark] = []
        self._raw = ""
        self._begin()

    def __len__(self) -> int:
        return len(self._marks)

    @property
    def tokens(self) -> list[int]:
        """The tokens drawn so far."""
        return [mark.token for mark in self._marks]

    @property
    def stopped(self) -> bool:
        """Whether the marker has come."""
        return self._text.stopped

    def add(self, token: int, raw: bytes) -> str:
        """Append a token; returns the text that may be shown now."""
        self._raw += self._decoder.decode(raw)
        self._marks.append(_Mark(token, len(self._raw), not self._decoder.getstate()[0]))
        return self._unseen(self._text.add(raw))

    def rest(self) -> str:
        """What was held back, once nothing more will come."""
        return self._unseen(self._text.rest())

    def cut(self, length: int) -> tuple[int, str]:
        """Go back to the first `length` characters shown.

        Returns how many tokens stay, and the characters that have to be added again because they
        end inside the first token that goes; what was shown is not shown twice.
        """
        wanted = len(self._raw) - len(self._raw.lstrip()) + length
        keep = 0
        for number, mark in enumerate(self._marks, 1):
            if mark.length > wanted:
                break
            if mark.whole:
                keep = number
        known = self._marks[keep - 1].length if keep else 0
        again = self._raw[known:wanted]
        del self._marks[keep:]
        self._raw = self._raw[:known]
        self._begin()
        self._seen = length - len(self._text.add(self._raw.encode()))
        return keep, again

    def _unseen(self, text: str) -> str:
        seen = min(self._seen, len(text))
        self._seen -= seen
        return text[seen:]

    def _begin(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self._text = StopText(self._marker)
        self._seen = 0  # characters to come that the listener has already
