"""How one server is set up."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from typing import get_args

from data.errors import GuideError
from data.prompt import Language, Length, Style

DEFAULT_STORE = "sqlite:///museum-guide.sqlite"
LOOPBACK_NAMES = ("localhost", "127.0.0.1", "[::1]")


class ServeError(GuideError):
    """The server cannot be started as asked."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What `guide serve` was told."""

    host: str = "127.0.0.1"
    port: int = 8000
    museum: str = "Museum"
    languages: tuple[Language, ...] = get_args(Language)
    lengths: tuple[Length, ...] = get_args(Length)
    styles: tuple[Style, ...] = get_args(Style)
    fetched: tuple[Language, ...] = ("en",)
    """Languages whose voice is fetched where it is absent."""
    password_hash: str | None = field(default=None, repr=False)
    hosts: tuple[str, ...] = ()
    """Names under which the server answers, besides those of this machine; none: see `allowed`."""
    rate: str = "30/minute"
    """New guides one client may have written."""
    requests: str = "1200/minute"
    """Requests of one client altogether."""

    @property
    def is_public(self) -> bool:
        """Whether other machines can reach it."""
        return not is_loopback(self.host)

    @property
    def allowed(self) -> tuple[str, ...]:
        """Host headers that are answered.

        On this machine alone no other name is, or any web page could have its own name point here
        and read along (DNS rebinding). In a network the names are the museum's business.
        """
        if self.hosts:
            return (*LOOPBACK_NAMES, *self.hosts)
        return ("*",) if self.is_public else LOOPBACK_NAMES

    def require_safe(self) -> None:
        """Refuse a public address while nobody needs a password to change the guides.

        Raises:
            ServeError: there is none.
        """
        if self.is_public and self.password_hash is None:
            raise ServeError(
                f"{self.host} can be reached from other machines; give the curator a password "
                "with --password-file, or stay on --host 127.0.0.1."
            )


def is_loopback(host: str) -> bool:
    """Whether an address is this machine's own."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False  # a name, which may point anywhere
