"""Guides from a server: llama-cpp-python's own, as a process on loopback, with the real `tiny`."""

import importlib.util
import json
import socket
import subprocess
import sys
import time

import pytest
import requests

from data.artwork import Artwork
from data.errors import ModelError
from data.prompt import Request, build_prompt
from infer.engine import Engine
from infer.options import Sampling
from infer.remote import Server
from models.llama import LlamaModel
from tests.conftest import VERMEER
from tests.file_server import serve

pytestmark = pytest.mark.skipif(
    any(
        importlib.util.find_spec(name) is None
        for name in ("uvicorn", "sse_starlette", "starlette_context", "pydantic_settings")
    ),
    reason="llama-cpp-python's server is not installed",
)


@pytest.fixture(scope="module")
def url(tiny, tmp_path_factory):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-W", "ignore", "-m", "llama_cpp.server", "--model", str(tiny),
               "--port", str(port), "--n_ctx", "2048", "--model_alias", "tiny"]  # fmt: skip
    log = (tmp_path_factory.mktemp("server") / "log").open("w+")
    process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
    address = f"http://127.0.0.1:{port}"
    for _ in range(600):
        assert process.poll() is None, log.seek(0) or log.read()
        try:
            requests.get(f"{address}/v1/models", timeout=1)
            break
        except requests.RequestException:
            time.sleep(0.1)
    yield address
    process.terminate()
    process.wait()
    log.close()


@pytest.fixture(scope="module")
def prompt(tiny):
    with LlamaModel(tiny, vocabulary_only=True) as model:
        return build_prompt(Artwork(**VERMEER), Request(), model.chat_template())


def test_server_draws_what_the_engine_draws(url, prompt, tiny):
    with Server(url).submit(prompt, Sampling(temperature=0), 16) as request:
        pieces = list(request)
        measures = request.measures()
    with (
        LlamaModel(tiny) as model,
        Engine(model, slots=1, context=1024) as engine,
        engine.submit(prompt, Sampling(temperature=0), 16) as own,
    ):
        expected = "".join(own)
    # Other kernels read the prompt there, so that later words may differ.
    assert "".join(pieces)[:12] == expected[:12]
    assert measures.finish_reason == "length"
    assert measures.tokens > 5


def test_going_back_keeps_the_beginning(url, prompt):
    with Server(url).submit(prompt, Sampling(seed=1), 12) as request:
        text = "".join(request)
        request.rewind(10, seed=2, forced=" It is")
        rest = "".join(request)
    assert rest.startswith(" It is")
    assert len(rest) > len(" It is")
    assert text[:10]


def test_only_a_sentence_that_failed_is_drawn_boldly(url, prompt, monkeypatch):
    server, asked = Server(url), []
    complete = server.complete

    def recorded(text, sampling, most):
        asked.append((sampling.seed, sampling.temperature))
        return complete(text, sampling, most)

    monkeypatch.setattr(server, "complete", recorded)
    with server.submit(prompt, Sampling(seed=1), 4) as request:
        for seed, forced in ((2, ""), (3, " It is"), (4, "")):
            list(request)
            request.rewind(0, seed=seed, forced=forced)
        list(request)
    assert asked == [(1, 0.1), (2, 0.7), (3, 0.1), (4, 0.7)]


def test_server_goes_on_from_an_opening(url, prompt):
    opening = "This is a jug."
    with Server(url).submit(prompt, Sampling(seed=1), 12, opening) as request:
        text = "".join(request)
    assert text.startswith(opening)
    assert len(text) > len(opening)


def test_tell_and_batch_take_a_backend(url, guide, tmp_path):
    told = guide("tell", "-", "--model", "tiny", "--backend", url, "--json",
                 stdin=json.dumps({"title": "A jug"}))  # fmt: skip
    assert told.returncode == 0, told.stderr
    result = json.loads(told.stdout)
    assert "A jug" in result["guide"]
    assert not [c for c in result["claims"] if c["verdict"] == "unsupported"]


@pytest.mark.parametrize(("language", "warned"), [("en", False), ("fr", True)])
def test_language_that_the_served_model_is_no_good_at_is_warned_of(
    url, guide, tiny, tmp_path, monkeypatch, language, warned
):
    monkeypatch.setenv("GUIDE_MODELS", str(tmp_path))
    (tmp_path / tiny.name).symlink_to(tiny)
    (tmp_path / "local.toml").write_text('[mine]\nlike = "tiny"\nlanguages = ["en"]\n')
    run = guide("tell", "-", "--model", "mine", "--backend", url, "--language", language,
                "--max-tokens", "5", stdin=json.dumps({"title": "A jug"}))  # fmt: skip
    assert run.returncode == 0, run.stderr
    assert ("does not write French well enough to publish" in run.stderr) is warned


def test_backend_that_is_not_there_is_one_sentence(guide):
    run = guide("tell", "--title", "A", "--model", "tiny", "--backend", "http://127.0.0.1:9")
    assert run.returncode == 2
    assert run.stderr == (
        "guide: The server http://127.0.0.1:9 cannot be reached (ConnectionError); is it running?\n"
    )


def test_server_that_is_something_else_is_told_apart():
    with serve(b"hello") as server, pytest.raises(ModelError, match="OpenAI-compatible"):
        Server(server.url)
