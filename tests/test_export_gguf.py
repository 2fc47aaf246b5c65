"""From weights to GGUF and back: the exported file is the model that was trained."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from data.errors import ModelError
from data.prompt import END, build_prompt
from export import imatrix
from export.compare import Reference, Text
from export.convert import Facts, convert_adapter, convert_model, made_from
from export.converter import converter_folder
from export.merge import merge
from export.quantize import parse_types, planned_size, quantize, types
from export.verify import check_tokens
from models.forward import Forward
from models.hf import base_model_folder, load_tokenizer
from models.llama import LlamaModel
from tests.conftest import ROOT
from tests.export_models import Exported, corpus, random_adapter, tiny_mistral

pytestmark = pytest.mark.slow

pytest.importorskip("torch")
pytest.importorskip("peft")

FACTS = Facts("tiny-test", "0.0.1", "origin-1", base="me/base", licence="Apache-2.0", trained=True)
TEXTS = 3


@pytest.fixture(scope="module")
def exported(tiny: Path, tmp_path_factory: pytest.TempPathFactory) -> Exported:
    folder = tmp_path_factory.mktemp("export")
    # The converter is fetched once into the checkout's cache, not for each run of the tests.
    converter = converter_folder(ROOT / "models" / "cache")
    base = base_model_folder(tiny, folder)
    adapter, merged = folder / "adapter", folder / "merged"
    random_adapter(base, adapter, 0.02)
    merge(base, adapter, merged)
    f16, base_f16 = folder / "tiny-F16.gguf", folder / "base-F16.gguf"
    convert_model(merged, f16, FACTS, converter)
    convert_model(base, base_f16, FACTS, converter)
    return Exported(base, adapter, merged, f16, base_f16, converter)


@pytest.fixture(scope="module")
def texts(exported: Exported) -> list[Text]:
    with LlamaModel(exported.f16) as model:
        template = model.chat_template()
        made = []
        for row in list(corpus(700))[:TEXTS]:
            prompt = model.tokenize(build_prompt(row.artwork, row.request, template).text)
            made.append(Text(prompt + model.tokenize(row.completion), len(prompt)))
    return made


def kl(reference: Path, other: Path, texts: list[Text], folder: Path, **load: Path) -> float:
    with (
        LlamaModel(reference) as model,
        Reference.compute(model, texts, folder, threads=1) as kept,
        LlamaModel(other, **load) as changed,  # type: ignore[arg-type]
    ):
        return kept.compare(changed, threads=1).kl


def test_greedy_text_is_hugging_faces_own(exported: Exported) -> None:
    import torch
    from transformers import AutoModelForCausalLM

    tokenizer = load_tokenizer(exported.merged)
    theirs: Any = AutoModelForCausalLM.from_pretrained(exported.merged, dtype=torch.float32)
    with LlamaModel(exported.f16) as model, Forward(model, threads=1) as forward:
        template = model.chat_template()
        for row in list(corpus(300))[:10]:
            prompt = build_prompt(row.artwork, row.request, template).text
            tokens = tokenizer.encode(prompt, add_special_tokens=False)
            ours = forward.write(tokens, stop=END, max_tokens=12)
            with torch.no_grad():
                written = theirs.generate(
                    torch.tensor([tokens]), max_new_tokens=12, do_sample=False
                )[0, len(tokens) :].tolist()
            assert ours.tokens == written[: len(ours.tokens)]


def test_file_says_what_it_is(exported: Exported) -> None:
    with LlamaModel(exported.f16) as model:
        assert model.metadata("museum_guide.trained") == "true"
        assert model.metadata("museum_guide.end_marker") == END
        assert model.metadata("museum_guide.version") == "0.0.1"
        assert model.metadata("general.license") == "apache-2.0"
        assert model.metadata("general.base_model.0.repo_url").endswith("/me/base")
        assert "<|im_start|>" in model.metadata("tokenizer.chat_template")
    assert made_from(exported.f16) == "origin-1"


def test_q8_0_is_within_a_hundredth_of_a_nat(
    exported: Exported, texts: list[Text], tmp_path: Path
) -> None:
    made = quantize(exported.f16, tmp_path / "q8.gguf", "Q8_0", threads=1)
    assert made.fallbacks == {}
    assert kl(exported.f16, made.path, texts, tmp_path) < 0.01
    assert made_from(made.path) == "origin-1"


def test_adapter_at_run_time_is_the_merged_model(
    exported: Exported, texts: list[Text], tmp_path: Path
) -> None:
    adapter = tmp_path / "adapter.gguf"
    convert_adapter(exported.adapter, exported.base, adapter, "f16", FACTS, exported.converter)
    apart = kl(exported.f16, exported.base_f16, texts, tmp_path)
    together = kl(exported.f16, exported.base_f16, texts, tmp_path, adapter=adapter)
    assert together < 1e-4
    assert apart > 100 * together


def test_types_that_do_not_fit_are_reported_and_planned(exported: Exported, tmp_path: Path) -> None:
    made = quantize(exported.f16, tmp_path / "q4.gguf", "Q4_K_M", threads=1)
    assert made.fallbacks == {"q4_K → q5_0": 166, "q6_K → q8_0": 14}
    planned = planned_size(exported.f16, "Q4_K_M")
    assert abs(made.path.stat().st_size - planned) < 3_000_000  # the header


def test_importance_matrix_brings_the_model_nearer(
    exported: Exported, texts: list[Text], tmp_path: Path
) -> None:
    with LlamaModel(exported.f16) as model:
        template = model.chat_template()
        read = [
            model.tokenize(build_prompt(row.artwork, row.request, template).text + row.completion)
            for row in list(corpus(450))[1:5]
        ]
    weights = imatrix.compute(exported.f16, read, threads=1)
    assert len(weights) == 7 * 30
    imatrix.save(weights, len(read), sum(map(len, read)), tmp_path / "imatrix.gguf")
    loaded = imatrix.load(tmp_path / "imatrix.gguf")
    plain = quantize(exported.f16, tmp_path / "plain.gguf", "Q4_0", threads=1).path
    weighed = quantize(
        exported.f16, tmp_path / "weighed.gguf", "Q4_0", importance=loaded, threads=1
    ).path
    far = kl(exported.f16, plain, texts, tmp_path)
    near = kl(exported.f16, weighed, texts, tmp_path)
    assert near < far


def test_sentencepiece_tokens_and_text_survive(exported: Exported, tmp_path: Path) -> None:
    tiny_mistral(tmp_path / "mistral")
    gguf = tmp_path / "mistral-F16.gguf"
    merge(tmp_path / "mistral", None, tmp_path / "half")
    convert_model(tmp_path / "half", gguf, FACTS, exported.converter)
    with LlamaModel(gguf) as model:
        checked = check_tokens(model, tmp_path / "mistral", list(corpus(40)))
    assert (checked.rows, checked.different) == (76, 0)


def test_bpe_tokens_are_the_trainers(exported: Exported) -> None:
    with LlamaModel(exported.f16) as model:
        checked = check_tokens(model, exported.base, list(corpus(20)))
    assert (checked.rows, checked.different) == (152, 0)


def test_other_tokens_are_noticed(exported: Exported, tmp_path: Path) -> None:
    tiny_mistral(tmp_path / "other")
    with LlamaModel(exported.f16) as model:
        checked = check_tokens(model, tmp_path / "other", list(corpus(1000)))
    assert checked.different == checked.rows
    assert checked.example


def test_killed_quantization_leaves_no_final_file_and_can_be_repeated(
    exported: Exported, tmp_path: Path
) -> None:
    out = tmp_path / "killed.gguf"
    code = (
        "from pathlib import Path; from export.quantize import quantize; "
        f"quantize(Path({str(exported.f16)!r}), Path({str(out)!r}), 'Q5_K_M', threads=1)"
    )
    process = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT)
    part = out.with_name(out.name + ".part")
    deadline = time.monotonic() + 120
    while not part.exists() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert not out.exists()
    assert quantize(exported.f16, out, "Q5_K_M", threads=1).path.is_file()
    assert not part.exists()
    LlamaModel(out).close()


def test_every_type_of_llama_cpp_has_its_name() -> None:
    known = types()
    assert {"F16", "Q4_K_M", "IQ2_XXS", "TQ1_0", "MXFP4_MOE"} <= known.keys()
    assert parse_types("q8_0, Q4_K_M,Q8_0") == ["Q8_0", "Q4_K_M"]


def test_unknown_type_names_the_nearest() -> None:
    with pytest.raises(ModelError, match="no type 'Q4_K_N'; did you mean Q4_K_"):
        parse_types("Q4_K_N")


def test_types_of_two_bits_ask_for_a_matrix(exported: Exported, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="IQ2_XS is only sensible with an importance matrix"):
        quantize(exported.f16, tmp_path / "x.gguf", "IQ2_XS")


def test_converter_that_fails_is_quoted(exported: Exported, tmp_path: Path) -> None:
    folder = tmp_path / "broken"
    folder.mkdir()
    (folder / "config.json").write_text('{"architectures": ["NoSuchModel"]}')
    with pytest.raises(ModelError, match=r"converter could not convert .*NoSuchModel"):
        convert_model(folder, tmp_path / "x.gguf", FACTS, exported.converter)
    assert not (tmp_path / "x.gguf").exists()
