"""Polite HTTP: paced, identified, patient with faults, suspicious of what comes back.

    client = Client(requests.Session(), "https://collectionapi.metmuseum.org/public/collection/v1",
                    rate=1.0, contact="curator@example.org")
    answer = client.get("/objects/436535")
    answer.body["title"]

The session is passed in, so that a test can point it at a server on loopback.

    SourceError             the collection's service cannot be used
    ├── RefusedError        it said no in a way that asking again will not change
    └── UnavailableError    it stayed unreachable, blocked or broken through every attempt
        └── FaultError      one attempt failed and the next may succeed
            └── BlockedError  the source is turning us away for a while (403 page, 429)
    GoneError               this one object is not there (404, 410, "Not a valid object")
"""

from __future__ import annotations

import email.utils
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests
import tenacity
from pyrate_limiter import Limiter, Rate

from data.errors import GuideError

CONNECT_SECONDS, READ_SECONDS = 10, 60
WHOLE_BODY_SECONDS = 300  # a body that drips in more slowly than this will not end
LARGEST_BODY = 64 * 2**20  # the longest listing known, every object of the Met, is 4 MiB
LONGEST_RETRY_AFTER = 3600
REDIRECTS = 5
BLOCK_SECONDS = 30.0  # the Met turns away for half a minute or more


class SourceError(GuideError):
    """A collection's service cannot be used."""


class RefusedError(SourceError):
    """The service said no, and asking again will not change that."""


class UnavailableError(SourceError):
    """The service stayed unreachable, blocked or broken through every attempt."""


class FaultError(UnavailableError):
    """One attempt failed; the next may succeed."""

    retry_after = 0.0


class BlockedError(FaultError):
    """The service is turning us away for a while."""


class GoneError(Exception):
    """The object is not there any more, or never was."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A parsed body (None when unchanged since `etag`), its entity tag and its bytes as sent."""

    body: Any
    raw: bytes
    etag: str | None

    @property
    def unchanged(self) -> bool:
        """Whether the source answered that what we hold is still current."""
        return self.body is None


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait between attempts, in seconds, and how many attempts to make.

    A first pause shorter than the block is wasted; other faults are usually over at once. Every
    wait doubles the one before and has a random part, so that several collectors do not come back
    together.
    """

    blocked: float = BLOCK_SECONDS
    fault: float = 1.0
    longest: float = 600.0
    attempts: int = 8


def user_agent(contact: str | None) -> str:
    """The name we give to a source, with a way to reach whoever runs the collector.

    Raises:
        SourceError: the contact cannot stand in an HTTP header.
    """
    try:
        number = version("museum-guide")
    except PackageNotFoundError:
        number = "0"
    name = f"museum-guide/{number}"
    if not contact:
        return name
    if not contact.isascii() or not contact.isprintable() or set("()") & set(contact):
        raise SourceError(
            f"The contact {contact!r} cannot be sent; give a plain e-mail or web address."
        )
    return f"{name} ({contact})"


class Client:
    """Fetches JSON from one source, at most `rate` requests a second."""

    def __init__(
        self,
        session: requests.Session,
        base_url: str,
        *,
        rate: float,
        contact: str | None = None,
        patience: Patience | None = None,
        sleep: Callable[[float], None] = time.sleep,
        on_wait: Callable[[str, float], None] = lambda _why, _seconds: None,
    ) -> None:
        parts = urlsplit(base_url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise SourceError(f"The base URL {base_url!r} is not one; give http(s)://host/path.")
        self.base_url = base_url.rstrip("/")
        self.requests_made = 0
        self._session = session
        agent = user_agent(contact)
        self._headers = {
            "User-Agent": agent,
            "AIC-User-Agent": agent,  # the Art Institute of Chicago asks for this one
            "Accept": "application/json",
        }
        self._limiter = Limiter(Rate(1, max(1, round(1000 / rate))), buffer_ms=0)
        self._patience = patience or Patience()
        self._sleep = sleep
        self._on_wait = on_wait

    def get(self, path: str, etag: str | None = None) -> Answer:
        """Fetch `path` below the base URL; with `etag`, only if it has changed since.

        Raises:
            GoneError: there is no such object.
            RefusedError: the service will not answer this, ever.
            UnavailableError: every attempt failed.
        """
        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(FaultError),
            stop=tenacity.stop_after_attempt(self._patience.attempts),
            wait=self._pause,
            before_sleep=self._tell,
            sleep=self._sleep,
            reraise=True,
        )
        return retrying(self._attempt, self.base_url + path, etag)

    def _pause(self, state: tenacity.RetryCallState) -> float:
        fault = state.outcome.exception() if state.outcome else None
        first = self._patience.blocked if isinstance(fault, BlockedError) else self._patience.fault
        longest = self._patience.longest
        pause = tenacity.wait_exponential_jitter(multiplier=first, max=longest, jitter=first / 2)
        return max(pause(state), fault.retry_after if isinstance(fault, FaultError) else 0.0)

    def _tell(self, state: tenacity.RetryCallState) -> None:
        fault = state.outcome.exception() if state.outcome else None
        self._on_wait(str(fault), state.next_action.sleep if state.next_action else 0.0)

    def _attempt(self, url: str, etag: str | None) -> Answer:
        headers = self._headers | ({"If-None-Match": etag} if etag else {})
        for _ in range(REDIRECTS):
            self._limiter.try_acquire(urlsplit(url).netloc)
            self.requests_made += 1
            try:
                with self._session.get(
                    url,
                    headers=headers,
                    timeout=(CONNECT_SECONDS, READ_SECONDS),
                    allow_redirects=False,
                    stream=True,
                ) as response:
                    if not response.is_redirect:
                        return _read(response, url)
                    url = _same_place(url, response.headers["Location"])
            except requests.RequestException as error:
                raise FaultError(f"{url} did not answer properly ({_cause(error)})") from None
        raise RefusedError(f"{url} redirects without end; check the base URL.")


def _read(response: requests.Response, url: str) -> Answer:
    status = response.status_code
    if status == requests.codes.not_modified:
        return Answer(None, b"", None)
    raw = _body(response, url)
    kind = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    is_json = kind == "application/json" or kind.endswith("+json")
    if status in (requests.codes.not_found, requests.codes.gone):
        raise GoneError(_message(raw, is_json) or response.reason or "not found")
    if status == requests.codes.too_many_requests or (
        status == requests.codes.forbidden and not is_json
    ):
        raise _blocked(f"{url} turns us away for a while (status {status})", response)
    if status >= requests.codes.internal_server_error:
        raise _with_retry_after(FaultError(f"{url} has trouble (status {status})"), response)
    if status == requests.codes.bad_request and is_json:
        raise GoneError(_message(raw, is_json) or "not a valid object")
    if status != requests.codes.ok:
        said = _message(raw, is_json)
        raise RefusedError(f"{url} refuses with status {status}{f' ({said})' if said else ''}.")
    if not is_json:
        # The Met's guard sends its challenge page with status 200 too.
        raise _blocked(f"{url} sent {kind or 'a body without a type'}, not JSON", response)
    try:
        return Answer(json.loads(raw), raw, response.headers.get("ETag"))
    except (ValueError, RecursionError):
        raise FaultError(f"{url} sent a damaged body") from None


def _body(response: requests.Response, url: str) -> bytes:
    """The whole body; urllib3 raises when fewer bytes come than the headers promise."""
    deadline = time.monotonic() + WHOLE_BODY_SECONDS
    parts, size = [], 0
    for part in response.iter_content(64 * 1024):
        parts.append(part)
        size += len(part)
        if size > LARGEST_BODY:
            raise RefusedError(
                f"{url} sends more than {LARGEST_BODY >> 20} MiB; check the base URL."
            )
        if time.monotonic() > deadline:
            raise FaultError(f"{url} took more than {WHOLE_BODY_SECONDS} seconds for one body")
    return b"".join(parts)


def _same_place(url: str, location: str) -> str:
    """The redirect's target, if it stays on the same host; a step up to https is allowed."""
    target = urljoin(url, location)
    here, there = urlsplit(url), urlsplit(target)
    same = (here.scheme, here.netloc) == (there.scheme, there.netloc)
    upgrade = (
        here.scheme == "http"
        and there.scheme == "https"
        and here.hostname == there.hostname
        and here.port in (None, 80)
        and there.port in (None, 443)
    )
    if not same and not upgrade:
        raise RefusedError(
            f"{url} redirects to {there.scheme}://{there.netloc}, another place, which is not "
            "followed; if the collection has moved, give its new address with --base-url."
        )
    return target


def _blocked(text: str, response: requests.Response) -> FaultError:
    return _with_retry_after(BlockedError(text), response)


def _with_retry_after(fault: FaultError, response: requests.Response) -> FaultError:
    seconds = _seconds(response.headers.get("Retry-After", ""))
    if seconds > LONGEST_RETRY_AFTER:
        raise UnavailableError(
            f"{fault} and asks to come back in {seconds / 3600:.1f} hours; "
            "run the same command then."
        )
    fault.retry_after = seconds
    return fault


def _seconds(retry_after: str) -> float:
    """Retry-After as seconds from now: a number or an HTTP date; 0 when it is neither."""
    text = retry_after.strip()
    if text.isascii() and text.isdigit():
        return float(text)
    try:
        when = email.utils.parsedate_to_datetime(text)
    except ValueError:
        return 0.0
    if when.tzinfo is None:
        when = when.replace(tzinfo=UTC)
    return max(0.0, (when - datetime.now(UTC)).total_seconds())


def _message(raw: bytes, is_json: bool) -> str:
    """What an error body says, whatever key it says it under."""
    if not is_json:
        return ""
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError):
        return ""
    if not isinstance(body, dict):
        return ""
    return str(body.get("message") or body.get("detail") or body.get("error") or "")[:200]


def _cause(error: requests.RequestException) -> str:
    if isinstance(error, requests.Timeout):
        return "no answer in time"
    if isinstance(error, requests.exceptions.ChunkedEncodingError):
        return "the body broke off"
    if isinstance(error, requests.exceptions.SSLError):
        return "its certificate cannot be trusted"
    if isinstance(error, requests.ConnectionError):
        return "the connection failed"
    return type(error).__name__
