"""The page `/vote/NAME` and its API, for any FastAPI application.

    app.include_router(vote_router(store))

    GET  /vote/{name}                              the page; its files lie under /vote/page/
    GET  /api/vote/{name}/ballot                   two anonymous guides of one work, or that it is
                                                   enough; `?more=1` asks for pairs beyond that
    GET  /api/vote/{name}/ballots/{id}/{side}.mp3  one of them spoken, where there is a voice
    POST /api/vote/{name}/ballots/{id}             {"verdict": "left", "reasons": ["dull"]}

A vote is taken with the signed cookie of whom the pair was shown to, from a page of this server
(Origin; the cookie is SameSite=Strict; the ballot's id is drawn and known to that page alone), not
sooner than both guides can have been read, with the hidden field empty, once.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from random import SystemRandom
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from fastapi import APIRouter, Request, Response
from fastapi.responses import FileResponse
from fastapi.routing import APIRoute
from pydantic import BaseModel, ConfigDict, Field

from evaluate.ab.guard import COOKIE, YEAR, Guard, Limits
from evaluate.ab.speaker import Speaker
from evaluate.ab.store import VoteStore
from evaluate.ab.tables import REASONS, Ballot, Reason, Verdict, VoteError
from infer.web.problems import ProblemError, responses
from infer.web.protect import HEADERS, client_of
from infer.web.ranges import ranged

PAGE = Path(__file__).parent / "page"
_KINDS = {".css": "text/css", ".js": "text/javascript", ".json": "application/json"}
_SHOWN = ("title", "artist", "date", "medium", "form", "credit_line")


class Side(BaseModel):
    """One of the two guides."""

    text: str
    audio: str | None = Field(description="Where it can be heard; null without a voice.")


class Shown(BaseModel):
    """Two guides of one work, or that the voter has done enough."""

    done: bool = Field(description="Enough votes, or no pair left; the other fields are absent.")
    more: bool = Field(description="Whether there may be further pairs.")
    cast: int = Field(description="Votes cast so far.")
    asked: int = Field(description="Votes asked of a person.")
    id: str | None = None
    language: str | None = None
    artwork: dict[str, str] | None = None
    wait: float | None = Field(None, description="Seconds before which no vote is taken.")
    left: Side | None = None
    right: Side | None = None


class Cast(BaseModel):
    """A vote."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"verdict": "left", "reasons": ["dull"]}}
    )
    verdict: Verdict
    reasons: Annotated[list[Reason], Field(max_length=len(REASONS))] = []
    website: Annotated[str, Field(max_length=200)] = ""  # people do not see this field


class Taken(BaseModel):
    """A vote that was taken."""

    cast: int
    asked: int


class _Route(APIRoute):
    """What cannot be found is a 404, whatever the application makes of its errors."""

    def get_route_handler(self) -> Callable[[Request], Any]:
        """The handler with that."""
        handle = super().get_route_handler()

        async def handler(request: Request) -> Response:
            try:
                return await handle(request)
            except VoteError as error:
                raise ProblemError(404, str(error)) from None

        return handler


def vote_router(
    store: VoteStore, limits: Limits | None = None, speaker: Speaker | None = None
) -> APIRouter:
    """The page and its API on one store of votes.

    Args:
        store: where experiments and votes lie.
        limits: what no person does.
        speaker: speaks the guides; without, they are only shown.
    """
    guard = Guard(store, limits)
    router = APIRouter(route_class=_Route, tags=["votes"])
    _add_page(router, store)
    _add_ballot(router, store, guard, speaker)
    _add_vote(router, store, guard)
    if speaker:
        _add_audio(router, store, guard, speaker)
    return router


def _add_page(router: APIRouter, store: VoteStore) -> None:
    # A table of what there is: no path is ever made of what was asked for.
    files = {p.relative_to(PAGE).as_posix(): p for p in PAGE.rglob("*") if p.suffix in _KINDS}

    @router.get("/vote/page/{file:path}", include_in_schema=False)
    def page_file(file: str) -> FileResponse:
        if file not in files:
            raise ProblemError(404, "There is no such file.")
        return FileResponse(files[file], media_type=_KINDS[files[file].suffix])

    @router.get("/vote/{name}", include_in_schema=False)
    def page(name: str) -> FileResponse:
        status = 200 if name in store.names() else 404
        return FileResponse(PAGE / "vote.html", status, HEADERS, media_type="text/html")


def _add_ballot(
    router: APIRouter, store: VoteStore, guard: Guard, speaker: Speaker | None
) -> None:  # fmt: skip
    rng = SystemRandom()

    @router.get(
        "/api/vote/{name}/ballot",
        summary="Two guides to compare",
        response_model_exclude_none=True,
        responses=responses(404, 422, 429),
    )
    def ballot(name: str, request: Request, response: Response, more: bool = False) -> Shown:
        """Two anonymous guides of one work in drawn order, or that the voter has done enough."""
        who = guard.read(request.cookies.get(COOKIE)) or guard.new()
        voter = guard.admit(name, who, client_of(request.scope))
        response.headers["Cache-Control"] = "no-store"
        response.set_cookie(
            COOKIE, guard.sign(who), max_age=YEAR, httponly=True, samesite="strict",
            secure=request.url.scheme == "https",
        )  # fmt: skip
        progress = store.progress(name, voter)
        found = store.next_ballot(name, voter, rng) if more or not progress.enough else None
        if found is None:
            left = progress.enough and not more
            return Shown(done=True, more=left, cast=progress.cast, asked=progress.asked)
        shown = _shown(found, name, speaker)
        shown.wait = guard.least_seconds(found)
        shown.cast, shown.asked = progress.cast, max(progress.asked, progress.cast + 1)
        return shown


def _add_vote(router: APIRouter, store: VoteStore, guard: Guard) -> None:
    @router.post(
        "/api/vote/{name}/ballots/{ballot_id}",
        summary="Vote",
        responses=responses(403, 404, 409, 422, 425, 429),
    )
    def vote(name: str, ballot_id: str, cast: Cast, request: Request) -> Taken:
        """Say which of the two is better, and why; once, and not before both can have been read."""
        if not from_this_server(request):
            raise ProblemError(403, "Votes are only taken from this server's own page.")
        voter = _voter(guard, name, request)
        found = store.find_ballot(ballot_id, voter)
        if found.vote is not None:
            raise ProblemError(409, "This pair was voted on already; load a new one.")
        guard.check_vote(found, cast.website)
        try:
            store.vote(ballot_id, voter, cast.verdict, list(dict.fromkeys(cast.reasons)))
        except VoteError as error:  # the same vote came twice at once
            raise ProblemError(409, str(error)) from None
        progress = store.progress(name, voter)
        return Taken(cast=progress.cast, asked=progress.asked)


def _add_audio(
    router: APIRouter, store: VoteStore, guard: Guard, speaker: Speaker
) -> None:  # fmt: skip
    @router.get(
        "/api/vote/{name}/ballots/{ballot_id}/{side}.mp3",
        summary="One of the two, spoken",
        response_class=Response,
        responses=responses(403, 404, 416, 422) | {200: {"content": {"audio/mpeg": {}}}},
    )
    def audio(
        name: str, ballot_id: str, side: Literal["left", "right"], request: Request
    ) -> Response:
        """The guide on that side as MP3; ranges are answered."""
        found = store.find_ballot(ballot_id, _voter(guard, name, request))
        text = found.left if side == "left" else found.right
        content = speaker.mp3(text.guide, text.request["language"])
        if content is None:
            raise ProblemError(404, "There is no voice for this language.")
        return ranged(content, "audio/mpeg", request.headers)


def _voter(guard: Guard, name: str, request: Request) -> str:
    """The voter of a request's cookie.

    Raises:
        ProblemError: there is none.
    """
    who = guard.read(request.cookies.get(COOKIE))
    if who is None:
        raise ProblemError(403, "This browser was shown no pair; allow cookies and reload.")
    return guard.voter(name, who)


def _shown(ballot: Ballot, name: str, speaker: Speaker | None) -> Shown:
    """What the page is told: nothing that says which variant wrote what."""
    language = str(ballot.left.request["language"])
    spoken = speaker is not None and speaker.speaks(language)

    def side(which: str, guide: str) -> Side:
        audio = f"/api/vote/{name}/ballots/{ballot.id}/{which}.mp3"
        return Side(text=guide, audio=audio if spoken else None)

    return Shown(
        done=False, more=True, cast=0, asked=0, id=ballot.id, language=language,
        artwork={key: str(ballot.artwork[key]) for key in _SHOWN if ballot.artwork.get(key)},
        left=side("left", ballot.left.guide), right=side("right", ballot.right.guide),
    )  # fmt: skip


def from_this_server(request: Request) -> bool:
    """Whether a browser says that the request comes from a page of this server.

    Every browser sends `Origin` with a POST, and all but old ones `Sec-Fetch-Site`, which no script
    can set; who sends neither is no browser. A proxy in front may change the scheme.
    """
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    origin = urlsplit(request.headers.get("origin", ""))
    return bool(origin.netloc) and origin.netloc == request.headers.get("host")
