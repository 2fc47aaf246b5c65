"""A session for Ray's HTTP stage that sends the requests of a batch at the same time.

    HttpRequestProcessorConfig(url=…, session_factory=eager_session)

That stage makes the requests of a batch one after the other and then awaits each; aiohttp begins a
request when it is awaited, so without this a server that could write a hundred guides at once gets
one.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any

import aiohttp

SECONDS = 600
"""For an answer, its waiting for a connection counted in."""


@asynccontextmanager
async def eager_session() -> AsyncIterator[SimpleNamespace]:
    """What that stage uses of `aiohttp.ClientSession`: `post`, which begins at once.

    Awaiting what it returns gives the response, or raises what aiohttp raises. At most 100 requests
    are open at a time, aiohttp's own limit.
    """
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=SECONDS)) as session:

        def post(*arguments: Any, **options: Any) -> asyncio.Future[aiohttp.ClientResponse]:
            return asyncio.ensure_future(session.post(*arguments, **options))

        yield SimpleNamespace(post=post)
