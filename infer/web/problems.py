"""Errors as `application/problem+json`, whatever raised them."""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from data.errors import GuideError, PromptTooLong, RecordError
from infer.web.schemas import Problem

PROBLEM = "application/problem+json"

_log = logging.getLogger("guide.serve")

_STATUS: dict[type[GuideError], int] = {RecordError: 422, PromptTooLong: 422}


class ProblemError(GuideError):
    """An answer other than success; `detail` is a sentence for the person who asked."""

    def __init__(self, status: int, detail: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status, self.detail, self.headers = status, detail, dict(headers or {})


class BusyError(ProblemError):
    """Every place is taken; says when to come again."""

    def __init__(self, seconds: float) -> None:
        wait = max(1, math.ceil(seconds))
        super().__init__(
            503,
            f"Many guides are being written just now; try again in about {wait} seconds.",
            {"Retry-After": str(wait)},
        )


def problem(status: int, detail: str, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """The response for one error."""
    return JSONResponse(
        content(status, detail), status, headers=dict(headers or {}), media_type=PROBLEM
    )


def content(status: int, detail: str) -> dict[str, Any]:
    """The members of one error, as they stand in a response or an event."""
    title = HTTPStatus(status).phrase
    return Problem(title=title, status=status, detail=detail).model_dump()


def as_problem(error: Exception) -> ProblemError:
    """What to tell of any error; one that nobody foresaw is logged and not shown."""
    if isinstance(error, ProblemError):
        return error
    # EngineBusy, whose module would load llama.cpp where nothing else needs it.
    if isinstance(error, GuideError) and hasattr(error, "retry_after"):
        return BusyError(error.retry_after)
    if isinstance(error, GuideError):
        status = next((s for kind, s in _STATUS.items() if isinstance(error, kind)), 500)
        if status == 500:
            _log.error("%s", error)
        return ProblemError(status, str(error))
    _log.error("An error that nobody foresaw", exc_info=error)
    return ProblemError(500, "Something went wrong here; the museum's log says what.")


def responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The errors of an operation, for OpenAPI."""
    schema = {"$ref": "#/components/schemas/Problem"}
    return {
        status: {"description": HTTPStatus(status).phrase, "content": {PROBLEM: {"schema": schema}}}
        for status in statuses
    }


def install(app: FastAPI) -> None:
    """Have every error of an app answered as problem+json."""

    async def told(_: Request, error: Exception) -> JSONResponse:
        found = as_problem(error)
        return problem(found.status, found.detail, found.headers)

    async def refused(_: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, HTTPException)
        return problem(error.status_code, str(error.detail), error.headers)

    async def invalid(_: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, RequestValidationError)
        return problem(422, _sentence(error))

    app.add_exception_handler(GuideError, told)
    app.add_exception_handler(HTTPException, refused)
    app.add_exception_handler(RequestValidationError, invalid)


def _sentence(error: RequestValidationError) -> str:
    fault = error.errors()[0]
    where = ".".join(str(part) for part in fault["loc"] if part not in ("body", "query", "path"))
    message = str(fault["msg"]).removeprefix("Value error, ").rstrip(".")
    return f"{where}: {message}." if where else f"{message}."
