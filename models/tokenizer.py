"""A Hugging Face tokenizer from a GGUF file's own tokens, merges and pre-tokenizer.

    from models.tokenizer import gguf_tokenizer
    gguf_tokenizer(Path("model.gguf")).encode(prompt.text, add_special_tokens=False)

`AutoTokenizer.from_pretrained(gguf_file=…)` guesses the pre-tokenizer and gets some wrong. Here the
splitting rules are llama.cpp's (`src/llama-vocab.cpp`), by the name that the file gives, so that
training counts the same tokens as inference; a name that is not known here is refused.
For the same reason a saved one is read back by `load_tokenizer`: `AutoTokenizer` puts its own class
in place of it for some model types (Qwen2's normalizes Unicode, which llama.cpp does not).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from data.errors import ModelError

if TYPE_CHECKING:
    from gguf import GGUFReader
    from tokenizers import Tokenizer
    from transformers import PreTrainedTokenizerFast

_SPACE = "▁"
_GPT2 = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
_GPT4 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{%s}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)
_SPLITS = {
    "gpt-2": [_GPT2],
    "llama-bpe": [_GPT4 % "1,3"],
    "qwen2": [_GPT4 % "1"],
    "smollm": [r"\p{N}", _GPT2],
}
"""How a text is cut before merging, by `tokenizer.ggml.pre`; later patterns cut what is left."""

_WHOLE_WORDS_FIRST = {"llama-bpe"}
"""Pre-tokenizers whose vocabulary is asked for a whole word before merges are tried."""

_NORMAL, _UNKNOWN, _CONTROL, _USER_DEFINED, _UNUSED, _BYTE = 1, 2, 3, 4, 5, 6


@dataclass(frozen=True, slots=True)
class _Vocabulary:
    """The vocabulary as the GGUF file holds it."""

    path: Path
    model: str
    pre: str
    tokens: list[str]
    kinds: list[int]
    fields: dict[str, Any]


def gguf_tokenizer(path: Path) -> PreTrainedTokenizerFast:
    """The tokenizer of a GGUF file, with its special tokens and chat template.

    Raises:
        ModelError: the vocabulary is of a kind whose splitting rules are not known here.
    """
    from transformers import PreTrainedTokenizerFast

    vocabulary = _read(open_gguf(path), path)
    if vocabulary.model == "gpt2":
        tokenizer = _byte_level(vocabulary)
    elif vocabulary.model == "llama":
        tokenizer = _sentencepiece(vocabulary)
    else:
        raise ModelError(
            f"{path} has a {vocabulary.model!r} vocabulary, which cannot be made into a Hugging "
            "Face tokenizer here; give the model's Hugging Face folder as the base."
        )
    _add_special_tokens(tokenizer, vocabulary)
    fast = PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=tokenizer,
        clean_up_tokenization_spaces=False,
        model_max_length=1 << 30,
        **_special_roles(vocabulary),
    )
    fast.chat_template = vocabulary.fields.get("tokenizer.chat_template")
    return fast


def load_tokenizer(folder: Path) -> PreTrainedTokenizerFast:
    """The tokenizer saved in a Hugging Face folder, exactly as its `tokenizer.json` says.

    Raises:
        ModelError: the folder holds none.
    """
    from transformers import PreTrainedTokenizerFast

    if not (folder / "tokenizer.json").is_file():
        raise ModelError(f"{folder} has no tokenizer.json; save the model's fast tokenizer there.")
    loaded: PreTrainedTokenizerFast = PreTrainedTokenizerFast.from_pretrained(str(folder))
    return loaded


def open_gguf(path: Path) -> GGUFReader:
    """The file mapped into memory.

    Raises:
        ModelError: it cannot be read, or is no GGUF.
    """
    from gguf import GGUFReader

    try:
        return GGUFReader(path)
    except (OSError, ValueError) as error:
        raise ModelError(f"{path} cannot be read as GGUF: {error}.") from None


def gguf_fields(reader: GGUFReader, *names: str) -> dict[str, Any]:
    """The metadata of those names, or all of it that is no array, as Python values."""
    from gguf import GGUFValueType

    if names:
        return {n: reader.fields[n].contents() for n in names if n in reader.fields}
    return {
        name: field.contents()
        for name, field in reader.fields.items()
        if field.types[:1] != [GGUFValueType.ARRAY]
    }


def _read(reader: GGUFReader, path: Path) -> _Vocabulary:
    fields = gguf_fields(reader)
    arrays = gguf_fields(reader, "tokenizer.ggml.tokens", "tokenizer.ggml.token_type")
    fields |= gguf_fields(reader, "tokenizer.ggml.merges", "tokenizer.ggml.scores")
    if len(arrays) < 2:
        raise ModelError(f"{path} holds no vocabulary; choose another model.")
    return _Vocabulary(
        path,
        fields.get("tokenizer.ggml.model", ""),
        fields.get("tokenizer.ggml.pre", "default"),
        arrays["tokenizer.ggml.tokens"],
        arrays["tokenizer.ggml.token_type"],
        fields,
    )


def _byte_level(vocabulary: _Vocabulary) -> Tokenizer:
    """GPT-2's kind: merges over bytes written as letters."""
    from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers

    if vocabulary.pre not in _SPLITS:
        raise ModelError(
            f"{vocabulary.path} splits its text by {vocabulary.pre!r}, whose rules are not known "
            f"here (known are {', '.join(_SPLITS)}); give the model's Hugging Face folder as the "
            "base."
        )
    merges = [_pair(merge) for merge in vocabulary.fields.get("tokenizer.ggml.merges", [])]
    tokenizer = Tokenizer(
        models.BPE(
            vocab=_ids(vocabulary),
            merges=merges,
            ignore_merges=vocabulary.pre in _WHOLE_WORDS_FIRST,
        )
    )
    splits = [
        pre_tokenizers.Split(Regex(pattern), behavior="isolated")
        for pattern in _SPLITS[vocabulary.pre]
    ]
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [*splits, pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)]
    )
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer


def _sentencepiece(vocabulary: _Vocabulary) -> Tokenizer:
    """SentencePiece's kind: pieces with scores, unknown letters as bytes."""
    from tokenizers import Tokenizer, decoders, models, normalizers

    ids = _ids(vocabulary)
    unknown = vocabulary.fields.get("tokenizer.ggml.unknown_token_id", 0)
    tokenizer = Tokenizer(
        models.BPE(
            vocab=ids,
            merges=_merges_by_score(vocabulary, ids),
            unk_token=vocabulary.tokens[unknown],
            byte_fallback=True,
            fuse_unk=True,
        )
    )
    prefix = vocabulary.fields.get("tokenizer.ggml.add_space_prefix", True)
    # Like llama.cpp, every stretch of text between two control tokens begins with a space.
    begin = [normalizers.Prepend(_SPACE)] if prefix else []
    tokenizer.normalizer = normalizers.Sequence([*begin, normalizers.Replace(" ", _SPACE)])
    strip = [decoders.Strip(content=" ", left=1)] if prefix else []
    tokenizer.decoder = decoders.Sequence(
        [decoders.Replace(_SPACE, " "), decoders.ByteFallback(), decoders.Fuse(), *strip]
    )
    return tokenizer


def _merges_by_score(vocabulary: _Vocabulary, ids: dict[str, int]) -> list[tuple[str, str]]:
    """Every way to make a piece of two others, best piece first."""
    scores = vocabulary.fields.get("tokenizer.ggml.scores", [])
    ranked = []
    for token, index in ids.items():
        if vocabulary.kinds[index] not in (_NORMAL, _USER_DEFINED):
            continue
        for cut in range(1, len(token)):
            left, right = token[:cut], token[cut:]
            if left in ids and right in ids:
                ranked.append((-scores[index], ids[left], ids[right], left, right))
    ranked.sort()
    return [(left, right) for *_, left, right in ranked]


def _ids(vocabulary: _Vocabulary) -> dict[str, int]:
    # The slots at the end that fill a vocabulary up to a round number are no tokens.
    unused = _UNUSED if vocabulary.model == "gpt2" else None
    return {
        token: index
        for index, (token, kind) in enumerate(zip(vocabulary.tokens, vocabulary.kinds, strict=True))
        if kind != unused
    }


def _pair(merge: str) -> tuple[str, str]:
    left, _, right = merge.partition(" ")
    return left, right


def _add_special_tokens(tokenizer: Tokenizer, vocabulary: _Vocabulary) -> None:
    """Control tokens, hidden from readers, and the user-defined ones, which are text."""
    from tokenizers import AddedToken

    marked = (_CONTROL, _UNKNOWN)
    for token, kind in zip(vocabulary.tokens, vocabulary.kinds, strict=True):
        if kind in marked and token:
            tokenizer.add_special_tokens([AddedToken(token, special=True, normalized=False)])
        elif kind == _USER_DEFINED and token:
            tokenizer.add_tokens([AddedToken(token, special=False, normalized=False)])


def _special_roles(vocabulary: _Vocabulary) -> dict[str, str]:
    """Which token begins, ends, pads and stands for the unknown."""
    names = {"bos": "bos", "eos": "eos", "unk": "unknown", "pad": "padding"}
    roles = {
        f"{role}_token": vocabulary.tokens[vocabulary.fields[f"tokenizer.ggml.{name}_token_id"]]
        for role, name in names.items()
        if f"tokenizer.ggml.{name}_token_id" in vocabulary.fields
    }
    # A model that pads with its end token would have that token masked out of its training.
    if roles.get("pad_token") in (None, roles.get("eos_token")):
        spare = (
            token
            for token, kind in zip(vocabulary.tokens, vocabulary.kinds, strict=True)
            if kind in (_CONTROL, _UNKNOWN) and token not in (*roles.values(), "")
        )
        roles["pad_token"] = roles.get("unk_token") or next(spare, roles["eos_token"])
    return roles
