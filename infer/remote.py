"""Guides from a completion server that speaks OpenAI's protocol: llama-server, vLLM, and others.

    guide batch works.csv guides.jsonl --backend http://localhost:8080

    server = Server("http://localhost:8080", model="small")
    with server.submit(prompt, Sampling(seed=1), max_tokens=220) as request:
        for piece in request: ...
        request.rewind(120, seed=7)

The prompt is rendered here and sent whole, so that the very same text is drawn from as by the
engine; going back is asking again with what stays. The server keeps its own cache of prefixes.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from types import TracebackType
from typing import Any, Self

import requests

from data.errors import ModelError
from data.prompt import END, Prompt
from infer.options import Sampling
from infer.request import FinishReason, Measures
from infer.transcript import StopText

_CONNECT = 10.0
_SILENCE = 300.0  # seconds without a token; a long prompt on a slow machine takes minutes


class Server:
    """One server; any number of guides at once, as far as it bears them."""

    def __init__(self, url: str, model: str = "") -> None:
        """Ask the server which models it has.

        Raises:
            ModelError: it cannot be reached, or does not answer as such a server does.
        """
        self.url = url.rstrip("/").removesuffix("/v1")
        self._http = requests.Session()
        names = self._models()
        self.model = model if model in names or not names else names[0]

    def submit(
        self, prompt: Prompt, sampling: Sampling, max_tokens: int, opening: str = ""
    ) -> RemoteRequest:
        """Ask for one guide; nothing is sent before its text is asked for."""
        return RemoteRequest(self, prompt.text, sampling, max_tokens, opening)

    def chat_template(self) -> str:
        """The template of the server's model, where it tells (llama-server does), or nothing."""
        try:
            answer = self._http.get(f"{self.url}/props", timeout=_CONNECT)
            content = answer.json() if answer.ok else {}
        except (requests.RequestException, ValueError):
            return ""
        template = content.get("chat_template") if isinstance(content, dict) else None
        return template if isinstance(template, str) else ""

    def is_ready_for(self, _prompt: Prompt) -> bool:
        """Whether writing starts within seconds; a server does not tell, so it is hoped."""
        return True

    def complete(self, prompt: str, sampling: Sampling, max_tokens: int) -> requests.Response:
        """Start a streamed completion.

        Raises:
            ModelError: the server refuses; the sentence holds its reason.
        """
        body = {
            "model": self.model,
            "prompt": prompt,
            "max_tokens": max_tokens,
            "temperature": sampling.temperature,
            "top_p": sampling.top_p,
            "min_p": sampling.min_p,
            "seed": sampling.seed % 2**31,  # vLLM and llama-cpp-python take no larger ones
            "stop": [END],
            "stream": True,
        }
        try:
            answer = self._http.post(
                f"{self.url}/v1/completions", json=body, stream=True, timeout=(_CONNECT, _SILENCE)
            )
        except requests.RequestException as error:
            raise self._unreachable(error) from None
        if not answer.ok:
            reason = " ".join(answer.text.split())[:200]
            answer.close()
            raise ModelError(f"The server {self.url} refused ({answer.status_code}: {reason}).")
        return answer

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def _models(self) -> list[str]:
        try:
            answer = self._http.get(f"{self.url}/v1/models", timeout=_CONNECT)
            answer.raise_for_status()
            return [str(entry["id"]) for entry in answer.json()["data"]]
        except (ValueError, KeyError, TypeError, requests.HTTPError):
            raise ModelError(
                f"{self.url} does not answer as an OpenAI-compatible server does; give the address "
                "of llama-server, vLLM or another one."
            ) from None
        except requests.RequestException as error:
            raise self._unreachable(error) from None

    def _unreachable(self, error: Exception) -> ModelError:
        reason = type(error).__name__
        return ModelError(f"The server {self.url} cannot be reached ({reason}); is it running?")


class RemoteRequest:
    """One guide asked of a server; the counterpart of the engine's request."""

    def __init__(
        self,
        server: Server,
        prompt: str,
        sampling: Sampling,
        max_tokens: int,
        opening: str = "",
    ) -> None:
        self.finish: FinishReason = "cancelled"
        self._server, self._prompt = server, prompt
        self._asked = self._sampling = sampling
        self._max_tokens = max_tokens
        self._text, self._forced, self._drawn, self._kept = "", opening, 0, 0
        self._marks: list[tuple[int, int]] = []  # length of the text after so many tokens
        self._answer: requests.Response | None = None
        self._started_at = time.perf_counter()
        self._first_at = self._ended_at = 0.0

    def __iter__(self) -> Iterator[str]:
        """Pieces of text without the end marker.

        Raises:
            ModelError: the server cannot be reached, refuses, or breaks off.
        """
        forced, self._forced = self._forced, ""
        if forced:
            self._text += forced
            yield forced
        if self._kept >= self._max_tokens:
            self._end("length")
            return
        sent = self._prompt + self._text
        self._answer = self._server.complete(sent, self._sampling, self._max_tokens - self._kept)
        text = StopText(END)
        text.add(self._text.encode())
        reason: FinishReason = "stop"
        for choice in self._choices(self._answer):
            if piece := str(choice.get("text") or ""):
                self._drawn += 1
                self._kept += 1
                self._first_at = self._first_at or time.perf_counter()
                yield from self._show(text.add(piece.encode()))
            if choice.get("finish_reason") == "length":
                reason = "length"
            if text.stopped:
                break
        yield from self._show(text.rest())
        self._end(reason)

    def rewind(self, length: int, *, seed: int, forced: str = "") -> None:
        """Go back to the first `length` characters and draw on with another seed."""
        self._hang_up()
        self._text, self._forced = self._text[:length], forced
        self._kept = max((count for end, count in self._marks if end <= length), default=0)
        self._marks = [mark for mark in self._marks if mark[0] <= length]
        self._sampling = self._asked.again(seed, forced)

    def close(self) -> None:
        """Stop drawing; servers notice the closed connection."""
        self._hang_up()
        self._ended_at = self._ended_at or time.perf_counter()

    def measures(self) -> Measures:
        """Figures so far; the server does not tell how many tokens the prompt has."""
        ended = self._ended_at or time.perf_counter()
        first = self._first_at or ended
        rate = (self._drawn - 1) / (ended - first) if self._drawn > 1 and ended > first else 0.0
        return Measures(
            self.finish, 0, self._drawn, ended - self._started_at, first - self._started_at, rate
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        self.close()

    def _show(self, shown: str) -> Iterator[str]:
        if shown:
            self._text += shown
            self._marks.append((len(self._text), self._kept))
            yield shown

    def _choices(self, answer: requests.Response) -> Iterator[dict[str, Any]]:
        """The server-sent events of a completion."""
        try:
            for line in answer.iter_lines():
                if not line.startswith(b"data:"):
                    continue
                content = line[5:].strip()
                if content == b"[DONE]":
                    return
                event = json.loads(content)
                if "error" in event:
                    raise ModelError(f"The server {self._server.url} failed: {event['error']}.")
                yield from event.get("choices", [])
        except (requests.RequestException, ValueError) as error:
            raise ModelError(
                f"The server {self._server.url} broke off ({type(error).__name__}); try again."
            ) from None

    def _end(self, reason: FinishReason) -> None:
        self.finish = reason
        self._ended_at = time.perf_counter()
        self._hang_up()

    def _hang_up(self) -> None:
        if self._answer is not None:
            self._answer.close()
            self._answer = None
