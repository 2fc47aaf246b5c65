"""The options that `guide tell` and `guide batch` share, and what they mean."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, get_args

import click

from data.prompt import LANGUAGES, Language, Length, Request, Style
from models.catalog import DEFAULT_MODEL

CONTEXT = 4096
"""Tokens of one prompt and its guide; with examples, the longest corpus work takes 2,600."""

MAX_TOKENS = {"brief": 260, "full": 440}
"""Room for the longest guide of that length in the wordiest of the five languages."""

GREATEST_SEED = 2**32 - 1

NO_MODEL = "none"
"""The name under which plain sentences are written without any model."""


Opening = Literal["", "plain", "model"]
"""Who says the first sentence: the writer without a model, at once, or the model."""

_OPENINGS: dict[Style, Opening] = {"clear": "plain", "literary": "model"}


_BOLD = 0.7
"""Least temperature of a second try."""


@dataclass(frozen=True, slots=True)
class Sampling:
    """How tokens are drawn; the same values and seed give the same guide."""

    temperature: float = 0.1
    top_p: float = 0.95
    min_p: float = 0.05
    seed: int = 0

    def again(self, seed: int, forced: str = "") -> Sampling:
        """How drawing goes on after going back.

        Boldly where a sentence failed, for the likeliest words would only fail once more; as at
        first behind a text that is forced, which leads elsewhere anyway.
        """
        bold = self.temperature if forced else max(self.temperature, _BOLD)
        return replace(self, seed=seed, temperature=bold)


@dataclass(frozen=True, slots=True)
class Options:
    """What is asked of a model, apart from the record."""

    request: Request
    model: str
    sampling: Sampling
    max_tokens: int
    draft: bool = False
    backend: str = ""
    opening: Opening = ""

    @property
    def opens(self) -> bool:
        """Whether a plain sentence comes first; unless said otherwise, in the clear style."""
        return (self.opening or _OPENINGS[self.request.style]) == "plain"

    def with_seed(self, seed: int) -> Options:
        """The same with another seed, for another guide of the same kind."""
        return replace(self, sampling=replace(self.sampling, seed=seed))


def guide_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the shared options to a click command; `read_options` takes their values."""
    for option in reversed(
        [
            click.option(
                "--length", type=click.Choice(get_args(Length)), default="brief",
                show_default=True, help="About 30 seconds aloud, or about a minute.",
            ),
            click.option(
                "--style", type=click.Choice(get_args(Style)), default="clear",
                show_default=True, help="Plain and concrete, or with turns and wit.",
            ),
            click.option(
                "--language", type=click.Choice(list(LANGUAGES)), default="en",
                show_default=True, help="Language of the guide.",
            ),
            click.option(
                "--model", default=DEFAULT_MODEL, show_default=True, metavar="NAME|PATH.gguf",
                help="A model of the catalog (guide models list), a file, or none.",
            ),
            click.option(
                "--seed", type=click.IntRange(0, GREATEST_SEED), default=0, show_default=True,
                help="The same seed gives the same guide.",
            ),
            click.option(
                "--temperature", type=click.FloatRange(0, 2), default=0.1, show_default=True,
                help="0 always takes the likeliest word.",
            ),
            click.option(
                "--max-tokens", type=click.IntRange(1, CONTEXT), default=None,
                help="Where to cut a guide that does not end by itself.",
            ),
            click.option(
                "--opening", type=click.Choice(["plain", "model"]), default=None,
                help="The first sentence: a plain one, at once, or the model's. "
                "[default: plain if the style is clear]",
            ),
            click.option(
                "--draft", is_flag=True,
                help="The model's first draft, unchecked, as it comes.",
            ),
            click.option(
                "--backend", default="", metavar="URL", envvar="GUIDE_BACKEND",
                help="An OpenAI-compatible server that draws instead. [env: GUIDE_BACKEND]",
            ),
        ]
    ):  # fmt: skip
        command = option(command)
    return command


def company_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add `--slots` and `--fast`, of commands that write several guides at once."""
    for option in reversed(
        [
            click.option(
                "--slots", type=click.IntRange(1, 64), default=None,
                help="Guides written at once; by default what memory and cores bear.",
            ),
            click.option(
                "--fast", is_flag=True,
                help="Write several at once as fast as they can be, though a guide's text then "
                "depends on which are written beside it.",
            ),
        ]
    ):  # fmt: skip
        command = option(command)
    return command


def read_options(
    language: Language,
    length: Length,
    style: Style,
    model: str,
    seed: int,
    temperature: float,
    max_tokens: int | None,
    draft: bool = False,
    backend: str = "",
    opening: Opening | None = None,
) -> Options:
    """The options as click gives them, by name."""
    return Options(
        Request(language, length, style),
        model,
        Sampling(temperature=temperature, seed=seed),
        max_tokens or MAX_TOKENS[length],
        draft,
        backend,
        opening or "",
    )


def record_path(text: str) -> Path | None:
    """A file's path, or None for `-`, standard input."""
    return None if text == "-" else Path(text)
