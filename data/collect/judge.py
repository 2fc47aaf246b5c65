"""Whether a raw record is wanted, and if not, the reason in the words of the report.

    reason = judge(work, Wanted(forms=(Form.painting,)))   # None, or e.g. "not public domain"

Filters are asked on our side, about the body itself: the sources' own (`medium`, `hasImages`) are
known to be wrong.
"""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict

from data.artwork import Form
from data.clean import clean_text, clean_title
from data.collect.source import RawWork
from data.dates import parse_date

GONE = "gone"
UNREADABLE = "unreadable"
FAILED = "the source failed"
NO_YEAR = "no year to compare"
COMPLETE_FIELDS = ("artist", "date", "medium", "dimensions")
"""With the title, the five of a complete record."""


class Wanted(BaseModel):
    """Which works to keep. Years are inclusive, BC negative."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    forms: tuple[Form, ...] = (Form.painting,)
    departments: tuple[str, ...] = ()
    public_domain_only: bool = True
    first_year: int | None = None
    last_year: int | None = None
    complete: bool = False


def judge(work: RawWork, wanted: Wanted) -> str | None:
    """The first reason not to keep the work; None if it is wanted."""
    if wanted.forms and work.form not in wanted.forms:
        return "not " + " or ".join(_with_article(form) for form in wanted.forms)
    if wanted.public_domain_only and not work.public_domain:
        return "not public domain"
    if wanted.departments and not any(
        name.casefold() in work.department.casefold() for name in wanted.departments
    ):
        return "another department"
    return _outside(work, wanted) or _missing(work.fields, wanted)


def _outside(work: RawWork, wanted: Wanted) -> str | None:
    if wanted.first_year is None and wanted.last_year is None:
        return None
    years = work.years
    if years is None:
        dating = parse_date(str(work.fields.get("date") or ""))
        if dating is None:
            return NO_YEAR
        years = (dating.earliest, dating.latest)
    if wanted.first_year is not None and years[1] < wanted.first_year:
        return f"before {wanted.first_year}"
    if wanted.last_year is not None and years[0] > wanted.last_year:
        return f"after {wanted.last_year}"
    return None


def _missing(fields: dict[str, Any], wanted: Wanted) -> str | None:
    """Fields that say nothing once cleaned: "n.d.", "Dimensions unavailable"."""
    missing = [] if clean_title(str(fields.get("title") or "")) else ["title"]
    if wanted.complete:
        missing += [name for name in COMPLETE_FIELDS if not clean_text(str(fields.get(name) or ""))]
    return "missing " + ", ".join(missing) if missing else None


def _with_article(form: Form) -> str:
    return f"{'an' if form.value[0] in 'aeiou' else 'a'} {form.value}"
