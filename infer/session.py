"""A model made ready to write guides: found, fetched if need be, loaded, and asked well.

with Session("small", console) as session:
    generation = session.start(artwork, options)
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Self

from rich.console import Console

from data.artwork import Artwork
from data.prompt import Example, Prompt, Request, build_prompt, load_examples
from infer.options import Options
from infer.prefix import PrefixCache
from infer.runner import Generation, Runner
from models.catalog import models_folder
from models.llama import TRAINED, LlamaModel
from models.resolve import resolve


class Session:
    """One loaded model and what is asked of it besides the record."""

    def __init__(self, model: str, console: Console) -> None:
        """Resolve, fetch and load a model.

        Raises:
            ModelError: it is unknown, cannot be fetched, or cannot be loaded.
        """
        resolved = resolve(model, console)
        self.name, self.console = resolved.name, console
        self._shows_examples = resolved.examples
        self.model = LlamaModel(
            resolved.path, architecture=resolved.architecture, adapter=resolved.adapter
        )
        try:
            self._template = self.model.chat_template()
            if self.model.metadata(TRAINED) == "true":
                self._shows_examples = False
            cache = PrefixCache(models_folder() / "cache", self.model)
            self.runner = Runner(self.model, prefix_cache=cache)
        except BaseException:
            self.model.close()
            raise

    def prompt(self, artwork: Artwork, request: Request) -> Prompt:
        """The prompt for this model: one that we trained needs no examples."""
        return build_prompt(artwork, request, self._template, self._examples(request))

    def start(self, artwork: Artwork, options: Options) -> Generation:
        """Begin one guide.

        Raises:
            PromptTooLong: the record does not fit.
        """
        return self.runner.start(
            self.prompt(artwork, options.request), options.sampling, options.max_tokens
        )

    @contextmanager
    def preparing(self, artwork: Artwork, request: Request) -> Iterator[None]:
        """Say that the examples are being read, where that will take more than a moment."""
        if self.runner.is_ready_for(self.prompt(artwork, request)):
            yield
            return
        with self.console.status("Reading the examples, once for this model …"):
            yield

    def close(self) -> None:
        """Free context and weights."""
        self.runner.close()
        self.model.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        self.close()

    def _examples(self, request: Request) -> tuple[Example, ...]:
        return load_examples(request.language) if self._shows_examples else ()
