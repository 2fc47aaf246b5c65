"""A model hub on loopback that takes uploads as the real one does, as far as commits go."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Hub(ThreadingHTTPServer):
    """Keeps what was committed; large files come by a link of its own, as git-lfs has it."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.repositories: list[str] = []
        self.files: dict[str, bytes] = {}
        self.blobs: dict[str, bytes] = {}
        self.refuses = False

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    server: Hub

    def do_POST(self) -> None:
        body = self._body()
        if self.server.refuses:
            return self._answer({"error": "Forbidden"}, 403)
        if self.path == "/api/repos/create":
            asked = json.loads(body)
            name = f"{asked.get('organization') or 'me'}/{asked['name']}"
            self.server.repositories.append(name)
            return self._answer({"url": f"{self.server.address}/{name}", "id": name, "name": name})
        if self.path == "/api/validate-yaml":
            return self._answer({"errors": [], "warnings": []})
        if "/preupload/" in self.path:
            files = json.loads(body)["files"]
            modes = [
                {"path": f["path"], "uploadMode": _mode(f["path"]), "shouldIgnore": False}
                for f in files
            ]
            return self._answer({"files": modes})
        if self.path.endswith("/info/lfs/objects/batch"):
            return self._answer(self._lfs(json.loads(body)))
        if "/commit/" in self.path:
            self._commit(body)
            name = "/".join(self.path.split("/")[3:5])
            url = f"{self.server.address}/{name}/commit/{'1' * 40}"
            return self._answer({"commitUrl": url, "commitOid": "1" * 40})
        return self._answer({"error": f"no {self.path}"}, 404)

    def do_PUT(self) -> None:
        oid = self.path.rpartition("/")[2]
        self.server.blobs[oid] = self._body()
        self._answer({})

    def do_GET(self) -> None:
        if "/revision/" in self.path or self.path.startswith("/api/models/"):
            name = "/".join(self.path.split("/")[3:5]).partition("?")[0]
            return self._answer({"id": name, "sha": "0" * 40, "siblings": [], "tags": []})
        return self._answer({"error": "none"}, 404)

    def _body(self) -> bytes:
        if self.headers["Transfer-Encoding"] != "chunked":
            return self.rfile.read(int(self.headers["Content-Length"] or 0))
        parts = []
        while size := int(self.rfile.readline(), 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def _lfs(self, asked: dict[str, Any]) -> dict[str, Any]:
        objects = [
            {
                "oid": one["oid"],
                "size": one["size"],
                "actions": {"upload": {"href": f"{self.server.address}/blob/{one['oid']}"}},
            }
            for one in asked["objects"]
        ]
        return {"transfer": "basic", "objects": objects}

    def _commit(self, body: bytes) -> None:
        for line in body.splitlines():
            entry = json.loads(line)
            value = entry["value"]
            if entry["key"] == "file":
                self.server.files[value["path"]] = base64.b64decode(value["content"])
            elif entry["key"] == "lfsFile":
                self.server.files[value["path"]] = self.server.blobs[value["oid"]]

    def _answer(self, content: Any, status: int = 200) -> None:
        raw = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


def _mode(path: str) -> str:
    return "lfs" if path.endswith((".gguf", ".png")) else "regular"


@contextmanager
def hub() -> Iterator[Hub]:
    server = Hub()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
