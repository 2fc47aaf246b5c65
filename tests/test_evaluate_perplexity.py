"""Perplexity of a reference, by the real `tiny`."""

import math

import pytest

from data.artwork import Artwork
from data.prompt import Request, build_prompt, completion
from evaluate.perplexity import ReferenceScorer
from evaluate.works import Task
from models.forward import Forward
from models.llama import LlamaModel
from models.resolve import ResolvedModel

TASKS = [
    Task(title, Artwork(title=title), Request(), f"This is called {title}. Look closely.")
    for title in ("The Sea", "A Boat")
]


@pytest.fixture
def scorer(tiny):
    with ReferenceScorer(ResolvedModel("tiny", tiny, examples=False)) as opened:
        yield opened


def test_score_is_the_sum_of_the_models_log_probabilities(scorer, tiny):
    with LlamaModel(tiny) as model, Forward(model) as forward:
        for task in TASKS:
            prompt = build_prompt(task.artwork, task.request, model.chat_template()).text
            read, learnt = model.tokenize(prompt), model.tokenize(completion(task.reference or ""))
            rows = forward.log_probs(read + learnt, len(read))
            by_hand = -sum(float(row[token]) for row, token in zip(rows, learnt, strict=True))
            score = scorer.score(task)
            assert score.tokens == len(learnt)
            # The second task reuses what the first has in the cache.
            assert score.nats == pytest.approx(by_hand, rel=1e-2)
            assert score.perplexity == pytest.approx(math.exp(score.nats / len(learnt)))


def test_bits_are_of_characters(scorer):
    score = scorer.score(TASKS[0])
    assert score.bits == pytest.approx(score.nats / math.log(2) / len(TASKS[0].reference or ""))


def test_task_without_a_reference_has_no_score(scorer):
    assert scorer.score(Task("x", Artwork(title="x"), Request())) is None


def test_reference_that_does_not_fit_has_no_score(scorer):
    task = Task("x", Artwork(title="x"), Request(), "word " * 5000)
    assert scorer.score(task) is None
