"""How far a quantized model's distributions are from those of its 16-bit original.

    with Reference.compute(f16_model, texts, Path("work")) as reference:
        reference.compare(quantized_model)      # Distance(kl=0.002, top_1=0.98, perplexity=…)

Measured where it matters: over the tokens of held-out guides, given their prompts. The original's
log-probabilities lie in a file of 2 bytes a token and word of the vocabulary, so that neither the
two models nor the distributions need be in memory together.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from data.errors import ModelError
from models.forward import Forward
from models.llama import LlamaModel

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Text:
    """Tokens of a prompt and its guide; measured from token `first`, where the guide begins."""

    tokens: list[int]
    first: int


@dataclass(frozen=True, slots=True)
class Distance:
    """Means over all measured tokens; the divergence in nats a token."""

    kl: float
    kl_error: float  # standard error of the mean
    kl_worst: float  # 99th percentile
    top_1: float  # share of tokens where both find the same word likeliest
    perplexity: float
    reference_perplexity: float
    tokens: int


class Reference:
    """The log-probabilities of a 16-bit model, kept in a file while others are compared."""

    def __init__(self, path: Path, texts: Sequence[Text], vocabulary: int) -> None:
        import numpy as np

        self.path, self.texts = path, list(texts)
        rows = sum(len(text.tokens) - text.first for text in texts)
        self._rows: Any = np.memmap(path, dtype=np.float16, mode="w+", shape=(rows, vocabulary))

    @classmethod
    def compute(
        cls, model: LlamaModel, texts: Sequence[Text], folder: Path, threads: int | None = None
    ) -> Self:
        """Run the original over the texts; the file is removed when the reference is closed."""
        import llama_cpp

        vocabulary = llama_cpp.llama_vocab_n_tokens(model.vocab)
        reference = cls(folder / "reference.logits", texts, vocabulary)
        start = 0
        with Forward(model, threads=threads) as forward:
            for text in texts:
                rows = forward.log_probs(text.tokens, text.first)
                reference._rows[start : start + len(rows)] = rows
                start += len(rows)
        return reference

    @staticmethod
    def bytes_needed(texts: Sequence[Text], vocabulary: int) -> int:
        """Size of the file."""
        return 2 * vocabulary * sum(len(text.tokens) - text.first for text in texts)

    def own(self) -> Distance:
        """The original's distance from itself, for its perplexity; nothing is computed again."""
        import numpy as np

        parts = []
        start = 0
        for text in self.texts:
            count = len(text.tokens) - text.first
            rows = np.asarray(self._rows[start : start + count], dtype=np.float32)
            parts.append(_compared(rows, rows, text.tokens[text.first :]))
            start += count
        return _summary(np.concatenate(parts))

    def compare(self, model: LlamaModel, threads: int | None = None) -> Distance:
        """Run another model over the same texts.

        Raises:
            ModelError: its vocabulary is of another size.
        """
        import llama_cpp
        import numpy as np

        vocabulary = llama_cpp.llama_vocab_n_tokens(model.vocab)
        if vocabulary != self._rows.shape[1]:
            raise ModelError(
                f"{model.path} has {vocabulary} tokens and the reference {self._rows.shape[1]}; "
                "they are not the same model."
            )
        parts = []
        start = 0
        with Forward(model, threads=threads) as forward:
            for text in self.texts:
                ours = forward.log_probs(text.tokens, text.first)
                theirs = np.asarray(self._rows[start : start + len(ours)], dtype=np.float32)
                parts.append(_compared(theirs, ours, text.tokens[text.first :]))
                start += len(ours)
        return _summary(np.concatenate(parts))

    def close(self) -> None:
        """Remove the file; closing twice does nothing."""
        del self._rows
        self.path.unlink(missing_ok=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        self.close()


def _compared(
    reference: NDArray[np.float32], other: NDArray[np.float32], tokens: Sequence[int]
) -> NDArray[np.float64]:
    """A row a token: divergence, whether the likeliest agree, and both log-probabilities of it."""
    import numpy as np

    probability = np.exp(reference.astype(np.float64))
    # What 16 bits lost of the reference is made up for: a model is at no distance from itself.
    total = probability.sum(axis=1, keepdims=True)
    normal = reference - np.log(total)
    other = normal if other is reference else other
    divergence = (probability / total * (normal - other)).sum(axis=1)
    index = np.arange(len(tokens))
    return np.stack(
        [
            divergence,
            reference.argmax(axis=1) == other.argmax(axis=1),
            normal[index, list(tokens)],
            other[index, list(tokens)],
        ],
        axis=1,
    )


def _summary(rows: NDArray[np.float64]) -> Distance:
    import numpy as np

    divergence, agreed, theirs, ours = rows.T
    return Distance(
        kl=float(divergence.mean()),
        kl_error=float(divergence.std() / math.sqrt(len(rows))),
        kl_worst=float(np.percentile(divergence, 99)),
        top_1=float(agreed.mean()),
        perplexity=math.exp(-float(ours.mean())),
        reference_perplexity=math.exp(-float(theirs.mean())),
        tokens=len(rows),
    )
