"""The store of votes: experiments, their variants and texts, what was shown, and what was said.

    store = VoteStore.open(Path("data/raw/votes.sqlite"), create=True)
    experiment = store.create("spring", ["small", "corpus"], pairs, Rules())
    ballot = store.next_ballot("spring", voter="3f…", rng=Random())
    store.vote(ballot.id, voter="3f…", verdict="left", reasons=("dull",))

experiments  variants  texts     what is compared
ballots      every pair that was shown, to whom, which text on which side, and attention checks
votes        one answer a ballot, so nothing can be voted on that was not shown
judgements   a model's verdicts, apart from people's

A voter is any name that stays the same for one person, such as the hash of a signed cookie; the
store holds nothing else about people. One person sees a pair once.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import combinations
from pathlib import Path
from random import Random
from typing import Any, Self

from sqlalchemy import Engine, create_engine, event, select
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from sqlalchemy.orm import Session

from evaluate.ab.tables import (
    REASONS,
    VERDICTS,
    Ballot,
    Base,
    Experiment,
    Text,
    Variant,
    Vote,
    VoteError,
)


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


class VoteStore:
    """The tables in one database; every method is one transaction, so threads may share it."""

    def __init__(self, engine: Engine) -> None:
        """Use a database, whose other tables are left alone."""
        self._engine = engine

    @classmethod
    def open(cls, path: Path, *, create: bool = False) -> Self:
        """The store in an SQLite file, made where `create` says so.

        Raises:
            VoteError: it is absent, or cannot be used.
        """
        if not create and not path.exists():
            raise VoteError(f"There is no {path}; make an experiment with guide ab create.")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            engine = create_engine(f"sqlite:///{path}", connect_args={"timeout": 30})
            event.listen(engine, "connect", _configure)
            Base.metadata.create_all(engine)
        except (SQLAlchemyError, OSError) as error:
            raise VoteError(f"{path} cannot be used as a store of votes ({error}).") from None
        return cls(engine)

    def close(self) -> None:
        """Let go of the database."""
        self._engine.dispose()

    @contextmanager
    def session(self) -> Iterator[Session]:
        """A transaction: kept where the block ends well, else undone."""
        with Session(self._engine) as session, session.begin():
            yield session

    def create(
        self, name: str, variants: Sequence[str], entries: Sequence[Entry], rules: Rules
    ) -> None:  # fmt: skip
        """Make an experiment.

        Raises:
            VoteError: there is one of that name, or there are not two variants and a work.
        """
        if len(variants) < 2 or not entries:
            raise VoteError("An experiment needs two variants and a work with a guide by both.")
        try:
            with self.session() as session:
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
        """Show a voter a pair not seen yet, the least voted one; None where there is none left.

        A ballot that was shown and not voted on is shown again. Sides are drawn; every so many
        pairs an attention check comes instead: one guide is of another work.

        Raises:
            VoteError: there is no such experiment.
        """
        with self.session() as session:
            session.expire_on_commit = False
            experiment = self.experiment(session, name)
            mine = session.scalars(
                select(Ballot).where(Ballot.experiment_id == experiment.id, Ballot.voter == voter)
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

    def vote(
        self, ballot: str, voter: str, verdict: str, reasons: Sequence[str] = ()
    ) -> None:  # fmt: skip
        """Take a vote.

        Raises:
            VoteError: the ballot is not the voter's, was voted on, or the verdict is none.
        """
        if verdict not in VERDICTS or any(reason not in REASONS for reason in reasons):
            raise VoteError(
                f"A vote is one of {', '.join(VERDICTS)}, its reasons of {', '.join(REASONS)}."
            )
        try:
            with self.session() as session:
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
        with self.session() as session:
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
        works: dict[str, list[Text]] = {}
        for text in session.scalars(_texts(experiment)):
            works.setdefault(text.work, []).append(text)
        shown: dict[str, int] = {}
        for pair in session.scalars(
            select(Ballot.pair).where(Ballot.experiment_id == experiment.id)
        ):
            shown[pair] = shown.get(pair, 0) + 1
        open_pairs = [
            (one, other)
            for texts in works.values()
            for one, other in combinations(texts, 2)
            if pair_name(one, other) not in seen
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
            experiment_id=experiment.id, pair=pair_name(one, other), left=one, right=other
        )


def pair_name(one: Text, other: Text) -> str:
    """The same name whichever text comes first."""
    first, second = sorted((one.id, other.id))
    return f"{first} {second}"


def _texts(experiment: Experiment) -> Any:
    return (
        select(Text).join(Variant).where(Variant.experiment_id == experiment.id).order_by(Text.id)
    )


def _loaded(ballot: Ballot) -> Ballot:
    """With both texts, for use after the transaction."""
    _ = ballot.left.variant.name, ballot.right.variant.name
    return ballot


def now() -> datetime:
    """The present, in UTC."""
    return datetime.now(UTC)


def _configure(connection: Any, _record: object) -> None:
    """Readers do not wait for a writer, and what points to nothing is refused."""
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA foreign_keys = ON")
