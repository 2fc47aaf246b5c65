"""The museum record every stage speaks about.

    from data.artwork import Artwork, parse_artwork
    parse_artwork({"title": "Old Plum", "form": "drawing"}).artist    # None

What people give is cleaned first (`data.clean.clean_artwork`), files of it are read by
`data.records.read_records`; `parse_artwork` takes what went through them before.

Unknown fields are errors that name the nearest right one: a silently ignored `tittle` would
become a guide that leaves its title out.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, StringConstraints, ValidationError

from data.errors import RecordError

LONGEST = 4_000
"""Characters of one text: more than any museum's field of those seen, and soon read."""

MOST_ITEMS = 200
"""Subjects, or notes, of one record."""


class Form(StrEnum):
    """The art form: it decides the words a guide may use (only paintings are painted)."""

    painting = "painting"
    sculpture = "sculpture"
    drawing = "drawing"
    print = "print"
    photograph = "photograph"
    installation = "installation"
    object = "object"


def _blank_is_missing(value: object) -> object:
    if isinstance(value, str):
        return value.strip() or None
    return value


def _drop_blank_items(value: object) -> object:
    if isinstance(value, (list, tuple)):
        return tuple(v for v in value if not (isinstance(v, str) and not v.strip()))
    return () if value is None else value


Text = Annotated[str | None, BeforeValidator(_blank_is_missing)]
Item = Annotated[str, StringConstraints(strip_whitespace=True)]
Items = Annotated[tuple[Item, ...], BeforeValidator(_drop_blank_items)]


class Artwork(BaseModel):
    """One museum object's record; any field but the title may be missing.

    The first eight text fields and the two lists are what a guide may speak about; the last five
    are for attribution only and never reach a prompt.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)

    title: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
    artist: Text = None
    artist_bio: Text = None
    date: Text = None
    medium: Text = None
    dimensions: Text = None
    form: Annotated[Form, BeforeValidator(lambda v: _blank_is_missing(v) or Form.painting)] = (
        Form.painting
    )
    subjects: Items = ()
    notes: Items = ()
    museum: Text = None
    object_id: Text = None
    source_url: Text = None
    credit_line: Text = None
    licence: Text = None

    def as_record(self) -> dict[str, Any]:
        """The record as plain JSON types, without the fields that are missing."""
        return self.model_dump(mode="json", exclude_defaults=True) | {"form": self.form.value}


FIELDS = tuple(Artwork.model_fields)


def check_lengths(fields: Mapping[Any, object], where: str = "the record") -> None:
    """Refuse what no record holds, before anything reads it at length.

    Raises:
        RecordError: naming `where`, the field and its length.
    """
    for name, value in fields.items():
        items = value if isinstance(value, (list, tuple)) else [value]
        longest = max((len(item) for item in items if isinstance(item, str)), default=0)
        if longest > LONGEST:
            raise RecordError(
                f"{where}: the field {str(name)[:40]!r} has {longest:,} characters where "
                f"{LONGEST:,} are the most; shorten it."
            )
        if len(items) > MOST_ITEMS:
            raise RecordError(
                f"{where}: the field {str(name)[:40]!r} has {len(items):,} items where "
                f"{MOST_ITEMS} are the most; keep the telling ones."
            )


def parse_artwork(fields: object, where: str = "the record") -> Artwork:
    """Validate one mapping of field names to values.

    Raises:
        RecordError: a sentence naming `where`, the first wrong field, and the way out.
    """
    if not isinstance(fields, Mapping):
        raise RecordError(
            f"{where} is {_kind(fields)}, not an object with fields such as title and artist."
        )
    for name in fields:
        if name not in FIELDS:
            hint = nearest_field(str(name))
            raise RecordError(f"{where} has an unknown field {str(name)[:60]!r}{hint}")
    check_lengths(fields, where)
    title = fields.get("title")
    if title is None or (isinstance(title, str) and not title.strip()):
        raise RecordError(f"{where} has no title; give it one, the only field that is required.")
    try:
        return Artwork.model_validate(dict(fields))
    except ValidationError as error:
        raise RecordError(f"{where}: {_first_fault(error)}") from None


def nearest_field(name: str) -> str:
    """The end of a sentence about an unknown field: the nearest right one, or all of them."""
    close = difflib.get_close_matches(name.lower().replace(" ", "_"), FIELDS, n=1, cutoff=0.6)
    if close:
        return f"; did you mean {close[0]!r}?"
    return f"; the fields are {', '.join(FIELDS)}."


def _kind(value: object) -> str:
    if value is None:
        return "null"
    names = {str: "a text", list: "a list", bool: "true or false", int: "a number"}
    return names.get(type(value), "a number")


def _first_fault(error: ValidationError) -> str:
    fault = error.errors()[0]
    field = str(fault["loc"][0]) if fault["loc"] else "the record"
    if fault["type"] == "enum":
        forms = ", ".join(Form)
        return f"form {fault['input']!r} is not one of {forms}."
    wanted = "a list of texts" if field in ("subjects", "notes") else "a text"
    return f"the field {field!r} must be {wanted}, not {_kind(fault['input'])}."
