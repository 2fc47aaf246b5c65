"""Who votes, and what is no vote: signed cookies, hidden field, least time, limits.

    guard = Guard(store, Limits())
    person = guard.read(cookie) or guard.new()          # what the cookie holds, signed
    voter = guard.admit("spring", person, address)      # the name the store knows; may refuse
    guard.check_vote(ballot, website="")                # may refuse

A person is a signed cookie. In the store stands a keyed hash of it and the experiment, so that
nobody's votes can be traced from one experiment to the next, and a keyed hash of address and day,
so that who deletes the cookie again and again is noticed. Who shares an address shares its limit.
Every limit is asked of the database, so it holds over all processes that share one.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import secrets
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from data.dataset.statistics import words
from evaluate.ab.store import VoteStore
from evaluate.ab.tables import Ballot, Vote, Voter
from infer.web.access import Cookies, Keeper
from infer.web.problems import ProblemError
from infer.web.store import Store
from infer.web.tables import Secret, now

_KEY = "ab"
COOKIE = "guide_voter"
YEAR = 365 * 24 * 3600  # seconds; how long a browser keeps the cookie


@dataclass(frozen=True, slots=True)
class Limits:
    """What no person does.

    Who skims takes in some 12 words a second; at 20 nobody has read both guides.
    """

    words_a_second: float = 20.0
    least_seconds: float = 2.0
    votes_a_minute: int = 15
    voters_an_hour: int = 60  # from one address: a school class with phones behind one router


class Guard:
    """The rules of one store."""

    def __init__(self, store: VoteStore, limits: Limits | None = None) -> None:
        """Guard a store; the keys lie in it."""
        self._store, self.limits = store, limits or Limits()
        self._cookies = Cookies(Keeper(store.store, None))
        self._key = hashing_key(store.store)

    def new(self) -> str:
        """A person that nobody has seen yet."""
        return secrets.token_urlsafe(16)

    def sign(self, person: str) -> str:
        """What the cookie holds."""
        return self._cookies.sign(COOKIE, person)

    def read(self, cookie: str | None) -> str | None:
        """The person of a cookie; None where it is absent or not of our making."""
        return self._cookies.read(COOKIE, cookie)

    def voter(self, experiment: str, person: str) -> str:
        """The name under which an experiment knows a person."""
        return self._hash(f"voter {experiment} {person}")

    def admit(self, experiment: str, person: str, address: str) -> str:
        """Let a person in, or in again.

        Raises:
            ProblemError: too many new people have come from this address within the hour.
            VoteError: there is no such experiment.
        """
        voter = self.voter(experiment, person)
        origin = self._hash(f"origin {_network(address)} {now():%Y-%m-%d}")
        with self._store.reading() as session:
            id_ = self._store.experiment(session, experiment).id
            if session.get(Voter, (id_, voter)):
                return voter
        hour = now() - timedelta(hours=1)
        try:
            with self._store.writing() as session:
                recent = session.scalar(
                    select(func.count())
                    .select_from(Voter)
                    .where(Voter.origin == origin, Voter.begun > hour)
                )
                if (recent or 0) >= self.limits.voters_an_hour:
                    raise ProblemError(
                        429,
                        "Too many people have begun to vote from this address; come back in an "
                        "hour.",
                        {"Retry-After": "3600"},
                    )
                session.add(Voter(experiment_id=id_, name=voter, origin=origin, begun=now()))
        except IntegrityError:
            pass  # two windows of one person came at once
        return voter

    def least_seconds(self, ballot: Ballot) -> float:
        """How long nobody can have read both guides."""
        read = words(ballot.left.guide) + words(ballot.right.guide)
        return max(self.limits.least_seconds, read / self.limits.words_a_second)

    def check_vote(self, ballot: Ballot, website: str) -> None:
        """Whether a vote on a ballot may be taken now.

        Args:
            ballot: with its texts.
            website: what the field holds that people do not see.

        Raises:
            ProblemError: by one of the rules.
        """
        if website:
            raise ProblemError(403, "This vote was not taken: it was not cast by a person.")
        waited = (now() - ballot.shown).total_seconds()
        missing = self.least_seconds(ballot) - waited
        if waited >= 0 and missing > 0:  # a clock that was set back keeps nobody waiting
            raise ProblemError(
                425,
                "Read or listen to both guides first, then vote.",
                {"Retry-After": str(int(missing) + 1)},
            )
        minute = now() - timedelta(minutes=1)
        with self._store.reading() as session:
            recent = session.scalar(
                select(func.count())
                .select_from(Vote)
                .join(Ballot)
                .where(Ballot.voter == ballot.voter, Vote.cast > minute)
            )
        if (recent or 0) >= self.limits.votes_a_minute:
            raise ProblemError(
                429,
                "So many votes within a minute are too many; wait a little.",
                {"Retry-After": "60"},
            )

    def _hash(self, text: str) -> str:
        return hashed(self._key, text)


def hashed(key: str, text: str) -> str:
    """A name for a text that nobody can trace back without the key."""
    return hmac.new(key.encode(), text.encode(), hashlib.sha256).hexdigest()[:32]


def hashing_key(store: Store) -> str:
    """The key of the hashes under which people are known, made by whoever comes first."""
    try:
        with store.writing() as session:
            if session.get(Secret, _KEY) is None:
                session.add(Secret(name=_KEY, value=secrets.token_urlsafe(32)))
    except IntegrityError:
        pass  # another process has made it meanwhile
    with store.reading() as session:
        return session.get_one(Secret, _KEY).value


def _network(address: str) -> str:
    """An address, of IPv6 the network that one household has."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped is None:
        return str(ipaddress.ip_network((found, 64), strict=False))
    return str(getattr(found, "ipv4_mapped", None) or found)
