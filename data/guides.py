"""The guide corpus: scripts and the records they are grounded on.

    from data.guides import read_corpus
    for guide in read_corpus():
        print(guide.id, guide.language, guide.artwork.title, guide.script)

The shipped corpus is `data/corpus/guides.jsonl`; its card is the `README.md` beside it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib.resources import as_file, files
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from data.artwork import Artwork
from data.errors import RecordError

Language = Literal["en", "fr", "de", "es", "it"]
Length = Literal["brief", "full"]
Style = Literal["clear", "literary"]


class Guide(BaseModel):
    """One row of the corpus: a script, what kind of script it is, and its record."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str
    language: Language
    length: Length
    style: Style
    artwork: Artwork
    script: str

    @property
    def work(self) -> tuple[str, str]:
        """Artist and title: rows of one work belong to the same side of any split."""
        return self.artwork.artist or "", self.artwork.title


def read_corpus(path: Path | None = None) -> list[Guide]:
    """Every row of a corpus file, by default of the shipped corpus.

    Raises:
        RecordError: the file cannot be read, or a line of it is no guide.
    """
    if path is not None:
        return list(_read(path))
    with as_file(files("data").joinpath("corpus/guides.jsonl")) as shipped:
        return list(_read(shipped))


def _read(path: Path) -> Iterator[Guide]:
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise RecordError(f"{path} cannot be read: {error}.") from None
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            yield Guide.model_validate(json.loads(line))
        except ValidationError as error:
            fault = error.errors()[0]
            where = ".".join(str(part) for part in fault["loc"])
            raise RecordError(
                f"{path}, line {number}: {where}: {fault['msg']}; mend that line."
            ) from None
        except (ValueError, RecursionError):
            raise RecordError(f"{path}, line {number}: this is not valid JSON.") from None
