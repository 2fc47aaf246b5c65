"""What a voice says for marks and abbreviations: `words.toml`, one part a language."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from data.errors import SpeechError


class Words(BaseModel):
    """One language's part of the table; `words.toml` explains the keys."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    by: str
    to: str
    decimal: str
    decimals_as_number: bool
    centuries: str
    one: dict[str, str]
    signs: dict[str, str]
    money: dict[str, tuple[str, str]]
    said: tuple[tuple[str, str], ...]


@cache
def words_of(language: str) -> Words:
    """The words of a language, by its ISO 639-1 code.

    Raises:
        SpeechError: there are none for it.
    """
    tables = _tables()
    if language not in tables:
        raise SpeechError(
            f"Text in {language!r} cannot be made speakable; known are {', '.join(tables)}."
        )
    return tables[language]


@cache
def _tables() -> dict[str, Words]:
    text = Path(__file__).with_name("words.toml").read_text(encoding="utf-8")
    return {name: Words.model_validate(table) for name, table in tomllib.loads(text).items()}
