"""Merging by Unsloth itself, for runs that it trained, where its GPU is there.

    from export.unsloth import can_merge, merge_by_unsloth
    if can_merge(run):
        merge_by_unsloth(base_folder, run.adapter, run.tokenizer, Path("merged"))

Unsloth is an optional dependency, partly under the LGPL-3.0 and AGPL-3.0. `export.merge` gives the
same weights to the last bits of a 16-bit number, and is what runs everywhere else.
"""

from __future__ import annotations

import json
import os
import shutil
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from export.merge import copy_tokenizer
from train.run import Run


def can_merge(run: Run | None) -> bool:
    """Whether Unsloth trained the run, is installed, and has a GPU."""
    if run is None or run.info.backend != "unsloth" or find_spec("unsloth") is None:
        return False
    import torch

    return torch.cuda.is_available()


def merge_by_unsloth(base: Path, adapter: Path, tokenizer: Path, out: Path) -> None:
    """Write the merged model in float16 as a Hugging Face folder, whole or not at all.

    Args:
        base: the folder of the weights it was trained on, which the adapter knows by their hub
            name or not at all.
        adapter: the run's PEFT adapter.
        tokenizer: the run's tokenizer, which takes the place of the one Unsloth saves.
        out: the folder to make.
    """
    os.environ["UNSLOTH_DISABLE_STATISTICS"] = "1"
    library = import_module("unsloth").FastLanguageModel
    import torch

    part, named = (out.with_name(f"{out.name}.{end}") for end in ("part", "adapter"))
    for folder in (part, named):
        shutil.rmtree(folder, ignore_errors=True)
    try:
        name_base(adapter, base, named)
        model, processor = library.from_pretrained(
            model_name=str(named), dtype=torch.float16, load_in_4bit=False, load_in_16bit=True
        )
        model.save_pretrained_merged(str(part), processor, save_method="merged_16bit")
        copy_tokenizer(tokenizer, part)
        part.rename(out)
    finally:
        for folder in (part, named):
            shutil.rmtree(folder, ignore_errors=True)


def name_base(adapter: Path, base: Path, out: Path) -> None:
    """A copy of the adapter whose base is that folder: Unsloth looks nowhere else."""
    shutil.copytree(adapter, out)
    file = out / "adapter_config.json"
    settings = json.loads(file.read_text("utf-8"))
    settings["base_model_name_or_path"] = str(base.absolute())
    file.write_text(json.dumps(settings, indent=2) + "\n", encoding="utf-8")
