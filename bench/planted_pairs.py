"""Preference pairs whose rejected guide has one planted fault, for `guide train --method dpo`.

    python -m bench.planted_pairs data/processed/train.jsonl pairs.jsonl --style clear
    guide train small --method dpo --set adapter=runs/small-1 --set pairs=pairs.jsonl

The chosen guide is the corpus's own. The rejected one is the same text with an error of
`bench/planted.py` in it, or with one sentence exchanged for a sentence that a guide of another work
says of that work: what the fact check cannot always tell. Faults are drawn with a seed.
"""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path
from typing import get_args

import click

from bench.planted import Planter
from data.derive import derive
from data.guides import Guide
from data.prompt import END, Style
from infer.sentences import SentenceSplitter
from train.data import Row, load_rows
from train.preference import Pair


@click.command()
@click.argument("rows", type=click.Path(exists=True, path_type=Path))
@click.argument("out", type=click.Path(path_type=Path))
@click.option("--style", type=click.Choice(get_args(Style)), help="Of one register only.")
@click.option("--each", default=2, show_default=True, help="Pairs of a row, half of each sort.")
@click.option("--seed", default=7, show_default=True)
def main(rows: Path, out: Path, style: str | None, each: int, seed: int) -> None:
    """Write pairs of ROWS, a data set's training rows, to OUT."""
    chance = random.Random(seed)
    guides = [(row, _guide(row)) for row in load_rows(rows) if style in (None, row.request.style)]
    artists = sorted({derive(guide.artwork).artist_name or "" for _, guide in guides})
    planter = Planter(0, seed, [a for a in artists if len(a.split()) in (2, 3)])
    kinds: Counter[str] = Counter()
    pairs = []
    for row, guide in guides:
        cases = list(planter.cases(guide))
        chance.shuffle(cases)
        found = [(case.kind, case.text) for case in cases[: each - each // 2]]
        foreign = (_foreign(guide, chance.choice(guides)[1], chance) for _ in range(8 * each))
        found += [("sentence of another work", text) for text in foreign if text][: each // 2]
        kinds.update(kind for kind, _ in found)
        pairs += [Pair(row, guide.script, text) for _, text in found]
    chance.shuffle(pairs)
    out.write_text("".join(pair.as_line() for pair in pairs), encoding="utf-8")
    click.echo(f"{len(pairs)} pairs of {len(guides)} rows in {out}")
    for kind, count in kinds.most_common():
        click.echo(f"  {count:5}  {kind}")


def _guide(row: Row) -> Guide:
    request, script = row.request, row.completion.removesuffix(END).strip()
    return Guide(
        id=row.id,
        language=request.language,
        length=request.length,
        style=request.style,
        artwork=row.artwork,
        script=script,
    )


def _foreign(guide: Guide, other: Guide, chance: random.Random) -> str | None:
    """The script with an inner sentence exchanged for an inner one of a work by someone else."""
    if (other.language, other.style) != (guide.language, guide.style):
        return None
    if other.artwork.artist == guide.artwork.artist:
        return None
    splitter = SentenceSplitter(guide.language)
    own, theirs = (list(splitter.split(g.script)) for g in (guide, other))
    if len(own) < 4 or len(theirs) < 4:
        return None
    own[chance.randrange(1, len(own) - 1)] = chance.choice(theirs[1:-1])
    return " ".join(own)


if __name__ == "__main__":
    main()
