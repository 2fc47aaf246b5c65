"""A real `guide serve` on loopback for the tests of votes and splits, without a model."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import uvicorn
from fastapi import FastAPI
from rich.console import Console

from data.prompt import Request
from evaluate.ab.guard import Limits
from evaluate.ab.speaker import Speaker
from evaluate.ab.split.hook import SplitHook
from evaluate.ab.store import VoteStore
from evaluate.ab.web import vote_router
from infer.options import MAX_TOKENS, NO_MODEL, Options, Sampling
from infer.web.app import create_app
from infer.web.services import Services
from infer.web.settings import Settings
from infer.web.setup import open_services


@dataclass
class Running:
    """A server that answers, and what it is made of."""

    url: str
    services: Services
    votes: VoteStore
    split: SplitHook


@contextmanager
def running(
    store: Path | str, limits: Limits | None = None, *, silent: bool = True
) -> Iterator[Running]:
    """Serve a store; the page of votes, which is a plug-in of the server, with these limits."""
    url = str(store) if "://" in str(store) else f"sqlite:///{store}"
    options = Options(Request(), NO_MODEL, Sampling(), MAX_TOKENS["full"])
    console = Console(quiet=True)
    with open_services(Settings(), options, url, console, silent=silent) as services:
        app = create_app(services)
        votes = VoteStore(services.store)
        if limits:  # the first of two that match answers
            speaker = None if silent else Speaker(services.voices)
            app.include_router(vote_router(votes, limits, speaker))
            app.router.routes.insert(0, app.router.routes.pop())
        with _served(app) as address:
            yield Running(address, services, votes, app.state.split)


@contextmanager
def _served(app: FastAPI) -> Iterator[str]:
    listening = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(app, log_level="error", lifespan="on", timeout_graceful_shutdown=2)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
        listening.close()
