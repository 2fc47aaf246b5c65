"""The look at a model file's header, and what each fault is called."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.errors import ModelError
from models.gguf import read_header
from models.llama import LlamaModel
from tests.test_fetch import CONTENT


def test_header_of_a_real_model(tiny):
    header = read_header(tiny)
    assert (header.version, header.tensors, header.architecture) == (3, 272, "llama")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "is not a GGUF file"),
        (b"<!DOCTYPE html>", "is not a GGUF file"),
        (b"GGUF", "damaged or incomplete GGUF header"),
        (b"GGUF" + struct.pack("<IQQ", 1, 1, 1), "is GGUF version 1"),
        (b"GGUF" + struct.pack("<IQQ", 3, 1, 0) + b"x" * 100, "names no architecture"),
        (CONTENT[:60], "damaged or incomplete|is cut off"),
        (CONTENT[:4] + struct.pack("<IQQ", 3, 99_999, 1) + CONTENT[24:], "is cut off"),
    ],
)
def test_faulty_file_is_named_with_its_fault(tmp_path, content, reason):
    path = tmp_path / "m.gguf"
    path.write_bytes(content)
    with pytest.raises(ModelError, match=reason):
        read_header(path)


def test_another_architecture_is_refused(tiny):
    with pytest.raises(ModelError, match="is a llama model where qwen2 was expected"):
        read_header(tiny, "qwen2")


def test_missing_file_is_named(tmp_path):
    with pytest.raises(ModelError, match=r"m\.gguf cannot be read: No such file"):
        read_header(tmp_path / "m.gguf")


@given(st.binary(max_size=200))
def test_no_bytes_escape_as_another_error(tmp_path_factory, tail):
    path = tmp_path_factory.mktemp("gguf") / "m.gguf"
    path.write_bytes(b"GGUF" + struct.pack("<I", 3) + tail)
    with pytest.raises(ModelError):
        read_header(path)


def test_sound_header_with_broken_weights_is_one_sentence(tmp_path):
    path = tmp_path / "m.gguf"
    path.write_bytes(CONTENT)
    with pytest.raises(ModelError, match=r"m\.gguf cannot be loaded \(.+\); remove it"):
        LlamaModel(path)


def test_adapter_that_is_none_is_refused(tiny, tmp_path):
    path = tmp_path / "adapter.gguf"
    path.write_bytes(CONTENT)
    with pytest.raises(ModelError, match=r"adapter\.gguf does not fit .*SmolLM2"):
        LlamaModel(tiny, adapter=path)
