"""The Art Institute of Chicago: api.artic.edu bodies, with and without their envelope.

    work = Chicago().read(json.loads(body)["data"])

https://api.artic.edu/docs. Listings carry the objects themselves, a hundred a page. Everything but
`description` is CC0; that one is CC BY, so it is not even asked for.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote, urlencode

from data.collect.http import GoneError
from data.collect.source import (
    Body,
    BodyError,
    Page,
    Query,
    RawWork,
    form_of,
    text,
    texts,
    years_of,
)

MUSEUM = "Art Institute of Chicago"
PAGE_SIZE = 100  # the most the API gives
FIELDS = (
    "id,title,alt_titles,main_reference_number,artist_display,artist_title,artist_titles,"
    "date_display,date_start,date_end,date_qualifier_title,medium_display,dimensions,"
    "dimensions_detail,artwork_type_title,classification_title,classification_titles,"
    "department_title,is_public_domain,credit_line,place_of_origin,subject_titles,term_titles,"
    "material_titles,technique_titles,style_titles,theme_titles,category_titles,inscriptions,"
    "copyright_notice,source_updated_at,updated_at,last_updated"
)
_UNKNOWN = re.compile(r"(?:artist|maker|creator|designer)?\s*(?:unknown|unidentified).*", re.I)
_BIO_IN_BRACKETS = re.compile(r"(?P<name>[^()]+)\((?P<bio>[^()]*\d[^()]*)\)\s*")


class Chicago:
    """The Art Institute of Chicago's API."""

    name = "aic"
    base_url = "https://api.artic.edu/api/v1"
    rate = 1.0  # "no more than 60 requests a minute" for anonymous use
    departments_path: str | None = None

    def walks(self, query: Query) -> list[str]:
        """Every artwork, or what `q` finds, of which the API shows ten thousand at most."""
        options: dict[str, Any] = {"limit": PAGE_SIZE, "fields": FIELDS}
        if query.search:
            return ["/artworks/search?" + urlencode({"q": query.search} | options, safe=",")]
        return ["/artworks?" + urlencode(options, safe=",")]

    def page_path(self, walk: str, number: int) -> str:
        """Pages count from 1."""
        return f"{walk}&page={number}"

    def read_page(self, body: object) -> Page:
        """A page of objects with `pagination`."""
        if not isinstance(body, dict) or not isinstance(body.get("data"), list):
            raise BodyError("The Art Institute sent a page without data; check the base URL.")
        pagination = body.get("pagination")
        known: Body = pagination if isinstance(pagination, dict) else {}
        bodies = [item for item in body["data"] if isinstance(item, dict) and "id" in item]
        pages, total = known.get("total_pages"), known.get("total")
        return Page(
            bodies=bodies,
            pages=pages if isinstance(pages, int) else 1,
            total=total if isinstance(total, int) else len(bodies),
        )

    def object_path(self, object_id: str) -> str:
        """The path of one object."""
        return f"/artworks/{quote(object_id, safe='')}?fields={FIELDS}"

    def unwrap(self, body: object) -> Body:
        """An object comes in an envelope; dumps of the collection have it bare."""
        if isinstance(body, dict) and isinstance(body.get("data"), dict):
            body = body["data"]
        if isinstance(body, dict) and "id" in body:
            return body
        if isinstance(body, dict) and "status" in body and "error" in body:
            raise GoneError(str(body.get("detail") or body["error"]))
        raise BodyError("The Art Institute sent an object without id.")

    def since(self, walk: str, day: str) -> None:
        """There is none: the pages are walked again and compared."""

    def read(self, body: Body) -> RawWork:
        """Map an object of any schema version; `artwork_type_title` was null before 2022."""
        number = body.get("id")
        if not isinstance(number, int):
            raise BodyError("The Art Institute sent an object without a number.")
        artist, bio = _artist(body)
        kind = text(body, "artwork_type_title")
        kinds = texts(body, "classification_titles")
        form = form_of((kind, text(body, "classification_title"), *kinds))
        return RawWork(
            object_id=str(number),
            fields={
                "title": text(body, "title"),
                "artist": artist,
                "artist_bio": bio,
                "date": text(body, "date_display"),
                "medium": text(body, "medium_display"),
                "dimensions": text(body, "dimensions"),
                "form": form,
                "subjects": texts(body, "subject_titles"),
                "museum": MUSEUM,
                "object_id": str(number),
                "source_url": f"https://www.artic.edu/artworks/{number}",
                "credit_line": text(body, "credit_line"),
                "licence": "CC0-1.0",
            },
            form=form,
            public_domain=body.get("is_public_domain") is True,
            department=text(body, "department_title"),
            classification=kind or text(body, "classification_title"),
            years=years_of(body, "date_start", "date_end"),
            modified=text(body, "source_updated_at")
            or text(body, "updated_at")
            or text(body, "last_updated"),
        )


def _artist(body: Body) -> tuple[str, str]:
    r"""Name and bio from `artist_display`, whose first line keeps the attribution.

    It reads "Name\nNation, dates", or "Name (Nation, dates)\npublished by …", or, where nobody is
    known, a culture; only `artist_title` tells that last case from the first.
    """
    title = text(body, "artist_title").strip()
    first, _, rest = text(body, "artist_display").strip().partition("\n")
    first = first.strip()
    if not title or _UNKNOWN.fullmatch(title):
        return "", ""
    if not first or _UNKNOWN.fullmatch(first):
        return title, ""
    bracketed = _BIO_IN_BRACKETS.fullmatch(first)
    if bracketed:
        return bracketed["name"].strip(), bracketed["bio"].strip()
    return first, rest.partition("\n")[0].strip()
