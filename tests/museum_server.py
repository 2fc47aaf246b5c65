"""A museum's API on loopback: serves recorded bodies, and misbehaves when told to.

    with museum({"/objects/1": Reply(body), "/objects/2": Reply(page, 403, "text/html")}) as server:
        server.fail("/objects/1", "half", "500")   # the next two answers there
        requests.get(server.url + "/objects/1")
        server.requests                            # ["/objects/1"]

Faults, each for one request: "slow" (answers after a while), "drop" (closes the connection without
an answer), "half" (promises a whole body and breaks off), "cut" (half a body, without saying how
long it should be), "403" (the Met's block page), "challenge" (the same with status 200), "429"
(with Retry-After: 1), "500", "503".
"""

from __future__ import annotations

import hashlib
import json
import random
import threading
import time
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlsplit

JSON = "application/json"
BLOCK_PAGE = (
    b'<html style="height:100%"><head><META NAME="ROBOTS" CONTENT="NOINDEX, NOFOLLOW"></head>'
    b"<body>Request unsuccessful. Incapsula incident ID: 1</body></html>"
)
SLOW_SECONDS = 0.5


@dataclass(frozen=True)
class Reply:
    """One recorded answer; a body that is no bytes is sent as JSON."""

    body: object
    status: int = 200
    content_type: str = JSON
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def data(self) -> bytes:
        """The body's bytes."""
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


FAULTS: dict[str, Reply] = {
    "403": Reply(BLOCK_PAGE, 403, "text/html"),
    "challenge": Reply(BLOCK_PAGE, 200, "text/html"),
    "429": Reply({"message": "slow down"}, 429, JSON, {"Retry-After": "1"}),
    "500": Reply(b"<h1>Server Error</h1>", 500, "text/html"),
    "503": Reply({"message": "maintenance"}, 503),
}
BREAKS = ("slow", "drop", "half", "cut")

Replies = Callable[[str], Reply | None]


class MuseumServer(ThreadingHTTPServer):
    """Answers by path with its query, or else by path alone; keeps what was asked for."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, replies: Mapping[str, Reply] | Replies, *, etags: bool = False) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.replies, self.etags = replies, etags
        self.requests: list[str] = []
        self.headers: list[dict[str, str]] = []
        self.delivered: Counter[str] = Counter()
        self.faults_made: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._queued: defaultdict[str, deque[str]] = defaultdict(deque)
        self._random: tuple[random.Random, float, tuple[str, ...]] | None = None
        self._quota: tuple[int, float, float] | None = None
        self._recent: deque[float] = deque()
        self._blocked_until = 0.0

    @property
    def url(self) -> str:
        """The base URL."""
        return f"http://127.0.0.1:{self.server_port}"

    def fail(self, path: str, *faults: str) -> None:
        """The next answers at `path` are these faults, one after the other."""
        self._queued[path].extend(faults)

    def fail_often(self, share: float, *faults: str, seed: int = 0) -> None:
        """A share of all answers are faults, drawn from `faults`."""
        self._random = (random.Random(seed), share, faults)

    def block_after(self, quick: int, *, within: float, for_seconds: float) -> None:
        """Answer 403 for a while after `quick` requests `within` so many seconds."""
        self._quota = (quick, within, for_seconds)

    def fault(self, path: str) -> str | None:
        """What goes wrong with this request, if anything."""
        with self._lock:
            self.requests.append(path)
            fault = self._blocked() or self._next_fault(path)
            if fault:
                self.faults_made[fault] += 1
            return fault

    def _next_fault(self, path: str) -> str | None:
        queued = self._queued.get(path) or self._queued.get(urlsplit(path).path)
        if queued:
            return queued.popleft()
        if self._random:
            dice, share, faults = self._random
            if dice.random() < share:
                return dice.choice(faults)
        return None

    def _blocked(self) -> str | None:
        if not self._quota:
            return None
        quick, within, for_seconds = self._quota
        now = time.monotonic()
        if now < self._blocked_until:
            return "403"
        self._recent.append(now)
        while self._recent[0] < now - within:
            self._recent.popleft()
        if len(self._recent) > quick:
            self._recent.clear()
            self._blocked_until = now + for_seconds
            return "403"
        return None

    def find(self, path: str) -> Reply:
        """The recorded answer, or the 404 the Met gives."""
        if callable(self.replies):
            found = self.replies(path)
        else:
            found = self.replies.get(path) or self.replies.get(unquote(urlsplit(path).path))
        return found or Reply({"message": "ObjectID not found"}, 404)


class _Handler(BaseHTTPRequestHandler):
    server: MuseumServer
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # head and body are two writes; do not wait 40 ms between them

    def do_GET(self) -> None:
        fault = self.server.fault(self.path)
        self.server.headers.append(dict(self.headers))
        if fault == "drop":
            self.close_connection = True
            return
        if fault == "slow":
            time.sleep(SLOW_SECONDS)
        reply = FAULTS.get(fault or "") or self.server.find(self.path)
        if fault in ("half", "cut"):
            self._send(reply, reply.data[: len(reply.data) // 2], promised=fault == "half")
            return
        etag = f'"{hashlib.sha256(reply.data).hexdigest()[:16]}"'
        if self.server.etags and reply.status == 200:
            if self.headers.get("If-None-Match") == etag:
                self._send(Reply(b"", 304, JSON, {"ETag": etag}), b"")
                return
            reply = Reply(reply.data, 200, reply.content_type, {**reply.headers, "ETag": etag})
        self._send(reply, reply.data)
        if fault in (None, "slow"):
            self.server.delivered[self.path] += 1

    def _send(self, reply: Reply, data: bytes, *, promised: bool | None = None) -> None:
        """Send an answer; `promised` is whether a broken body still says its whole length."""
        self.send_response(reply.status)
        self.send_header("Content-Type", reply.content_type)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        if promised is not None:
            self.close_connection = True
            self.send_header("Connection", "close")
        if promised is not False:
            self.send_header("Content-Length", str(len(reply.data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_arguments: object) -> None:
        """Say nothing."""

    def handle(self) -> None:
        """A client that was killed is no error of the server's."""
        try:
            super().handle()
        except (ConnectionError, TimeoutError):
            self.close_connection = True


@contextmanager
def museum(
    replies: Mapping[str, Reply] | Replies, *, etags: bool = False
) -> Iterator[MuseumServer]:
    """Run a server for the time of a `with` block."""
    with MuseumServer(replies, etags=etags) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
