"""A training set of a few corpus rows and a base that a laptop trains in seconds."""

import json
from pathlib import Path

from data.prompt import CORPUS, completion
from models.hf import base_model_folder


def write_rows(path: Path, names: list[str]) -> list[dict]:
    """Rows of the corpus by id, as `guide dataset build` writes them."""
    wanted = {}
    with CORPUS.open(encoding="utf-8") as file:
        for line in file:
            row = json.loads(line)
            if row["id"] in names:
                wanted[row["id"]] = row
    rows = [_row(wanted[name]) for name in names]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return rows


def cut_base(gguf: Path, folder: Path) -> Path:
    """`tiny` with its first two blocks alone: real weights, tokenizer and vocabulary."""
    from transformers import AutoModelForCausalLM

    from models.hf import gguf_tokenizer

    whole = base_model_folder(gguf, folder / "cache")
    model = AutoModelForCausalLM.from_pretrained(whole, num_hidden_layers=2)
    model.save_pretrained(folder / "base")
    gguf_tokenizer(gguf).save_pretrained(folder / "base")
    return folder / "base"


def _row(row: dict) -> dict:
    kept = {name: row[name] for name in ("id", "language", "length", "style", "artwork")}
    return kept | {"prompt": "", "completion": completion(row["script"])}
