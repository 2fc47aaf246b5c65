"""The `guide` command itself: help, version, completion, the models sub-commands."""

import hashlib
import json
import os
import platform
import shlex
import shutil
import subprocess
import sys

import pytest

import bootstrap
from tests.conftest import GUIDE, ROOT


def test_help_lists_the_sub_commands_in_the_order_of_the_work(guide):
    run = guide("--help")
    assert run.returncode == 0
    names = [line.split()[0] for line in run.stdout.partition("Commands:\n")[2].splitlines()]
    assert names.index("tell") < names.index("models")


def test_version(guide):
    assert guide("--version").stdout == "guide, version 0.1.0\n"


def test_unknown_sub_command_is_one_sentence(guide):
    run = guide("tel")
    assert run.returncode == 2
    assert run.stderr.startswith("guide: No such command 'tel'")
    assert run.stderr.count("\n") == 1


def complete(words):
    environment = os.environ | {
        "_GUIDE_COMPLETE": "bash_complete",
        "COMP_WORDS": words,
        "COMP_CWORD": str(len(words.split()) - 1),
    }
    run = subprocess.run([GUIDE], env=environment, capture_output=True, text=True, check=False)
    return {line.partition(",")[2] for line in run.stdout.splitlines()}


def test_shell_completion_knows_sub_commands_options_and_models():
    assert "tell" in complete("guide te")
    assert "--temperature" in complete("guide tell --temp")
    assert complete("guide models path ti") == {"tiny"}


def test_models_list_shows_what_is_present(guide):
    run = guide("models", "list")
    rows = {line.split()[0]: line for line in run.stdout.splitlines() if line}
    assert " yes " in rows["tiny"]
    assert " no " in rows["standard"]
    assert "4.37 GB" in rows["standard"]
    assert "Apache-2.0" in rows["small"]


def test_models_path_prints_the_path_alone(guide, models_folder):
    run = guide("models", "path", "tiny")
    assert run.stdout == f"{models_folder}/SmolLM2-135M-Instruct.Q4_1.gguf\n"


def test_models_path_of_an_absent_model_says_how_to_fetch_it(guide):
    run = guide("models", "path", "small")
    assert (run.returncode, run.stdout) == (2, "")
    assert run.stderr == "guide: small is not here; fetch it with: guide models pull small\n"


def test_models_pull_of_a_present_model_fetches_nothing(guide):
    assert "tiny is already here" in guide("models", "pull", "tiny").stdout


def test_models_remove_deletes_the_model_and_its_prefixes(guide, tmp_path, monkeypatch, tiny):
    folder = tmp_path / "models"
    (folder / "cache").mkdir(parents=True)
    model = folder / tiny.name
    model.symlink_to(tiny)
    prefix = folder / "cache" / f"{tiny.stem}-0123456789abcdef.prefix"
    prefix.write_bytes(b"x")
    monkeypatch.setenv("GUIDE_MODELS", str(folder))
    assert "tiny removed" in guide("models", "remove", "tiny").stdout
    assert not model.exists()
    assert not prefix.exists()
    assert tiny.exists()
    assert guide("models", "remove", "tiny").stdout == "tiny is not here.\n"


def test_setup_that_is_up_to_date_does_nothing(tmp_path):
    """`just setup` twice: the second sees the stamp and starts no pip."""
    for name in ("bootstrap.py", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path)
    fingerprint = hashlib.sha256((tmp_path / "pyproject.toml").read_bytes()).hexdigest()
    (tmp_path / ".venv").mkdir()
    stamp = tmp_path / ".venv" / "setup.json"
    stamp.write_text(json.dumps({"pyproject": fingerprint, "extras": ["dev", "speech"]}))
    command = [sys.executable, "bootstrap.py"]
    for extras in ([], ["dev"]):
        run = subprocess.run(
            [*command, *extras], cwd=tmp_path, capture_output=True, text=True, check=True
        )
        assert run.stdout == ""


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        ("flags : fpu avx512f amx_bf16 amx_tile amx_int8\n", True),
        ("flags : fpu avx2 avx512f\n", False),
        (None, False),
    ],
)
def test_llama_cpps_amx_code_is_mended_where_the_processor_has_amx(tmp_path, flags, expected):
    """Debian 12's GCC breaks llama.cpp's AMX code, which then ends the first guide."""
    cpuinfo = tmp_path / "cpuinfo"
    if flags:
        cpuinfo.write_text(flags)
    assert bool(bootstrap.mended_amx(cpuinfo)) is expected


@pytest.mark.skipif(
    not shutil.which("g++") or (sys.platform, platform.machine()) != ("linux", "x86_64"),
    reason="a g++ for x86-64",
)
def test_the_whole_tile_configuration_is_stored(tmp_path):
    """What is stored there is 64 bytes; a compiler that drops 56 of them is found by its code."""
    cpuinfo = tmp_path / "cpuinfo"
    cpuinfo.write_text("flags : amx_int8\n")
    source = tmp_path / "tiles.cpp"
    source.write_text(
        "#include <immintrin.h>\n"
        "void set(char rows) { char tiles[64] = {}; tiles[48] = rows; _tile_loadconfig(tiles); }\n"
    )
    flags = shlex.split(bootstrap.mended_amx(cpuinfo))
    compiled = subprocess.run(
        ["g++", "-O3", "-mamx-tile", "-S", "-o", "-", *flags, source],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert "ldtilecfg" in compiled.stdout
    assert "dil" in compiled.stdout, "the rows, the function's argument, are never stored"


def test_ci_runs_the_readmes_test_command():
    assert "just test" in (ROOT / "README.md").read_text(encoding="utf-8")
    assert "just test" in (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()
