"""The Cleveland Museum of Art: its Open Access API's bodies, of 2019 and of today.

    work = Cleveland().read(json.loads(body)["data"][0])

https://openaccess-api.clevelandart.org. Listings carry the objects themselves; works marked CC0
may be used freely, and so may every text of the API.
"""

from __future__ import annotations

import re
from urllib.parse import quote, urlencode

from data.collect.http import GoneError
from data.collect.source import (
    Body,
    BodyError,
    Page,
    Query,
    RawWork,
    dicts,
    form_of,
    joined,
    text,
    years_of,
)

MUSEUM = "The Cleveland Museum of Art"
PAGE_SIZE = 100
FIELDS = (
    "id,accession_number,share_license_status,title,title_in_original_language,series,"
    "creation_date,creation_date_earliest,creation_date_latest,creators,culture,technique,"
    "support_materials,department,collection,type,measurements,dimensions,creditline,copyright,"
    "inscriptions,fun_fact,did_you_know,url,updated_at"
)
_CREATOR = re.compile(r"(?P<name>.+?)\s*\((?P<bio>[^()]*)\)\s*", re.DOTALL)


class Cleveland:
    """The Cleveland Museum of Art's Open Access API."""

    name = "cleveland"
    base_url = "https://openaccess-api.clevelandart.org/api"
    rate = 1.0  # no limit is published
    departments_path: str | None = None

    def walks(self, query: Query) -> list[str]:
        """All of it, or what `q` finds; departments are told apart on our side."""
        options = {"limit": str(PAGE_SIZE), "fields": FIELDS}
        if query.search:
            options = {"q": query.search} | options
        return ["/artworks/?" + urlencode(options, safe=",")]

    def page_path(self, walk: str, number: int) -> str:
        """The API skips objects, not pages."""
        return f"{walk}&skip={(number - 1) * PAGE_SIZE}"

    def read_page(self, body: object) -> Page:
        """A page of objects with `info.total`; past the end `data` is empty."""
        if not isinstance(body, dict) or not isinstance(body.get("data"), list):
            raise BodyError("Cleveland sent a page without data; check the base URL.")
        info = body.get("info")
        total = info.get("total") if isinstance(info, dict) else None
        bodies = [item for item in body["data"] if isinstance(item, dict) and "id" in item]
        known = total if isinstance(total, int) else len(bodies)
        return Page(bodies=bodies, pages=max(1, -(-known // PAGE_SIZE)), total=known)

    def object_path(self, object_id: str) -> str:
        """The path of one object, by number or accession number."""
        return f"/artworks/{quote(object_id, safe='')}?fields={FIELDS}"

    def unwrap(self, body: object) -> Body:
        """An object comes in an envelope; dumps of the collection have it bare."""
        if isinstance(body, dict) and isinstance(body.get("data"), dict):
            body = body["data"]
        if isinstance(body, dict) and "id" in body:
            return body
        if isinstance(body, dict) and ("detail" in body or body.get("data") in ([], {})):
            raise GoneError(str(body.get("detail") or "no such object"))
        raise BodyError("Cleveland sent an object without id.")

    def since(self, walk: str, day: str) -> None:
        """There is none that can be relied on: the pages are walked again and compared."""

    def read(self, body: Body) -> RawWork:
        """Map an object of any schema version."""
        number = body.get("id")
        if not isinstance(number, int):
            raise BodyError("Cleveland sent an object without a number.")
        artist, bio = _artist(body)
        form = form_of((text(body, "type"),))
        fact = text(body, "did_you_know") or text(body, "fun_fact")
        return RawWork(
            object_id=str(number),
            fields={
                "title": text(body, "title"),
                "artist": artist,
                "artist_bio": bio,
                "date": text(body, "creation_date"),
                "medium": text(body, "technique"),
                "dimensions": text(body, "measurements"),
                "form": form,
                "notes": [fact] if fact else [],
                "museum": MUSEUM,
                "object_id": str(number),
                "source_url": text(body, "url"),
                "credit_line": text(body, "creditline"),
                "licence": "CC0-1.0" if text(body, "share_license_status") == "CC0" else "",
            },
            form=form,
            public_domain=text(body, "share_license_status") == "CC0",
            department=text(body, "department"),
            classification=text(body, "type"),
            years=years_of(body, "creation_date_earliest", "creation_date_latest"),
            modified=text(body, "updated_at"),
        )


def _artist(body: Body) -> tuple[str, str]:
    """Names with their qualifiers, and the bio where it speaks of one person.

    A creator is "Name (Nation, dates)"; its qualifier ("workshop of", or "and" before the last of
    several) was an object with a `Value` in 2019 and is a text today.
    """
    names, bios = [], []
    for creator in dicts(body, "creators"):
        whole = text(creator, "description").strip()
        match = _CREATOR.fullmatch(whole)
        name, bio = (match["name"], match["bio"]) if match else (whole, "")
        given = creator.get("qualifier")
        qualifier = text(given, "Value") if isinstance(given, dict) else text(creator, "qualifier")
        if qualifier and qualifier.casefold() != "and":
            name = f"{qualifier} {name}"
        if name:
            names.append(name)
            bios.append(bio)
    return joined(names), bios[0] if len(bios) == 1 else ""
