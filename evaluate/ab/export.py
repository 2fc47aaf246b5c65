"""Votes as preference data that `guide train --method dpo` takes, or rows for KTO.

    rows = dpo_rows(store, "spring")    # {"id", "language", …, "chosen", "rejected"}
    rows = kto_rows(store, "spring")    # {"id", "language", …, "completion", "label"}

DPO takes a pair where most votes that decided are for one side. KTO (Ethayarajh et al., 2024)
takes single guides: desirable where one won most of its votes, undesirable where it lost most of
them or was called bad together with the other.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from sqlalchemy import select

from evaluate.ab.store import VoteStore
from evaluate.ab.tables import Text, Variant
from evaluate.ab.votes import read_votes


def dpo_rows(store: VoteStore, name: str) -> list[dict[str, Any]]:
    """A row a pair with a majority.

    Raises:
        VoteError: there is no such experiment.
    """
    votes, texts = read_votes(store, name), _texts(store, name)
    wins: dict[tuple[str, str, str], Counter[str]] = {}
    for outcome in votes.outcomes:
        if outcome.winner is not None:
            a, b = sorted((outcome.left, outcome.right))
            wins.setdefault((outcome.work, a, b), Counter())[outcome.winner] += 1
    rows = []
    for (work, a, b), count in sorted(wins.items()):
        if count[a] != count[b]:
            chosen, rejected = (a, b) if count[a] > count[b] else (b, a)
            base, good = texts[work, chosen]
            row = base | {"id": f"{name}-{work}-{chosen}-{rejected}"}
            rows.append(row | {"chosen": good, "rejected": texts[work, rejected][1]})
    return rows


def kto_rows(store: VoteStore, name: str) -> list[dict[str, Any]]:
    """A row a guide that votes speak for or against.

    Raises:
        VoteError: there is no such experiment.
    """
    votes, texts = read_votes(store, name), _texts(store, name)
    balance: Counter[tuple[str, str]] = Counter()
    for outcome in votes.outcomes:
        for variant in (outcome.left, outcome.right):
            if outcome.winner is not None:
                balance[outcome.work, variant] += 1 if outcome.winner == variant else -1
            elif outcome.verdict == "both bad":
                balance[outcome.work, variant] -= 1
    rows = []
    for (work, variant), sum_ in sorted(balance.items()):
        if sum_:
            base, guide = texts[work, variant]
            row = base | {"id": f"{name}-{work}-{variant}"}
            rows.append(row | {"completion": guide, "label": sum_ > 0})
    return rows


def _texts(store: VoteStore, name: str) -> dict[tuple[str, str], tuple[dict[str, Any], str]]:
    """What was asked with its record, and the guide, by work and variant."""
    with store.reading() as session:
        experiment = store.experiment(session, name)
        rows = session.scalars(
            select(Text).join(Variant).where(Variant.experiment_id == experiment.id)
        )
        return {
            (row.work, row.variant.name): ({**row.request, "artwork": row.artwork}, row.guide)
            for row in rows
        }
