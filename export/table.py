"""The verification as a table, for the terminal and for the model card.

console.print(terminal_table(verification))
"""

from __future__ import annotations

from rich.table import Table

from export.files import gigabytes
from export.verify import Result, Verification

COLUMNS = (
    "type",
    "size",
    "KL",
    "top-1",
    "perplexity",
    "ended",
    "clean",
    "false",
    "tokens/s",
    "memory",
)
LEGEND = (
    "KL: mean divergence from the 16-bit model in nats a token of held-out guides. top-1: tokens "
    "where both find the same one likeliest. ended, clean: guides that stopped by themselves, and "
    "in which the fact check found nothing unsupported. false: claims it found unsupported."
)


def rows(verification: Verification) -> list[list[str]]:
    """One row a file, the 16-bit original first."""
    original = [verification.reference] if verification.reference else []
    return [_row(result) for result in [*original, *verification.results]]


def terminal_table(verification: Verification) -> Table:
    """For a terminal, with rich."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in COLUMNS:
        table.add_column(column, justify="left" if column == "type" else "right")
    for row in rows(verification):
        table.add_row(*row)
    return table


def markdown_table(verification: Verification) -> str:
    """For the model card."""
    lines = [COLUMNS, ["---", *["---:"] * (len(COLUMNS) - 1)], *rows(verification)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _row(result: Result) -> list[str]:
    distance, checked, probe = result.distance, result.checked, result.probe
    return [
        result.candidate.type,
        gigabytes(result.size),
        f"{distance.kl:.4f}" if distance else "–",
        f"{distance.top_1:.1%}" if distance else "–",
        f"{distance.perplexity:.3f}" if distance else "–",
        f"{checked.stopped}/{checked.guides}",
        f"{checked.clean}/{checked.guides}",
        str(checked.unsupported),
        f"{probe.tokens_per_second:.1f}",
        gigabytes(probe.memory),
    ]
