"""The verified writer in rounds: whole drafts drawn again until nothing is left to redraw."""

import asyncio
import http.server
import json
import threading
from dataclasses import replace

import pytest

from data.artwork import Artwork
from data.errors import ModelError
from data.prompt import Prompt, Request
from infer.engine import Engine
from infer.judge import Judge
from infer.options import Sampling, read_options
from infer.ray_batch.cluster import Share
from infer.ray_batch.rounds import ROUNDS, Ask, Draw, State, first_text, next_draw
from infer.ray_batch.vllm import _check, check_engine, engine_settings, server_config
from infer.required import Required
from infer.session import ModelSession
from models.llama import LlamaModel
from tests.conftest import VERMEER

ARTWORK = Artwork(**VERMEER)
OPTIONS = read_options("en", "brief", "clear", "tiny", 0, 0.7, 60)


def draw_all(engine, session):
    """What a cluster does with one work: every round a whole draft of the real model."""
    state = State()
    asked: list[Ask] = []
    for number in range(1, ROUNDS + 1):
        found = next_draw(ARTWORK, OPTIONS, "tiny", state, last=number == ROUNDS)
        if not isinstance(found, Ask):
            return found, state, asked
        asked.append(found)
        prompt = session.prompt(ARTWORK, OPTIONS.request)
        whole = Prompt(prompt.prefix, prompt.text + found.text)
        with engine.submit(whole, found.sampling, found.max_tokens) as request:
            text = "".join(request)
            tokens = request.measures().tokens
        state.draws.append(Draw(text, tokens, cut=request.finish == "length"))
    raise AssertionError("it never ended")


@pytest.fixture(scope="module")
def drawn(tiny):
    with LlamaModel(tiny) as model, Engine(model, slots=1) as engine:
        from rich.console import Console

        session = ModelSession(
            "tiny", Console(quiet=True), drawer=engine, template=model.chat_template()
        )
        return draw_all(engine, session)


def test_guide_of_many_drafts_is_true_and_complete(drawn):
    line, state, asked = drawn
    report = Judge(ARTWORK, Request()).report(line["guide"])
    assert report.clean
    assert Required(ARTWORK, "en").missing(line["guide"], report) == []
    assert line["tokens"] == sum(draw.tokens for draw in state.draws)
    assert len(asked) == len(state.draws) > 1


def test_each_round_goes_on_from_what_was_kept_with_a_new_seed(drawn):
    line, _, asked = drawn
    opening = first_text(ARTWORK, OPTIONS)
    assert asked[0] == Ask(opening, OPTIONS.sampling, 60)
    assert opening
    assert line["guide"].startswith(opening)
    assert line["plain"][0] == opening
    assert len({ask.sampling.seed for ask in asked}) == len(asked)
    assert all(0 < ask.max_tokens <= 60 for ask in asked)


def test_sentence_that_failed_is_drawn_again_boldly():
    cautious = read_options("en", "brief", "clear", "tiny", 0, 0.1, None, opening="model")
    first = next_draw(ARTWORK, cautious, "tiny", State())
    assert first == Ask("", Sampling(temperature=0.1), cautious.max_tokens)
    again = next_draw(ARTWORK, cautious, "tiny", State([Draw("Rembrandt painted it.", 5)]))
    assert isinstance(again, Ask)
    assert again.sampling.temperature == 0.7


def test_sentence_on_what_is_missing_is_drawn_as_the_first_was():
    cautious = read_options("en", "brief", "clear", "tiny", 0, 0.1, None, opening="model")
    told = (
        "Look at the girl and at the pearl earring in the middle of the picture. Then look at the "
        "turban and follow it down. Come close, and see where the light falls. Then step back. "
    )
    steered = next_draw(ARTWORK, cautious, "tiny", State([Draw(told, 50)]))
    assert isinstance(steered, Ask)
    assert steered.text.startswith(told.partition(".")[0])
    assert steered.text.rpartition(". ")[2]  # the beginning of a sentence
    assert steered.sampling.seed != 0
    assert steered.sampling.temperature == 0.1


def test_state_that_has_travelled_gives_the_same_guide(drawn):
    line, state, _ = drawn
    again = next_draw(ARTWORK, OPTIONS, "tiny", State.from_json(state.to_json()))
    assert isinstance(again, dict)
    assert again["guide"] == line["guide"]


def test_after_the_last_round_plain_sentences_end_the_guide():
    line = next_draw(ARTWORK, OPTIONS, "tiny", State(), last=True)
    assert isinstance(line, dict)
    assert "Johannes Vermeer" in line["guide"]
    assert line["tokens"] == 0
    assert Judge(ARTWORK, Request()).report(line["guide"]).clean


def test_row_of_a_round_carries_what_the_next_one_needs():
    row = {"index": 3, "artwork": json.dumps(ARTWORK.as_record()), "state": "[]", "text": "",
           "seed": 0, "temperature": 0.1, "max_tokens": 60, "reason": None}  # fmt: skip
    after = _check(row, Draw("It was painted by Rembrandt in 1700.", 9), OPTIONS, last=False)
    assert (after["index"], after["row"], after["reason"]) == (3, None, None)
    assert after["text"] == first_text(ARTWORK, OPTIONS)
    assert after["temperature"] == 0.7
    assert after["seed"] != 0
    assert State.from_json(after["state"]).draws[0].tokens == 9
    failed = _check(row, "out of memory", OPTIONS, last=False)
    assert failed["reason"] == "out of memory"


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of Ray's own modules
def test_configuration_is_one_that_ray_takes(tmp_path):
    pytest.importorskip("ray")
    pytest.importorskip("torch")
    from ray.data.llm import vLLMEngineProcessorConfig

    (tmp_path / "config.json").write_text("{}")
    options = read_options("en", "brief", "clear", str(tmp_path), 0, 0.7, None)
    settings = engine_settings(options, Share(2, 1, 1.0), 64)
    config = vLLMEngineProcessorConfig(**settings)
    assert config.model_source == str(tmp_path)
    assert config.get_concurrency() == {"min_size": 1, "max_size": 2}
    assert config.engine_kwargs["enable_prefix_caching"]


def test_requests_of_a_batch_are_with_the_server_at_the_same_time():
    """Each answer waits until all four have come; one after the other they would time out."""
    pytest.importorskip("aiohttp")
    pytest.importorskip("ray")
    pytest.importorskip("torch")
    from ray.llm._internal.batch.stages.http_request_stage import HttpRequestUDF

    all_here = threading.Barrier(4, timeout=20)

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            all_here.wait()
            body = json.dumps({"choices": [{"text": asked["prompt"]}]}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments):
            pass

    async def ask(url):
        config = server_config(replace(OPTIONS, backend=url), 4)
        stage = HttpRequestUDF("rows", ["payload"], url, session_factory=config.session_factory)
        rows = [{stage.IDX_IN_BATCH_COLUMN: n, "payload": {"prompt": str(n)}} for n in range(4)]
        return [row async for row in stage.udf(rows)]

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        answers = asyncio.run(ask(f"http://127.0.0.1:{server.server_port}"))
        server.shutdown()
    texts = [row["http_response"]["choices"][0]["text"] for row in answers]
    assert texts == ["0", "1", "2", "3"]


def test_vllm_that_is_not_installed_is_a_sentence():
    with pytest.raises(ModelError, match="needs vLLM on every machine with a GPU"):
        check_engine(OPTIONS)
