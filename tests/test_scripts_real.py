"""A real teacher: llama-cpp-python's own server on loopback, with the smallest model."""

import json
import socket
import subprocess
import sys
import time

import pytest
import requests

from data.artwork import Artwork
from data.prompt import Request
from data.scripts.run import write
from data.scripts.store import Store
from data.scripts.teacher import Endpoint
from data.scripts.writer import Plan
from tests.conftest import VERMEER

pytest.importorskip("fastapi", reason="the server needs the dev extra")
pytest.importorskip("sse_starlette", reason="the server needs the dev extra")


@pytest.fixture(scope="module")
def service(tiny):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    arguments = ["--model", str(tiny), "--port", str(port), "--n_ctx", "2048", "--n_threads", "1"]
    process = subprocess.Popen(
        [sys.executable, "-m", "llama_cpp.server", *arguments],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    url = f"http://127.0.0.1:{port}/v1"
    try:
        _wait(url, process)
        yield url
    finally:
        process.terminate()
        process.wait(30)


def _wait(url, process):
    until = time.monotonic() + 90
    while time.monotonic() < until and process.poll() is None:
        try:
            requests.get(f"{url}/models", timeout=5)
        except requests.ConnectionError:
            time.sleep(0.1)
        else:
            return
    pytest.fail("llama-cpp-python's server did not start")


def test_a_real_answer_is_json_judged_and_counted(service, tmp_path):
    """The model is too small to write a good guide; that it is asked and read is what counts."""
    endpoint = Endpoint("tiny", service, max_tokens=20, temperature=0.0)
    outcome = write(
        [Artwork(**VERMEER)], [Request()], endpoint, Plan(tries=1, shots=0),
        database=tmp_path / "scripts.sqlite", notes=True,
    )  # fmt: skip
    with Store.open(tmp_path / "scripts.sqlite") as store:
        (attempt,) = store.attempts(store.jobs()[0])
    assert attempt.answer.startswith("{")
    assert attempt.prompt_tokens > 400
    assert 0 < attempt.completion_tokens <= 20
    assert (outcome.answers, outcome.done) == (1, 1)
    if attempt.script is not None:  # it may not come to an end within so few tokens
        assert json.loads(attempt.answer)["script"]
