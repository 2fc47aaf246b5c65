"""The catalog: what is shipped, what users add, and how names are resolved."""

import io

import pytest
from rich.console import Console

from data.errors import ModelError
from models.catalog import DEFAULT_MODEL, get_entry, load_catalog
from models.resolve import resolve

CONSOLE = Console(file=io.StringIO())


def test_shipped_models_name_source_size_hash_and_licence():
    catalog = load_catalog()
    assert list(catalog)[:3] == ["standard", "small", "tiny"]
    assert DEFAULT_MODEL == "small"
    for entry in (catalog["standard"], catalog["small"], catalog["tiny"]):
        assert entry.sources
        assert entry.size
        assert entry.sha256
        assert entry.memory
        assert entry.licence == "Apache-2.0"


def test_users_add_entries_of_their_own(models_folder, tiny, monkeypatch, tmp_path):
    monkeypatch.setenv("GUIDE_MODELS", str(tmp_path))
    (tmp_path / "mine.gguf").symlink_to(tiny)
    (tmp_path / "local.toml").write_text('[mine]\nbase = "b"\nfile = "mine.gguf"\n')
    assert resolve("mine", CONSOLE).path == tmp_path / "mine.gguf"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[mine", "cannot be read as TOML"),
        ('[mine]\nfile = "m.gguf"', r"mine\.base: field required"),
        (
            '[mine]\nbase = "b"\nfile = "m.gguf"\nsise = 1',
            "mine.sise is unknown; did you mean 'size'",
        ),
        ('[mine]\nbase = "b"\nfile = "../m.gguf"', r"mine\.file: string should match"),
        ('[mine]\nbase = "b"\nfile = "m.gguf"\nsize = "big"', r"mine\.size: input should be"),
    ],
)
def test_faulty_entry_is_named_with_its_key(tmp_path, monkeypatch, text, reason):
    monkeypatch.setenv("GUIDE_MODELS", str(tmp_path))
    (tmp_path / "local.toml").write_text(text)
    with pytest.raises(ModelError, match=reason):
        load_catalog()


def test_unknown_name_gets_the_nearest():
    with pytest.raises(ModelError, match="no model called 'smal'; did you mean 'small'"):
        get_entry("smal")


def test_path_of_a_file_is_a_model(tiny):
    assert resolve(str(tiny), CONSOLE).name == tiny.stem


def test_path_of_no_file_is_refused(tmp_path):
    with pytest.raises(ModelError, match="There is no model file"):
        resolve(str(tmp_path / "none.gguf"), CONSOLE)


def test_large_model_is_not_fetched_unasked():
    with pytest.raises(ModelError, match=r"fetch it \(4\.4 GB\) with: guide models pull standard"):
        resolve("standard", CONSOLE)


def test_missing_adapter_is_named(tmp_path, tiny, monkeypatch):
    monkeypatch.setenv("GUIDE_MODELS", str(tmp_path))
    (tmp_path / "mine.gguf").symlink_to(tiny)
    (tmp_path / "local.toml").write_text(
        '[mine]\nbase = "b"\nfile = "mine.gguf"\nadapter = "adapters/none.gguf"\n'
    )
    with pytest.raises(ModelError, match=r"The adapter of mine is missing: .*none\.gguf"):
        resolve("mine", CONSOLE)


def test_entry_like_another_takes_what_it_does_not_say(tmp_path, monkeypatch):
    monkeypatch.setenv("GUIDE_MODELS", str(tmp_path))
    (tmp_path / "local.toml").write_text(
        '[warm]\nlike = "small"\ndescription = "ours"\nadapter = "warm/warm.gguf"\n'
    )
    catalog = load_catalog()
    small, warm, base = catalog["small"], catalog["warm"], catalog["small-base"]
    assert (warm.file, warm.sha256, warm.sources) == (small.file, small.sha256, small.sources)
    assert warm.description == "ours"
    assert base.adapter_path is None
    assert small.adapter_path is not None


def test_entry_like_none_is_named(tmp_path, monkeypatch):
    monkeypatch.setenv("GUIDE_MODELS", str(tmp_path))
    (tmp_path / "local.toml").write_text('[warm]\nlike = "smal"\n')
    with pytest.raises(ModelError, match=r"local\.toml: warm\.like is 'smal'"):
        load_catalog()


def test_shipped_adapter_is_whole_small_and_trained_for_its_base():
    from gguf import GGUFReader

    entry = get_entry("small")
    path = entry.adapter_path
    assert path is not None
    assert path.stat().st_size <= 25_000_000
    reader = GGUFReader(path)
    field = {name: field.contents() for name, field in reader.fields.items()}
    assert field["general.type"] == "adapter"
    assert field["general.architecture"] == entry.architecture
    assert {t.name.rpartition(".")[2] for t in reader.tensors} == {"lora_a", "lora_b"}
