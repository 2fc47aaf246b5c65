"""A name for the prompt's wording, so that what was made with another can be told.

from data.prompt_version import prompt_version
prompt_version()    # "0b124f9804eb"
"""

from __future__ import annotations

import hashlib
from itertools import product
from typing import get_args

from data.artwork import Artwork
from data.prompt import SYSTEM, Language, Length, Request, Style, completion, record_lines

_PROBE = Artwork(
    title="Title", artist="attributed to A Name", artist_bio="French, 1800–1850", date="c. 1840",
    medium="oil on canvas", dimensions="50 × 40 cm", subjects=("tree",), notes=("A note.",),
)  # fmt: skip
"""A record that draws every kind of line, so that a change of the wording shows."""


def prompt_version() -> str:
    """Twelve hexadecimal digits that change when any line that a prompt can hold does."""
    texts = [SYSTEM, completion("")]
    for language in get_args(Language):
        texts += record_lines(_PROBE, language)
    for language, length, style in product(*map(get_args, (Language, Length, Style))):
        texts.append(Request(language, length, style).instruction)
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()[:12]
