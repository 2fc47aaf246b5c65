"""A real HTTP server on loopback that serves one file with ranges, and can be told to fail."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class FileServer(ThreadingHTTPServer):
    """Serves `content` at every path and keeps the ranges that were asked for."""

    daemon_threads = True

    def __init__(self, content: bytes, *, etag: str = "", break_after: int | None = None) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.content, self.etag = content, etag
        self.break_after = break_after  # bytes after which the first connection is dropped
        self.asked: list[str | None] = []

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: FileServer

    def do_GET(self) -> None:
        ranged = self.headers.get("Range")
        self.server.asked.append(ranged)
        found = re.fullmatch(r"bytes=(\d+)-", ranged or "")
        start = int(found[1]) if found else 0
        body = self.server.content[start:]
        self.send_response(206 if found else 200)
        self.send_header("Content-Length", str(len(body)))
        if self.server.etag:
            self.send_header("X-Linked-Etag", f'"{self.server.etag}"')
        self.end_headers()
        if self.server.break_after is not None:
            body, self.server.break_after = body[: self.server.break_after], None
            self.close_connection = True
        self.wfile.write(body)

    def log_message(self, *_arguments: object) -> None:
        """Say nothing."""


@contextmanager
def serve(content: bytes, **options: object) -> Iterator[FileServer]:
    """Run a server for the time of a `with` block."""
    with FileServer(content, **options) as server:  # type: ignore[arg-type]
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
