"""Would prompt lookup pay? How many tokens of a guide the prompt itself foretells.

    python -m bench.lookup --model small --works 300

Prompt lookup (Saxena 2023, https://github.com/apoorvumang/prompt-lookup-decoding) proposes what
followed the last tokens when they stood before, in the prompt or the guide, and has the model
judge all proposals in one batch. It is played here on the corpus's own guides, as if every
proposal that agrees with the guide were accepted: no sampler accepts more. A step that judges k
proposals costs as much as k + 1 listeners in one batch, which `bench.engine` measures.
"""

from __future__ import annotations

import json
import statistics
from collections.abc import Sequence

import click
from rich.console import Console

from bench.common import machine
from data.artwork import parse_artwork
from data.prompt import CORPUS, ChatTemplate, Request, build_prompt, completion
from models.llama import LlamaModel
from models.resolve import resolve


@click.command()
@click.option("--model", default="small", show_default=True, help="Name or path; its vocabulary.")
@click.option("--works", default=300, show_default=True, help="Guides of the clear style.")
@click.option("--language", default="en", show_default=True, help="Of the guides.")
def main(model: str, works: int, language: str) -> None:
    """Play it and print what one step gives, for several settings."""
    print(machine())
    print(f"model {model}, {works} guides of the corpus, clear, {language}")
    found = resolve(model, Console(stderr=True))
    with LlamaModel(found.path, vocabulary_only=True) as loaded:
        pairs = _guides(loaded, works, language)
    for match in (2, 3):
        for most in (1, 2, 3, 7):
            steps = [_steps(prompt, guide, match, most) for prompt, guide in pairs]
            judged = sum(tried for _, tried in steps) / sum(count for count, _ in steps)
            gained = [
                len(guide) / count for (_, guide), (count, _) in zip(pairs, steps, strict=True)
            ]
            print(
                f"  the last {match} tokens, at most {most} proposed: "
                f"{statistics.mean(gained):.2f} tokens a step, {judged:.2f} proposals a step"
            )


def _guides(model: LlamaModel, works: int, language: str) -> list[tuple[list[int], list[int]]]:
    """Prompt and guide of so many works, in tokens."""
    template: ChatTemplate = model.chat_template()
    pairs = []
    with CORPUS.open(encoding="utf-8") as file:
        for line in file:
            row = json.loads(line)
            if row["style"] != "clear" or row["language"] != language:
                continue
            request = Request(row["language"], row["length"], row["style"])
            prompt = build_prompt(parse_artwork(row["artwork"], row["id"]), request, template)
            pairs.append((model.tokenize(prompt.text), model.tokenize(completion(row["script"]))))
            if len(pairs) == works:
                break
    return pairs


def _steps(prompt: Sequence[int], guide: Sequence[int], match: int, most: int) -> tuple[int, int]:
    """Steps that the guide takes, and the proposals judged in them."""
    said = list(prompt)
    steps = tried = at = 0
    while at < len(guide):
        proposed = _proposals(said, match, most)
        right = 0
        while right < len(proposed) and guide[at + right : at + right + 1] == [proposed[right]]:
            right += 1
        steps, tried = steps + 1, tried + len(proposed)
        new = guide[at : at + right + 1]  # the step's own token comes with those accepted
        said += new
        at += len(new)
    return steps, tried


def _proposals(said: list[int], match: int, most: int) -> list[int]:
    """What followed the last tokens when they last stood before."""
    tail = said[-match:]
    for start in range(len(said) - match - 1, -1, -1):
        if said[start : start + match] == tail:
            return said[start + match : start + match + most]
    return []


if __name__ == "__main__":
    main()
