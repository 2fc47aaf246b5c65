"""`guide models` with voices: listed, fetched, found and removed like models."""

import pytest

from tests.speech_setting import JOE, link_voice


@pytest.fixture
def joe(models_folder, tmp_path, monkeypatch):
    """A models folder that holds the English voice."""
    link_voice(JOE, tmp_path, monkeypatch)
    monkeypatch.setenv("GUIDE_MODELS", str(tmp_path))
    return tmp_path


def test_list_shows_languages_licences_and_what_is_present(guide, joe):
    rows = {line.split()[0]: line for line in guide("models", "list").stdout.splitlines() if line}
    assert " yes " in rows[JOE]
    assert "CC0-1.0" in rows[JOE]
    assert " no " in rows["fr_FR-siwis-medium"]
    assert "CC-BY-4.0" in rows["fr_FR-siwis-medium"]
    assert "kokoro" in rows["kokoro-heart"]


def test_pull_of_a_present_voice_fetches_nothing(guide, joe):
    assert f"{JOE} is already here" in guide("models", "pull", JOE).stdout


def test_path_is_that_of_the_model(guide, joe):
    assert guide("models", "path", JOE).stdout == f"{joe}/voices/{JOE}.onnx\n"


def test_path_of_an_absent_voice_says_how_to_fetch_it(guide, joe):
    run = guide("models", "path", "it_IT-paola-medium")
    assert run.returncode == 2
    assert "fetch it with: guide models pull it_IT-paola-medium" in run.stderr


def test_half_a_download_is_shown(guide, joe):
    (joe / "voices" / "de_DE-thorsten-medium.onnx.part").write_bytes(b"x" * 31_603_056)
    rows = guide("models", "list").stdout.splitlines()
    assert any("de_DE-thorsten-medium" in row and " 49 %" in row for row in rows)


def test_remove_deletes_both_files(guide, joe):
    assert f"{JOE} removed, 63 MB freed." in guide("models", "remove", JOE).stdout
    assert list((joe / "voices").iterdir()) == []
    assert guide("models", "remove", JOE).stdout == f"{JOE} is not here.\n"
