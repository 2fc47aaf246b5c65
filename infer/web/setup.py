"""The services of one server, opened in the order in which they need each other."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from infer.options import Options
from infer.session import open_session
from infer.web.access import Cookies, Keeper
from infer.web.desk import Desk
from infer.web.guides import Guides
from infer.web.jobs import Jobs
from infer.web.metrics import Metrics
from infer.web.protect import Limiter
from infer.web.services import Services
from infer.web.settings import Settings
from infer.web.speaking import Voices
from infer.web.store import Store
from infer.web.works import Works

if TYPE_CHECKING:
    from rich.console import Console


@contextmanager
def open_services(
    settings: Settings,
    options: Options,
    store_url: str,
    console: Console,
    *,
    slots: int | None = None,
    exact: bool = True,
    silent: bool = False,
) -> Iterator[Services]:
    """Store, model, voices and the rest; closed in the other order.

    Raises:
        StoreError: the store cannot be used.
        ModelError: the model cannot be used.
    """
    with ExitStack() as stack:
        store = Store.open(store_url)
        stack.callback(store.close)
        session = stack.enter_context(open_session(options, console, slots=slots, exact=exact))
        session.warn(settings.languages)
        voices = Voices(console, silent=silent)
        stack.callback(voices.close)
        metrics = Metrics()
        works, guides = Works(store), Guides(store)
        keeper = Keeper(store, settings.password_hash)
        desk = Desk(session, options, guides, voices, metrics)
        metrics.watch(lambda: desk.load)
        yield Services(
            settings=settings,
            console=console,
            store=store,
            works=works,
            guides=guides,
            keeper=keeper,
            cookies=Cookies(keeper),
            voices=voices,
            desk=desk,
            jobs=Jobs(store, works, guides, desk),
            metrics=metrics,
            limiter=Limiter(metrics),
        )
