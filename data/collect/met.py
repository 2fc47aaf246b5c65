"""The Metropolitan Museum of Art: its Collection API's bodies, of every age.

    work = Met().read(json.loads(body))

https://metmuseum.github.io documents it; what it does not say is in the tests: null lists, bodies
of 49, 55 and 57 keys, listings of 50,000 numbers in one answer, `{"message": ...}` for an object.
Its metadata is CC0 whatever the rights in the work.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import urlencode

from data.artwork import Form
from data.collect.http import GoneError
from data.collect.source import (
    Body,
    BodyError,
    Page,
    Query,
    RawWork,
    dicts,
    form_of,
    text,
    years_of,
)
from data.errors import RecordError

MUSEUM = "The Metropolitan Museum of Art"
PAINTING_DEPARTMENT = "11"  # European Paintings: nearly all of its 2,600 objects are paintings
MOST_ARTISTS = 3
_LINK = re.compile(r"\s+(?:and/or|and|or)$", re.IGNORECASE)
_LEADING_LINK = re.compile(r"^(?:and|or)\s+", re.IGNORECASE)


class Met:
    """The Met's Collection API."""

    name = "met"
    base_url = "https://collectionapi.metmuseum.org/public/collection/v1"
    rate = 1.0  # 80 a second are documented, 30 quick ones bring a block of half a minute
    departments_path: str | None = "/departments"

    def walks(self, query: Query) -> list[str]:
        """One listing a department; a search takes one department at most, so it is one each."""
        departments = list(query.departments)
        if query.search:
            return [
                "/search?" + urlencode({"q": query.search} | ({"departmentId": d} if d else {}))
                for d in departments or [""]
            ]
        if not departments and query.forms == (Form.painting,):
            departments = [PAINTING_DEPARTMENT]
        return [f"/objects?departmentIds={d}" for d in departments] or ["/objects"]

    def page_path(self, walk: str, number: int) -> str:
        """A listing is one page, however long."""
        return walk

    def read_page(self, body: object) -> Page:
        """`{"total": 0, "objectIDs": null}` is an empty listing."""
        if not isinstance(body, dict) or "objectIDs" not in body:
            raise BodyError("The Met sent a listing without objectIDs; check the base URL.")
        numbers = body["objectIDs"] or []
        ids = dict.fromkeys(str(number) for number in numbers if isinstance(number, int))
        return Page(object_ids=tuple(ids), total=len(ids))

    def object_path(self, object_id: str) -> str:
        """The path of one object."""
        return f"/objects/{object_id}"

    def unwrap(self, body: object) -> Body:
        """The answer is the object; a lone message means that there is none."""
        if isinstance(body, dict) and "objectID" in body:
            return body
        if isinstance(body, dict) and "message" in body:
            raise GoneError(str(body["message"]))
        raise BodyError("The Met sent an object without objectID.")

    def since(self, walk: str, day: str) -> str:
        """Only the plain listing knows metadataDate; for anything else ask it about all objects."""
        if not walk.startswith("/objects"):
            walk = "/objects"
        return f"{walk}{'&' if '?' in walk else '?'}metadataDate={day}"

    def read(self, body: Body) -> RawWork:
        """Map a body of any age; `classification` is blank in whole departments."""
        number = body.get("objectID")
        if not isinstance(number, int):
            raise BodyError("The Met sent an object without a number.")
        artists, bio = _artists(body)
        form = form_of((text(body, "classification"), text(body, "objectName")))
        return RawWork(
            object_id=str(number),
            fields={
                "title": text(body, "title"),
                "artist": artists,
                "artist_bio": bio,
                "date": text(body, "objectDate"),
                "medium": text(body, "medium"),
                "dimensions": text(body, "dimensions"),
                "form": form,
                "subjects": [text(tag, "term") for tag in dicts(body, "tags")],
                "museum": MUSEUM,
                "object_id": str(number),
                "source_url": f"https://www.metmuseum.org/art/collection/search/{number}",
                "credit_line": text(body, "creditLine"),
                "licence": "CC0-1.0",
            },
            form=form,
            public_domain=body.get("isPublicDomain") is True,
            department=text(body, "department"),
            classification=text(body, "classification") or text(body, "objectName"),
            years=_years(body),
            modified=text(body, "metadataDate"),
        )


def department_numbers(body: object, asked: Sequence[str]) -> tuple[str, ...]:
    """The numbers of departments given by number or by (part of) a name.

    Raises:
        RecordError: a name fits none of the Met's departments, or several.
    """
    listed = dicts(body, "departments") if isinstance(body, dict) else []
    names = {str(one.get("departmentId")): text(one, "displayName") for one in listed}
    numbers = []
    for name in asked:
        hits = [number for number, full in names.items() if name.casefold() == full.casefold()]
        hits = hits or [n for n, full in names.items() if name.casefold() in full.casefold()]
        if name in names:
            hits = [name]
        if len(hits) != 1:
            raise RecordError(
                f"--department {name!r} fits {'several' if hits else 'none'} of the Met's: "
                + "; ".join(names.values())
                + "."
            )
        numbers += hits
    return tuple(numbers)


def _artists(body: Body) -> tuple[str, str]:
    """The artist as the label would say it, and the bio where it speaks of one person.

    `artistPrefix` and `artistSuffix` carry the attribution ("Circle of", "(?)"). Makers who share
    the first one's role follow it; their names in `constituents` hold their own prefixes.
    """
    name, prefix = text(body, "artistDisplayName"), text(body, "artistPrefix").strip()
    suffix = text(body, "artistSuffix").strip()
    makers = dicts(body, "constituents")
    others = [
        text(maker, "name") for maker in makers[1:] if maker.get("role") == makers[0].get("role")
    ]
    if not name:
        return (text(makers[0], "name") if makers else ""), ""
    if prefix.casefold() in ("and", "or") or prefix.endswith(":"):
        prefix = ""  # it belongs to a maker before this one, or names a role ("Medalist:")
    space = "" if not suffix or suffix.startswith((",", ";")) else " "
    first = f"{prefix} {name}{space}{suffix}".strip()
    phrase = _with_others(first, [other for other in others if other.strip()])
    return phrase, text(body, "artistDisplayBio") if phrase == first else ""


def _with_others(first: str, others: list[str]) -> str:
    """Such as "A and B", "A or B" where A's suffix is "or", "A, completed by B", "A and others"."""
    link = _LINK.search(first)
    if link and not others:
        return first[: link.start()]
    if len(others) >= MOST_ARTISTS:
        return f"{first[: link.start()] if link else first} and others"
    phrase = first
    for position, other in enumerate(others):
        name = _LEADING_LINK.sub("", other)
        if _LINK.search(phrase):
            phrase += f" {name}"
        elif name[:1].islower() or position < len(others) - 1:
            phrase += f", {name}"
        else:
            phrase += f" and {name}"
    return phrase


def _years(body: Body) -> tuple[int, int] | None:
    years = years_of(body, "objectBeginDate", "objectEndDate")
    if years == (0, 0) and not text(body, "objectDate").strip():
        return None  # the API's way to say that it does not know
    return years
