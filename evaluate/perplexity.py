"""How well a model foretells the reference: perplexity, and bits a character.

    with ReferenceScorer(resolve("small", console)) as scorer:
        scorer.score(task)    # Score(nats=104.2, tokens=93, characters=402)

The model reads the very prompt it writes from. What prompts have in common (the system line, the
examples) stays in the KV cache from one task to the next.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Self

import llama_cpp

from data.prompt import build_prompt, completion, load_examples
from infer.options import CONTEXT
from models.forward import Forward
from models.llama import TRAINED, LlamaModel
from models.resolve import ResolvedModel

if TYPE_CHECKING:
    from evaluate.works import Task

_BATCH = 256


@dataclass(frozen=True, slots=True)
class Score:
    """What a reference costs: natural logarithms, tokens, and characters of the script."""

    nats: float
    tokens: int
    characters: int

    @property
    def perplexity(self) -> float:
        """Of a token, the end marker with them."""
        return math.exp(self.nats / self.tokens)

    @property
    def bits(self) -> float:
        """Of a character: it does not depend on how the model cuts text into tokens."""
        return self.nats / math.log(2) / self.characters


class _PrefixForward(Forward):
    """A context that keeps what two texts begin with."""

    def __init__(self, model: LlamaModel) -> None:
        super().__init__(model, context=CONTEXT)
        self._held: list[int] = []

    def nats(self, tokens: list[int], first: int) -> float:
        """Minus the log probability of tokens `first` to the last, given those before."""
        import numpy as np

        shared = _shared(self._held, tokens[: first - 1])
        llama_cpp.llama_memory_seq_rm(self._memory, 0, shared, -1)
        self._held = self._held[:shared]
        total = 0.0
        for start in range(shared, len(tokens) - 1, _BATCH):
            piece = tokens[start : min(start + _BATCH, len(tokens) - 1)]
            wanted = range(max(start, first - 1), start + len(piece))
            self._decode(piece, start, wanted)
            self._held += piece
            for position in wanted:
                logits = self._logits(position - start).astype(np.float64)
                total += float(np.logaddexp.reduce(logits) - logits[tokens[position + 1]])
        return total


class ReferenceScorer:
    """A loaded model that reads references."""

    def __init__(self, resolved: ResolvedModel) -> None:
        """Load it.

        Raises:
            ModelError: it cannot be loaded, or has no chat template.
        """
        self._model = LlamaModel(
            resolved.path, architecture=resolved.architecture, adapter=resolved.adapter
        )
        try:
            self._template = self._model.chat_template()
            self._examples = resolved.examples and self._model.metadata(TRAINED) != "true"
            self._forward = _PrefixForward(self._model)
        except BaseException:
            self._model.close()
            raise

    def score(self, task: Task) -> Score | None:
        """The reference of a task; None where it has none, or where it does not fit."""
        if not task.reference:
            return None
        examples = load_examples(task.request.language) if self._examples else ()
        prompt = build_prompt(task.artwork, task.request, self._template, examples)
        read = self._model.tokenize(prompt.text)
        learnt = self._model.tokenize(completion(task.reference))
        if len(read) + len(learnt) > self._forward.context:
            return None
        nats = self._forward.nats(read + learnt, len(read))
        return Score(nats, len(learnt), len(task.reference))

    def close(self) -> None:
        """Free context and weights."""
        self._forward.close()
        self._model.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        self.close()


def _shared(one: list[int], other: list[int]) -> int:
    length = 0
    for ours, theirs in zip(one, other, strict=False):
        if ours != theirs:
            break
        length += 1
    return length
