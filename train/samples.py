"""Guides told by the model in training, and what the fact check says of them.

told = tell_samples(backend, model, tokenizer, rows, 260, 16)
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from data.facts import check
from data.prompt import END, build_prompt
from train.backends import Backend
from train.data import Row, chat_template, prompt_tokens


def tell_samples(
    backend: Backend, model: Any, tokenizer: Any, rows: Sequence[Row], tokens: int, batch: int
) -> list[dict[str, Any]]:
    """The most likely guide of each work, with its claims counted; `batch` are written at once."""
    with backend.generating(model):
        prompts = [row_prompt(row, tokenizer) for row in rows]
        answers = generate(model, tokenizer, prompts, tokens, batch=batch)
    return [_judged(row, answer) for row, answer in zip(rows, answers, strict=True)]


def generate(
    model: Any,
    tokenizer: Any,
    prompts: Sequence[list[int]],
    tokens: int,
    *,
    batch: int,
    temperature: float = 0.0,
) -> list[str]:
    """Continuations of prompts given as token numbers, control tokens left out; 0 is greedy."""
    import torch

    answers: list[str] = []
    for start in range(0, len(prompts), batch):
        group = prompts[start : start + batch]
        longest = max(map(len, group))
        pads = [longest - len(prompt) for prompt in group]
        ids = torch.tensor(
            [
                [tokenizer.pad_token_id] * pad + prompt
                for pad, prompt in zip(pads, group, strict=True)
            ]
        )
        mask = torch.tensor([[0] * pad + [1] * (longest - pad) for pad in pads])
        with torch.inference_mode():
            output = model.generate(
                input_ids=ids.to(model.device),
                attention_mask=mask.to(model.device),
                max_new_tokens=tokens,
                do_sample=temperature > 0,
                temperature=temperature or None,
                top_p=0.95 if temperature else None,
                top_k=None,
                use_cache=True,
                eos_token_id=tokenizer.eos_token_id,
                pad_token_id=tokenizer.pad_token_id,
            )
        answers += tokenizer.batch_decode(output[:, longest:], skip_special_tokens=True)
    return answers


def row_prompt(row: Row, tokenizer: Any) -> list[int]:
    """Tokens of what a row asks."""
    prompt = build_prompt(row.artwork, row.request, chat_template(tokenizer))
    return prompt_tokens(prompt.text, tokenizer)


def _judged(row: Row, answer: str) -> dict[str, Any]:
    script, ended, _ = answer.partition(END)
    script = script.strip()
    report = check(script, row.artwork, row.request.language)
    request = row.request
    return {
        "id": row.id,
        "title": row.artwork.title,
        "request": f"{request.style}, {request.length}, {request.language}",
        "text": script,
        "ended": bool(ended),
        "claims": len(report.claims),
        "unsupported": len(report.unsupported),
        "reasons": [f"{script[c.start : c.end]}: {c.reason}" for c in report.unsupported],
    }
