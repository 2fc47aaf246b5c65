"""The prompt: its wording, its order and its end marker, for training and inference alike.

    from data.prompt import ChatTemplate, Request, build_prompt
    prompt = build_prompt(artwork, Request(length="brief"), ChatTemplate(source, bos, eos))
    prompt.text       # what the model reads; prompt.prefix of it is the same for every work

The system line comes first and never changes, the record comes last, so that everything before
the record can be computed once and shared. The completion is the script and `END`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal, get_args

from jinja2.exceptions import TemplateError

from data.artwork import Artwork, parse_artwork
from data.derive import derived_lines
from data.errors import ModelError
from data.template import BoundedTemplate

Language = Literal["en", "fr", "de", "es", "it"]
Length = Literal["brief", "full"]
Style = Literal["clear", "literary"]

LANGUAGES: dict[str, str] = {
    "en": "English",
    "fr": "French",
    "de": "German",
    "es": "Spanish",
    "it": "Italian",
}
WORDS: dict[str, tuple[int, int]] = {"brief": (50, 85), "full": (105, 155)}
"""Fewest and most words of a guide, about 30 seconds and about a minute aloud."""

END = "<END>"
"""What every script ends with; generation stops at it and never shows it."""

SYSTEM = (
    "You write the words a museum visitor hears in front of one work of art. "
    "Use only the facts of its record: no colour, person, place or story that the record does "
    "not give. Speak in plain, short sentences, without symbols, abbreviations or headings. "
    f"Say the title, the artist, the date and the medium. End with {END}."
)

CORPUS = Path(__file__).parent / "corpus" / "guides.jsonl"

EXAMPLES: dict[str, tuple[str, ...]] = {
    "en": ("w0756-clear", "w0271-clear", "w0000-clear", "w0529-clear", "w0485-clear"),
    "fr": (
        "w0227-clear-fr",
        "w0271-clear-fr",
        "w0410-clear-fr",
        "w0354-clear-fr",
        "w1239-clear-fr",
    ),
    "de": (
        "w0248-clear-de",
        "w1234-clear-de",
        "w0267-clear-de",
        "w0030-clear-de",
        "w0115-clear-de",
    ),
    "es": (
        "w0102-clear-es",
        "w0541-clear-es",
        "w0081-clear-es",
        "w0074-clear-es",
        "w0137-clear-es",
    ),
    "it": (
        "w0141-clear-it",
        "w0088-clear-it",
        "w0392-clear-it",
        "w0004-clear-it",
        "w0158-clear-it",
    ),
}
"""Corpus rows shown to a model that was not trained on them: plain, sculpture, subjects, notes."""


@dataclass(frozen=True, slots=True)
class Request:
    """What kind of guide is asked for."""

    language: Language = "en"
    length: Length = "brief"
    style: Style = "clear"

    @property
    def instruction(self) -> str:
        """The line before the record."""
        fewest, most = WORDS[self.length]
        return (
            f"Write a {self.length} guide of {fewest} to {most} words in "
            f"{LANGUAGES[self.language]}, in the {self.style} style, for this record."
        )


@dataclass(frozen=True, slots=True)
class Example:
    """A record, what was asked, and the guide that a good writer gave."""

    artwork: Artwork
    request: Request
    script: str


@dataclass(frozen=True, slots=True)
class Prompt:
    """A rendered prompt; `text` begins with `prefix`, which does not depend on the work."""

    prefix: str
    text: str


Message = dict[str, str]


class ChatTemplate:
    """A model's own chat template, rendered in a sandbox: it comes with a downloaded file."""

    def __init__(self, source: str, bos_token: str = "", eos_token: str = "") -> None:
        self.tokens = {"bos_token": bos_token, "eos_token": eos_token}
        try:
            self._template = BoundedTemplate(source)
        except TemplateError as error:
            raise ModelError(f"The model's chat template is not valid Jinja: {error}.") from None

    def render(self, messages: Sequence[Message]) -> str:
        """The conversation as one text that ends where the model's answer begins.

        Raises:
            ModelError: the template fails on it; the sentence gives the template's own reason.
        """
        try:
            return self._render(messages)
        except TemplateError:
            # Some templates (early Mistral and Gemma) refuse a system message.
            merged = _system_into_first_user(messages)
        try:
            return self._render(merged)
        except TemplateError as error:
            raise ModelError(f"The model's chat template failed: {error}.") from None

    def _render(self, messages: Sequence[Message]) -> str:
        return self._template.render(messages=messages, add_generation_prompt=True, **self.tokens)


def build_prompt(
    artwork: Artwork, request: Request, template: ChatTemplate, examples: Sequence[Example] = ()
) -> Prompt:
    """The prompt for one work; `examples` come before it as earlier turns of the conversation."""
    placeholder = "\x00record\x00"
    prefix, found, _ = template.render(_messages(placeholder, examples)).partition(placeholder)
    text = template.render(_messages(_user(artwork, request), examples))
    # A template that rewrites what it is given shares nothing between works, and that is allowed.
    return Prompt(prefix if found and text.startswith(prefix) else "", text)


def completion(script: str) -> str:
    """What the model is trained to answer, before its own end token."""
    return f"{script.strip()}{END}"


def record_lines(artwork: Artwork, language: str = "en") -> list[str]:
    """The record as the prompt carries it, one field a line, attribution left out.

    The facts derived from it come last, in the guide's language, so that the model can copy what
    it cannot count.
    """
    fields = {
        "Title": artwork.title,
        "Artist": artwork.artist,
        "About the artist": artwork.artist_bio,
        "Date": artwork.date,
        "Form": artwork.form.value,
        "Medium": artwork.medium,
        "Dimensions": artwork.dimensions,
        "Subjects": "; ".join(artwork.subjects),
    }
    lines = [f"{name}: {_inert(value)}" for name, value in fields.items() if value]
    if artwork.notes:
        lines += ["Notes:", *(f"- {_inert(note)}" for note in artwork.notes)]
    if derived := derived_lines(artwork, language):
        lines += ["Worked out from the record:", *(f"- {_inert(line)}" for line in derived)]
    return lines


@cache
def load_examples(language: str) -> tuple[Example, ...]:
    """The corpus's examples in that language, for a model that was not trained on the corpus."""
    wanted = EXAMPLES.get(language, ())
    heads = {f'{{"id": "{name}",': name for name in wanted}
    rows = {}
    with CORPUS.open(encoding="utf-8") as file:
        for line in file:
            if name := heads.get(line[: line.find(",") + 1]):
                rows[name] = json.loads(line)
    return tuple(_example(rows[name]) for name in wanted)


def _example(row: dict[str, str]) -> Example:
    request = Request(row["language"], row["length"], row["style"])  # type: ignore[arg-type]
    return Example(parse_artwork(row["artwork"], row["id"]), request, row["script"])


def _messages(content: str, examples: Sequence[Example]) -> list[Message]:
    turns = [{"role": "system", "content": SYSTEM}]
    for example in examples:
        turns.append({"role": "user", "content": _user(example.artwork, example.request)})
        turns.append({"role": "assistant", "content": completion(example.script)})
    return [*turns, {"role": "user", "content": content}]


def _user(artwork: Artwork, request: Request) -> str:
    return "\n".join([request.instruction, "", *record_lines(artwork, request.language)])


def _inert(text: str) -> str:
    """One line of text in which nothing reads as a control token of some chat template."""
    text = re.sub(r"<(?=\S)", "< ", " ".join(text.split()))
    return re.sub(r"\[(?=/?[A-Z_]+\])", "[ ", text)


def _system_into_first_user(messages: Sequence[Message]) -> list[Message]:
    system, first, *rest = messages
    return [{"role": "user", "content": f"{system['content']}\n\n{first['content']}"}, *rest]


assert set(LANGUAGES) == set(get_args(Language))
