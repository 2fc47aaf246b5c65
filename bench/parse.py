"""How much of real museum data the parsers of dates, sizes and lives understand.

    python bench/parse.py --works works.jsonl.gz --corpus guides.jsonl
    python bench/parse.py --works works.jsonl.gz --kind dates --failures 20
    python bench/parse.py --works works.jsonl.gz --kind dimensions --sample 200

Prints the share of texts that parse for each source and museum and the processor time of one
text. Every record counts once, so a text that stands in a hundred records counts a hundred times;
words for nothing ("n.d.", "unknown") are cleaned away first. `--sample` prints that many distinct
texts with what the parser makes of them, one JSON object a line, drawn with a fixed seed: this is
how the checked fixtures of the tests were drawn.
"""

from __future__ import annotations

import dataclasses
import gzip
import json
import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench.common import machine
from data.clean import clean_text
from data.dates import parse_date, parse_life
from data.dimensions import parse_dimensions

PARSERS: dict[str, tuple[str, Callable[[str], Any]]] = {
    "dates": ("date", parse_date),
    "dimensions": ("dimensions", parse_dimensions),
    "lives": ("artist_bio", parse_life),
}
"""Kind, the field of the record it stands in, and its parser."""

DRAW_SEED = 20240601


@dataclass(frozen=True, slots=True)
class Text:
    """One field's text and where it comes from."""

    source: str
    museum: str
    text: str


@click.command()
@click.option("--works", type=click.Path(path_type=Path, exists=True), help="works.jsonl[.gz]")
@click.option("--corpus", type=click.Path(path_type=Path, exists=True), help="guides.jsonl[.gz]")
@click.option("--kind", type=click.Choice(sorted(PARSERS)), help="Only this parser.")
@click.option("--failures", default=0, metavar="N", help="List N of the texts that do not parse.")
@click.option("--sample", default=0, metavar="N", help="Print N texts and their values instead.")
@click.option("--seed", default=DRAW_SEED, show_default=True, help="For --failures and --sample.")
def main(
    works: Path | None, corpus: Path | None, kind: str | None, failures: int, sample: int, seed: int
) -> None:
    """Measure the parsers on real records."""
    if works is None and corpus is None:
        raise click.UsageError("give --works, --corpus or both.")
    if sample and not kind:
        raise click.UsageError("--sample needs --kind.")
    for name in [kind] if kind else sorted(PARSERS):
        field, parser = PARSERS[name]
        texts = [t for source in (works, corpus) if source for t in _texts(source, field)]
        if sample:
            _print_sample(sorted({t.text for t in texts}), parser, sample, seed)
        else:
            _print_share(name, texts, parser, failures, seed)


def _texts(path: Path, field: str) -> Iterator[Text]:
    """The field of every record of a file of works, or of guides with their `artwork`."""
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            record = row.get("artwork", row)
            text = clean_text(record.get(field) or "")
            if text:
                yield Text(path.name, record.get("museum") or "unknown museum", text)


def _print_share(
    name: str, texts: list[Text], parser: Callable[[str], Any], failures: int, seed: int
) -> None:
    distinct = {t.text: None for t in texts}
    started = time.process_time()
    parsed = {text for text in distinct if parser(text) is not None}
    milliseconds = (time.process_time() - started) * 1000 / max(1, len(distinct))
    total: Counter[tuple[str, str]] = Counter()
    good: Counter[tuple[str, str]] = Counter()
    for t in texts:
        total[t.source, t.museum] += 1
        good[t.source, t.museum] += t.text in parsed
    click.echo(f"{name}: {milliseconds:.3f} ms of processor time a text; {machine()}")
    for key in sorted(total):
        _print_row(key[0], key[1], good[key], total[key])
    _print_row("all", "", sum(good.values()), sum(total.values()))
    missed = [text for text in distinct if text not in parsed]
    for text in sorted(random.Random(seed).sample(missed, min(failures, len(missed)))):
        click.echo(f"  not parsed: {text!r}")


def _print_row(source: str, museum: str, good: int, total: int) -> None:
    click.echo(f"  {source:<18} {museum:<42} {good:>6} of {total:>6}  {good / total:7.2%}")


def _print_sample(texts: list[str], parser: Callable[[str], Any], sample: int, seed: int) -> None:
    for text in random.Random(seed).sample(texts, min(sample, len(texts))):
        value = parser(text)
        row = {"text": text, "value": None if value is None else dataclasses.asdict(value)}
        click.echo(json.dumps(row, ensure_ascii=False))


if __name__ == "__main__":
    main()
