"""An OpenAI-compatible service on loopback that answers as told, and misbehaves when told to.

    with teaching(lambda body: '{"script": "…"}') as server:
        server.fail("429", "half")     # the next two requests
        ... base_url=server.url ...
        server.bodies                  # what was asked

Faults, each for one request: "429" (Retry-After: 1), "500", "401", "404", "drop" (closes the
connection), "half" (promises a whole body and breaks off), "cut" (half of a body as if it were
whole), "no choices", "refusal", "length" (the answer ends at the token limit), "400".
"""

from __future__ import annotations

import json
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Answer = Callable[[dict[str, Any]], str]

STATUSES = {
    "400": (400, "this request is not liked", {}),
    "401": (401, "wrong key", {}),
    "404": (404, "no such model", {}),
    "429": (429, "slow down", {"Retry-After": "1"}),
    "500": (500, "out of order", {}),
}


class TeacherServer(ThreadingHTTPServer):
    """Keeps what it was asked, when, and how many asked at once."""

    daemon_threads = True

    def __init__(self, answer: Answer) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answer = answer
        self.bodies: list[dict[str, Any]] = []
        self.times: list[float] = []
        self.keys: list[str] = []
        self.delay = 0.0
        self.most_at_once = 0
        self.no_schema: tuple[int, str] | None = None
        self.completion_limit_only = False
        self._at_once = 0
        self._faults: deque[str] = deque()
        self._lock = threading.Lock()

    @property
    def url(self) -> str:
        """What a client calls the base URL."""
        return f"http://127.0.0.1:{self.server_port}/v1"

    def fail(self, *faults: str) -> None:
        """The next requests meet these faults."""
        self._faults.extend(faults)

    def next_fault(self, body: dict[str, Any], key: str) -> str:
        """Note a request; what goes wrong with it, or an empty text."""
        with self._lock:
            self.bodies.append(body)
            self.times.append(time.monotonic())
            self.keys.append(key)
            return self._faults.popleft() if self._faults else ""

    @contextmanager
    def busy(self) -> Iterator[None]:
        """Count who is being answered."""
        with self._lock:
            self._at_once += 1
            self.most_at_once = max(self.most_at_once, self._at_once)
        try:
            yield
        finally:
            with self._lock:
                self._at_once -= 1


class _Handler(BaseHTTPRequestHandler):
    server: TeacherServer
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers["Content-Length"]))
        if not raw:  # the client was killed before it had sent its question
            return
        body = json.loads(raw)
        fault = self.server.next_fault(body, self.headers.get("Authorization", ""))
        with self.server.busy():
            time.sleep(self.server.delay)
            self._answer(body, fault)

    def _answer(self, body: dict[str, Any], fault: str) -> None:
        form = body.get("response_format", {}).get("type")
        if fault == "drop":
            self.close_connection = True
        elif fault in STATUSES:
            self._refuse(*STATUSES[fault])
        elif self.server.no_schema and form == "json_schema":
            self._refuse(*self.server.no_schema, {})
        elif self.server.completion_limit_only and "max_tokens" in body:
            self._refuse(400, "'max_tokens' is unknown; use 'max_completion_tokens'", {})
        else:
            data = json.dumps(self._completion(body, fault)).encode()
            whole = len(data) if fault != "cut" else len(data) // 2
            self._send(200, data[: len(data) // 2] if fault in ("half", "cut") else data, whole)

    def _completion(self, body: dict[str, Any], fault: str) -> dict[str, Any]:
        message: dict[str, Any] = {"role": "assistant", "content": self.server.answer(body)}
        if fault == "refusal":
            message = {"role": "assistant", "content": None, "refusal": "I would rather not."}
        finish = "length" if fault == "length" else "stop"
        choice = {"index": 0, "message": message, "finish_reason": finish}
        return {
            "id": "1", "object": "chat.completion", "created": 1, "model": body["model"],
            "choices": [] if fault == "no choices" else [choice],
            "usage": {"prompt_tokens": 1000, "completion_tokens": 100, "total_tokens": 1100},
        }  # fmt: skip

    def _refuse(self, status: int, words: str, headers: dict[str, str]) -> None:
        data = json.dumps({"error": {"message": words, "type": "x", "code": "x"}}).encode()
        self._send(status, data, len(data), headers)

    def _send(
        self, status: int, data: bytes, promised: int, headers: dict[str, str] | None = None
    ) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(promised))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        if promised != len(data):
            self.send_header("Connection", "close")
            self.close_connection = True
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
def teaching(answer: Answer) -> Iterator[TeacherServer]:
    """Run a server for the time of a `with` block."""
    with TeacherServer(answer) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
