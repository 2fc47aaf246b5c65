"""A `tokenizer.model` for a SentencePiece tokenizer that was saved as `tokenizer.json` alone.

    from export.sentencepiece import ensure_model
    ensure_model(Path("merged"))

llama.cpp merges such pieces by their scores. `tokenizer.json` orders its merges instead, and the
converter, finding no `tokenizer.model`, would give every piece the same score: the model would
read other tokens than it was trained on. The scores are put back from the order.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def ensure_model(folder: Path) -> bool:
    """Write `tokenizer.model` where it is wanted and missing; True when it was written."""
    description = folder / "tokenizer.json"
    if (folder / "tokenizer.model").is_file() or not description.is_file():
        return False
    tokenizer = json.loads(description.read_text("utf-8"))
    if not _is_sentencepiece(tokenizer["model"]):
        return False
    (folder / "tokenizer.model").write_bytes(_model(tokenizer))
    # The converter learns of tokens that users defined from this file alone.
    defined = {t["content"]: t["id"] for t in tokenizer["added_tokens"] if not t["special"]}
    (folder / "added_tokens.json").write_text(json.dumps(defined), encoding="utf-8")
    return True


def adds_space(folder: Path) -> bool | None:
    """Whether a SentencePiece tokenizer begins text with a space that nobody wrote; else None."""
    description = folder / "tokenizer.json"
    tokenizer = json.loads(description.read_text("utf-8")) if description.is_file() else None
    if tokenizer is None or not _is_sentencepiece(tokenizer["model"]):
        return None
    return _adds_space(tokenizer)


def _is_sentencepiece(model: dict[str, Any]) -> bool:
    return model["type"] == "BPE" and bool(model.get("byte_fallback"))


def _model(tokenizer: dict[str, Any]) -> bytes:
    # `sentencepiece` carries the description of its own file format.
    from sentencepiece import sentencepiece_model_pb2

    format_: Any = sentencepiece_model_pb2
    model = tokenizer["model"]
    special = {token["id"]: token for token in tokenizer["added_tokens"]}
    pieces = {index: piece for piece, index in model["vocab"].items()}
    pieces |= {index: token["content"] for index, token in special.items()}
    scores = _scores(model["merges"])
    kinds = format_.ModelProto.SentencePiece
    proto = format_.ModelProto()
    proto.trainer_spec.model_type = format_.TrainerSpec.BPE
    proto.trainer_spec.byte_fallback = True
    proto.trainer_spec.vocab_size = len(pieces)
    proto.normalizer_spec.add_dummy_prefix = _adds_space(tokenizer)
    proto.normalizer_spec.remove_extra_whitespaces = False
    proto.normalizer_spec.name = "identity"
    for index in range(max(pieces) + 1):
        piece = proto.pieces.add()
        piece.piece = pieces.get(index, f"[PAD{index}]")
        piece.score = scores.get(piece.piece, 0.0)
        piece.type = kinds.NORMAL
        if piece.piece == model.get("unk_token"):
            piece.type = kinds.UNKNOWN
            proto.trainer_spec.unk_id, proto.trainer_spec.unk_piece = index, piece.piece
        elif index in special:
            piece.type = kinds.CONTROL if special[index]["special"] else kinds.USER_DEFINED
        elif _is_byte(piece.piece):
            piece.type = kinds.BYTE
        elif index not in pieces:
            piece.type = kinds.UNUSED
        elif piece.piece not in scores:
            piece.score = -float(len(scores))  # a single letter: never made by merging
    written: bytes = proto.SerializeToString()
    return written


def _scores(merges: list[Any]) -> dict[str, float]:
    """The score of each piece: the sooner it is merged, the higher."""
    scores: dict[str, float] = {}
    for merge in merges:
        left, right = merge if isinstance(merge, list) else merge.split(" ")
        scores.setdefault(left + right, -float(len(scores)))
    return scores


def _is_byte(piece: str) -> bool:
    return len(piece) == 6 and piece.startswith("<0x") and piece.endswith(">")


def _adds_space(tokenizer: dict[str, Any]) -> bool:
    text = json.dumps([tokenizer.get("normalizer"), tokenizer.get("pre_tokenizer")])
    return '"Prepend"' in text or '"prepend_scheme": "always"' in text or '"first"' in text
