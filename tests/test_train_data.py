"""Training rows: what is learnt of them, and which are refused."""

import json

import pytest

from data.errors import RecordError
from data.prompt import END, build_prompt
from models.hf import gguf_tokenizer
from tests.train_setting import write_rows
from train.data import IGNORED, chat_template, load_rows, spread, tokenize_rows

NAMES = ["w0000-clear", "w0001", "w0014-fr", "w0271-clear"]


@pytest.fixture(scope="module")
def tokenizer(tiny):
    return gguf_tokenizer(tiny)


@pytest.fixture
def rows(tmp_path):
    write_rows(tmp_path / "train.jsonl", NAMES)
    return load_rows(tmp_path / "train.jsonl")


def test_completion_marker_and_end_token_are_learnt_and_nothing_else(rows, tokenizer):
    for row, tokens in zip(rows, tokenize_rows(rows, tokenizer, 2048), strict=True):
        learnt = [label for label in tokens.labels if label != IGNORED]
        assert tokenizer.decode(learnt) == row.completion + tokenizer.eos_token
        assert tokens.labels[-len(learnt) :] == learnt


def test_prompt_is_read_as_inference_reads_it(rows, tokenizer):
    for row, tokens in zip(rows, tokenize_rows(rows, tokenizer, 2048), strict=True):
        prompt = build_prompt(row.artwork, row.request, chat_template(tokenizer)).text
        expected = tokenizer(prompt, add_special_tokens=False)["input_ids"]
        assert tokens.input_ids[: len(expected)] == expected
        assert tokens.labels[: len(expected)] == [IGNORED] * len(expected)


def test_over_long_rows_are_refused_by_name(rows, tokenizer):
    lengths = {row.id: len(row.input_ids) for row in tokenize_rows(rows, tokenizer, 4096)}
    limit = sorted(lengths.values())[-2]
    longest = max(lengths, key=lengths.__getitem__)
    with pytest.raises(RecordError) as error:
        tokenize_rows(rows, tokenizer, limit)
    assert f"{longest} ({lengths[longest]})" in str(error.value)
    assert f"--set max_length={lengths[longest]}" in str(error.value)


def test_completion_without_marker_is_refused_with_its_line(tmp_path):
    path = tmp_path / "train.jsonl"
    rows = write_rows(path, NAMES)
    rows[1]["completion"] = rows[1]["completion"].removesuffix(END)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    with pytest.raises(RecordError, match="line 2: the completion does not end in"):
        load_rows(path)


def test_missing_column_is_named(tmp_path):
    (tmp_path / "train.jsonl").write_text('{"id": "a", "completion": "b"}\n')
    with pytest.raises(RecordError, match="line 1 lacks prompt, language"):
        load_rows(tmp_path / "train.jsonl")


def test_absent_set_names_the_command_that_makes_it(tmp_path):
    with pytest.raises(RecordError, match="guide dataset build"):
        load_rows(tmp_path / "train.jsonl")


def test_sampled_works_are_spread_over_the_set(rows):
    assert [row.id for row in spread(rows, 2)] == [NAMES[0], NAMES[2]]
