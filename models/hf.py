"""A Hugging Face model folder from a GGUF file, for training and merging.

    from models.hf import base_model_folder
    folder = base_model_folder(Path("models/qwen2.5-coder-1.5b-instruct-q4_k_m.gguf"), cache)

The weights are dequantized tensor by tensor into 16-bit safetensors, in shards, so that the whole
model never lies in memory. What a quantization lost stays lost: a base made of Q4 weights is the Q4
model in a wider type. Where the original 16-bit weights can be had, they are the better base.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from filelock import FileLock

from data.errors import ModelError
from models.tokenizer import gguf_fields, gguf_tokenizer, load_tokenizer, open_gguf

if TYPE_CHECKING:
    import numpy as np
    from gguf import GGUFReader
    from numpy.typing import NDArray

__all__ = ["base_model_folder", "gguf_tokenizer", "load_tokenizer", "write_shards"]

_FORMAT = 1  # of the cached folder; another number makes a new one
_SHARD_BYTES = 1 << 30  # held in memory while a shard is filled
_SAME_MATRIX = 0.2  # largest relative difference of two quantizations of one matrix

_MODEL_TYPES = {"llama": "LlamaForCausalLM", "qwen2": "Qwen2ForCausalLM"}
_NAMES = {
    "token_embd": "model.embed_tokens",
    "output_norm": "model.norm",
    "output": "lm_head",
}
_LAYER_NAMES = {
    "attn_norm": "input_layernorm",
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "ffn_norm": "post_attention_layernorm",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}

Tell = Callable[[str], None]
"""Told in a sentence what is being done."""


def base_model_folder(gguf_path: Path, cache_folder: Path, tell: Tell = lambda _: None) -> Path:
    """The Hugging Face folder of a GGUF file: config, float16 safetensors and tokenizer.

    It is made once (about a minute and 2 bytes a weight of disk) and found again by the file's
    name, size and time of change.

    Args:
        gguf_path: a llama or qwen2 model of any quantization.
        cache_folder: where the folder is kept.
        tell: is told when there is something to wait for, and what it costs.

    Raises:
        ModelError: the file is no GGUF, its architecture is not known here, or the disk is full.
    """
    stat = gguf_path.stat() if gguf_path.is_file() else None
    if stat is None:
        raise ModelError(f"There is no model file {gguf_path}; guide models list shows others.")
    identity = f"{_FORMAT}:{gguf_path.name}:{stat.st_size}:{stat.st_mtime_ns}"
    name = f"{gguf_path.stem}-{hashlib.sha256(identity.encode()).hexdigest()[:12]}"
    folder = cache_folder / name
    cache_folder.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{folder}.lock"):
        if not folder.exists():
            _write_folder(gguf_path, folder, tell)
    return folder


def write_shards(
    folder: Path, tensors: Iterator[tuple[str, NDArray[np.float16]]], limit: int = _SHARD_BYTES
) -> int:
    """Write named tensors as safetensors shards with their index; returns their bytes.

    The files have their final names, which tell how many there are, only once the last is written.
    """
    from safetensors.numpy import save_file

    parts: list[tuple[Path, list[str]]] = []
    held: dict[str, NDArray[np.float16]] = {}
    size = total = 0

    def flush() -> None:
        part = folder / f"part-{len(parts)}.safetensors"
        save_file(held, part, metadata={"format": "pt"})
        parts.append((part, list(held)))
        held.clear()

    for name, tensor in tensors:
        if held and size + tensor.nbytes > limit:
            flush()
            size = 0
        held[name] = tensor
        size += tensor.nbytes
        total += tensor.nbytes
    flush()
    _name_shards(folder, parts, total)
    return total


def _name_shards(folder: Path, parts: list[tuple[Path, list[str]]], total: int) -> None:
    if len(parts) == 1:
        parts[0][0].rename(folder / "model.safetensors")
        return
    places: dict[str, str] = {}
    for number, (part, names) in enumerate(parts, 1):
        final = f"model-{number:05}-of-{len(parts):05}.safetensors"
        part.rename(folder / final)
        places |= dict.fromkeys(names, final)
    index = {"metadata": {"total_size": total}, "weight_map": places}
    text = json.dumps(index, indent=2, sort_keys=True)
    (folder / "model.safetensors.index.json").write_text(text, encoding="utf-8")


def _write_folder(gguf_path: Path, folder: Path, tell: Tell) -> None:
    reader = open_gguf(gguf_path)
    architecture = gguf_fields(reader).get("general.architecture")
    if architecture not in _MODEL_TYPES:
        raise ModelError(
            f"{gguf_path} is a {architecture} model; only {' and '.join(_MODEL_TYPES)} models can "
            "be made into a Hugging Face folder here, so give that folder as the base."
        )
    _check_disk(reader, gguf_path, folder)
    tell(
        f"Dequantizing {gguf_path.name} to 16 bits; what its quantization lost stays lost, so "
        "where you can have the original weights, use them as the base."
    )
    unfinished = folder.with_name(folder.name + ".part")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    tokenizer = gguf_tokenizer(gguf_path)
    tied = _is_tied(reader)
    config = _config(reader, architecture, tied=tied)
    config.pad_token_id = tokenizer.pad_token_id
    config.save_pretrained(unfinished)
    _generation_config(config).save_pretrained(unfinished)
    tokenizer.save_pretrained(unfinished)
    write_shards(unfinished, _tensors(reader, gguf_path, architecture, tied=tied))
    unfinished.rename(folder)


def _check_disk(reader: GGUFReader, gguf_path: Path, folder: Path) -> None:
    needed = sum(2 * int(tensor.n_elements) for tensor in reader.tensors)
    free = shutil.disk_usage(folder.parent).free
    if needed > free:
        raise ModelError(
            f"{gguf_path.name} in 16 bits needs {needed / 1e9:.1f} GB of disk and {folder.parent} "
            f"has {free / 1e9:.1f} GB; free some."
        )


def _config(reader: GGUFReader, architecture: str, *, tied: bool) -> Any:
    """The transformers configuration that the file's metadata stands for."""
    from transformers import AutoConfig

    fields = gguf_fields(reader)

    def value(name: str, default: Any = None) -> Any:
        return fields.get(f"{architecture}.{name}", default)

    if value("rope.scaling.type", "none") != "none":
        raise ModelError(
            "A GGUF file with scaled rotary positions cannot be made into a Hugging Face folder "
            "here; give the model's own Hugging Face folder as the base."
        )
    heads = value("attention.head_count")
    tokens = {
        f"{role}_token_id": fields.get(f"tokenizer.ggml.{role}_token_id") for role in ("bos", "eos")
    }
    config = AutoConfig.for_model(
        architecture,
        architectures=[_MODEL_TYPES[architecture]],
        vocab_size=len(gguf_fields(reader, "tokenizer.ggml.tokens")["tokenizer.ggml.tokens"]),
        hidden_size=value("embedding_length"),
        intermediate_size=value("feed_forward_length"),
        num_hidden_layers=value("block_count"),
        num_attention_heads=heads,
        num_key_value_heads=value("attention.head_count_kv", heads),
        max_position_embeddings=value("context_length"),
        rms_norm_eps=value("attention.layer_norm_rms_epsilon"),
        rope_parameters={
            "rope_type": "default",
            "rope_theta": value("rope.freq_base", 10000.0),
        },
        tie_word_embeddings=tied,
        dtype="float16",
        **tokens,
    )
    if architecture == "llama" and (width := value("attention.key_length")):
        config.head_dim = width
    return config


def _generation_config(config: Any) -> Any:
    from transformers import GenerationConfig

    return GenerationConfig(  # type: ignore[no-untyped-call]
        bos_token_id=config.bos_token_id,
        eos_token_id=config.eos_token_id,
        pad_token_id=config.pad_token_id,
    )


def _is_tied(reader: GGUFReader) -> bool:
    """Whether the output matrix is the embedding again, perhaps quantized more finely."""
    by_name = {tensor.name: tensor for tensor in reader.tensors}
    output, embedding = by_name.get("output.weight"), by_name["token_embd.weight"]
    if output is None:
        return True
    if tuple(output.shape) != tuple(embedding.shape):
        return False
    rows = slice(0, 256)
    one, other = (_dequantized(t, rows).astype("float32") for t in (output, embedding))
    difference = float(((one - other) ** 2).mean() ** 0.5)
    return difference < _SAME_MATRIX * float((one**2).mean() ** 0.5)


def _tensors(
    reader: GGUFReader, path: Path, architecture: str, *, tied: bool
) -> Iterator[tuple[str, NDArray[np.float16]]]:
    """Each tensor by its Hugging Face name, as float16."""
    import numpy as np

    fields = gguf_fields(reader)
    heads = fields[f"{architecture}.attention.head_count"]
    key_heads = fields.get(f"{architecture}.attention.head_count_kv", heads)
    # Of a tied pair, the copy with more bits serves as both.
    skipped = _coarser_copy(reader) if tied else ""
    for tensor in reader.tensors:
        if tensor.name == skipped:
            continue
        name = _hugging_face_name(tensor.name, path)
        if tied and name == "lm_head.weight":
            name = "model.embed_tokens.weight"
        weights = _dequantized(tensor)
        if architecture == "llama" and name.endswith("q_proj.weight"):
            weights = _unpermuted(weights, heads)
        elif architecture == "llama" and name.endswith("k_proj.weight"):
            weights = _unpermuted(weights, key_heads)
        yield name, np.ascontiguousarray(weights, dtype=np.float16)


def _coarser_copy(reader: GGUFReader) -> str:
    sizes = {
        tensor.name: int(tensor.n_bytes)
        for tensor in reader.tensors
        if tensor.name in ("output.weight", "token_embd.weight")
    }
    return min(sizes, key=sizes.__getitem__) if len(sizes) == 2 else ""


def _hugging_face_name(name: str, path: Path) -> str:
    stem, _, kind = name.rpartition(".")
    if stem in _NAMES:
        return f"{_NAMES[stem]}.{kind}"
    block, _, rest = stem.removeprefix("blk.").partition(".")
    if not stem.startswith("blk.") or rest not in _LAYER_NAMES:
        raise ModelError(
            f"{path} holds a tensor {name!r} that is not known here; give the model's Hugging "
            "Face folder as the base."
        )
    return f"model.layers.{block}.{_LAYER_NAMES[rest]}.{kind}"


def _dequantized(tensor: Any, rows: slice = slice(None)) -> NDArray[np.float32]:
    """The weights, rows first, as float32."""
    from gguf import dequantize

    weights: NDArray[np.float32] = dequantize(tensor.data[rows], tensor.tensor_type)
    return weights


def _unpermuted(weights: NDArray[np.float32], heads: int) -> NDArray[np.float32]:
    """Rows of a llama query or key matrix in Hugging Face's order again.

    The converter interleaves the two halves of each head for its rotary positions
    (`LlamaModel.permute` of llama.cpp's converter); this undoes it.
    """
    rows = weights.shape[0]
    halves = weights.reshape(heads, rows // heads // 2, 2, *weights.shape[1:])
    return halves.swapaxes(1, 2).reshape(weights.shape)
