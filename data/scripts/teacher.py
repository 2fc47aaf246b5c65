"""The teacher: any model behind an OpenAI-compatible chat completions endpoint.

    async with Teacher(Endpoint(model="…", base_url="http://localhost:8000/v1")) as teacher:
        answer = await teacher.ask(messages)

Retries after rate limits (Retry-After is honoured), server errors and lost connections are the
`openai` client's; a body that is cut or no completion is asked for again here. What a server does
not understand (a JSON schema, the name of the token limit) is left away once it says so.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import openai
from openai.types.chat import ChatCompletion
from tenacity import (
    AsyncRetrying,
    retry_if_exception_type,
    stop_after_attempt,
    wait_random_exponential,
)

from data.errors import GuideError
from data.scripts.prompt import SCHEMA
from data.scripts.store import Message

NO_KEY = "none"  # a local server asks for no key, and the client insists on one

FORMATS: tuple[dict[str, Any] | None, ...] = (
    {
        "type": "json_schema",
        "json_schema": {"name": "guide", "strict": True, "schema": SCHEMA},
    },
    {"type": "json_object", "schema": SCHEMA},  # llama-cpp-python's way
    {"type": "json_object"},
    None,
)
"""Ways to ask for JSON, the strictest first; a server that refuses one is asked the next."""


class TeacherError(GuideError):
    """The teacher cannot be reached, or will not answer anything."""


class RequestRefusedError(Exception):
    """The teacher will not answer this one request; the text is its reason."""


class ServerFailedError(Exception):
    """The teacher failed on this request, retries and all; the text is what it said."""


class _BrokenAnswerError(Exception):
    """The answer is no chat completion."""


_HOPELESS = (openai.AuthenticationError, openai.PermissionDeniedError, openai.NotFoundError)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where the teacher is and how it is asked; None leaves the server's own default."""

    model: str
    base_url: str | None = None
    key: str = NO_KEY
    temperature: float | None = None
    max_tokens: int = 1000
    timeout: float = 300.0
    retries: int = 5


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; `finish` is the server's word for why it ended."""

    text: str
    refusal: str
    finish: str
    prompt_tokens: int
    completion_tokens: int
    seconds: float


class Teacher:
    """A connection to one endpoint, to be shared by everything that asks at once."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        self._client = openai.AsyncOpenAI(
            api_key=endpoint.key,
            base_url=endpoint.base_url,
            timeout=endpoint.timeout,
            max_retries=endpoint.retries,
        )
        self._format = 0
        self._limit = "max_tokens"
        self._understood = False  # whether a request in this form was ever answered
        self._first = asyncio.Lock()

    @property
    def address(self) -> str:
        """Where it is."""
        return str(self._client.base_url)

    async def ask(self, messages: Sequence[Message]) -> Answer:
        """One answer.

        Raises:
            RequestRefusedError: the server refuses this request, whatever the form.
            ServerFailedError: it fails on it (5xx, 429, no completion, no connection).
            TeacherError: the key, the model or the address is wrong.
        """
        if self._understood:
            return await self._ask(messages)
        async with self._first:  # the others learn from the first what the server understands
            return await self._ask(messages)

    async def _ask(self, messages: Sequence[Message]) -> Answer:
        begun = time.monotonic()
        # Some servers answer 500 to what they do not understand, which a retry does not mend.
        patient = self._understood
        while True:
            try:
                completion = await self._complete(messages, patient=patient)
            except (openai.APIStatusError, openai.APIConnectionError) as error:
                if self._adapt(error):
                    continue
                if isinstance(error, openai.BadRequestError | openai.UnprocessableEntityError):
                    raise RequestRefusedError(_said(error)) from None
                if patient or isinstance(error, _HOPELESS):
                    raise self._error(error) from None
                patient = True
            except _BrokenAnswerError:
                raise ServerFailedError("it answers with something else than completions") from None
            else:
                self._understood = True
                return _answer(completion, time.monotonic() - begun)

    async def _complete(self, messages: Sequence[Message], *, patient: bool) -> ChatCompletion:
        options: dict[str, Any] = {
            "model": self.endpoint.model,
            "messages": list(messages),
            self._limit: self.endpoint.max_tokens,
        }
        if self.endpoint.temperature is not None:
            options["temperature"] = self.endpoint.temperature
        if (response_format := FORMATS[self._format]) is not None:
            options["response_format"] = response_format
        client = self._client if patient else self._client.with_options(max_retries=0)
        retrying = AsyncRetrying(
            retry=retry_if_exception_type(_BrokenAnswerError),
            stop=stop_after_attempt(self.endpoint.retries + 1),
            wait=wait_random_exponential(multiplier=0.5, max=8),
            reraise=True,
        )
        completion: ChatCompletion = await retrying(_request, client, options)
        return completion

    def _adapt(self, error: openai.APIError) -> bool:
        """Ask in another form if the server does not know this one; whether there is another."""
        if self._understood or getattr(error, "status_code", 0) not in (400, 422, 500):
            return False
        said = _said(error)
        if "max_completion_tokens" in said and self._limit == "max_tokens":
            self._limit = "max_completion_tokens"
            return True
        about_format = any(word in said for word in ("response_format", "json", "schema"))
        if about_format and self._format + 1 < len(FORMATS):
            self._format += 1
            return True
        return False

    def _error(self, error: openai.APIError) -> Exception:
        if isinstance(error, openai.AuthenticationError | openai.PermissionDeniedError):
            return TeacherError(
                f"{self.address} refuses the key ({error.status_code}); put a valid one into "
                "the environment, as OPENAI_API_KEY."
            )
        if isinstance(error, openai.NotFoundError):
            return TeacherError(
                f"{self.address} knows no model {self.endpoint.model!r} or is no such service "
                f"({_said(error)}); check --model and --base-url, which ends in /v1 for most."
            )
        if isinstance(error, openai.APIStatusError):
            return ServerFailedError(f"it answers {error.status_code} ({_said(error)})")
        return ServerFailedError(f"it cannot be reached ({error.__cause__ or error})")

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._client.close()


async def _request(client: openai.AsyncOpenAI, options: dict[str, Any]) -> ChatCompletion:
    try:
        completion = await client.chat.completions.create(**options)
    except (json.JSONDecodeError, UnicodeDecodeError, openai.APIResponseValidationError):
        raise _BrokenAnswerError from None
    # The client builds what it is sent without a look at it.
    if not isinstance(completion, ChatCompletion) or not completion.choices:
        raise _BrokenAnswerError
    return completion


def _answer(completion: ChatCompletion, seconds: float) -> Answer:
    choice, usage = completion.choices[0], completion.usage
    message = choice.message
    return Answer(
        text=(message.content if message else "") or "",
        refusal=(message.refusal if message else "") or "",
        finish=choice.finish_reason or "",
        prompt_tokens=(usage.prompt_tokens if usage else 0) or 0,
        completion_tokens=(usage.completion_tokens if usage else 0) or 0,
        seconds=seconds,
    )


def _said(error: openai.APIError) -> str:
    """The server's own sentence, on one short line."""
    return " ".join(str(error.message).split())[:300].rstrip(".")
