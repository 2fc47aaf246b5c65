"""Two hundred requests over eight slots, in random order, some of them leaving or going back.

Every text that is finished must be that of a run one by one. `faulthandler` is pytest's own.
"""

import random
import threading
from concurrent.futures import ThreadPoolExecutor

import psutil
import pytest

from data.artwork import Artwork
from data.prompt import Request, build_prompt
from infer.engine import Engine
from infer.options import Sampling
from models.llama import LlamaModel
from tests.test_engine import wait_until_idle

pytestmark = pytest.mark.slow

REQUESTS = 200
KINDS = 12
TOKENS = 10


@pytest.fixture(scope="module")
def model(tiny):
    with LlamaModel(tiny) as loaded:
        yield loaded


@pytest.fixture(scope="module")
def prompts(model):
    template = model.chat_template()
    works = [Artwork(title=f"Work {n}" + " in a row" * (5 * n)) for n in range(4)]
    return [build_prompt(work, Request(), template) for work in works]


def kind(number, prompts):
    """Prompt and seed of one of the kinds; the same kind has the same text."""
    return prompts[number % len(prompts)], Sampling(seed=number)


def whole(engine, number, prompts):
    prompt, sampling = kind(number, prompts)
    with engine.submit(prompt, sampling, TOKENS) as request:
        return "".join(request)


def gone_back(engine, number, prompts):
    prompt, sampling = kind(number, prompts)
    with engine.submit(prompt, sampling, TOKENS) as request:
        "".join(request)
        request.rewind(4, seed=number + 1)
        return "".join(request)


def left(engine, number, prompts, pieces):
    prompt, sampling = kind(number, prompts)
    with engine.submit(prompt, sampling, 200) as request:
        for count, _ in enumerate(request):
            if count >= pieces:
                return


def test_eight_slots_give_the_texts_of_one(model, prompts):
    with Engine(model, slots=1, context=1024) as engine:
        expected = {n: whole(engine, n, prompts) for n in range(KINDS)}
        expected_back = {n: gone_back(engine, n, prompts) for n in range(KINDS)}
    chance = random.Random(7)
    plans = [(chance.choice(("whole", "back", "left")), n % KINDS) for n in range(REQUESTS)]
    chance.shuffle(plans)
    process = psutil.Process()
    threads = threading.active_count()
    with Engine(model, slots=8, context=1024, queue=REQUESTS) as engine:

        def run(plan):
            what, number = plan
            if what == "whole":
                return whole(engine, number, prompts) == expected[number]
            if what == "back":
                return gone_back(engine, number, prompts) == expected_back[number]
            left(engine, number, prompts, pieces=number % 5)
            return True

        with ThreadPoolExecutor(24) as pool:
            early = list(pool.map(run, plans[:40]))
            memory = process.memory_info().rss
            late = list(pool.map(run, plans[40:]))
            grown = process.memory_info().rss - memory
        assert wait_until_idle(engine)
        assert all(early + late)
    assert grown < 30e6
    assert threading.active_count() == threads


def test_two_engines_are_stressed_side_by_side(model, prompts):
    with (
        Engine(model, slots=3, context=1024) as one,
        Engine(model, slots=3, context=1024) as other,
        ThreadPoolExecutor(8) as pool,
    ):
        texts = list(pool.map(lambda n: whole((one, other)[n % 2], n // 2, prompts), range(12)))
    assert texts[::2] == texts[1::2]
