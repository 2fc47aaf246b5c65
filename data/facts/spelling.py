"""Two spellings of one name: Philadelphie and Philadelphia, Raffael and Raphael.

alike("philadelphia", "philadelphie")   # True
alike("monet", "manet")                 # False
"""

from __future__ import annotations

import re
from difflib import SequenceMatcher
from functools import lru_cache

_SOUNDS = str.maketrans({"y": "i", "k": "c", "z": "s", "v": "u", "w": "u", "h": None, "j": "i"})
_ALIKE = 0.82
"""Likeness of two spellings above which they are taken for one name."""


@lru_cache(maxsize=50000)
def _sound(word: str) -> str:
    plain = word.replace("ph", "f").replace("qu", "c").translate(_SOUNDS)
    return re.sub(r"(.)\1", r"\1", plain)


def alike(own: str, said: str) -> bool:
    """Whether two folded words may be two spellings of one name."""
    shared = _shared_start(own, said)
    if abs(len(own) - len(said)) > 4:
        return shared >= 7 and own.endswith("r")  # Dircksdr., Dircksdochter
    if shared == min(len(own), len(said)) and abs(len(own) - len(said)) < 4:
        return True
    if len(own) > 4 and len(said) > 4 and shared >= 4 and shared >= 0.55 * max(len(own), len(said)):
        return True
    one, other = _sound(own), _sound(said)
    if one[:1] != other[:1] or min(len(one), len(other)) < 4:
        return False
    if abs(len(one) - len(other)) <= 2 and (one.startswith(other) or other.startswith(one)):
        return True
    return one == other or (
        min(len(one), len(other)) > 5 and SequenceMatcher(None, one, other).ratio() >= _ALIKE
    )


def _shared_start(one: str, other: str) -> int:
    shared = 0
    for a, b in zip(one, other, strict=False):
        if a != b:
            break
        shared += 1
    return shared
