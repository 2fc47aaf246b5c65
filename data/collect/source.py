"""What every collection looks like to the collector, and what a raw record says about itself.

A source names the requests to make (`walks`, `page_path`, `object_path`) and reads what comes back
(`read_page`, `unwrap`, `read`). It never fetches: the same `read` serves a body that arrived a
second ago and one stored last year.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from data.artwork import Form
from data.errors import RecordError

Body = Mapping[str, Any]


class BodyError(RecordError):
    """A body is not shaped like an object of its source."""


@dataclass(frozen=True, slots=True)
class RawWork:
    """One object as its source describes it, before cleaning.

    `fields` holds Artwork's fields (strings, lists for subjects and notes; blank where unknown);
    the rest is what filters ask about. `years` is (earliest, latest), BC negative.
    """

    object_id: str
    fields: dict[str, Any]
    form: Form
    public_domain: bool
    department: str = ""
    classification: str = ""
    years: tuple[int, int] | None = None
    modified: str = ""


@dataclass(frozen=True, slots=True)
class Query:
    """Which part of a collection to walk through."""

    departments: tuple[str, ...] = ()
    search: str = ""
    object_ids: tuple[str, ...] = ()
    forms: tuple[Form, ...] = (Form.painting,)


@dataclass(frozen=True, slots=True)
class Page:
    """One listing: identifiers still to fetch, or whole bodies, and how many pages there are."""

    object_ids: Sequence[str] = ()
    bodies: Sequence[Body] = ()
    pages: int = 1
    total: int = 0


class Reader(Protocol):
    """What turns stored bodies into raw records."""

    name: str

    def read(self, body: Body) -> RawWork:
        """What the object says about itself; raises BodyError where it has no identifier."""


class Source(Reader, Protocol):
    """One open collection."""

    base_url: str
    rate: float
    """Requests a second that the source is known to stand."""

    departments_path: str | None
    """Where department names are turned into numbers, for a source that lists by number."""

    def walks(self, query: Query) -> list[str]:
        """The listings to go through: paths below the base URL, without a page number."""

    def page_path(self, walk: str, number: int) -> str:
        """The path of page `number`, from 1, of a walk."""

    def read_page(self, body: object) -> Page:
        """Raises BodyError where the body is no listing."""

    def object_path(self, object_id: str) -> str:
        """The path of one object."""

    def unwrap(self, body: object) -> Body:
        """The object inside the answer for one object.

        Raises:
            GoneError: the answer says that there is none.
            BodyError: the body is no object of this source.
        """

    def since(self, walk: str, day: str) -> str | None:
        """The walk over objects changed since a day (YYYY-MM-DD), where the source offers one."""


_FORM_WORDS: dict[Form, str] = {
    Form.installation: r"installations?",
    Form.photograph: r"photograph\w*|photos?|negatives?|daguerreotypes?|tintypes?|ambrotypes?",
    Form.drawing: r"drawings?|watercolou?rs?|pastels?|sketch(?:es|books?)?",
    Form.print: r"prints?|engravings?|etchings?|lithographs?|woodcuts?|woodblocks?|mezzotints?"
    r"|aquatints?|drypoints?|screenprints?",
    Form.sculpture: r"sculptures?|statues?|statuettes?|busts?|reliefs?|figurines?|bronzes",
    Form.painting: r"paintings?",
}
"""A source's own words for a form. Order matters where a text holds two of them: "Drawing and
Watercolor" is a drawing, a "Painting (relief)" is told apart by whole words only, and
"Textiles-Printed" or "Vase painter" match nothing."""

_FORM_PATTERNS = {
    form: re.compile(rf"(?<!\w)(?:{words})(?!\w)", re.IGNORECASE)
    for form, words in _FORM_WORDS.items()
}


def form_of(descriptions: Iterable[str]) -> Form:
    """The art form by a source's own words, the most reliable first; `object` if none tells.

    Each description is a classification such as "Paintings", "Works on Paper-Engravings",
    "Sculpture-Bronze" or an object's name; the first that holds a known word decides.
    """
    for description in descriptions:
        hits = [form for form, pattern in _FORM_PATTERNS.items() if pattern.search(description)]
        if hits:
            return Form.painting if Form.painting in hits else hits[0]
    return Form.object


def text(body: Body, key: str) -> str:
    """A text of the body; blank where it is missing, null or of another kind."""
    value = body.get(key)
    return value if isinstance(value, str) else ""


def dicts(body: Body, key: str) -> list[Body]:
    """A list of objects in the body; empty where it is missing or null."""
    value = body.get(key)
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def texts(body: Body, key: str) -> list[str]:
    """A list of texts in the body; empty where it is missing or null."""
    value = body.get(key)
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def years_of(body: Body, first: str, last: str) -> tuple[int, int] | None:
    """Earliest and latest year, where the body gives both; one alone stands for both."""
    begin, end = body.get(first), body.get(last)
    known = [y for y in (begin, end) if isinstance(y, int) and not isinstance(y, bool)]
    return (known[0], known[-1]) if known else None


def joined(names: Sequence[str]) -> str:
    """Names as one phrase: "A", "A and B", "A, B and C"."""
    present = [name for name in names if name]
    if len(present) < 2:
        return "".join(present)
    return ", ".join(present[:-1]) + " and " + present[-1]
