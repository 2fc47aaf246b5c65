"""The curator's side of the API: works, guides, tours, QR codes, the tour as a folder.

Behind a session cookie with a CSRF token, or a token in the Authorization header.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Cookie, Depends, Header, Path, Query, Request, Response, UploadFile
from fastapi.responses import FileResponse
from limits import parse
from starlette.background import BackgroundTask

from data.prompt import Language
from infer.sentences import SentenceSplitter
from infer.web import schemas
from infer.web.importing import SUFFIXES, import_works
from infer.web.problems import ProblemError, responses
from infer.web.protect import client_of
from infer.web.services import Has, Services
from infer.web.shown import curator_shown
from infer.web.tables import Guide

COOKIE = "guide_curator"

_LOGINS = [parse("5/minute"), parse("50/day")]
_ALL_LOGINS = [parse("30/minute")]
_UPLOADS = frozenset({
    "application/json", "application/x-ndjson", "application/jsonl", "application/octet-stream",
    "application/vnd.ms-excel", "text/csv", "text/plain", "",
})  # fmt: skip
"""What browsers call files of the three kinds; the name's ending decides which it is."""


@dataclass(frozen=True, slots=True)
class Curator:
    """Whoever was let in, by the name that history keeps, with the cookie of a browser."""

    name: str
    cookie: str = ""


def _let_in(
    has: Has,
    request: Request,
    guide_curator: Annotated[str | None, Cookie(include_in_schema=False)] = None,
    authorization: Annotated[str | None, Header(include_in_schema=False)] = None,
    x_csrf_token: Annotated[
        str | None, Header(description="For every change by a session; see /api/curator/session.")
    ] = None,
) -> Curator:
    """The curator behind a request.

    Raises:
        ProblemError: nobody is logged in, or the page did not send its CSRF token.
    """
    if authorization is not None:
        scheme, _, token = authorization.partition(" ")
        name = has.keeper.token_name(token.strip()) if scheme.lower() == "bearer" else None
        if name is None:
            raise ProblemError(401, "This token is not known.", {"WWW-Authenticate": "Bearer"})
        return Curator(name)
    if not guide_curator or not has.keeper.is_curator(guide_curator):
        raise ProblemError(401, "Log in as the curator first.", {"WWW-Authenticate": "Bearer"})
    safe = request.method in ("GET", "HEAD")
    if not safe and not has.keeper.is_csrf(guide_curator, x_csrf_token or ""):
        raise ProblemError(403, "The X-CSRF-Token is missing or wrong; load the page again.")
    return Curator("curator", guide_curator)


Within = Annotated[Curator, Depends(_let_in)]

entrance = APIRouter(prefix="/api/curator", tags=["curator"])
inside = APIRouter(prefix="/api/curator", tags=["curator"], dependencies=[Depends(_let_in)])
router = APIRouter()

WorkId = Annotated[schemas.Id, Path(description="A work's id.")]
GuideId = Annotated[schemas.Id, Path(description="A guide's id.")]
JobId = Annotated[schemas.Id, Path(description="A job's id.")]


@entrance.post("/login", summary="Log in", status_code=204, responses=responses(401, 403, 422, 429))
def login(has: Has, request: Request, given: schemas.Password) -> Response:
    """Sets the session's cookie, which scripts in the page cannot read."""
    if not has.keeper.has_curator:
        raise ProblemError(403, "This server has no curator; start it with --password-file.")
    has.limiter.require(_LOGINS, client_of(request.scope), "logins")
    has.limiter.require(_ALL_LOGINS, "everybody", "logins")
    cookie = has.keeper.log_in(given.password)
    if cookie is None:
        raise ProblemError(401, "That is not the password.", {"WWW-Authenticate": "Bearer"})
    response = Response(status_code=204)
    secure = request.url.scheme == "https"
    response.set_cookie(COOKIE, cookie, httponly=True, samesite="strict", secure=secure)
    return response


@inside.post("/logout", summary="Log out", status_code=204, responses=responses(401, 403))
def logout(has: Has, curator: Within) -> Response:
    """Ends the session."""
    if curator.cookie:
        has.keeper.log_out(curator.cookie)
    response = Response(status_code=204)
    response.delete_cookie(COOKIE, httponly=True, samesite="strict")
    return response


@inside.get("/session", summary="The CSRF token", responses=responses(401))
def session(has: Has, curator: Within) -> schemas.CuratorSession:
    """What the page has to send as X-CSRF-Token with every change."""
    return schemas.CuratorSession(csrf=has.keeper.csrf(curator.cookie))


# Works


@inside.get("/works", summary="Works with their records", responses=responses(401, 422))
def works(
    has: Has,
    q: Annotated[str, Query(max_length=200)] = "",
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    offset: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
) -> schemas.Works:
    """As visitors find them."""
    total, found = has.works.search(q, limit=limit, offset=offset)
    return schemas.Works(total=total, works=found)


@inside.post(
    "/works", summary="Add a work", status_code=201, responses=responses(401, 403, 409, 422)
)
def add_work(has: Has, draft: schemas.WorkDraft) -> schemas.Work:
    """The record, and the number of its stop if it has one."""
    return has.works.get(has.works.add(draft.artwork, draft.stop))


@inside.put(
    "/works/{work_id}", summary="Change a work", responses=responses(401, 403, 404, 409, 422)
)
def change_work(has: Has, work_id: WorkId, draft: schemas.WorkDraft) -> schemas.Work:
    """Guides of the old record are told no longer, unless the museum approved them."""
    has.works.change(work_id, draft.artwork, draft.stop)
    return has.works.get(work_id)


@inside.delete(
    "/works/{work_id}",
    summary="Delete a work and its guides",
    status_code=204,
    responses=responses(401, 403, 404, 422),
)
def delete_work(has: Has, work_id: WorkId) -> Response:
    """With their sound and history, for good."""
    has.works.delete(work_id)
    return Response(status_code=204)


@inside.post("/import", summary="Import works", responses=responses(401, 403, 413, 415, 422))
def import_file(has: Has, file: UploadFile) -> schemas.Imported:
    """A JSON, JSONL or CSV file; what is wrong in it is named, the rest is taken over."""
    name = (file.filename or "").rpartition("/")[2].rpartition("\\")[2]
    kind = (file.content_type or "").partition(";")[0].strip().lower()
    if kind not in _UPLOADS or not name.lower().endswith(SUFFIXES):
        raise ProblemError(415, "Send a .json, .jsonl or .csv file.")
    return import_works(has.works, name, file.file.read())


# Guides


@inside.get("/guides", summary="Guides", responses=responses(401, 404, 422))
def guides(
    has: Has,
    work_id: Annotated[schemas.Id | None, Query()] = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
    offset: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
) -> schemas.CuratorGuides:
    """Of one work or of all, the newest first, the withdrawn ones too."""
    if work_id:
        has.works.get(work_id)
    found = has.guides.list(work_id, limit, offset)
    return schemas.CuratorGuides(guides=[_shown(guide) for guide in found])


@inside.put("/guides/{guide_id}", summary="Edit a guide", responses=responses(401, 403, 404, 422))
def edit(
    has: Has, curator: Within, guide_id: GuideId, wanted: schemas.GuideText
) -> schemas.CuratorGuide:
    """The museum's own words: checked again, spoken again, told at once, labelled as edited."""
    old = has.guides.find(guide_id)
    keep = [old.artwork["title"], old.artwork.get("artist") or ""]
    sentences = list(SentenceSplitter(old.language, filter(None, keep)).split(
        " ".join(wanted.text.split())
    ))  # fmt: skip
    guide = has.guides.edit(guide_id, sentences, curator.name)
    return _shown(_speak(has, guide))


@inside.post(
    "/guides/{guide_id}/approve",
    summary="Approve a guide",
    responses=responses(401, 403, 404, 422),
)
def approve(has: Has, curator: Within, guide_id: GuideId) -> schemas.CuratorGuide:
    """From now on this is what visitors get."""
    return _shown(has.guides.approve(guide_id, curator.name))


@inside.post(
    "/guides/{guide_id}/withdraw",
    summary="Withdraw a guide",
    responses=responses(401, 403, 404, 422),
)
def withdraw(has: Has, curator: Within, guide_id: GuideId) -> schemas.CuratorGuide:
    """Visitors do not get it any more; the next one gets another."""
    return _shown(has.guides.withdraw(guide_id, curator.name))


@inside.get(
    "/guides/{guide_id}/history", summary="A guide's history", responses=responses(401, 404, 422)
)
def history(has: Has, guide_id: GuideId) -> schemas.Happenings:
    """What was done to it, by whom, and its text from then on."""
    return schemas.Happenings(
        history=[
            schemas.Happening(at=h.at, action=h.action, actor=h.actor, text=h.text)
            for h in has.guides.history(guide_id)
        ]
    )


# Tours


@inside.post(
    "/tour",
    summary="Write a tour ahead",
    status_code=202,
    responses=responses(401, 403, 404, 409, 422),
)
def tour(has: Has, wanted: schemas.TourRequest) -> schemas.JobBegun:
    """Every work in every language and length that is not there yet."""
    _require_languages(has, wanted.languages)
    work_ids = has.works.ids() if wanted.work_ids is None else wanted.work_ids
    job_id = has.jobs.add(
        list(dict.fromkeys(work_ids)), languages=list(dict.fromkeys(wanted.languages)),
        lengths=list(dict.fromkeys(wanted.lengths)), style=wanted.style,
    )  # fmt: skip
    return schemas.JobBegun(job_id=job_id)


@inside.get("/jobs/{job_id}", summary="How far a job is", responses=responses(401, 404, 422))
def progress(has: Has, job_id: JobId) -> schemas.JobProgress:
    """Guides done, and what went wrong."""
    return has.jobs.progress(job_id)


@inside.post(
    "/jobs/{job_id}/cancel", summary="Cancel a job", responses=responses(401, 403, 404, 422)
)
def cancel(has: Has, job_id: JobId) -> schemas.JobProgress:
    """What is written stays."""
    return has.jobs.cancel(job_id)


@inside.get(
    "/qr",
    summary="A sheet of QR codes",
    response_class=Response,
    responses=responses(401, 409, 422)
    | {200: {"content": {"application/pdf": {}, "text/html": {}}}},
)
def qr(
    has: Has,
    base: Annotated[
        str,
        Query(
            max_length=200,
            pattern=r"^https?://[A-Za-z0-9.\-\[\]:]+(/[A-Za-z0-9._~/\-]*)?$",
            description="Where visitors reach this server.",
            examples=["http://192.168.1.20:8000"],
        ),
    ],
    format: Annotated[schemas.Sheet, Query()] = "pdf",  # noqa: A002
) -> Response:
    """One code a stop, to print and put on the wall."""
    from infer.web.qr import sheet_html, sheet_pdf, style_source

    stops = [work for work in has.works.all() if work.stop is not None]
    if not stops:
        raise ProblemError(409, "No work has a stop number yet; give the works their numbers.")
    if format == "html":
        policy = f"default-src 'none'; img-src data:; style-src {style_source()}"
        return Response(
            sheet_html(stops, base, has.settings.museum),
            media_type="text/html",
            headers={"Content-Security-Policy": policy},
        )
    return Response(
        sheet_pdf(stops, base, has.settings.museum),
        media_type="application/pdf",
        headers={"Content-Disposition": 'inline; filename="qr-codes.pdf"'},
    )


@inside.get(
    "/export",
    summary="The tour as a folder",
    response_class=FileResponse,
    responses=responses(401, 409) | {200: {"content": {"application/zip": {}}}},
)
def export(has: Has) -> Response:
    """A zip: unpacked, its index.html plays the tour without a server and without a network."""
    from infer.web.tour import pack_tour

    path = pack_tour(has)
    return FileResponse(
        path,
        media_type="application/zip",
        filename="tour.zip",
        background=BackgroundTask(path.unlink, missing_ok=True),
    )


router.include_router(entrance)
router.include_router(inside)


def _require_languages(has: Services, languages: list[Language]) -> None:
    for language in languages:
        if language not in has.settings.languages:
            offered = ", ".join(has.settings.languages)
            raise ProblemError(422, f"languages: this museum tells its guides in {offered}.")


def _shown(guide: Guide) -> schemas.CuratorGuide:
    return curator_shown(guide)


def _speak(has: Services, guide: Guide) -> Guide:
    """Have an edited guide spoken; where it cannot be, its text is served all the same."""
    live = has.desk.speak(guide)
    if live is None:
        return guide
    live.wait()
    return has.guides.find(guide.id)
