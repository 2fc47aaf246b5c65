"""How one token is drawn, and how a redraw gets a seed of its own.

with Sampler(Sampling(seed=1)) as sampler:
    token = sampler.draw(context, row)
"""

from __future__ import annotations

import hashlib
from types import TracebackType
from typing import Any, Self

import llama_cpp

from infer.options import Sampling


class Sampler:
    """llama.cpp's chain for one guide; the same settings and logits give the same tokens."""

    def __init__(self, sampling: Sampling) -> None:
        chain = llama_cpp.llama_sampler_chain_init(llama_cpp.llama_sampler_chain_default_params())
        for link in _links(sampling):
            llama_cpp.llama_sampler_chain_add(chain, link)
        self._chain: Any = chain

    def draw(self, context: Any, row: int) -> int:
        """The next token from the logits of a row of the batch last decoded; -1 is the last."""
        return int(llama_cpp.llama_sampler_sample(self._chain, context, row))

    def close(self) -> None:
        """Free the chain; closing twice does nothing."""
        if self._chain:
            llama_cpp.llama_sampler_free(self._chain)
            self._chain = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        self.close()


def derived_seed(seed: int, *path: int) -> int:
    """A 32-bit seed for a part of a guide, such as its third sentence's second try."""
    key = ":".join(map(str, (seed, *path))).encode()
    return int.from_bytes(hashlib.blake2b(key, digest_size=4).digest(), "little")


def _links(sampling: Sampling) -> list[Any]:
    if sampling.temperature <= 0:
        return [llama_cpp.llama_sampler_init_greedy()]
    # min-p first: it is the one that needs no sorting of a hundred thousand candidates.
    return [
        llama_cpp.llama_sampler_init_min_p(sampling.min_p, 1),
        llama_cpp.llama_sampler_init_top_p(sampling.top_p, 1),
        llama_cpp.llama_sampler_init_temp(sampling.temperature),
        llama_cpp.llama_sampler_init_dist(sampling.seed & 0xFFFFFFFF),
    ]
