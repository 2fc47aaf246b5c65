"""Everything the routes of one server share; plug-ins get it too.

A plug-in is a function `(app, services) -> None` under the entry-point group
`museum_guide.pages`. It may add routes, use `services.store.engine` for tables of its own,
`services.cookies` for values a browser cannot change, `services.limiter`, `services.metrics`, and
the hooks:

    services.hooks.choose_options.append(lambda work, visitor, asked: {"seed": 7})
    services.hooks.listened.append(lambda event: ...)

`work` is None for a record that is no work of the museum's, `asked` the language, length and style
that the visitor asked for. The overrides are any of language,
length, style, seed, and guide_id (one guide of the store, served as it is).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import Depends, Request

from data.prompt import Request as Asked
from infer.web import schemas

if TYPE_CHECKING:
    from rich.console import Console

    from infer.web.access import Cookies, Keeper
    from infer.web.desk import Desk
    from infer.web.guides import Guides
    from infer.web.jobs import Jobs
    from infer.web.metrics import Metrics
    from infer.web.protect import Limiter
    from infer.web.settings import Settings
    from infer.web.speaking import Voices
    from infer.web.store import Store
    from infer.web.works import Works

GROUP = "museum_guide.pages"
"""Entry points of plug-ins."""


@dataclass(frozen=True, slots=True)
class ListenedEvent:
    """Somebody listened to a guide; `visitor_id` only where a plug-in chooses by it."""

    guide_id: str
    seconds: float
    finished: bool
    visitor_id: str | None


ChooseOptions = Callable[[schemas.Work | None, str, Asked], dict[str, Any]]


@dataclass(slots=True)
class Hooks:
    """Where plug-ins take part."""

    choose_options: list[ChooseOptions] = field(default_factory=list)
    listened: list[Callable[[ListenedEvent], None]] = field(default_factory=list)


@dataclass(slots=True)
class Services:
    """The parts of one server."""

    settings: Settings
    console: Console
    store: Store
    works: Works
    guides: Guides
    keeper: Keeper
    cookies: Cookies
    voices: Voices
    desk: Desk
    jobs: Jobs
    metrics: Metrics
    limiter: Limiter
    hooks: Hooks = field(default_factory=Hooks)
    ready: bool = False


def _services(request: Request) -> Services:
    services: Services = request.app.state.services
    return services


Has = Annotated["Services", Depends(_services)]
"""A route's parameter that is given the services."""
