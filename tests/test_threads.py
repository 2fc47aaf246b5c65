"""llama.cpp's threads wait without keeping other programs from the processor."""

import os
import subprocess
import sys

import pytest

VARIABLES = ("GOMP_SPINCOUNT", "OMP_WAIT_POLICY")


def setting(module: str, **environment: str) -> list[str]:
    """What OpenMP will read once `module` is imported in a fresh process."""
    code = f"import os, {module}; print(*(os.environ.get(name, '-') for name in {VARIABLES}))"
    clean = {k: v for k, v in os.environ.items() if k not in VARIABLES}
    run = subprocess.run(
        [sys.executable, "-c", code], env=clean | environment, capture_output=True, text=True,
        check=True,
    )  # fmt: skip
    return run.stdout.split()


@pytest.mark.parametrize("module", ["models.llama", "infer.context", "export.quantize"])
def test_threads_that_wait_soon_sleep(module):
    assert setting(module) == ["1000", "active"]


def test_the_users_own_setting_is_kept():
    assert setting("infer.context", GOMP_SPINCOUNT="50") == ["50", "active"]
    assert setting("infer.context", OMP_WAIT_POLICY="passive") == ["-", "passive"]
