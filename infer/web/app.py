"""The web application: its routes, its protection, the page's files, and plug-ins.

app = create_app(services)      # an ASGI app for uvicorn, or for a test
"""

from __future__ import annotations

import logging
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import entry_points
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any

from fastapi import FastAPI
from fastapi import Path as PathParameter
from fastapi.openapi.utils import get_openapi
from fastapi.responses import FileResponse, Response
from fastapi.staticfiles import StaticFiles
from prometheus_client import CONTENT_TYPE_LATEST

from infer.web import curator, problems, schemas, visitors
from infer.web.protect import Protection
from infer.web.services import GROUP, Has, Services

PAGE = Path(str(files("infer.web") / "page"))

_log = logging.getLogger("guide.serve")


def create_app(services: Services) -> FastAPI:
    """The application around one set of services."""
    app = FastAPI(
        title="Museum Guide",
        summary="Spoken-word guides to museum objects that say only what the record supports.",
        version=_version(),
        docs_url=None,  # both pages of documentation load scripts from a CDN
        redoc_url=None,
        lifespan=_lifespan,
    )
    app.state.services = services
    problems.install(app)
    app.include_router(visitors.router)
    app.include_router(curator.router)
    _add_pages(app)
    _add_watch(app)
    _add_plugins(app, services)
    app.add_middleware(
        Protection,
        settings=services.settings,
        limiter=services.limiter,
        metrics=services.metrics,
    )
    app.openapi = lambda: _openapi(app)  # type: ignore[method-assign]
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    services: Services = app.state.services
    services.jobs.start()
    warming = threading.Thread(target=_warm, args=(services,), name="guide-warm", daemon=True)
    warming.start()
    yield
    services.jobs.close()
    services.desk.close()


def _warm(services: Services) -> None:
    """Have voices and prompts ready before the first visitor comes."""
    try:
        services.guides.tidy()
        for language in services.settings.languages:
            services.voices.prepare(language, fetch=language in services.settings.fetched)
            services.desk.warm(language)
    except Exception as error:
        _log.error("Not everything could be made ready.", exc_info=error)
    services.ready = True


def _add_pages(app: FastAPI) -> None:
    """The visitor's page, the curator's, and what they are made of."""

    def file(name: str, media_type: str | None = None) -> FileResponse:
        return FileResponse(PAGE / name, media_type=media_type)

    @app.get("/", include_in_schema=False)
    def visitor() -> FileResponse:
        return file("index.html")

    @app.get("/s/{stop}", include_in_schema=False)
    def at_stop(stop: Annotated[schemas.Stop, PathParameter()]) -> FileResponse:  # noqa: ARG001
        return file("index.html")

    @app.get("/curator", include_in_schema=False)
    def curators() -> FileResponse:
        return file("curator.html")

    @app.get("/sw.js", include_in_schema=False)
    def worker() -> FileResponse:
        return file("sw.js", "text/javascript")

    @app.get("/manifest.webmanifest", include_in_schema=False)
    def manifest() -> FileResponse:
        return file("manifest.webmanifest", "application/manifest+json")

    app.mount("/static", StaticFiles(directory=PAGE), name="static")


def _add_watch(app: FastAPI) -> None:
    """What those ask who look after the server."""

    @app.get("/healthz", tags=["watch"], summary="Whether it serves")
    def healthz(has: Has) -> schemas.Health:
        """Answers as soon as the model is loaded; `ready` once the first guide comes quickly."""
        writing, waiting = has.desk.load
        return schemas.Health(
            model=has.desk.session.name, ready=has.ready, writing=writing, waiting=waiting
        )

    @app.get(
        "/metrics",
        tags=["watch"],
        summary="Figures for Prometheus",
        response_class=Response,
        responses={200: {"content": {CONTENT_TYPE_LATEST: {}}}},
    )
    def metrics(has: Has) -> Response:
        """Guides, requests, waits, load."""
        return Response(has.metrics.render(), media_type=CONTENT_TYPE_LATEST)


def _add_plugins(app: FastAPI, services: Services) -> None:
    for point in sorted(entry_points(group=GROUP), key=lambda point: point.name):
        try:
            add = point.load()
        except ImportError as error:
            _log.info("%s is left out, something it needs is not installed: %s", point.name, error)
            continue
        add(app, services)


def _version() -> str:
    from importlib.metadata import version

    return version("museum-guide")


def _openapi(app: FastAPI) -> dict[str, Any]:
    """The schema, with the errors as they are rather than as the framework would have them."""
    if app.openapi_schema is None:
        schema = get_openapi(
            title=app.title, version=app.version, summary=app.summary, routes=app.routes
        )
        parts = schema["components"]
        for name in ("HTTPValidationError", "ValidationError"):
            parts["schemas"].pop(name, None)
        parts["schemas"]["Problem"] = schemas.Problem.model_json_schema()
        parts["securitySchemes"] = {
            "session": {"type": "apiKey", "in": "cookie", "name": curator.COOKIE},
            "token": {"type": "http", "scheme": "bearer"},
        }
        invalid = problems.responses(422)[422]
        for path, operations in schema["paths"].items():
            for operation in operations.values():
                if "422" in operation["responses"]:
                    operation["responses"]["422"] = invalid
            if path.startswith("/api/curator/") and path != "/api/curator/login":
                for operation in operations.values():
                    operation["security"] = [{"session": []}, {"token": []}]
        app.openapi_schema = schema
    return app.openapi_schema
