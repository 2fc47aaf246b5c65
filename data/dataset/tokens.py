"""Tokens as the model counts them: its own vocabulary and chat template, from its GGUF file.

    with TokenCounter(resolve("small", console).path) as counter:
        counter.count(row)    # Counted(prompt="<|im_start|>system…", tokens=386, learnt=112)

The one module of `data` that stands on `models`, which knows how to read a model's file.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from data.dataset.rows import Row
from data.prompt import build_prompt, completion


@dataclass(frozen=True, slots=True)
class Counted:
    """A row as one model reads it: its prompt, tokens in all, and tokens learnt."""

    prompt: str
    tokens: int
    learnt: int


class TokenCounter:
    """A model's vocabulary; what it counts is what training feeds it."""

    def __init__(self, path: Path) -> None:
        """Open the model's file.

        Raises:
            ModelError: it cannot be used, or has no chat template.
        """
        from models.llama import LlamaModel

        self._model = LlamaModel(path)
        self._template = self._model.chat_template()

    def count(self, row: Row) -> Counted:
        """Prompt, tokens in all (the end token with them) and tokens of the completion."""
        prompt = build_prompt(row.artwork, row.request, self._template).text
        learnt = len(self._model.tokenize(completion(row.script))) + 1
        return Counted(prompt, len(self._model.tokenize(prompt)) + learnt, learnt)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._model.close()


def find_model(name: str) -> Path:
    """The file of a model by name or path; one of the catalog is fetched if it is absent.

    Raises:
        ModelError: it is unknown or absent.
        DownloadError: it could not be fetched.
    """
    from rich.console import Console

    from models.resolve import resolve

    return resolve(name, Console(stderr=True)).path
