"""Preference training: from a fitted adapter to one that prefers true guides (DPO, GRPO).

guide train small --method dpo --set adapter=runs/small-1
guide train small --method dpo --set adapter=runs/small-1 --set pairs=votes.jsonl
guide train small --method grpo --set adapter=runs/small-1

Pairs are JSONL with `id`, `language`, `length`, `style`, `artwork`, `chosen` and `rejected`: two
scripts, with or without the end marker, from people's votes. Without a file they are drawn: several
guides of each training work, the best against the worst by `train.reward`. GRPO draws as it goes.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from data.artwork import parse_artwork
from data.errors import RecordError, TrainingError
from data.prompt import END, Request, build_prompt, completion
from train.data import Row, chat_template
from train.reward import reward
from train.run import write_whole
from train.samples import generate, row_prompt

if TYPE_CHECKING:
    from train.fit import Job
    from train.run import Run

MARGIN = 0.1
"""Least difference of two rewards that makes a pair; below it chance decides."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Two answers to what a row asks, one of them better."""

    row: Row
    chosen: str
    rejected: str

    def as_line(self) -> str:
        """The pair as a line of a pairs file."""
        request = self.row.request
        values = {
            "id": self.row.id,
            "language": request.language,
            "length": request.length,
            "style": request.style,
            "artwork": self.row.artwork.as_record(),
            "chosen": self.chosen,
            "rejected": self.rejected,
        }
        return json.dumps(values, ensure_ascii=False) + "\n"


def load_pairs(path: Path) -> list[Pair]:
    """Read preference pairs.

    Raises:
        RecordError: the file cannot be read, or a line of it cannot be used.
    """
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise RecordError(f"{path} cannot be read: {error}.") from None
    pairs = [_pair(n, line, path) for n, line in enumerate(lines, 1) if line.strip()]
    if not pairs:
        raise RecordError(f"{path} holds no pair.")
    return pairs


def draw_pairs(job: Job, model: Any) -> Iterator[Pair]:
    """Several guides of each row, the best against the worst where they differ enough."""
    recipe, tokenizer, rows = job.recipe, job.tokenizer, job.data.sources
    prompts = [row_prompt(row, tokenizer) for row in rows for _ in range(recipe.generations)]
    with job.backend.generating(model):
        answers = generate(
            model,
            tokenizer,
            prompts,
            recipe.sample_tokens,
            temperature=recipe.temperature,
            batch=recipe.sample_batch,
        )
    for number, row in enumerate(rows):
        group = answers[number * recipe.generations : (number + 1) * recipe.generations]
        ranked = sorted(group, key=lambda a: reward(a, row.artwork, row.request).total)
        worst, best = ranked[0], ranked[-1]
        earned = [reward(a, row.artwork, row.request).total for a in (worst, best)]
        if earned[1] - earned[0] >= MARGIN and END in best:
            yield Pair(row, best, worst)


def preference_trainer(job: Job, run: Run, model: Any) -> Any:
    """TRL's DPO or GRPO trainer; both keep a frozen copy of the starting adapter to stay near."""
    if job.recipe.method == "grpo":
        return _grpo(job, run, model)
    drawn = run.path / "pairs.jsonl"
    if job.recipe.pairs or drawn.is_file():  # an interrupted run goes on with the pairs it drew
        pairs = load_pairs(Path(job.recipe.pairs) if job.recipe.pairs else drawn)
    else:
        pairs = list(draw_pairs(job, model))
        write_whole(drawn, "".join(pair.as_line() for pair in pairs))
    if not pairs:
        raise TrainingError(
            "No two guides drawn of a work differ enough to make a pair; draw more of each with "
            "--set generations=16, or more boldly with --set temperature=1.0"
        )
    return _dpo(job, run, model, pairs)


def _dpo(job: Job, run: Run, model: Any, pairs: Sequence[Pair]) -> Any:
    from datasets import Dataset
    from trl import DPOConfig, DPOTrainer  # type: ignore[attr-defined]

    from train.fit import shared_arguments

    columns = {
        "prompt": [_prompt(pair.row, job.tokenizer) for pair in pairs],
        "chosen": [_answer(pair.chosen) for pair in pairs],
        "rejected": [_answer(pair.rejected) for pair in pairs],
    }
    return DPOTrainer(
        model=model,
        args=DPOConfig(
            **shared_arguments(job, run), beta=job.recipe.beta, max_length=job.recipe.max_length
        ),
        train_dataset=Dataset.from_dict(columns),
        processing_class=job.tokenizer,
    )


def _grpo(job: Job, run: Run, model: Any) -> Any:
    from datasets import Dataset
    from trl import GRPOConfig, GRPOTrainer  # type: ignore[attr-defined]

    from train.fit import shared_arguments

    recipe, rows = job.recipe, job.data.sources
    columns = {
        "prompt": [_prompt(row, job.tokenizer) for row in rows],
        "source": list(range(len(rows))),
    }
    return GRPOTrainer(
        model=model,
        reward_funcs=[_verified(rows)],
        args=GRPOConfig(
            **shared_arguments(job, run),
            beta=recipe.beta,
            num_generations=recipe.generations,
            steps_per_generation=job.plan.accumulation * recipe.draw_every,
            max_completion_length=recipe.sample_tokens,
            temperature=recipe.temperature,
        ),
        train_dataset=Dataset.from_dict(columns),
        processing_class=job.tokenizer,
    )


def _verified(rows: Sequence[Row]) -> Callable[..., list[float | None]]:
    def verified(completions: list[str], source: list[int], **_: Any) -> list[float | None]:
        return [
            reward(answer, rows[number].artwork, rows[number].request).total
            for answer, number in zip(completions, source, strict=True)
        ]

    return verified


def _prompt(row: Row, tokenizer: Any) -> str:
    """The prompt as text, without the begin token where TRL's own tokenizing will add it."""
    text = build_prompt(row.artwork, row.request, chat_template(tokenizer)).text
    if tokenizer.bos_token and tokenizer("")["input_ids"][:1] == [tokenizer.bos_token_id]:
        return text.removeprefix(tokenizer.bos_token)
    return text


def _answer(script: str) -> str:
    return completion(script.partition(END)[0])


def _pair(number: int, line: str, path: Path) -> Pair:
    where = f"{path}, line {number}"
    try:
        fields = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise RecordError(f"{where}: this is not valid JSON ({error}).") from None
    wanted = ("id", "language", "length", "style", "artwork", "chosen", "rejected")
    if missing := [name for name in wanted if not isinstance(fields, dict) or name not in fields]:
        raise RecordError(f"{where} lacks {', '.join(missing)}.")
    request = Request(fields["language"], fields["length"], fields["style"])
    row = Row(str(fields["id"]), parse_artwork(fields["artwork"], where), request, "")
    return Pair(row, fields["chosen"], fields["rejected"])
