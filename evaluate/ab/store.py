"""The store of votes: experiments, their variants and texts, what was shown, and what was said.

    store = VoteStore.open("data/raw/votes.sqlite", create=True)    # or postgresql://…
    experiment = store.create("spring", ["small", "corpus"], pairs, Rules())
    ballot = store.next_ballot("spring", voter="3f…", rng=Random())
    store.vote(ballot.id, voter="3f…", verdict="left", reasons=("dull",))

experiments  variants  texts     what is compared
ballots      every pair that was shown, to whom, which text on which side, and attention checks
votes        one answer a ballot, so nothing can be voted on that was not shown
voters       who came to the page, from which (hashed) address, so that nobody comes too often
judgements   a model's verdicts, apart from people's

A voter is any name that stays the same for one person, such as the hash of a signed cookie; the
store holds nothing else about people. One person sees a pair once.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from random import Random
from typing import Any, Self

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from evaluate.ab.database import open_database
from evaluate.ab.tables import (
    REASONS,
    VERDICTS,
    Ballot,
    Experiment,
    Text,
    Variant,
    Vote,
    VoteError,
    check_name,
)
from infer.web.store import Store
from infer.web.tables import now


@dataclass(frozen=True, slots=True)
class Rules:
    """How votes are taken: how many count of one voter, and after how many comes a check."""

    votes_a_voter: int = 10
    attention_every: int = 8
    margin: float = 0.1
    level: float = 0.05


@dataclass(frozen=True, slots=True)
class Entry:
    """One work with the guide of each variant, by name."""

    work: str
    artwork: dict[str, Any]
    request: dict[str, Any]
    guides: dict[str, str]


@dataclass(frozen=True, slots=True)
class Progress:
    """Votes that a person has cast, how many are asked for, and whether that is enough."""

    cast: int
    asked: int
    enough: bool


class VoteStore:
    """The tables in one database; every method is one transaction, so threads may share it."""

    def __init__(self, store: Store) -> None:
        """Use a museum's store, in which our tables have been made; the others are left alone."""
        self.store = store

    @classmethod
    def open(cls, where: Path | str, *, create: bool = False) -> Self:
        """The store in an SQLite file, made where `create` says so, or at a database's URL.

        Raises:
            VoteError: it is absent, or cannot be used.
        """
        return cls(open_database(where, create=create))

    def close(self) -> None:
        """Let go of the database."""
        self.store.close()

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """A transaction: kept where the block ends well, else undone."""
        with self.store.writing() as session:
            yield session

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A transaction that changes nothing."""
        with self.store.reading() as session:
            yield session

    def create(
        self, name: str, variants: Sequence[str], entries: Sequence[Entry], rules: Rules
    ) -> None:  # fmt: skip
        """Make an experiment.

        Raises:
            VoteError: there is one of that name, it is no name for an address, or there are not
                two variants and a work.
        """
        check_name(name)
        if rules.attention_every == 1:
            raise VoteError("Every pair would be an attention check; use 0 for none, or 2 or more.")
        if len(variants) < 2 or not entries:
            raise VoteError("An experiment needs two variants and a work with a guide by both.")
        try:
            with self.writing() as session:
                experiment = Experiment(
                    name=name, created=now(), votes_a_voter=rules.votes_a_voter,
                    attention_every=rules.attention_every, margin=rules.margin, level=rules.level,
                    variants=[Variant(name=variant) for variant in variants],
                )  # fmt: skip
                session.add(experiment)
                for entry in entries:
                    for variant in experiment.variants:
                        session.add(
                            Text(variant=variant, work=entry.work, artwork=entry.artwork,
                                 request=entry.request, guide=entry.guides[variant.name])
                        )  # fmt: skip
        except IntegrityError:
            raise VoteError(
                f"There is an experiment {name!r} already; choose another name."
            ) from None

    def next_ballot(self, name: str, voter: str, rng: Random) -> Ballot | None:
        """Show a voter a pair not seen yet, the least shown one; None where there is none left.

        A ballot that was shown and not voted on is shown again. Sides are drawn; every so many
        pairs an attention check comes instead: one guide is of another work.

        Raises:
            VoteError: there is no such experiment.
        """
        try:
            return self._next_ballot(name, voter, rng)
        except IntegrityError:  # the same person asked twice at once and drew the same pair
            return self._next_ballot(name, voter, rng)

    def _next_ballot(self, name: str, voter: str, rng: Random) -> Ballot | None:
        with self.writing() as session:
            experiment = self.experiment(session, name)
            mine = session.scalars(
                select(Ballot)
                .where(Ballot.experiment_id == experiment.id, Ballot.voter == voter)
                .order_by(Ballot.shown, Ballot.id)
            ).all()
            for ballot in mine:
                if ballot.vote is None:
                    return _loaded(ballot)
            made = self._check(session, experiment, len(mine), rng) or self._pair(
                session, experiment, {ballot.pair for ballot in mine}, rng
            )
            if made is None:
                return None
            made.id, made.voter, made.shown = secrets.token_urlsafe(16), voter, now()
            session.add(made)
            session.flush()
            return _loaded(made)

    def find_ballot(self, ballot: str, voter: str) -> Ballot:
        """A ballot that was shown to this voter, with its texts and, where there is one, its vote.

        Raises:
            VoteError: there is none.
        """
        with self.reading() as session:
            shown = session.get(Ballot, ballot)
            if shown is None or shown.voter != voter:
                raise VoteError("This pair was not shown to this voter; load a new one.")
            _ = shown.vote
            return _loaded(shown)

    def progress(self, name: str, voter: str) -> Progress:
        """How far a voter has come, attention checks included.

        Raises:
            VoteError: there is no such experiment.
        """
        with self.reading() as session:
            experiment = self.experiment(session, name)
            mine = select(func.count()).select_from(Ballot).join(Vote).where(
                Ballot.experiment_id == experiment.id, Ballot.voter == voter
            )  # fmt: skip
            cast = session.scalar(mine) or 0
            counted = session.scalar(mine.where(Ballot.expected.is_(None))) or 0
            pairs = sum(len(list(combinations(ids, 2))) for ids in _works(session, experiment))
            asked = min(experiment.votes_a_voter, pairs)
            every = experiment.attention_every
        checks = (asked - 1) // (every - 1) if every > 1 else 0
        return Progress(cast, max(asked + checks, cast), counted >= asked)

    def vote(self, ballot: str, voter: str, verdict: str, reasons: Sequence[str] = ()) -> None:
        """Take a vote.

        Raises:
            VoteError: the ballot is not the voter's, was voted on, or the verdict is none.
        """
        if verdict not in VERDICTS or any(reason not in REASONS for reason in reasons):
            raise VoteError(
                f"A vote is one of {', '.join(VERDICTS)}, its reasons of {', '.join(REASONS)}."
            )
        try:
            with self.writing() as session:
                shown = session.get(Ballot, ballot)
                if shown is None or shown.voter != voter:
                    raise VoteError("This pair was not shown to this voter; load a new one.")
                session.add(
                    Vote(ballot_id=ballot, verdict=verdict, reasons=list(reasons), cast=now())
                )
        except IntegrityError:
            raise VoteError("This pair was voted on already; load a new one.") from None

    def names(self) -> list[str]:
        """The experiments, the oldest first."""
        with self.reading() as session:
            return list(session.scalars(select(Experiment.name).order_by(Experiment.id)))

    def experiment(self, session: Session, name: str) -> Experiment:
        """An experiment by name.

        Raises:
            VoteError: there is none of that name.
        """
        found = session.scalar(select(Experiment).where(Experiment.name == name))
        if found is None:
            known = ", ".join(session.scalars(select(Experiment.name)))
            raise VoteError(f"There is no experiment {name!r}; there are: {known or 'none'}.")
        return found

    def _check(
        self, session: Session, experiment: Experiment, seen: int, rng: Random
    ) -> Ballot | None:  # fmt: skip
        """An attention check where one is due: the right guide, and one of another work."""
        every = experiment.attention_every
        if not every or (seen + 1) % every:
            return None
        texts = list(session.scalars(_texts(experiment)))
        right = rng.choice(texts)
        others = [
            text for text in texts
            if text.work != right.work and text.request["language"] == right.request["language"]
        ]  # fmt: skip
        if not others:
            return None
        wrong = rng.choice(others)
        side = rng.choice(("left", "right"))
        left, right_ = (right, wrong) if side == "left" else (wrong, right)
        return Ballot(
            experiment_id=experiment.id, pair=f"check {seen}", left=left, right=right_,
            expected=side,
        )  # fmt: skip

    def _pair(
        self, session: Session, experiment: Experiment, seen: set[str], rng: Random
    ) -> Ballot | None:  # fmt: skip
        rows = session.execute(
            select(Ballot.pair, func.count())
            .where(Ballot.experiment_id == experiment.id)
            .group_by(Ballot.pair)
        )
        shown = {row[0]: row[1] for row in rows}
        open_pairs = [
            pair
            for ids in _works(session, experiment)
            for pair in combinations(ids, 2)
            if pair_name(*pair) not in seen
        ]
        if not open_pairs:
            return None
        fewest = min(shown.get(pair_name(*pair), 0) for pair in open_pairs)
        one, other = rng.choice(
            [pair for pair in open_pairs if shown.get(pair_name(*pair), 0) == fewest]
        )
        if rng.random() < 0.5:
            one, other = other, one
        return Ballot(
            experiment_id=experiment.id, pair=pair_name(one, other), left_id=one, right_id=other
        )


def pair_name(one: int, other: int) -> str:
    """The same name whichever text comes first."""
    return "{} {}".format(*sorted((one, other)))


def _works(session: Session, experiment: Experiment) -> list[list[int]]:
    """The ids of each work's texts."""
    works: dict[str, list[int]] = {}
    for id_, work in session.execute(
        select(Text.id, Text.work)
        .join(Variant)
        .where(Variant.experiment_id == experiment.id)
        .order_by(Text.id)
    ):
        works.setdefault(work, []).append(id_)
    return list(works.values())


def _texts(experiment: Experiment) -> Any:
    return (
        select(Text).join(Variant).where(Variant.experiment_id == experiment.id).order_by(Text.id)
    )


def _loaded(ballot: Ballot) -> Ballot:
    """With both texts, for use after the transaction."""
    _ = ballot.left.variant.name, ballot.right.variant.name
    return ballot
