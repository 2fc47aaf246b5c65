"""What `guide serve` takes in from here: the page of votes, and the split of its visitors.

pyproject's entry point of the group `museum_guide.pages` names `add_pages`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np  # noqa: F401 (a server without the statistics' package leaves all this out)

from evaluate.ab.database import make_tables
from evaluate.ab.speaker import Speaker
from evaluate.ab.split.hook import SplitHook
from evaluate.ab.store import VoteStore
from evaluate.ab.web import vote_router

if TYPE_CHECKING:
    from fastapi import FastAPI

    from infer.web.services import Services


def add_pages(app: FastAPI, services: Services) -> None:
    """Add `/vote/…` to a server, and the split to what it tells its visitors."""
    make_tables(services.store.engine)
    store = VoteStore(services.store)
    app.include_router(vote_router(store, speaker=Speaker(services.voices)))
    app.state.split = SplitHook(services)
    app.state.split.add_to(app)
