"""The runner on the real `tiny` model: streaming, stopping, seeds, cancelling, the saved prefix."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.artwork import Artwork
from data.errors import PromptTooLong
from data.prompt import END, Request, build_prompt, load_examples
from infer.options import Sampling
from infer.prefix import PrefixCache
from infer.runner import Runner, _StopText
from models.llama import LlamaModel
from tests.conftest import VERMEER

ARTWORK = Artwork(**VERMEER)


@pytest.fixture(scope="module")
def model(tiny):
    with LlamaModel(tiny) as loaded:
        yield loaded


@pytest.fixture(scope="module")
def runner(model):
    with Runner(model) as opened:
        yield opened


@pytest.fixture(scope="module")
def prompt(model):
    return build_prompt(ARTWORK, Request(), model.chat_template())


def write(runner, prompt, **settings):
    max_tokens = settings.pop("max_tokens", 40)
    generation = runner.start(prompt, Sampling(**settings), max_tokens)
    return "".join(generation), generation.measures()


def test_pieces_come_one_by_one_and_measures_add_up(runner, prompt):
    generation = runner.start(prompt, Sampling(seed=1), 40)
    pieces = list(generation)
    measures = generation.measures()
    assert len(pieces) > 10
    assert measures.finish_reason == "length"
    assert measures.tokens == 40
    assert 0 < measures.time_to_first_token < measures.seconds
    assert measures.tokens_per_second > 0


def test_same_seed_gives_the_same_guide_and_another_seed_another(runner, prompt):
    first, again, other = (write(runner, prompt, seed=seed)[0] for seed in (3, 3, 4))
    assert first == again
    assert first != other


def test_temperature_zero_does_not_depend_on_the_seed(runner, prompt):
    assert write(runner, prompt, temperature=0, seed=1)[0] == write(
        runner, prompt, temperature=0, seed=2
    )[0]  # fmt: skip


def test_generation_ends_at_the_models_own_end(runner, model):
    prompt = build_prompt(ARTWORK, Request(), model.chat_template(), load_examples("en"))
    text, measures = write(runner, prompt, seed=1, max_tokens=400)
    assert measures.finish_reason == "stop"
    assert END not in text
    assert text == text.strip()


def test_leaving_early_frees_the_model_for_the_next(runner, prompt):
    generation = runner.start(prompt, Sampling(seed=3), 4000 - 400)
    for _ in generation:
        break
    assert generation.measures().finish_reason == "cancelled"
    whole, _ = write(runner, prompt, seed=3)
    assert whole.startswith(write(runner, prompt, seed=3, max_tokens=10)[0])


def test_cancelling_interrupts_the_reading_of_a_prompt(model):
    notes = tuple(f"Note number {n} says something about the work." for n in range(250))
    with Runner(model) as runner:
        prompt = build_prompt(Artwork(title="A", notes=notes), Request(), model.chat_template())
        generation = runner.start(prompt, Sampling(), 40)
        generation._thread.start()
        time.sleep(0.2)
        generation.cancel()
        assert not generation._thread.is_alive()
        assert generation.measures().tokens == 0
        assert write(runner, build_prompt(ARTWORK, Request(), model.chat_template()))[0]


def test_record_that_does_not_fit_says_by_how_much(runner, model):
    artwork = Artwork(title="A", notes=("word " * 5000,))
    prompt = build_prompt(artwork, Request(), model.chat_template())
    over = len(model.tokenize(prompt.text)) + 40 - runner.context
    with pytest.raises(PromptTooLong, match=f"is {over} tokens too long"):
        runner.start(prompt, Sampling(), 40)


def test_saved_prefix_gives_the_same_guide(model, prompt, tmp_path):
    cache = PrefixCache(tmp_path, model)
    texts: list[str] = []
    for _ in range(2):
        with Runner(model, prefix_cache=cache) as runner:
            assert runner.is_ready_for(prompt) == bool(texts)
            texts.append(write(runner, prompt, seed=5)[0])
    assert texts[0] == texts[1]
    assert len(list(tmp_path.iterdir())) == 1


def test_damaged_prefix_is_computed_again(model, prompt, tmp_path):
    cache = PrefixCache(tmp_path, model)
    with Runner(model, prefix_cache=cache) as runner:
        expected = write(runner, prompt, seed=5)[0]
    (file,) = tmp_path.iterdir()
    file.write_bytes(file.read_bytes()[:5000])
    with Runner(model, prefix_cache=cache) as runner:
        assert write(runner, prompt, seed=5)[0] == expected
    assert file.stat().st_size > 5000


def test_prefix_of_another_model_file_is_another_file(model, tmp_path):
    cache = PrefixCache(tmp_path, model)
    assert cache.path_for([1, 2]) != cache.path_for([1, 3])


@given(st.text(), st.text(), st.integers(1, 4))
def test_marker_is_found_across_any_token_borders(before, after, step):
    raw = f"{before}{END}{after}".encode()
    text = _StopText(END)
    shown = ""
    for start in range(0, len(raw), step):
        shown += text.add(raw[start : start + step])
        if text.stopped:
            break
    assert text.stopped
    assert shown + text.rest() == before.partition(END)[0].strip()


@given(st.text().filter(lambda t: END not in t), st.integers(1, 4))
def test_text_without_a_marker_is_shown_whole(whole, step):
    raw = whole.encode()
    text = _StopText(END)
    shown = "".join(text.add(raw[start : start + step]) for start in range(0, len(raw), step))
    assert shown + text.rest() == whole.strip()
