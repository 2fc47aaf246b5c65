"""A writer of guides made ready: a model found, fetched if need be and loaded, or a server asked.

with open_session(options, console, slots=4) as session:
    telling = session.start(artwork, options)
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import TYPE_CHECKING, NamedTuple, Protocol, Self

from data.artwork import Artwork
from data.prompt import (
    LANGUAGES,
    ChatTemplate,
    Example,
    Language,
    Prompt,
    Request,
    build_prompt,
    load_examples,
)
from infer.options import NO_MODEL, Options
from infer.orders import REASON, without_orders
from infer.result import Telling, guide_writer
from infer.told import told

if TYPE_CHECKING:
    from rich.console import Console

    from infer.engine import Engine
    from infer.remote import Server
    from models.resolve import ResolvedModel

REMOTE_SLOTS = 8
"""Guides asked of a server at once; servers queue what they cannot bear."""


class Closer(Protocol):
    """Something that has to be closed."""

    def close(self) -> None:
        """Free it."""


def open_session(
    options: Options,
    console: Console,
    *,
    slots: int | None = 1,
    threads: int | None = None,
    exact: bool = True,
) -> ModelSession:
    """The session for a model, a server, or no model; `slots` None means as many as it bears.

    `threads` are the cores to compute on; None means all of them. Without `exact` several guides
    together are faster, and a guide's text depends on what is written beside it.

    Raises:
        ModelError: the model is unknown, cannot be fetched or loaded, or the server not reached.
    """
    if options.model == NO_MODEL:
        return ModelSession(NO_MODEL, console)
    if options.backend:
        return _open_remote(options, console, slots)
    return _open_local(options, console, slots, threads, exact)


class ModelSession:
    """What is asked of one model besides the record, and who draws its text."""

    def __init__(
        self,
        name: str,
        console: Console,
        *,
        drawer: Engine | Server | None = None,
        template: ChatTemplate | None = None,
        examples: bool = False,
        languages: Sequence[str] = (),
        slots: int = 1,
    ) -> None:
        self.name, self.console, self.slots = name, console, slots
        self.drawer = drawer
        self._template, self._shows_examples = template, examples
        self._languages, self._warned = languages, set[str]()
        self._orders = set[str]()  # texts of records that were said to be left out
        self._closers: list[Closer] = [drawer] if drawer else []

    def prompt(self, artwork: Artwork, request: Request) -> Prompt:
        """The prompt for this model: one that we trained needs no examples."""
        assert self._template is not None
        return build_prompt(told(artwork), request, self._template, self._examples(request))

    def start(self, artwork: Artwork, options: Options) -> Telling:
        """Begin one guide.

        Raises:
            PromptTooLong: the record does not fit.
        """
        self._say_orders(artwork)
        if self.drawer is None:
            return Telling(artwork, options, self.name, None)
        self.warn([options.request.language])
        prompt = self.prompt(artwork, options.request)
        writer = guide_writer(artwork, options)
        opening = writer.opening if writer else ""
        request = self.drawer.submit(prompt, options.sampling, options.max_tokens, opening)
        return Telling(artwork, options, self.name, request, writer)

    def warn(self, languages: Iterable[Language]) -> None:
        """Say once of languages that the model's guides in them are not fit to be published."""
        unfit = [
            language
            for language in languages
            if self._languages and language not in (*self._languages, *self._warned)
        ]
        if not unfit:
            return
        self._warned.update(unfit)
        warn_of_languages(self.name, unfit, self.console)

    def _say_orders(self, artwork: Artwork) -> None:
        """Say once of each text of a record why no guide is told it."""
        for text in without_orders(artwork)[1]:
            if text not in self._orders:
                self._orders.add(text)
                self.console.print(
                    f"Left out of “{artwork.title}”: “{text}”; {REASON}.",
                    style="yellow",
                    highlight=False,
                    markup=False,
                    soft_wrap=True,
                )

    @contextmanager
    def preparing(self, artwork: Artwork, request: Request) -> Iterator[bool]:
        """Say that the examples are being read, where that will take more than a moment."""
        drawer = self.drawer
        if drawer is None or drawer.is_ready_for(self.prompt(artwork, request)):
            yield False
            return
        what = "examples" if self._shows_examples else "instructions"
        with self.console.status(f"Reading the {what}, once for this model …"):
            yield True

    def stop(self) -> None:
        """Give up every guide; their threads get an error, and the weights stay until `close`."""
        if self.drawer is not None:
            self.drawer.close()

    def closing(self, closer: Closer) -> None:
        """Close that too at the end."""
        self._closers.append(closer)

    def close(self) -> None:
        """Free context and weights, in the order they were made ready, last first."""
        for closer in self._closers:
            closer.close()

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


def _open_local(
    options: Options, console: Console, slots: int | None, threads: int | None, exact: bool
) -> ModelSession:
    from infer.engine import Engine
    from infer.prefix import PrefixCache
    from models.catalog import models_folder
    from models.llama import TRAINED, LlamaModel
    from models.resolve import resolve

    found = resolve(options.model, console)
    model = LlamaModel(found.path, architecture=found.architecture, adapter=found.adapter)
    try:
        template = model.chat_template()
        examples = found.examples and model.metadata(TRAINED) != "true"
        cache = PrefixCache(models_folder() / "cache", model)
        engine = Engine(model, slots=slots, threads=threads, prefix_cache=cache, exact=exact)
    except BaseException:
        model.close()
        raise
    session = ModelSession(
        found.name,
        console,
        drawer=engine,
        template=template,
        examples=examples,
        languages=found.languages,
        slots=engine.slots,
    )
    session.closing(model)
    return session


def warn_of_languages(name: str, unfit: Iterable[Language], console: Console) -> None:
    """Say that the model's guides in these languages are not fit to be published."""
    names = ", ".join(LANGUAGES[language] for language in unfit)
    console.print(
        f"{name} does not write {names} well enough to publish: what its guides claim is "
        "checked, their grammar and sense are not; have somebody read them.",
        style="yellow",
        highlight=False,
        soft_wrap=True,
    )


def _open_remote(options: Options, console: Console, slots: int | None) -> ModelSession:
    from infer.remote import Server

    server = Server(options.backend, options.model)
    habits = remote_habits(server, options.model, console)
    return ModelSession(
        server.model,
        console,
        drawer=server,
        template=habits.template,
        examples=habits.examples,
        languages=habits.languages,
        slots=slots or REMOTE_SLOTS,
    )


class Habits(NamedTuple):
    """How a model is asked, and the languages it is good enough at (none named: all)."""

    template: ChatTemplate
    examples: bool
    languages: tuple[str, ...]


def remote_habits(server: Server, model: str, console: Console) -> Habits:
    """Those of the model that the server serves.

    The server's own template where it tells; all else is that of the local file of `--model`, which
    has to be the same model.
    """
    from models.llama import TRAINED, LlamaModel
    from models.resolve import resolve

    found: ResolvedModel = resolve(model, console)
    with LlamaModel(found.path, architecture=found.architecture, vocabulary_only=True) as opened:
        examples = found.examples and opened.metadata(TRAINED) != "true"
        own = opened.chat_template()
    source = server.chat_template()
    template = ChatTemplate(source, **own.tokens) if source else own
    return Habits(template, examples, found.languages)
