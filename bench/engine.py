"""The engine against the bare llama.cpp loop: speed alone and in company, waits, memory, checks.

    python -m bench.engine --model small
    python -m bench.engine --model tiny --repeat 7 --part single
    python -m bench.engine --model tiny --guides 1000      # is memory flat?

Every ratio is of figures taken in the same run, in turns, so that what else the machine does
falls on both. Speaking pace is 150 words a minute, 3.4 tokens a second.
"""

from __future__ import annotations

import gc
import statistics
import threading
import time
from pathlib import Path
from typing import Any

import click
import llama_cpp
import psutil
from rich.console import Console

from bench.common import machine, summary
from data.artwork import Artwork
from data.prompt import Prompt, Request, build_prompt, load_examples
from data.records import read_records
from infer.context import Context
from infer.engine import Engine
from infer.options import Options, Sampling
from infer.result import Telling
from infer.samplers import Sampler
from models.llama import LlamaModel, physical_cores
from models.resolve import resolve

EXAMPLE = Path(__file__).parents[1] / "data" / "examples" / "girl-with-a-pearl-earring.json"
PACE = 3.4
TOKENS = 48


@click.command()
@click.option("--model", default="small", show_default=True, help="Name or path.")
@click.option("--repeat", default=5, show_default=True, help="Turns of each measurement.")
@click.option("--guides", default=0, help="Only write so many guides and watch memory.")
@click.option(
    "--part",
    type=click.Choice(["all", "single", "steps", "company", "sentence"]),
    default="all",
    help="Only one of the measurements.",
)
def main(model: str, repeat: int, guides: int, part: str) -> None:
    """Measure and print."""
    found = resolve(model, Console(stderr=True))
    print(machine())
    print(f"model {model}, {found.path.stat().st_size / 1e9:.2f} GB")
    artwork = next(iter(read_records(EXAMPLE))).artwork
    with LlamaModel(found.path, adapter=found.adapter) as loaded:
        template = loaded.chat_template()
        plain = build_prompt(artwork, Request(), template)
        if guides:
            _memory(loaded, plain, guides)
            return
        if part in ("all", "single"):
            _single(loaded, plain, _bandwidth(repeat), repeat)
        if part in ("all", "steps"):
            _steps(loaded, repeat)
        if part in ("all", "company"):
            _company(loaded, plain, repeat)
        if part in ("all", "sentence"):
            shown = load_examples("en") if found.examples else ()
            prompt = build_prompt(artwork, Request(), template, shown)
            _first_sentence(loaded, artwork, prompt, repeat)


# One stream


def _single(model: LlamaModel, prompt: Prompt, bandwidth: float, repeat: int) -> None:
    tokens = model.tokenize(prompt.text)
    bare, engine_, high = [], [], []
    with Engine(model, slots=1, context=1024) as engine:
        loop, whole = _BareLoop(model, tokens), _HighLevel(model, tokens)
        _engine_rate(engine, prompt, 0)
        for turn in range(repeat):
            bare.append(loop.rate())
            engine_.append(_engine_rate(engine, prompt, turn))
            high.append(whole.rate())
        loop.close()
        whole.close()
    print(f"bare loop           {summary(bare, 'tokens/s', 1)}")
    print(f"engine, one slot    {summary(engine_, 'tokens/s', 1)}")
    print(f"llama_cpp.Llama     {summary(high, 'tokens/s', 1)}")
    shares = [ours / theirs for ours, theirs in zip(engine_, bare, strict=True)]
    print(f"engine / bare loop  {summary(shares, 'of it')}")
    limit = bandwidth / model.path.stat().st_size
    print(
        f"memory read         {bandwidth / 1e9:.1f} GB/s, so at most {limit:.1f} tokens/s; "
        f"the engine's share {statistics.median(engine_) / limit:.2f}"
    )


def _engine_rate(engine: Engine, prompt: Prompt, seed: int) -> float:
    with engine.submit(prompt, Sampling(seed=seed), TOKENS) as request:
        for _ in request:
            pass
        return request.measures().tokens_per_second


class _BareLoop:
    """Decode and sample, nothing else, on llama.cpp's own defaults but for the threads."""

    def __init__(self, model: LlamaModel, tokens: list[int]) -> None:
        params = llama_cpp.llama_context_default_params()
        params.n_ctx = 1024
        params.n_threads = params.n_threads_batch = physical_cores()
        self._context: Any = llama_cpp.llama_init_from_model(model.handle, params)
        self._model, self._tokens = model, tokens

    def rate(self) -> float:
        """Tokens a second after the first."""
        context = self._context
        llama_cpp.llama_memory_clear(llama_cpp.llama_get_memory(context), True)
        self._decode(self._tokens)
        with Sampler(Sampling(seed=1)) as sampler:
            token = sampler.draw(context, -1)
            started, drawn = time.perf_counter(), 0
            while drawn < TOKENS - 1 and not self._model.is_end(token):
                self._decode([token])
                token = sampler.draw(context, -1)
                drawn += 1
            return drawn / (time.perf_counter() - started)

    def _decode(self, tokens: list[int]) -> None:
        array = (llama_cpp.llama_token * len(tokens))(*tokens)
        batch = llama_cpp.llama_batch_get_one(array, len(tokens))
        if llama_cpp.llama_decode(self._context, batch):
            raise SystemExit("llama.cpp could not decode.")

    def close(self) -> None:
        llama_cpp.llama_free(self._context)


class _HighLevel:
    """`llama_cpp.Llama` on the same file."""

    def __init__(self, model: LlamaModel, tokens: list[int]) -> None:
        cores = physical_cores()
        self._llama = llama_cpp.Llama(
            str(model.path), n_ctx=1024, n_threads=cores, n_threads_batch=cores, verbose=False
        )
        self._tokens = tokens

    def rate(self) -> float:
        """Tokens a second after the first."""
        started, drawn = 0.0, -1
        for token in self._llama.generate(self._tokens, temp=0.7, min_p=0.05, top_p=0.95):
            started = started or time.perf_counter()
            drawn += 1
            if drawn == TOKENS - 1 or token == self._llama.token_eos():
                break
        return drawn / (time.perf_counter() - started)

    def close(self) -> None:
        self._llama.close()


def _bandwidth(repeat: int) -> float:
    """Bytes a second that all cores together read from memory, at best."""
    import numpy as np

    cores = physical_cores()
    parts = np.array_split(np.ones(2**26), cores)  # 512 MB, far beyond any cache
    best = 0.0
    for _ in range(repeat + 2):
        threads = [threading.Thread(target=part.sum) for part in parts]
        started = time.perf_counter()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        best = max(best, sum(part.nbytes for part in parts) / (time.perf_counter() - started))
    return best


# Several listeners


def _steps(model: LlamaModel, repeat: int) -> None:
    """Milliseconds of one step of 1 to 8 rows, each behind a prompt."""
    tokens = model.tokenize("The title is said first, then the artist. " * 20)[:150]
    took: dict[int, list[float]] = {size: [] for size in range(1, 9)}
    with Context(model, length=256, slots=8) as context:
        for slot in range(8):
            context.read(slot, tokens, 0)
        for _ in range(repeat):
            for size, found in took.items():
                started = time.perf_counter()
                context.step([(slot, 100 + slot, len(tokens)) for slot in range(size)])
                context.logits(0)  # a step may return before its numbers are there
                found.append(1000 * (time.perf_counter() - started))
                for slot in range(size):
                    context.forget(slot, len(tokens))
    for size, found in took.items():
        print(f"a step of {size} rows    {summary(found, 'ms', 0)}")


def _company(model: LlamaModel, prompt: Prompt, repeat: int) -> None:
    """Total speed with 1, 4 and 8 listeners, in turns; exact and as fast as may be."""
    for exact in (True, False):
        with Engine(model, slots=8, context=1024, exact=exact) as engine:
            rates: dict[int, list[float]] = {1: [], 4: [], 8: []}
            slowest: dict[int, list[float]] = {1: [], 4: [], 8: []}
            _listeners(engine, prompt, 8)  # the prefix into every slot
            for _ in range(repeat):
                for count, found in rates.items():
                    total, least = _listeners(engine, prompt, count)
                    found.append(total)
                    slowest[count].append(least)
            kind = f"at most {engine.rows} rows at once" + (", exact" if exact else "")
            print(f"several listeners, {kind}")
            for count in rates:
                gain = [a / b for a, b in zip(rates[count], rates[1], strict=True)]
                pace = statistics.median(slowest[count])
                print(
                    f"  {count} listeners       {summary(rates[count], 'tokens/s', 1)}; "
                    f"{statistics.median(gain):.2f} times one; the slowest listener {pace:.1f} "
                    f"tokens/s ({'at least' if pace >= PACE else 'below'} speaking pace)"
                )


def _listeners(engine: Engine, prompt: Prompt, count: int) -> tuple[float, float]:
    """Tokens a second of all together while all are writing, and of the slowest."""
    requests = [engine.submit(prompt, Sampling(seed=n), TOKENS) for n in range(count)]

    def listen(request: Any) -> None:
        for _ in request:
            pass

    threads = [threading.Thread(target=listen, args=(r,)) for r in requests]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    begun = max(r.first_at for r in requests)  # all prompts are read
    ended = max(r.ended_at for r in requests)
    written = sum(
        r.drawn * max(0.0, r.ended_at - max(begun, r.first_at)) / (r.ended_at - r.first_at)
        for r in requests
        if r.ended_at > r.first_at
    )
    least = min(r.measures().tokens_per_second for r in requests)
    for request in requests:
        request.close()
    return written / (ended - begun), least


# The first sentence, and what the check takes


def _first_sentence(model: LlamaModel, artwork: Artwork, prompt: Prompt, repeat: int) -> None:
    first, checks, redraws, seconds = [], [], [], []
    options = Options(Request(), model.path.stem, Sampling(), 260)
    with Engine(model, slots=1) as engine:
        _engine_rate(engine, prompt, 0)  # reads the prefix
        for seed in range(repeat):
            request = engine.submit(prompt, Sampling(seed=seed), 260)
            telling = Telling(artwork, options.with_seed(seed), "", request)
            for _ in telling:
                pass
            result = telling.result()
            first.append(result["time_to_first_sentence"])
            checks.append(100 * result["check_seconds"] / result["seconds"])
            redraws.append(float(result["redraws"]))
            seconds.append(result["seconds"])
    print(f"first sentence      {summary(first, 's')} with a warm prefix")
    print(f"whole guide         {summary(seconds, 's', 1)}, {statistics.mean(redraws):.1f} redraws")
    print(f"fact check          {summary(checks, '% of the time', 1)}")


# Memory over many guides


def _memory(model: LlamaModel, prompt: Prompt, guides: int) -> None:
    process = psutil.Process()
    with Engine(model, slots=4, context=1024, queue=guides) as engine:
        for number in range(guides):
            if number % max(1, guides // 10) == 0:
                gc.collect()
                print(f"  {number:5} guides     {process.memory_info().rss / 1e6:.1f} MB")
            with engine.submit(prompt, Sampling(seed=number), 8) as request:
                for _ in request:
                    pass
                request.rewind(3, seed=number)
                for _ in request:
                    pass
        gc.collect()
        print(f"  {guides:5} guides     {process.memory_info().rss / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
