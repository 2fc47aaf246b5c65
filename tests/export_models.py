"""Models for the export's tests: `tiny` with a random adapter, and a tiny Mistral of our own."""

from __future__ import annotations

import io
import json
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from data.artwork import parse_artwork
from data.prompt import CORPUS, Request, completion
from train.data import Row

MISTRAL = (
    "{{ bos_token }}{% for m in messages %}{% if m.role == 'user' %}[INST] {{ m.content }}[/INST]"
    "{% elif m.role == 'assistant' %} {{ m.content }}{{ eos_token }}"
    "{% else %}{{ raise_exception('no system message') }}{% endif %}{% endfor %}"
)


@dataclass(frozen=True)
class Exported:
    """`tiny` in Hugging Face's layout, its adapter, both merged, and the 16-bit GGUFs."""

    base: Path
    adapter: Path
    merged: Path
    f16: Path
    base_f16: Path
    converter: Path


def corpus(every: int) -> Iterator[Row]:
    """Each so-many-th row of the whole corpus, in all its languages and styles."""
    with CORPUS.open(encoding="utf-8") as file:
        for number, line in enumerate(file):
            if number % every == 0:
                fields = json.loads(line)
                request = Request(fields["language"], fields["length"], fields["style"])
                artwork = parse_artwork(fields["artwork"], fields["id"])
                yield Row(fields["id"], artwork, request, completion(fields["script"]))


def random_adapter(base: Path, out: Path, size: float) -> None:
    """A LoRA adapter whose change is random, so that nothing about it is zero."""
    import peft
    import torch
    import transformers

    torch.manual_seed(7)
    model: Any = transformers.AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32)
    config = peft.LoraConfig(r=4, lora_alpha=8, target_modules="all-linear")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        adapted = peft.get_peft_model(model, config)
        for name, weight in adapted.named_parameters():
            if "lora_B" in name:
                torch.nn.init.normal_(weight, std=size)
        adapted.save_pretrained(str(out))


def tiny_mistral(out: Path) -> None:
    """A random two-layer model of Mistral's architecture with a SentencePiece vocabulary."""
    import sentencepiece
    import torch
    import transformers

    out.mkdir(parents=True)
    texts = [f"{row.artwork.title}. {row.completion}" for row in corpus(6)]
    trained = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(texts),
        model_writer=trained,
        model_type="bpe",
        vocab_size=1200,
        byte_fallback=True,
        control_symbols=["[INST]", "[/INST]"],
        normalization_rule_name="identity",
        remove_extra_whitespaces=False,
        minloglevel=2,
    )
    tokenizer = _from_sentencepiece(trained.getvalue())
    tokenizer.save_pretrained(out)
    torch.manual_seed(5)
    config = transformers.MistralConfig(
        vocab_size=1200,
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=2048,
        bos_token_id=1,
        eos_token_id=2,
        initializer_range=0.1,
    )
    transformers.MistralForCausalLM(config).save_pretrained(out)


def _from_sentencepiece(model: bytes) -> Any:
    """The trained pieces as the fast tokenizer that Mistral's hub folder has."""
    import sentencepiece
    from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers
    from transformers import PreTrainedTokenizerFast

    pieces = sentencepiece.SentencePieceProcessor(model_proto=model)
    names = [pieces.id_to_piece(i) for i in range(pieces.get_piece_size())]
    ids = {name: i for i, name in enumerate(names)}
    merges = sorted(
        (-pieces.get_score(index), cut, name[:cut], name[cut:])
        for name, index in ids.items()
        for cut in range(1, len(name))
        if name[:cut] in ids and name[cut:] in ids and not pieces.is_control(index)
    )
    tokenizer = Tokenizer(
        models.BPE(
            ids, [m[2:] for m in merges], unk_token="<unk>", byte_fallback=True, fuse_unk=True
        )
    )
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")]
    )
    tokenizer.decoder = decoders.Sequence(
        [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()]
    )
    special = ["<unk>", "<s>", "</s>", "[INST]", "[/INST]"]
    tokenizer.add_special_tokens([AddedToken(t, special=True, normalized=False) for t in special])
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, unk_token="<unk>", bos_token="<s>", eos_token="</s>"
    )
    fast.chat_template = MISTRAL
    return fast
