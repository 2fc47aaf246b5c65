"""A real server on loopback for the tests: the application, uvicorn in a thread, a client."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests
import uvicorn
from rich.console import Console

from bench.servers import events
from data.artwork import Artwork, parse_artwork
from data.prompt import Request
from infer.options import Options, Sampling
from infer.web.access import hash_password
from infer.web.app import create_app
from infer.web.command import server_config
from infer.web.services import Services
from infer.web.settings import Settings
from infer.web.setup import open_services
from infer.web.tables import Base

PASSWORD = "correct horse battery staple"
PASSWORD_HASH = hash_password(PASSWORD)

WORKS: list[dict[str, Any]] = [
    {
        "title": "Girl with a Pearl Earring",
        "artist": "Johannes Vermeer",
        "date": "c. 1665",
        "medium": "oil on canvas",
        "dimensions": "44.5 x 39 cm",
        "credit_line": "Mauritshuis, The Hague",
    },
    {"title": "Bull III", "artist": "Le Corbusier", "date": "1953", "medium": "oil on canvas"},
    {
        "title": "Das Große Rasenstück",
        "artist": "Albrecht Dürer",
        "date": "1503",
        "form": "drawing",
    },
    {"title": "The Jug", "artist": "Paul Cézanne", "date": "1890", "medium": "oil on canvas"},
]


def artwork(number: int = 0) -> Artwork:
    return parse_artwork(WORKS[number])


class Site:
    """One server and what a browser would keep of it."""

    def __init__(self, services: Services, port: int) -> None:
        self.services, self.port = services, port
        self.url = f"http://127.0.0.1:{port}"
        self.browser = requests.Session()
        self.token = ""  # of a script

    def get(self, path: str, **more: Any) -> requests.Response:
        return self.browser.get(self.url + path, timeout=60, **more)

    def post(self, path: str, content: Any = None, **more: Any) -> requests.Response:
        return self.browser.post(self.url + path, json=content, timeout=120, **more)

    def put(self, path: str, content: Any, **more: Any) -> requests.Response:
        return self.browser.put(self.url + path, json=content, timeout=60, **more)

    def delete(self, path: str, **more: Any) -> requests.Response:
        return self.browser.delete(self.url + path, timeout=60, **more)

    def log_in(self) -> Site:
        """From now on a curator, with the CSRF token that the page would send."""
        answer = self.post("/api/curator/login", {"password": PASSWORD})
        assert answer.status_code == 204, answer.text
        csrf = self.get("/api/curator/session").json()["csrf"]
        self.browser.headers["X-CSRF-Token"] = csrf
        return self

    def start_afresh(self) -> None:
        """Empty the store and forget who was logged in, which is quicker than a new server."""
        with self.services.store.writing() as session:
            for table in reversed(Base.metadata.sorted_tables):
                if table.name != "secrets":
                    session.execute(table.delete())
        self.services.limiter.forget()
        self.browser.cookies.clear()
        self.browser.headers.pop("X-CSRF-Token", None)

    def add(self, number: int = 0, stop: int | None = None) -> str:
        """Put a work into the store; returns its id."""
        return self.services.works.add(artwork(number), stop)

    def events(self, wish: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
        """Ask for a guide as the page does; its events as they come."""
        answer = self.post(
            "/api/guides", wish, headers={"Accept": "text/event-stream"}, stream=True
        )
        assert answer.status_code == 200, answer.text
        assert answer.headers["Content-Type"].startswith("text/event-stream")
        yield from events(answer)


@contextmanager
def serving(
    folder: Path,
    *,
    model: str = "none",
    store: str = "",
    silent: bool = True,
    slots: int | None = None,
    password: bool = True,
    **settings: Any,
) -> Iterator[Site]:
    """A server in this process, on a port of its own."""
    chosen = Settings(
        **{"rate": "10000/minute", "requests": "100000/minute", "museum": "Our Museum"} | settings,
        password_hash=PASSWORD_HASH if password else None,
    )
    options = Options(Request(), model, Sampling(), 200)
    url = store or f"sqlite:///{folder / 'store.sqlite'}"
    console = Console(quiet=True)
    with open_services(chosen, options, url, console, slots=slots, silent=silent) as services:
        listening = socket.socket()
        listening.bind(("127.0.0.1", 0))
        server = uvicorn.Server(server_config(create_app(services)))
        thread = threading.Thread(target=server.run, args=([listening],), daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.01)
        site = Site(services, listening.getsockname()[1])
        try:
            yield site
        finally:
            site.browser.close()
            server.should_exit = True
            thread.join(20)
            listening.close()
