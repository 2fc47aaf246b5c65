"""Rows for training: prompt–completion JSONL in, token numbers with masked labels out.

    from train.data import load_rows, tokenize_rows
    rows = tokenize_rows(load_rows(Path("data/processed/train.jsonl")), tokenizer, 1024)

The prompt is rendered here for the model that is trained, by the function that renders it at
inference, so one data set serves every base. Prompt and completion are tokenized apart, as a model
meets them when it writes: the prompt's tokens are given, the completion's follow.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from data.artwork import Artwork, parse_artwork
from data.errors import ModelError, RecordError
from data.prompt import END, ChatTemplate, Language, Length, Request, Style, build_prompt
from train.recipe import Recipe

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

IGNORED = -100
"""The label of a token that is read and not learnt, as PyTorch's cross entropy has it."""

COLUMNS = ("id", "prompt", "completion", "language", "length", "style", "artwork")


@dataclass(frozen=True, slots=True)
class Row:
    """One work, what was asked, and the script that answers, `END` included."""

    id: str
    artwork: Artwork
    request: Request
    completion: str


@dataclass(frozen=True, slots=True)
class TokenRow:
    """A row as the model reads it; `labels` are `IGNORED` over the prompt."""

    id: str
    style: str
    language: str
    input_ids: list[int]
    labels: list[int]

    @property
    def learnt(self) -> int:
        """Tokens that the loss is taken over."""
        return len(self.labels) - self.labels.count(IGNORED)


@dataclass(frozen=True, slots=True)
class TrainingData:
    """The rows of a run and what identifies the files they came from."""

    train: list[TokenRow]
    validation: list[TokenRow]
    works: list[Row]  # of the validation set, told after each epoch
    sources: list[Row]  # the training rows before they were tokenized
    fingerprint: dict[str, str]


def load_rows(path: Path) -> list[Row]:
    """Read prompt–completion JSONL.

    Raises:
        RecordError: the file is absent or empty, or a line of it cannot be used.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8"
        raise RecordError(
            f"{path} cannot be read ({reason}); make the data set with: guide dataset build"
        ) from None
    rows = [
        _row(line, f"{path}, line {number}")
        for number, line in enumerate(text.split("\n"), 1)
        if line.strip()
    ]
    if not rows:
        raise RecordError(f"{path} is empty; make the data set with: guide dataset build")
    return rows


def select(rows: Iterable[Row], recipe: Recipe, limit: int) -> list[Row]:
    """The rows of the recipe's languages, styles and lengths, at most `limit` (0: all)."""
    chosen = [
        row
        for row in rows
        if row.request.language in (recipe.languages or get_args(Language))
        and row.request.style in (recipe.styles or get_args(Style))
        and row.request.length in (recipe.lengths or get_args(Length))
    ]
    return chosen[:limit] if limit else chosen


def load_training_data(recipe: Recipe, tokenizer: PreTrainedTokenizerBase) -> TrainingData:
    """Both sets, selected and tokenized.

    Raises:
        RecordError: a file cannot be used, nothing is left of it, or rows are too long.
    """
    sets = {}
    for name, limit in (("train", recipe.rows), ("validation", recipe.validation_rows)):
        path = Path(getattr(recipe, name))
        sets[name] = select(load_rows(path), recipe, limit)
        if not sets[name]:
            raise RecordError(
                f"{path} holds no row of the languages, styles and lengths of the recipe; "
                "widen them with --set languages=[] or --set styles=[]."
            )
    return TrainingData(
        tokenize_rows(sets["train"], tokenizer, recipe.max_length, recipe.train),
        tokenize_rows(sets["validation"], tokenizer, recipe.max_length, recipe.validation),
        spread(sets["validation"], recipe.samples),
        sets["train"],
        {name: fingerprint(Path(getattr(recipe, name))) for name in sets}
        | built_fingerprint(Path(recipe.train)),
    )


def spread(rows: Sequence[Row], count: int) -> list[Row]:
    """So many rows, evenly spaced and so always the same ones."""
    count = min(count, len(rows))
    return [rows[i * len(rows) // count] for i in range(count)]


def built_fingerprint(train: Path) -> dict[str, str]:
    """What `guide dataset build` wrote beside the training set, under the name `dataset`."""
    file = train.with_name("dataset.json")
    if not file.is_file():
        return {}
    return {"dataset": json.loads(file.read_text("utf-8"))["fingerprint"]}


def fingerprint(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def chat_template(tokenizer: PreTrainedTokenizerBase) -> ChatTemplate:
    """The tokenizer's template as inference renders it.

    Raises:
        ModelError: it has none, so no prompt can be made for its model.
    """
    if not isinstance(tokenizer.chat_template, str):
        raise ModelError("The base model has no chat template; choose an instruct model as base.")
    # Of the roles, a prompt names only these two.
    bos, eos = (str(token or "") for token in (tokenizer.bos_token, tokenizer.eos_token))
    return ChatTemplate(tokenizer.chat_template, bos, eos)


def tokenize_rows(
    rows: Iterable[Row], tokenizer: PreTrainedTokenizerBase, max_length: int, where: str = "the set"
) -> list[TokenRow]:
    """Token numbers and labels of each row: the completion, `END` and the end token are learnt.

    Raises:
        RecordError: rows are longer than `max_length` tokens; a cut row would lose its end and
            teach the model not to stop, so they are named instead.
        ModelError: the tokenizer has no chat template or no end token.
    """
    template = chat_template(tokenizer)
    if tokenizer.eos_token_id is None:
        raise ModelError("The base model's tokenizer has no end token; choose another base.")
    tokenized = [_tokenize(row, tokenizer, template) for row in rows]
    long = [row for row in tokenized if len(row.input_ids) > max_length]
    if long:
        worst = max(len(row.input_ids) for row in long)
        names = ", ".join(f"{row.id} ({len(row.input_ids)})" for row in long[:5])
        more = f" and {len(long) - 5} more" if len(long) > 5 else ""
        raise RecordError(
            f"{where}: {len(long)} rows are longer than {max_length} tokens: {names}{more}; "
            f"take them out, or raise the limit with --set max_length={worst}"
        )
    return tokenized


def prompt_tokens(text: str, tokenizer: PreTrainedTokenizerBase) -> list[int]:
    """Tokens of a rendered prompt: it carries its own control tokens, so none are added."""
    tokens: list[int] = tokenizer(text, add_special_tokens=False)["input_ids"]
    return tokens


def rows_as_columns(rows: Sequence[TokenRow]) -> dict[str, list[Any]]:
    """The columns that the trainer's data set is made of; `rows` numbers them."""
    return {
        "input_ids": [row.input_ids for row in rows],
        "labels": [row.labels for row in rows],
        "rows": list(range(len(rows))),
    }


def batches_by_style(rows: Sequence[TokenRow], size: int) -> Iterator[tuple[str, list[TokenRow]]]:
    """Batches of one style each, the longest first so that a lack of memory shows at once."""
    for style in sorted({row.style for row in rows}):
        group = [row for row in rows if row.style == style]
        group.sort(key=lambda row: len(row.input_ids), reverse=True)
        for start in range(0, len(group), size):
            yield style, group[start : start + size]


def _row(line: str, where: str) -> Row:
    try:
        fields = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise RecordError(f"{where}: this is not valid JSON ({error}).") from None
    missing = [name for name in COLUMNS if not isinstance(fields, dict) or name not in fields]
    if missing:
        raise RecordError(
            f"{where} lacks {', '.join(missing)}; make the data set with: guide dataset build"
        )
    for name, kind in (("language", Language), ("length", Length), ("style", Style)):
        if fields[name] not in get_args(kind):
            raise RecordError(
                f"{where}: {name} {fields[name]!r} is not one of {', '.join(get_args(kind))}."
            )
    if not isinstance(fields["completion"], str) or not fields["completion"].endswith(END):
        raise RecordError(f"{where}: the completion does not end in {END}, so nothing would stop.")
    request = Request(fields["language"], fields["length"], fields["style"])
    artwork = parse_artwork(fields["artwork"], where)
    return Row(str(fields["id"]), artwork, request, fields["completion"])


def _tokenize(row: Row, tokenizer: PreTrainedTokenizerBase, template: ChatTemplate) -> TokenRow:
    prompt = prompt_tokens(build_prompt(row.artwork, row.request, template).text, tokenizer)
    answer = tokenizer(row.completion, add_special_tokens=False)["input_ids"]
    answer = [*answer, tokenizer.eos_token_id]
    labels = [IGNORED] * len(prompt) + answer
    return TokenRow(row.id, row.request.style, row.request.language, prompt + answer, labels)
