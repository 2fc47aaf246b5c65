"""Steps a second and peak memory of training, each configuration in a process of its own.

python -m bench.train_speed --train data/processed/train.jsonl
python -m bench.train_speed --train … --base models/cache/… --only "unsloth packed"

Without `--base` the model has Mistral-7B's shape and random weights: speed and memory need no
better. Its vocabulary is the first 32,768 tokens of `tiny`'s. The rows, the order and the rows a
step (8) are the same in every configuration; the first steps, in which kernels are compiled and
caches filled, are left out, and the median of the others is told.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import click

CONFIGURATIONS: dict[str, dict[str, str]] = {
    "peft padded": {"backend": "peft", "batching": "padded"},
    "unsloth padded": {"backend": "unsloth", "batching": "padded"},
    "unsloth padding-free": {"backend": "unsloth", "batching": "padding-free"},
    "unsloth packed": {"backend": "unsloth", "batching": "packed"},
    "peft packed": {"backend": "peft", "batching": "packed"},
}
"""The first is plain TRL + PEFT + bitsandbytes at the original project's batch of 2 × 4."""

VOCABULARY = 32768
LIMIT = 280  # seconds that a configuration may take


@click.command()
@click.option("--train", "rows", type=click.Path(exists=True, path_type=Path), required=True)
@click.option("--base", type=click.Path(path_type=Path), help="A Hugging Face folder.")
@click.option("--only", multiple=True, help="Of the configurations; may be given several times.")
@click.option("--steps", default=40, show_default=True)
@click.option("--skip", default=12, show_default=True, help="First steps left out.")
@click.option("--longest", default=512, show_default=True, help="Longer rows are left out.")
@click.option("--change", multiple=True, metavar="KEY=VALUE", help="Of the recipe mistral-7b.")
@click.option("--gpus", default=1, show_default=True, help="That share each step's rows.")
@click.option("--out", type=click.Path(path_type=Path), help="JSON lines of all figures.")
@click.option("--one", hidden=True, help="Measure one configuration in this process.")
def main(
    rows: Path,
    base: Path | None,
    only: tuple[str, ...],
    steps: int,
    skip: int,
    longest: int,
    change: tuple[str, ...],
    gpus: int,
    out: Path | None,
    one: str | None,
) -> None:
    """Measure the configurations one after the other and print a table."""
    if one:
        assert base is not None
        result = measure(one, rows, base, steps, skip, longest, change)
        if result:
            print(json.dumps(result))
        return
    base = base or random_base(Path(tempfile.gettempdir()) / "random-7b")
    results = []
    for name in only or CONFIGURATIONS:
        command = [sys.executable, "-m", *_launcher(gpus), "bench.train_speed", "--one", name]
        command += ["--train", str(rows)]
        command += ["--base", str(base), "--steps", str(steps), "--skip", str(skip)]
        command += ["--longest", str(longest), *(f"--change={c}" for c in change)]
        results.append(_run(name, command))
        print(json.dumps(results[-1]), flush=True)
        if out:
            with out.open("a", encoding="utf-8") as file:
                file.write(json.dumps(results[-1]) + "\n")
    _print_table(results)


def measure(
    name: str,
    rows: Path,
    base: Path,
    steps: int,
    skip: int,
    longest: int,
    change: tuple[str, ...],
) -> dict[str, Any]:
    """Train so many steps and tell their median time and the peaks of memory."""
    from statistics import median

    import torch
    from rich.console import Console

    from train.fit import open_run, prepare, run_job
    from train.hardware import is_first_process
    from train.recipe import load_recipe

    settings = CONFIGURATIONS[name] | {"base": str(base), "gguf": "", "train": str(rows)}
    settings |= {"validation": str(rows), "validation_rows": "2", "samples": "0"}
    settings |= {"max_steps": str(steps), "max_length": "4096"}
    changes = [*(f"{key}={value}" for key, value in settings.items()), *change]
    console = Console(stderr=True)
    with tempfile.TemporaryDirectory() as folder:
        job = prepare(load_recipe("mistral-7b", changes), console)
        job.data.train[:] = [row for row in job.data.train if len(row.input_ids) <= longest]
        run = open_run(job, Path(folder) / "run", console)
        begin = time.perf_counter()
        run_job(job, run, console)
        if not is_first_process():
            return {}
        lines = [m for m in run.metrics() if "loss" in m and m["step"] > skip]
    seconds = median(line["seconds"] for line in lines)
    return {
        "name": name,
        "steps_per_second": round(1 / seconds, 3),
        "slowest": round(1 / max(line["seconds"] for line in lines), 3),
        "tokens_per_second": round(median(line["tokens_per_second"] for line in lines)),
        "peak_mib": round(torch.cuda.max_memory_allocated() / 2**20),
        "loading_mib": round(run.info.final["loading_memory"] / 2**20),
        "reserved_mib": round(torch.cuda.max_memory_reserved() / 2**20),
        "whole_s": round(time.perf_counter() - begin, 1),
        "loss": round(lines[-1]["loss"], 4),
        "device": job.hardware.name,
        "gpus": job.hardware.devices,
        "rows": len(job.data.train),
        "versions": run.info.versions,
    }


def _launcher(gpus: int) -> list[str]:
    if gpus == 1:
        return []
    options = ["--num_processes", str(gpus), "--multi_gpu", "--num_machines", "1"]
    options += ["--mixed_precision", "no", "--dynamo_backend", "no", "--module"]
    return ["accelerate.commands.launch", *options]


def random_base(folder: Path) -> Path:
    """Mistral-7B-Instruct-v0.3's shape with random weights, and a tokenizer of its vocabulary."""
    import torch
    from transformers import AutoModelForCausalLM, MistralConfig

    if (folder / "config.json").exists():
        return folder
    tokenizer = truncated_tokenizer(VOCABULARY)
    config = MistralConfig(
        vocab_size=VOCABULARY,
        hidden_size=4096,
        intermediate_size=14336,
        num_hidden_layers=32,
        num_attention_heads=32,
        num_key_value_heads=8,
        head_dim=128,
        rope_parameters={"rope_type": "default", "rope_theta": 1e6},
        max_position_embeddings=32768,
        sliding_window=None,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        dtype="bfloat16",
    )
    torch.set_default_dtype(torch.bfloat16)
    with torch.device("cuda" if torch.cuda.is_available() else "cpu"):
        model = AutoModelForCausalLM.from_config(config)  # type: ignore[no-untyped-call]
    torch.set_default_dtype(torch.float32)
    model.cpu().save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def truncated_tokenizer(size: int) -> Any:
    """`tiny`'s tokenizer with its first so many tokens: merges come in the order of the tokens."""
    from rich.console import Console
    from tokenizers import Tokenizer
    from transformers import PreTrainedTokenizerFast

    from models.hf import gguf_tokenizer
    from models.resolve import resolve

    whole = gguf_tokenizer(resolve("tiny", Console(stderr=True)).path)
    parts = json.loads(whole.backend_tokenizer.to_str())
    model = parts["model"]
    model["vocab"] = {token: n for token, n in model["vocab"].items() if n < size}
    model["merges"] = [pair for pair in model["merges"] if "".join(pair) in model["vocab"]]
    small = PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=Tokenizer.from_str(json.dumps(parts)),
        bos_token=whole.bos_token,
        eos_token=whole.eos_token,
        pad_token=whole.pad_token,
    )
    small.chat_template = whole.chat_template
    return small


def _run(name: str, command: list[str]) -> dict[str, Any]:
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, timeout=LIMIT, check=True)
        result: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    except (subprocess.SubprocessError, ValueError, IndexError) as error:
        return {"name": name, "failed": f"{type(error).__name__}: {error}"[:300]}
    return result


def _print_table(results: list[dict[str, Any]]) -> None:
    first = results[0].get("steps_per_second")
    for result in results:
        if "failed" in result:
            print(f"{result['name']:22} failed: {result['failed']}")
            continue
        ratio = f"{result['steps_per_second'] / first:5.2f} ×" if first else ""
        print(
            f"{result['name']:22} {result['steps_per_second']:6.3f} steps/s {ratio} "
            f"{result['tokens_per_second']:8,} tokens/s  peak {result['peak_mib']:6,} MiB  "
            f"{result['whole_s']:6.1f} s in all"
        )
    print(next((r["device"] for r in results if "device" in r), "no device"))


if __name__ == "__main__":
    main()
