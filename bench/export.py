"""Time and peak memory of every step of an export, beside the bare converter and quantizer.

    python bench/export.py tiny small
    python bench/export.py 7b --folder /scratch      # random weights of Mistral 7B's shape, 60 GB

Each step runs in a process of its own, whose time and most resident memory are told. `tokens`
compares every prompt and guide of the whole corpus between the Hugging Face tokenizer made of a
GGUF and llama.cpp.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench.common import machine
from export.files import gigabytes

ROOT = Path(__file__).parents[1]
TYPE = "Q4_K_M"
MISTRAL_7B = {
    "vocab_size": 49152,  # of `tiny`, whose tokenizer the converter is given
    "hidden_size": 4096,
    "intermediate_size": 14336,
    "num_hidden_layers": 32,
    "num_attention_heads": 32,
    "num_key_value_heads": 8,
}


def main() -> None:
    """Measure the models named on the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=_Raw)
    parser.add_argument("models", nargs="+", choices=["tiny", "small", "7b", "tokens"])
    parser.add_argument("--folder", type=Path, help="where to write  [default: a temporary folder]")
    parser.add_argument("--step", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)
    if "--step" in sys.argv:
        _step(*sys.argv[sys.argv.index("--step") + 1 :])
        return
    arguments = parser.parse_args()
    sys.stdout.write(f"{machine()}\n")
    for model in arguments.models:
        with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
            for line in _tokens() if model == "tokens" else _measure(model, Path(folder)):
                sys.stdout.write(f"{line}\n")
                sys.stdout.flush()


class _Raw(argparse.RawDescriptionHelpFormatter):
    """Keeps the lines of this file's docstring."""


def _measure(model: str, folder: Path) -> Iterator[str]:
    from export.converter import converter_folder
    from models.catalog import get_entry, models_folder

    converter = converter_folder(models_folder() / "cache")
    base, merged = folder / "base", folder / "merged"
    f16, quantized = folder / "x-F16.gguf", folder / f"x-{TYPE}.gguf"
    yield f"\n{model}"
    if model == "7b":
        yield _told("random base", "random", base)
    else:
        yield _told("dequantize the GGUF", "dequantize", get_entry(model).path, folder / "cache")
        base = next(path for path in (folder / "cache").iterdir() if path.is_dir())
    _run_step("adapter", base, folder / "adapter")
    yield _told("merge", "merge", base, folder / "adapter", merged)
    shutil.rmtree(base)
    yield _told("convert", "convert", merged, f16, converter)
    f16.unlink()
    bare = converter / "convert_hf_to_gguf.py"
    yield _told(
        "  the bare converter", sys.executable, bare, merged, "--outfile", f16, "--outtype", "f16"
    )
    shutil.rmtree(merged)
    yield _told(f"quantize to {TYPE}", "quantize", f16, quantized)
    size = quantized.stat().st_size
    quantized.unlink()
    yield _told("  the bare quantizer", "bare-quantize", f16, quantized)
    yield f"  {'':28} {gigabytes(f16.stat().st_size)} in 16 bits, {gigabytes(size)} in {TYPE}"


def _told(label: str, *command: Any) -> str:
    seconds, memory = _run_step(*command)
    return f"  {label:28} {seconds:8.1f} s   {gigabytes(memory):>9}"


def _run_step(*command: Any) -> tuple[float, int]:
    """Run a step in its own process; returns seconds and most resident bytes."""
    words = [str(word) for word in command]
    if words[0] != sys.executable:
        words = [sys.executable, __file__, "--step", *words]
    begun = time.perf_counter()
    process = subprocess.Popen(words, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    assert process.stderr is not None
    said = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - begun
    if status:
        sys.exit(f"{' '.join(words)} failed:\n{said.decode(errors='replace')[-2000:]}")
    # This program holds little itself, so that what a child inherits of its peak does not matter.
    return seconds, usage.ru_maxrss * 1024


def _step(name: str, *words: str) -> None:
    """One step, in the process that was started for it."""
    paths = [Path(word) for word in words]
    if name == "random":
        _random_model(paths[0])
    elif name == "dequantize":
        from models.hf import base_model_folder

        base_model_folder(paths[0], paths[1])
    elif name == "adapter":
        _random_adapter(*paths)
    elif name == "merge":
        from export.merge import merge

        merge(*paths)
    elif name == "convert":
        from export.convert import Facts, convert_model

        convert_model(paths[0], paths[1], Facts("bench", "0", "bench"), paths[2])
    elif name == "quantize":
        from export.quantize import quantize

        quantize(paths[0], paths[1], TYPE)
    elif name == "bare-quantize":
        import llama_cpp

        params = llama_cpp.llama_model_quantize_default_params()
        params.ftype = llama_cpp.LLAMA_FTYPE_MOSTLY_Q4_K_M
        status = llama_cpp.llama_model_quantize(words[0].encode(), words[1].encode(), params)
        sys.exit(status)


def _random_model(out: Path) -> None:
    """Random float16 weights of Mistral 7B's shape, with the vocabulary of `tiny`."""
    import numpy as np
    import torch
    import transformers

    from models.catalog import get_entry
    from models.hf import gguf_tokenizer, write_shards

    out.mkdir(parents=True)
    gguf_tokenizer(get_entry("tiny").path).save_pretrained(out)
    config: Any = transformers.AutoConfig.for_model("llama", **MISTRAL_7B)
    config.architectures = ["LlamaForCausalLM"]
    config.save_pretrained(out)
    with torch.device("meta"):
        auto: Any = transformers.AutoModelForCausalLM
        model = auto.from_config(config)
    chance = np.random.default_rng(0)
    write_shards(
        out,
        (
            (name, (chance.standard_normal(w.shape, dtype=np.float32) * 0.02).astype(np.float16))
            for name, w in model.named_parameters()
        ),
    )


def _random_adapter(base: Path, out: Path) -> None:
    """A rank 16 adapter of random matrices for every linear layer, as PEFT saves it."""
    import torch
    from safetensors import safe_open
    from safetensors.torch import save_file

    from export.merge import weight_files

    tensors = {}
    for name, file in weight_files(base).items():
        if not name.endswith("_proj.weight"):
            continue
        with safe_open(file, framework="pt") as opened:
            rows, columns = opened.get_slice(name).get_shape()
        module = f"base_model.model.{name.removesuffix('.weight')}"
        tensors[f"{module}.lora_A.weight"] = torch.randn(16, columns) * 0.01
        tensors[f"{module}.lora_B.weight"] = torch.randn(rows, 16) * 0.01
    out.mkdir()
    save_file(tensors, out / "adapter_model.safetensors")
    settings = {"peft_type": "LORA", "r": 16, "lora_alpha": 32, "target_modules": "all-linear"}
    (out / "adapter_config.json").write_text(json.dumps(settings))


def _tokens() -> Iterator[str]:
    """Every prompt, guide and record of the corpus, tokenized by both."""
    from data.artwork import parse_artwork
    from data.prompt import CORPUS, Request, build_prompt, completion
    from models.catalog import get_entry
    from models.hf import base_model_folder, load_tokenizer
    from models.llama import LlamaModel

    with CORPUS.open(encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    for name in ("tiny", "small"):
        path = get_entry(name).path
        with tempfile.TemporaryDirectory() as scratch, LlamaModel(path) as model:
            tokenizer = load_tokenizer(base_model_folder(path, Path(scratch)))
            template = model.chat_template()
            different = tokens = 0
            for row in rows:
                request = Request(row["language"], row["length"], row["style"])
                artwork = parse_artwork(row["artwork"], row["id"])
                for text in (
                    build_prompt(artwork, request, template).text,
                    completion(row["script"]),
                ):
                    theirs = model.tokenize(text)
                    tokens += len(theirs)
                    different += tokenizer.encode(text, add_special_tokens=False) != theirs
        yield f"  {name}: {2 * len(rows)} texts, {tokens:,} tokens, {different} texts differ"


if __name__ == "__main__":
    main()
