"""Merging adapters: the same weights as PEFT's own merge, for every kind that we accept."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from data.errors import ModelError
from export.merge import merge, weight_files
from models.hf import write_shards

torch = pytest.importorskip("torch")
peft = pytest.importorskip("peft")
transformers = pytest.importorskip("transformers")

HALF_STEP = 2.0**-11  # half the distance between two float16 numbers just below 1


def small_model(*, tied: bool = True) -> Any:
    torch.manual_seed(3)
    config = transformers.LlamaConfig(
        vocab_size=96,
        hidden_size=32,
        intermediate_size=48,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        tie_word_embeddings=tied,
    )
    return transformers.LlamaForCausalLM(config)


Make = Callable[..., tuple[Path, Path, Any]]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """A base folder, an adapter folder with random matrices, and PEFT's merge of them."""

    def build(*, tied: bool = True, **settings: Any) -> tuple[Path, Path, Any]:
        model = small_model(tied=tied)
        base, adapter = tmp_path / "base", tmp_path / "adapter"
        model.save_pretrained(base)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # PEFT warns of tied weights
            adapted = peft.get_peft_model(model, peft.LoraConfig(**settings))
            for name, weight in adapted.named_parameters():
                if "lora_" in name or "modules_to_save" in name:
                    torch.nn.init.normal_(weight, std=0.3)
            adapted.save_pretrained(adapter)
            return base, adapter, adapted.merge_and_unload()

    return build


def largest_difference(folder: Path, expected: Any) -> float:
    merged = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    theirs = expected.state_dict()
    return max(
        float(((weight - theirs[name]).abs() / (1 + theirs[name].abs())).max())
        for name, weight in merged.state_dict().items()
    )


@pytest.mark.parametrize(
    "settings",
    [
        {"r": 4, "lora_alpha": 8, "target_modules": "all-linear"},
        {"r": 4, "lora_alpha": 8, "use_rslora": True, "target_modules": ["q_proj", "down_proj"]},
        {
            "r": 4,
            "lora_alpha": 8,
            "target_modules": ["q_proj", "v_proj"],
            "rank_pattern": {"layers.1.self_attn.q_proj": 2},
            "alpha_pattern": {"v_proj": 3},
        },
        {"r": 2, "lora_alpha": 2, "target_modules": ["o_proj"], "modules_to_save": ["norm"]},
        {"tied": False, "r": 2, "target_modules": ["embed_tokens", "lm_head"]},
    ],
    ids=["plain", "rslora", "patterns", "saved-module", "embeddings"],
)
def test_merge_is_pefts_own(make: Make, tmp_path: Path, settings: dict[str, Any]) -> None:
    base, adapter, expected = make(**settings)
    merge(base, adapter, tmp_path / "merged")
    assert largest_difference(tmp_path / "merged", expected) <= HALF_STEP


def test_adapted_head_of_a_tied_model_is_set_apart(make: Make, tmp_path: Path) -> None:
    base, adapter, _ = make(r=2, target_modules=["lm_head"])
    merge(base, adapter, tmp_path / "merged")
    config = json.loads((tmp_path / "merged" / "config.json").read_text())
    assert not config["tie_word_embeddings"]
    merged = transformers.AutoModelForCausalLM.from_pretrained(tmp_path / "merged")
    embedding, head = merged.get_input_embeddings().weight, merged.get_output_embeddings().weight
    assert not torch.equal(embedding, head)


def test_shards_hold_what_one_file_holds(tmp_path: Path) -> None:
    import numpy as np

    tensors = {f"t{i}": np.full((4, 4), i, dtype=np.float16) for i in range(5)}
    written = write_shards(tmp_path, iter(tensors.items()), limit=64)
    assert written == 5 * 32
    assert sorted(path.name for path in tmp_path.glob("*.safetensors")) == [
        "model-00001-of-00003.safetensors",
        "model-00002-of-00003.safetensors",
        "model-00003-of-00003.safetensors",
    ]
    places = weight_files(tmp_path)
    assert places["t4"].name == "model-00003-of-00003.safetensors"


def test_merged_folder_replaces_an_older_one(make: Make, tmp_path: Path) -> None:
    base, adapter, expected = make(r=2, target_modules=["q_proj"])
    (tmp_path / "merged").mkdir()
    (tmp_path / "merged" / "stale.txt").write_text("old")
    merge(base, adapter, tmp_path / "merged")
    assert not (tmp_path / "merged" / "stale.txt").exists()
    assert largest_difference(tmp_path / "merged", expected) <= HALF_STEP


def test_dora_is_refused_with_the_way_out(make: Make, tmp_path: Path) -> None:
    base, adapter, _ = make(r=2, target_modules=["q_proj"], use_dora=True)
    with pytest.raises(ModelError, match=r"uses DoRA.*merge_and_unload"):
        merge(base, adapter, tmp_path / "merged")


def test_adapter_of_another_model_is_refused(make: Make, tmp_path: Path) -> None:
    base, adapter, _ = make(r=2, target_modules=["q_proj"])
    settings = json.loads((base / "config.json").read_text()) | {"num_hidden_layers": 1}
    smaller = transformers.LlamaForCausalLM(transformers.LlamaConfig(**settings))
    smaller.save_pretrained(tmp_path / "smaller")
    with pytest.raises(ModelError, match="which the base does not have; wrong base"):
        merge(tmp_path / "smaller", adapter, tmp_path / "merged")


def test_diverged_weights_are_refused(make: Make, tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    base, adapter, _ = make(r=2, target_modules=["q_proj"])
    tensors = load_file(adapter / "adapter_model.safetensors")
    first = next(iter(tensors))
    save_file(
        tensors | {first: tensors[first] * float("nan")}, adapter / "adapter_model.safetensors"
    )
    with pytest.raises(ModelError, match="not finite in float16; the training has diverged"):
        merge(base, adapter, tmp_path / "merged")
    assert not (tmp_path / "merged").exists()


def test_half_a_base_is_refused(make: Make, tmp_path: Path) -> None:
    base, adapter, _ = make(r=2, target_modules=["q_proj"])
    (base / "model.safetensors").unlink()
    with pytest.raises(ModelError, match=r"holds no model\.safetensors"):
        merge(base, adapter, tmp_path / "merged")


@pytest.mark.skipif(
    not torch.cuda.is_available() or find_spec("unsloth") is None,
    reason="Unsloth merges on a CUDA GPU",
)
def test_unsloth_gives_the_same_weights(tiny: Path, tmp_path: Path) -> None:
    from export.unsloth import merge_by_unsloth
    from models.hf import base_model_folder
    from tests.export_models import random_adapter

    base = base_model_folder(tiny, tmp_path)
    random_adapter(base, tmp_path / "adapter", 0.02)
    merge(base, tmp_path / "adapter", tmp_path / "ours")
    merge_by_unsloth(base, tmp_path / "adapter", base, tmp_path / "theirs")
    expected = transformers.AutoModelForCausalLM.from_pretrained(
        tmp_path / "theirs", dtype=torch.float32
    )
    # Unsloth adds in 16 bits what is added here in 32.
    assert largest_difference(tmp_path / "ours", expected) <= 4 * HALF_STEP


def test_unsloth_is_given_the_folder_of_the_base(tmp_path: Path) -> None:
    """Its hub name, or none at all, would have it look for other weights, or for nothing."""
    from export.unsloth import name_base

    adapter = tmp_path / "adapter"
    adapter.mkdir()
    (adapter / "adapter_config.json").write_text('{"base_model_name_or_path": "", "r": 8}')
    name_base(adapter, tmp_path / "base", tmp_path / "named")
    config = json.loads((tmp_path / "named" / "adapter_config.json").read_text())
    assert config == {"base_model_name_or_path": str(tmp_path / "base"), "r": 8}
    assert '""' in (adapter / "adapter_config.json").read_text()  # the run's own is left alone
