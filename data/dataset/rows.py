"""Rows as the corpus has them: a record, what was asked, and the script that answers.

from data.dataset.rows import Row, read_rows
rows = list(read_rows(Path("data/corpus/guides.jsonl")))
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from data.artwork import Artwork
from data.clean import clean_artwork
from data.errors import RecordError
from data.prompt import END, Language, Length, Request, Style

CHOICES = {"language": get_args(Language), "length": get_args(Length), "style": get_args(Style)}


@dataclass(frozen=True, slots=True)
class Row:
    """One script with the record it is grounded on."""

    id: str
    artwork: Artwork
    request: Request
    script: str

    def as_json(self) -> dict[str, Any]:
        """The row in the corpus's shape."""
        return {
            "id": self.id,
            "language": self.request.language,
            "length": self.request.length,
            "style": self.request.style,
            "artwork": self.artwork.as_record(),
            "script": self.script,
        }


def read_rows(path: Path) -> Iterator[Row]:
    """Read JSONL in the corpus's shape.

    Raises:
        RecordError: the file cannot be read, holds nothing, or a line of it cannot be used.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise RecordError(f"{path} is not UTF-8; save it as UTF-8 and try again.") from None
    except OSError as error:
        raise RecordError(f"{path} cannot be read: {error.strerror or error}.") from None
    empty = True
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            empty = False
            yield parse_row(line, f"{path}, line {number}")
    if empty:
        raise RecordError(f"{path} is empty; give it at least one row.")


def parse_row(line: str, where: str) -> Row:
    """One line of such a file.

    Raises:
        RecordError: a sentence naming `where`, the wrong field and the way out.
    """
    try:
        fields = json.loads(line)
    except (ValueError, RecursionError):
        raise RecordError(f"{where}: this is not valid JSON; mend that line.") from None
    if not isinstance(fields, Mapping):
        raise RecordError(f"{where} is no object with id, artwork and script.")
    for name in ("id", "language", "length", "style", "script"):
        if not isinstance(fields.get(name), str) or not fields[name].strip():
            raise RecordError(f"{where} has no {name}; a row needs id, language, length, style, "
                              "artwork and script.")  # fmt: skip
    for name, allowed in CHOICES.items():
        if fields[name] not in allowed:
            raise RecordError(
                f"{where}: {name} {fields[name]!r} is not one of {', '.join(allowed)}."
            )
    if END in fields["script"]:
        raise RecordError(f"{where}: the script holds {END}, which only the data set adds.")
    request = Request(fields["language"], fields["length"], fields["style"])
    artwork = clean_artwork(fields.get("artwork"), f"{where}, artwork")
    return Row(fields["id"].strip(), artwork, request, fields["script"].strip())
