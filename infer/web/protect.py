"""What every request has to pass, and every answer carries.

Names the server is called by, requests from other sites, the size of what is sent, how often one
client comes; and the security headers. Plain ASGI, so that streams stay streams.
"""

from __future__ import annotations

import time
from http import HTTPStatus
from urllib.parse import urlsplit

from limits import RateLimitItem, parse_many
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from infer.web.metrics import Metrics
from infer.web.problems import ProblemError, as_problem, problem
from infer.web.settings import ServeError, Settings

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "media-src 'self' blob:; connect-src 'self'; manifest-src 'self'; worker-src 'self'; "
    "font-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": CSP,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), microphone=(), geolocation=(), payment=()",
}
LARGEST_BODY = 64 * 1024
LARGEST_IMPORT = 10 * 1024 * 1024
IMPORT_PATH = "/api/curator/import"

_SAFE = ("GET", "HEAD", "OPTIONS", "TRACE")
_UNCOUNTED = ("/static/", "/healthz", "/metrics")


class Limiter:
    """How often each client may come; counted in this process alone."""

    def __init__(self, metrics: Metrics) -> None:
        self._storage = MemoryStorage()
        self._limiter = MovingWindowRateLimiter(self._storage)
        self._metrics = metrics

    def require(self, rates: list[RateLimitItem], client: str, what: str) -> None:
        """Count one more.

        Raises:
            ProblemError: it is one too many; says when to come again.
        """
        for rate in rates:
            if not self._limiter.hit(rate, what, client):
                until = self._limiter.get_window_stats(rate, what, client).reset_time
                wait = max(1, round(until - time.time()))
                self._metrics.rejected.labels(what).inc()
                raise ProblemError(
                    429,
                    f"That was too much at once; try again in {wait} seconds.",
                    {"Retry-After": str(wait)},
                )

    def forget(self) -> None:
        """Begin to count anew."""
        self._storage.reset()


def read_rate(text: str) -> list[RateLimitItem]:
    """A rate such as “30/minute” or “30/minute;500/day”.

    Raises:
        ServeError: it is none.
    """
    try:
        return parse_many(text)
    except ValueError:
        raise ServeError(f"{text!r} is no rate; write one such as 30/minute.") from None


class Protection:
    """The ASGI layer around everything."""

    def __init__(
        self, app: ASGIApp, *, settings: Settings, limiter: Limiter, metrics: Metrics
    ) -> None:
        self._app = app
        self._allowed = settings.allowed
        self._rates = read_rate(settings.requests)
        self._limiter, self._metrics = limiter, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or answer it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        answered = False

        async def sending(message: Message) -> None:
            nonlocal answered
            answered = True
            if message["type"] == "http.response.start":
                _add_headers(message, scope["path"])
                self._count(scope, message["status"], time.perf_counter() - started)
            await send(message)

        try:
            self._check(scope)
            await self._app(scope, _limited(scope, receive), sending)
        except Exception as error:
            # Here rather than in a handler of the framework's, whose answer to what nobody foresaw
            # would leave without the security headers.
            found = as_problem(error)
            if not answered:
                answer = problem(found.status, found.detail, found.headers)
                await answer(scope, receive, sending)

    def _check(self, scope: Scope) -> None:
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        if "*" not in self._allowed and _name(host) not in self._allowed:
            raise ProblemError(
                400, f"This server does not answer to the name {_name(host)!r}; see --allow-host."
            )
        if scope["method"] not in _SAFE:
            _require_same_site(headers, host)
        if not scope["path"].startswith(_UNCOUNTED):
            self._limiter.require(self._rates, client_of(scope), "requests")

    def _count(self, scope: Scope, status: int, seconds: float) -> None:
        route = _route(scope)
        method = (
            scope["method"] if scope["method"] in (*_SAFE, "POST", "PUT", "DELETE") else "other"
        )
        self._metrics.requests.labels(route, method, str(status)).inc()
        self._metrics.request_seconds.labels(route).observe(seconds)


def client_of(scope: Scope) -> str:
    """The client's address; behind a proxy that is named, the one it tells."""
    client = scope.get("client")
    return str(client[0]) if client else "unknown"


def _name(host: str) -> str:
    """A Host header without its port."""
    return host.rsplit(":", 1)[0] if not host.endswith("]") and ":" in host else host


def _require_same_site(headers: Headers, host: str) -> None:
    """Refuse what a page of another site has its visitor's browser send."""
    site = headers.get("sec-fetch-site")
    origin = headers.get("origin")
    other = site not in (None, "same-origin", "none")
    if site is None and origin is not None:
        other = urlsplit(origin).netloc.lower() != host.lower()
    if other:
        raise ProblemError(403, "Requests from the pages of other sites are not answered.")


def _limited(scope: Scope, receive: Receive) -> Receive:
    """A body no larger than it may be."""
    largest = LARGEST_IMPORT if scope["path"] == IMPORT_PATH else LARGEST_BODY
    refusal = f"This is larger than {largest // 1024} KiB; send less at once."
    length = Headers(scope=scope).get("content-length", "0")
    if not length.isascii() or not length.isdigit() or int(length) > largest:
        raise ProblemError(413, refusal)
    received = 0

    async def counting() -> Message:
        nonlocal received
        message = await receive()
        if message["type"] == "http.request":
            received += len(message.get("body", b""))
            if received > largest:
                raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, refusal)
        return message

    return counting


def _add_headers(message: Message, path: str) -> None:
    headers = MutableHeaders(scope=message)
    for name, value in HEADERS.items():
        headers.setdefault(name, value)
    if path.startswith("/api/"):
        headers.setdefault("Cache-Control", "no-store")
    else:
        headers.setdefault("Cache-Control", "no-cache")


def _route(scope: Scope) -> str:
    """The pattern of the path that was answered, so that there are few of them."""
    route = scope.get("route")
    found = getattr(route, "path_format", None) or getattr(route, "path", None)
    return str(found or scope.get("root_path") or "other")
