"""The engine on the real `tiny` model: streaming, seeds, going back, leaving, the saved prefix."""

import threading
import time

import llama_cpp
import pytest

from data.artwork import Artwork
from data.errors import ModelError, PromptTooLong
from data.prompt import END, Prompt, Request, build_prompt
from infer.context import Context, exact_rows
from infer.engine import Engine, EngineBusy, default_slots
from infer.options import Sampling
from infer.prefix import PrefixCache
from models.llama import LlamaModel
from tests.conftest import VERMEER

ARTWORK = Artwork(**VERMEER)
TITLES = [f"Work number {n}" + " of a long series" * n for n in range(6)]


@pytest.fixture(scope="module")
def model(tiny):
    with LlamaModel(tiny) as loaded:
        yield loaded


@pytest.fixture(scope="module")
def engine(model):
    with Engine(model, slots=1, context=1024) as opened:
        yield opened


@pytest.fixture(scope="module")
def crowd(model):
    with Engine(model, slots=4, context=1024, queue=40) as opened:
        yield opened


@pytest.fixture(scope="module")
def prompt(model):
    return build_prompt(ARTWORK, Request(), model.chat_template())


@pytest.fixture(scope="module")
def prompts(model):
    template = model.chat_template()
    return [build_prompt(Artwork(title=title), Request(), template) for title in TITLES]


def write(engine, prompt, **settings):
    max_tokens = settings.pop("max_tokens", 24)
    with engine.submit(prompt, Sampling(**settings), max_tokens) as request:
        return "".join(request), request.measures()


def together(*calls):
    """Run each call in a thread of its own; their results in order."""
    results = [None] * len(calls)

    def run(number, call):
        results[number] = call()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def wait_until_idle(engine):
    for _ in range(600):
        if engine.load == (0, 0):
            return True
        time.sleep(0.05)
    return False


def test_pieces_come_one_by_one_and_measures_add_up(engine, prompt):
    with engine.submit(prompt, Sampling(seed=1), 24) as request:
        pieces = list(request)
        measures = request.measures()
    assert len(pieces) > 10
    assert measures.finish_reason == "length"
    assert measures.tokens == 24
    assert 0 < measures.time_to_first_token < measures.seconds
    assert measures.tokens_per_second > 0


def test_same_seed_gives_the_same_guide_and_another_seed_another(engine, prompt):
    first, again, other = (write(engine, prompt, seed=seed)[0] for seed in (3, 3, 4))
    assert first == again
    assert first != other


def test_temperature_zero_does_not_depend_on_the_seed(engine, prompt):
    assert write(engine, prompt, temperature=0, seed=1)[0] == write(
        engine, prompt, temperature=0, seed=2
    )[0]  # fmt: skip


def test_generation_ends_at_the_models_own_end(engine):
    question = "<|im_start|>user\nSay hello in one word.<|im_end|>\n<|im_start|>assistant\n"
    text, measures = write(engine, Prompt("", question), temperature=0, max_tokens=200)
    assert measures.finish_reason == "stop"
    assert END not in text
    assert text == text.strip()


def test_a_seed_gives_the_same_text_alone_and_in_a_crowd(engine, crowd, prompts):
    alone = [write(engine, p, seed=n) for n, p in enumerate(prompts)]
    calls = [lambda n=n, p=p: write(crowd, p, seed=n) for n, p in enumerate(prompts)]
    assert [text for text, _ in together(*calls)] == [text for text, _ in alone]


def test_as_many_rows_at_once_as_give_the_numbers_of_one(model):
    with Context(model, length=256, slots=4) as context:
        size = exact_rows(context, 4)
        rows = [(slot, 300 + slot, 0) for slot in range(size)]
        assert context.step(rows) == "done"
        together = [context.logits(row) for row in range(size)]
        for slot in range(size):
            context.forget(slot)
            assert context.step([rows[slot]]) == "done"
            assert context.logits(0) == together[slot]


def test_without_exactness_as_many_rows_at_once_as_are_fastest(model, prompt):
    with Engine(model, slots=3, context=512, exact=False) as fast:
        assert 1 <= fast.rows <= 3
        calls = [lambda n=n: write(fast, prompt, seed=n, max_tokens=12) for n in range(3)]
        assert all(measures.tokens > 1 for _, measures in together(*calls))


def test_going_back_gives_what_would_have_come_with_that_seed(engine, prompt):
    with engine.submit(prompt, Sampling(seed=3), 24) as request:
        text = "".join(request)
        request.rewind(20, seed=5)  # what is kept ends with a token from here on
        list(request)
        request.rewind(20, seed=9)
        one = text[:20] + "".join(request)
        request.rewind(20, seed=9)
        two = text[:20] + "".join(request)
        request.rewind(20, seed=8)
        three = text[:20] + "".join(request)
    assert one == two
    assert one.startswith(text[:20])
    assert len({text, one, three}) == 3


def test_forced_text_comes_as_a_piece_and_is_gone_on_from(engine, prompt):
    with engine.submit(prompt, Sampling(seed=3), 24) as request:
        text = "".join(request)
        request.rewind(15, seed=9, forced=" And this is forced:")
        rest = "".join(request)
    assert rest.startswith(" And this is forced:")
    assert len(rest) > len(" And this is forced:")
    assert text[:15]


def test_going_back_in_a_crowd_disturbs_nobody(engine, crowd, prompts):
    expected = [write(engine, p, seed=5)[0] for p in prompts[1:4]]

    def restless():
        with crowd.submit(prompts[0], Sampling(seed=1), 24) as request:
            for seed in range(4):
                text = next(iter(request))
                request.rewind(len(text), seed=seed, forced=" It is")
            return "".join(request)

    results = together(restless, *(lambda p=p: write(crowd, p, seed=5)[0] for p in prompts[1:4]))
    assert results[1:] == expected


def test_leaving_early_frees_the_slot_for_the_next(engine, prompt):
    with engine.submit(prompt, Sampling(seed=3), 800) as request:
        next(iter(request))
    assert wait_until_idle(engine)
    assert request.measures().finish_reason == "cancelled"
    whole, _ = write(engine, prompt, seed=3)
    assert whole.startswith(write(engine, prompt, seed=3, max_tokens=10)[0])


def test_leaving_interrupts_the_reading_of_a_prompt(model):
    notes = tuple(f"Note number {n} says something about the work." for n in range(250))
    template = model.chat_template()
    with Engine(model, slots=1) as engine:
        long = build_prompt(Artwork(title="A", notes=notes), Request(), template)
        request = engine.submit(long, Sampling(), 40)
        time.sleep(0.2)
        request.close()
        assert wait_until_idle(engine)
        assert request.measures().tokens == 0
        assert write(engine, build_prompt(ARTWORK, Request(), template))[0]


def test_whoever_leaves_while_waiting_is_never_served(engine, prompt):
    with engine.submit(prompt, Sampling(seed=1), 24) as first:
        second = engine.submit(prompt, Sampling(seed=2), 24)
        second.close()
        assert "".join(first)
    assert wait_until_idle(engine)
    assert second.measures().tokens == 0


def test_text_begins_with_its_opening_and_goes_on_from_it(engine, crowd, prompts):
    opening = "This is the first sentence."

    def told(where, number):
        with where.submit(prompts[number], Sampling(seed=number), 24, opening) as request:
            return "".join(request)

    alone = [told(engine, number) for number in range(3)]
    assert all(text.startswith(opening) for text in alone)
    assert len(max(alone, key=len)) > len(opening)
    assert together(*(lambda n=n: told(crowd, n) for n in range(3))) == alone


def test_whoever_goes_back_while_waiting_is_heard_when_his_turn_comes(engine, prompt):
    with engine.submit(prompt, Sampling(seed=1), 24) as first:
        second = engine.submit(prompt, Sampling(seed=2), 24)
        second.rewind(0, seed=5, forced="And so")
        assert "".join(first)
    with second:
        assert "".join(second).startswith("And so")


def test_record_that_does_not_fit_says_by_how_much(engine, model):
    artwork = Artwork(title="A", notes=("word " * 500,) * 10)
    prompt = build_prompt(artwork, Request(), model.chat_template())
    over = len(model.tokenize(prompt.text)) + 40 - engine.context
    with pytest.raises(PromptTooLong, match=f"is {over} tokens too long"):
        engine.submit(prompt, Sampling(), 40)


def test_full_queue_refuses_and_says_when_to_come_back(model, prompt):
    with Engine(model, slots=1, context=1024, queue=1) as engine:
        with engine.submit(prompt, Sampling(), 500) as first:
            next(iter(first))
            waiting = engine.submit(prompt, Sampling(), 10)
            with pytest.raises(EngineBusy, match=r"try again in about \d+ seconds") as refusal:
                engine.submit(prompt, Sampling(), 10)
            assert refusal.value.retry_after > 0
        assert "".join(waiting)


def test_time_to_come_back_leaves_out_what_guides_have_waited(model, prompt):
    with Engine(model, slots=1, context=1024) as engine:
        scheduler = engine._scheduler
        scheduler.seconds_a_guide = 0.0
        requests = [engine.submit(prompt, Sampling(seed=seed), 12) for seed in range(6)]
        for request in requests:
            with request:
                "".join(request)
        while engine.load != (0, 0):
            time.sleep(0.01)
        assert requests[-1].taken_at >= requests[-2].ended_at
        written = [request.ended_at - request.taken_at for request in requests]
        assert 0 < scheduler.seconds_a_guide <= max(written)


def test_guide_that_fills_its_slot_is_cut_and_the_next_is_whole(model, prompt):
    with Engine(model, slots=1, context=1024) as engine:
        room = engine.context - len(model.tokenize(prompt.text))
        with engine.submit(prompt, Sampling(seed=1), 24) as request:
            "".join(request)
            request.rewind(5, seed=1, forced=" word" * (room + 10))
            "".join(request)
            assert request.measures().finish_reason == "length"
        expected = write(engine, prompt, seed=2)
    with Engine(model, slots=1, context=1024) as engine:
        assert write(engine, prompt, seed=2)[0] == expected[0]


def test_failing_decode_ends_one_guide_and_no_other(crowd, engine, prompts):
    expected = write(engine, prompts[1], seed=1)[0]

    def faulty():
        request = crowd.submit(prompts[0], Sampling(), 24)
        request.tokens[-1] = 10**7  # no token of any vocabulary
        with request, pytest.raises(ModelError, match="could not decode"):
            "".join(request)
        return

    def stuck():
        with crowd.submit(prompts[2], Sampling(seed=1), 24) as request:
            return "".join(request)

    _, text, _ = together(faulty, lambda: write(crowd, prompts[1], seed=1)[0], stuck)
    assert text == expected
    assert wait_until_idle(crowd)


def test_closing_tells_whoever_still_waits(model, prompt):
    engine = Engine(model, slots=1, context=1024)
    request = engine.submit(prompt, Sampling(), 800)
    next(iter(request))
    engine.close()
    engine.close()
    with pytest.raises(ModelError, match="closed before this guide was finished"):
        "".join(request)
    with pytest.raises(ModelError, match="engine is closed"):
        engine.submit(prompt, Sampling(), 10)


def test_two_engines_in_one_process(model, engine, prompt):
    with Engine(model, slots=1, context=1024) as other:
        texts = together(*(lambda e=e: write(e, prompt, seed=6)[0] for e in (engine, other)))
    assert texts[0] == texts[1]


def test_saved_prefix_gives_the_same_guide(model, prompt, tmp_path):
    cache = PrefixCache(tmp_path, model)
    texts: list[str] = []
    for _ in range(2):
        with Engine(model, slots=1, context=1024, prefix_cache=cache) as engine:
            assert engine.is_ready_for(prompt) == bool(texts)
            texts.append(write(engine, prompt, seed=5)[0])
    assert texts[0] == texts[1]
    assert len(list(tmp_path.iterdir())) == 1


def test_prefix_is_shared_between_slots(model, prompts, tmp_path):
    cache = PrefixCache(tmp_path, model)
    with Engine(model, slots=3, context=1024, prefix_cache=cache) as engine:
        together(*(lambda p=p: write(engine, p, seed=1) for p in prompts[:3]))
    assert len(list(tmp_path.glob("*.prefix"))) == 1


def test_damaged_prefix_is_computed_again(model, prompt, tmp_path):
    cache = PrefixCache(tmp_path, model)
    with Engine(model, slots=1, context=1024, prefix_cache=cache) as engine:
        expected = write(engine, prompt, seed=5)[0]
    (file,) = tmp_path.iterdir()
    file.write_bytes(file.read_bytes()[:5000])
    with Engine(model, slots=1, context=1024, prefix_cache=cache) as engine:
        assert write(engine, prompt, seed=5)[0] == expected
    assert file.stat().st_size > 5000


def test_other_tokens_or_another_build_have_another_file(model, tmp_path, monkeypatch):
    cache = PrefixCache(tmp_path, model)
    cache.keep("rows4", "3")
    assert cache.path_for([1, 2]) != cache.path_for([1, 3])
    info = llama_cpp.llama_print_system_info()
    monkeypatch.setattr(llama_cpp, "llama_print_system_info", lambda: info + b"NEW_TILES = 1 |")
    other = PrefixCache(tmp_path, model)
    assert other.path_for([1, 2]) != cache.path_for([1, 2])
    assert (cache.recalled("rows4"), other.recalled("rows4")) == ("3", None)


def test_slots_are_as_many_as_memory_and_cores_bear(model):
    assert 1 <= default_slots(model) <= 8
