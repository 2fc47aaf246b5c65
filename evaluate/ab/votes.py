"""The votes of an experiment, as its statistics take them.

    votes = read_votes(store, "spring")
    votes.outcomes[0].value("small", "corpus")    # 1.0 where small won, 0.5 for a tie

Who failed more attention checks than passed them is left out with all votes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

from sqlalchemy import select

from data.dataset.statistics import words
from evaluate.ab.store import Rules, VoteStore
from evaluate.ab.tables import Ballot, Vote


@dataclass(frozen=True, slots=True)
class Outcome:
    """One vote: by whom, on which work, what stood on which side, and what was said."""

    voter: str
    work: str
    left: str
    right: str
    left_words: int
    right_words: int
    verdict: str
    reasons: tuple[str, ...] = ()

    @property
    def winner(self) -> str | None:
        """The variant that won; None for a tie of either kind."""
        return {"left": self.left, "right": self.right}.get(self.verdict)

    def concerns(self, a: str, b: str) -> bool:
        """Whether it is a vote between the two."""
        return {self.left, self.right} == {a, b}

    def value(self, a: str) -> float:
        """1 where `a` won, 0 where it lost, 1/2 for a tie."""
        return 0.5 if self.winner is None else float(self.winner == a)


@dataclass(frozen=True, slots=True)
class Votes:
    """An experiment's votes in the order they were cast, and who was left out."""

    name: str
    variants: tuple[str, ...]
    rules: Rules
    outcomes: tuple[Outcome, ...]
    inattentive: int

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """Every two variants, in the order they were named."""
        return list(combinations(self.variants, 2))

    @property
    def voters(self) -> int:
        """How many people's votes count."""
        return len({outcome.voter for outcome in self.outcomes})

    def between(self, a: str, b: str) -> list[Outcome]:
        """The votes between two variants."""
        return [outcome for outcome in self.outcomes if outcome.concerns(a, b)]

    def by_voter(self, a: str, b: str) -> list[float]:
        """For each voter who is done, the mean of the first votes between the two; 1 is A's side.

        Votes of one person are not independent, so the test takes a person as one vote. Who has
        not yet cast as many votes as the rules ask for comes in later: a mean that goes on
        changing could be looked at when it suits.
        """
        cast: dict[str, list[Outcome]] = {}
        for outcome in self.outcomes:
            cast.setdefault(outcome.voter, []).append(outcome)
        means = []
        for mine in cast.values():
            if len(mine) < self.rules.votes_a_voter:
                continue
            values = [o.value(a) for o in mine[: self.rules.votes_a_voter] if o.concerns(a, b)]
            if values:
                means.append(sum(values) / len(values))
        return means


def read_votes(store: VoteStore, name: str) -> Votes:
    """Every vote that counts.

    Raises:
        VoteError: there is no such experiment.
    """
    with store.reading() as session:
        experiment = store.experiment(session, name)
        rows = session.scalars(
            select(Ballot)
            .join(Vote)
            .where(Ballot.experiment_id == experiment.id)
            .order_by(Vote.cast, Ballot.id)
        ).all()
        inattentive = _inattentive(rows)
        outcomes = tuple(
            _outcome(row) for row in rows if row.expected is None and row.voter not in inattentive
        )
        rules = Rules(
            experiment.votes_a_voter, experiment.attention_every, experiment.margin,
            experiment.level,
        )  # fmt: skip
        variants = tuple(variant.name for variant in experiment.variants)
    return Votes(name, variants, rules, outcomes, len(inattentive))


def _inattentive(rows: Sequence[Ballot]) -> set[str]:
    balance: Counter[str] = Counter()
    for row in rows:
        if row.expected is not None and row.vote is not None:
            balance[row.voter] += 1 if row.vote.verdict == row.expected else -1
    return {voter for voter, passed in balance.items() if passed < 0}


def _outcome(row: Ballot) -> Outcome:
    assert row.vote is not None  # joined
    return Outcome(
        voter=row.voter,
        work=row.left.work,
        left=row.left.variant.name,
        right=row.right.variant.name,
        left_words=words(row.left.guide),
        right_words=words(row.right.guide),
        verdict=row.vote.verdict,
        reasons=tuple(row.vote.reasons),
    )
