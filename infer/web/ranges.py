"""Answers in parts, as players ask for when one skips: RFC 9110, section 14.

return ranged(content, "audio/mpeg", request.headers, etag='"…"')
"""

from __future__ import annotations

import re

from fastapi import Response
from starlette.datastructures import Headers

from infer.web.problems import ProblemError

_ONE = re.compile(r"bytes=(\d*)-(\d*)")


def ranged(content: bytes, media_type: str, headers: Headers, *, etag: str = "") -> Response:
    """The content, or the one range of it that was asked for; several at once give it whole.

    Raises:
        ProblemError: the range lies outside.
    """
    always = {"Accept-Ranges": "bytes"} | ({"ETag": etag} if etag else {})
    if etag and etag in headers.get("if-none-match", ""):
        return Response(status_code=304, headers=always)
    asked = _ONE.fullmatch(headers.get("range", "").strip())
    valid = headers.get("if-range", etag) == etag
    if not asked or not valid or asked[0] == "bytes=-":
        return Response(content, media_type=media_type, headers=always)
    size = len(content)
    first, last = _span(asked[1], asked[2], size)
    if first >= size or first > last:
        raise ProblemError(
            416, "There is no such part of it.", {"Content-Range": f"bytes */{size}"}
        )
    always["Content-Range"] = f"bytes {first}-{last}/{size}"
    return Response(content[first : last + 1], 206, headers=always, media_type=media_type)


def _span(first: str, last: str, size: int) -> tuple[int, int]:
    """First and last byte; a range without a beginning counts from the end."""
    if not first:
        return max(0, size - int(last)) if int(last) else size, size - 1
    return int(first), min(int(last), size - 1) if last else size - 1
