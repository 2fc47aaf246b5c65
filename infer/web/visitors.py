"""What visitors ask: works, guides as they are written, their sound."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import JSONResponse
from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.concurrency import run_in_threadpool

from data.artwork import parse_artwork
from data.prompt import Request as Asked
from infer.web import schemas
from infer.web.guides import Wanted, with_overrides
from infer.web.live import Live
from infer.web.problems import ProblemError, responses
from infer.web.protect import client_of, read_rate
from infer.web.ranges import ranged
from infer.web.services import Has, ListenedEvent, Services
from infer.web.shown import events, guide_shown
from infer.web.tables import Guide

WAIT_FOR_SOUND = 8.0
"""Seconds a request waits for a sentence to be spoken."""

VISITOR = "guide_visitor"
"""The cookie by which a plug-in that compares guides knows a browser again; else there is none."""

router = APIRouter(prefix="/api", tags=["visitors"])

GuideId = Annotated[schemas.Id, Path(description="A guide's id.")]
_TYPES = {"mp3": "audio/mpeg", "opus": "audio/ogg", "wav": "audio/wav", "flac": "audio/flac"}
_SSE_EXAMPLE = (
    'event: start\ndata: {"guide_id": "5f1c…", "stored": false, "model": "small"}\n\n'
    'event: sentence\ndata: {"index": 0, "text": "…", "audio": "/api/guides/…"}\n\n'
    'event: done\ndata: {"id": "5f1c…", "text": "…"}\n\n'
)


@router.get("/config", summary="What this server offers")
def config(has: Has) -> schemas.Config:
    """Museum, languages, lengths, styles, voices and the model."""
    settings = has.settings
    return schemas.Config(
        museum=settings.museum,
        languages=list(settings.languages),
        lengths=list(settings.lengths),
        styles=list(settings.styles),
        voices=[language for language in settings.languages if has.voices.available(language)],
        model=has.desk.session.name,
    )


@router.get("/works", summary="Find works", responses=responses(422))
def works(
    has: Has,
    q: Annotated[str, Query(max_length=200, description="Words of title or artist.")] = "",
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    offset: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
) -> schemas.Works:
    """Works whose title or artist has all the words, whatever their accents and case."""
    total, found = has.works.search(q, limit=limit, offset=offset)
    return schemas.Works(total=total, works=found)


@router.get("/works/{work_id}", summary="One work", responses=responses(404, 422))
def work(has: Has, work_id: Annotated[schemas.Id, Path()]) -> schemas.Work:
    """A work with its record and the guides that are there."""
    return has.works.get(work_id)


@router.get("/stops/{stop}", summary="The work at a stop", responses=responses(404, 422))
def at_stop(has: Has, stop: Annotated[schemas.Stop, Path()]) -> schemas.Work:
    """The work whose number a visitor has read on the wall."""
    return has.works.by_stop(stop)


@router.post(
    "/guides",
    summary="Tell a guide",
    response_model=schemas.Guide,
    responses=responses(404, 409, 422, 429, 503)
    | {200: {"content": {"text/event-stream": {"example": _SSE_EXAMPLE}}}},
)
async def tell(has: Has, request: Request, asked: schemas.GuideRequest) -> Response:
    """The guide of a work or a record: at once where it is in the store, else as it is written.

    With `Accept: text/event-stream` the events start, sentence (many), done come one by one; where
    it fails meanwhile, error with what would else be the problem.
    """
    visitor, cookie = _visitor(has, request)
    wanted = await run_in_threadpool(_wanted, has, asked, visitor)
    stored = await run_in_threadpool(has.guides.to_serve, wanted)
    streamed = "text/event-stream" in request.headers.get("accept", "")
    response: Response
    if stored:
        has.metrics.guides.labels("stored", stored.language, stored.length).inc()
        response = await _stored(has, stored, streamed=streamed)
    else:
        live = await run_in_threadpool(_begin, has, wanted, client_of(request.scope))
        response = _streamed(has, live) if streamed else await _awaited(has, live)
    if cookie:
        secure = request.url.scheme == "https"
        response.set_cookie(VISITOR, cookie, httponly=True, samesite="strict", secure=secure)
    return response


@router.get("/guides/{guide_id}", summary="One guide", responses=responses(404, 422))
def guide(has: Has, guide_id: GuideId) -> schemas.Guide:
    """A guide, as far as it is written."""
    return guide_shown(has.guides.get(guide_id))


@router.get(
    "/guides/{guide_id}/audio",
    summary="A guide's sound",
    response_class=Response,
    responses=responses(404, 416, 422)
    | {
        200: {"content": {name: {} for name in _TYPES.values()}},
        206: {"description": "A part", "content": {name: {} for name in _TYPES.values()}},
    },
)
def audio(
    has: Has,
    request: Request,
    guide_id: GuideId,
    format: Annotated[schemas.Format, Query()] = "mp3",  # noqa: A002
) -> Response:
    """The whole guide; ranges are answered."""
    found = has.guides.get(guide_id)
    content = _sound(has, found, format)
    return ranged(content, _TYPES[format], request.headers, etag=_etag(found, format))


@router.get(
    "/guides/{guide_id}/sentences/{position}/audio",
    summary="A sentence's sound",
    response_class=Response,
    responses=responses(404, 416, 422)
    | {
        200: {"content": {"audio/wav": {}}},
        206: {"description": "A part", "content": {"audio/wav": {}}},
    },
)
async def sentence_audio(
    has: Has,
    request: Request,
    guide_id: GuideId,
    position: Annotated[int, Path(ge=0, le=1000)],
) -> Response:
    """One sentence, as WAV; waits some seconds where it is just being spoken."""
    until = time.monotonic() + WAIT_FOR_SOUND
    while True:
        content, coming = await run_in_threadpool(_sentence_sound, has, guide_id, position)
        if content is not None:
            return ranged(content, "audio/wav", request.headers)
        if not coming or time.monotonic() > until:
            raise ProblemError(404, "This sentence has no sound.")
        await asyncio.sleep(0.05)


@router.get(
    "/guides/{guide_id}/captions.vtt",
    summary="A guide's captions",
    response_class=Response,
    responses=responses(404, 422) | {200: {"content": {"text/vtt": {"example": "WEBVTT\n"}}}},
)
def captions(has: Has, guide_id: GuideId) -> Response:
    """The sentences with their times, as WebVTT."""
    from infer.web.speaking import captions as made

    found = has.guides.get(guide_id)
    times = [(s.text, s.start, s.end) for s in found.sentences]
    spoken = [(t, s, e) for t, s, e in times if s is not None and e is not None]
    if not spoken or len(spoken) < len(times):
        raise ProblemError(404, "This guide has no sound, and so no captions.")
    return Response(made(spoken), media_type="text/vtt")


@router.post(
    "/guides/{guide_id}/listened",
    summary="Say how long somebody listened",
    status_code=204,
    responses=responses(404, 422),
)
def listened(has: Has, request: Request, guide_id: GuideId, heard: schemas.Listened) -> Response:
    """For the museum's figures and for comparisons; nothing about the visitor is kept."""
    found = has.guides.get(guide_id)
    has.metrics.listened.inc(heard.seconds)
    visitor = has.cookies.read(VISITOR, request.cookies.get(VISITOR))
    event = ListenedEvent(found.id, heard.seconds, heard.finished, visitor)
    for hook in has.hooks.listened:
        hook(event)
    return Response(status_code=204)


def _visitor(has: Services, request: Request) -> tuple[str | None, str | None]:
    """Who asks, and the cookie to set; nobody is known unless a plug-in needs it."""
    if not has.hooks.choose_options:
        return None, None
    known = has.cookies.read(VISITOR, request.cookies.get(VISITOR))
    if known:
        return known, None
    visitor = secrets.token_hex(16)
    return visitor, has.cookies.sign(VISITOR, visitor)


def _wanted(has: Services, asked: schemas.GuideRequest, visitor: str | None) -> Wanted:
    """What is wanted, after plug-ins have had their say."""
    settings = has.settings
    if asked.language not in settings.languages:
        offered = ", ".join(settings.languages)
        raise ProblemError(422, f"language: this museum tells its guides in {offered}.")
    work = has.works.get(asked.work_id) if asked.work_id else None
    artwork = parse_artwork(work.artwork) if work else asked.artwork
    assert artwork is not None
    request = Asked(asked.language, asked.length, asked.style)
    wanted = Wanted(artwork, request, work.id if work else None, asked.seed)
    if visitor:
        for choose in has.hooks.choose_options:
            wanted = with_overrides(wanted, choose(work, visitor, request))
    return wanted


def _begin(has: Services, wanted: Wanted, client: str) -> Live:
    has.limiter.require(read_rate(has.settings.rate), client, "guides")
    try:
        return has.desk.begin(wanted)
    except ProblemError as error:
        if error.status == 503:
            has.metrics.rejected.labels("busy").inc()
        raise


async def _stored(has: Services, guide: Guide, *, streamed: bool) -> Response:
    """A guide of the store; one that was made without a voice is spoken now, if there is one."""
    if guide.voice is None and guide.state == "done":
        live = await run_in_threadpool(has.desk.speak, guide)
        if live:
            return _streamed(has, live) if streamed else await _awaited(has, live)
    if not streamed:
        return JSONResponse(guide_shown(guide).model_dump(mode="json"))

    async def told() -> AsyncIterator[ServerSentEvent]:
        for name, data in events(guide):
            yield _event(name, data)

    return EventSourceResponse(told())


def _streamed(has: Services, live: Live) -> Response:
    async def told() -> AsyncIterator[ServerSentEvent]:
        try:
            async with aclosing(live.follow()) as following:
                async for event in following:
                    yield _event(event.name, event.data)
        finally:
            has.desk.leave(live)

    return EventSourceResponse(told())


async def _awaited(has: Services, live: Live) -> Response:
    try:
        async with aclosing(live.follow()) as following:
            async for event in following:
                if event.name == "error":
                    raise ProblemError(event.data["status"], event.data["detail"])
                if event.name == "done":
                    return JSONResponse(event.data)
    finally:
        has.desk.leave(live)
    raise AssertionError("a guide ends with done or error")


def _event(name: str, data: dict[str, Any]) -> ServerSentEvent:
    import json

    return ServerSentEvent(json.dumps(data, ensure_ascii=False), event=name)


def _sound(has: Services, guide: Guide, format_: schemas.Format) -> bytes:
    """The sound in a format; one that is not kept is made of the one that is, and kept."""
    from infer.web.speaking import MASTER, convert

    content = has.guides.sound(guide.id, format_)
    if content is not None:
        return content
    master = has.guides.sound(guide.id, MASTER)
    if master is None:
        raise ProblemError(404, "This guide has no sound.")
    artist = guide.artwork.get("artist") or ""
    content = convert(master, format_, title=guide.artwork["title"], artist=artist)
    if format_ != "wav":  # large, and made in no time
        has.guides.add_sound(guide.id, format_, content)
    return content


def _sentence_sound(has: Services, guide_id: str, position: int) -> tuple[bytes | None, bool]:
    """A sentence's sound, and whether it is still to come."""
    from infer.web.speaking import MASTER, cut

    guide = has.guides.get(guide_id)
    wav = has.guides.wav(guide_id, position)
    if wav is not None:
        return wav, False
    if guide.state == "done" and guide.voice:
        master = has.guides.sound(guide_id, MASTER)
        if master is None or position >= len(guide.sentences):
            return None, False
        sentence = guide.sentences[position]
        return cut(master, sentence.start or 0.0, sentence.end or 0.0), False
    return None, position < len(guide.sentences) and has.voices.available(guide.language)


def _etag(guide: Guide, format_: str) -> str:
    return f'"{guide.id[:16]}-{int(guide.updated.timestamp() * 1000):x}-{format_}"'
