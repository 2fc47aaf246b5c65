"""A session for Ray's HTTP stage that sends the requests of a batch at the same time.

    HttpRequestProcessorConfig(url=…, session_factory=EagerSession)

That stage makes the requests of a batch one after the other and then awaits each; aiohttp begins a
request when it is awaited, so without this a server that could write a hundred guides at once gets
one.
"""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Any, Self

import aiohttp

SECONDS = 600
"""For an answer, its waiting for a connection counted in."""


class EagerSession:
    """What that stage uses of `aiohttp.ClientSession`; at most 100 requests are open at once."""

    def __init__(self) -> None:
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=SECONDS))

    def post(self, *arguments: Any, **options: Any) -> asyncio.Future[aiohttp.ClientResponse]:
        """Begin a POST; awaiting it gives the response, or raises what aiohttp raises."""
        return asyncio.ensure_future(self._session.post(*arguments, **options))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._session.close()
