"""Which of llama.cpp's settings pay: flash attention, KV types, threads; all in turns, in one run.

python -m bench.llama_settings --model small --repeat 3
"""

from __future__ import annotations

import ctypes
import statistics
import time
from collections.abc import Callable
from typing import Any

import click
import llama_cpp
from rich.console import Console

from bench.common import machine
from infer.context import Context, exact_rows
from models.llama import LlamaModel, physical_cores
from models.resolve import resolve

SENTENCE = "The title of this painting is said first, then its artist, its date and its size. "


@click.command()
@click.option("--model", default="small", show_default=True, help="Name or path.")
@click.option("--repeat", default=3, show_default=True, help="Turns of each setting.")
@click.option("--prompt", default=512, show_default=True, help="Tokens read before 16 are written.")
def main(model: str, repeat: int, prompt: int) -> None:
    """Measure and print; in brackets the share of what the engine has."""
    found = resolve(model, Console(stderr=True))
    print(machine())
    print(f"model {model}, a prompt of {prompt:,} tokens and 16 behind it")
    with LlamaModel(found.path, adapter=found.adapter) as loaded:
        _compare(loaded, loaded.tokenize(SENTENCE * 200)[:prompt], repeat)


def _compare(model: LlamaModel, tokens: list[int], repeat: int) -> None:
    """Tokens a second of reading and writing under one changed setting each."""
    cores = physical_cores()
    flash, f16, q8 = llama_cpp.LLAMA_FLASH_ATTN_TYPE_ENABLED, 1, 8
    off = llama_cpp.LLAMA_FLASH_ATTN_TYPE_DISABLED
    settings: dict[str, dict[str, int]] = {
        "as the engine has it": {},
        "flash attention": {"flash_attn_type": flash},
        "flash attention, KV q8_0": {"flash_attn_type": flash, "type_k": q8, "type_v": q8},
        "keys q8_0": {"type_k": q8, "type_v": f16},
        "half the threads to write": {"n_threads": max(1, cores // 2)},
        "twice the threads to write": {"n_threads": 2 * cores},
    }
    contexts = {}
    for name, changes in settings.items():
        params = llama_cpp.llama_context_default_params()
        params.n_ctx, params.n_batch, params.n_ubatch = 2048, 256, 256
        params.n_threads = params.n_threads_batch = cores
        params.flash_attn_type = off
        for key, value in changes.items():
            setattr(params, key, value)
        contexts[name] = llama_cpp.llama_init_from_model(model.handle, params)
    figures: dict[str, list[tuple[float, float]]] = {name: [] for name in settings}
    for _ in range(repeat):
        for name, context in contexts.items():
            figures[name].append(_read_and_write(context, tokens))
    base = figures["as the engine has it"]
    for name, pairs in figures.items():
        reading = statistics.median(p[0] / b[0] for p, b in zip(pairs, base, strict=True))
        writing = statistics.median(p[1] / b[1] for p, b in zip(pairs, base, strict=True))
        read = statistics.median(pair[0] for pair in pairs)
        wrote = statistics.median(pair[1] for pair in pairs)
        print(
            f"{name:28} reading {read:6.1f} tokens/s ({reading:.2f}), "
            f"writing {wrote:5.1f} ({writing:.2f})"
        )
    for context in contexts.values():
        llama_cpp.llama_free(context)
    with Context(model, length=256, slots=8) as context:
        _timed("rows that give one row's numbers", lambda: exact_rows(context, 8))


def _read_and_write(context: Any, tokens: list[int]) -> tuple[float, float]:
    """Tokens a second of reading the prompt, and of writing 16 behind it."""
    llama_cpp.llama_memory_clear(llama_cpp.llama_get_memory(context), True)
    started = time.perf_counter()
    for at in range(0, len(tokens), 256):
        _decode(context, tokens[at : at + 256])
    read = time.perf_counter()
    for token in tokens[:16]:
        _decode(context, [token])
    return len(tokens) / (read - started), 16 / (time.perf_counter() - read)


def _decode(context: Any, tokens: list[int]) -> None:
    array = (llama_cpp.llama_token * len(tokens))(*tokens)
    llama_cpp.llama_decode(context, llama_cpp.llama_batch_get_one(array, len(tokens)))
    # Without asking for the logits the call may return before they are there.
    ctypes.c_float.from_address(
        ctypes.cast(llama_cpp.llama_get_logits_ith(context, -1), ctypes.c_void_p).value or 0
    )


def _timed(name: str, work: Callable[[], object]) -> None:
    started = time.perf_counter()
    print(f"{name}: {work()}, found in {time.perf_counter() - started:.1f} s")


if __name__ == "__main__":
    main()
