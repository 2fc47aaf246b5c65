"""Who may come in: the curator's password, sessions, tokens for scripts, and signed cookies.

    keeper = Keeper(store, password_hash)
    cookie = keeper.log_in("…")             # None where the password is wrong
    keeper.is_curator(cookie), keeper.csrf(cookie), keeper.token_name("…")

Nothing secret is kept as it is: of the password a scrypt hash, of cookies and tokens a SHA-256
(they are long and random, so that a slow hash would add nothing). All comparisons take the same
time whatever differs. Sessions lie in the store, so that every process on it knows them.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from datetime import timedelta

from itsdangerous import BadSignature, URLSafeSerializer
from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError

from data.errors import GuideError
from infer.web.store import Store
from infer.web.tables import Login, Secret, Token, now

SESSION = timedelta(hours=12)
SHORTEST_PASSWORD = 10  # characters

_SCRYPT = {"n": 2**14, "r": 8, "p": 1}  # 16 MiB and some 50 ms, RFC 7914's interactive setting
_MARK = "scrypt$"


class AccessError(GuideError):
    """A password or token cannot be used."""


def hash_password(password: str) -> str:
    """A password as it may be kept.

    Raises:
        AccessError: it is too short.
    """
    if len(password) < SHORTEST_PASSWORD:
        raise AccessError(
            f"The curator's password has {len(password)} characters; give it at least "
            f"{SHORTEST_PASSWORD}."
        )
    salt = secrets.token_bytes(16)
    return _MARK + "$".join(
        base64.b64encode(part).decode() for part in (salt, _scrypt(password, salt))
    )


def is_hash(text: str) -> bool:
    """Whether a text is a password's hash, not a password."""
    return text.startswith(_MARK)


def check_password(password: str, kept: str) -> bool:
    """Whether it is the password."""
    salt, digest = (base64.b64decode(part) for part in kept.removeprefix(_MARK).split("$"))
    return hmac.compare_digest(_scrypt(password, salt), digest)


class Keeper:
    """Sessions and tokens of one store; without a password hash there is no curator."""

    def __init__(self, store: Store, password_hash: str | None) -> None:
        self._store, self._password_hash = store, password_hash
        self._key = _shared_key(store)

    @property
    def has_curator(self) -> bool:
        """Whether anybody can log in."""
        return self._password_hash is not None

    def log_in(self, password: str) -> str | None:
        """The cookie of a new session; None where the password is wrong."""
        if self._password_hash is None or not check_password(password, self._password_hash):
            return None
        cookie = secrets.token_urlsafe(32)
        with self._store.writing() as session:
            session.execute(delete(Login).where(Login.expires < now()))
            session.add(Login(digest=_digest(cookie), expires=now() + SESSION))
        return cookie

    def log_out(self, cookie: str) -> None:
        """End a session."""
        with self._store.writing() as session:
            session.execute(delete(Login).where(Login.digest == _digest(cookie)))

    def is_curator(self, cookie: str) -> bool:
        """Whether the cookie is of a session that still goes."""
        with self._store.reading() as session:
            login = session.get(Login, _digest(cookie))
            return login is not None and login.expires > now()

    def csrf(self, cookie: str) -> str:
        """What a page of that session has to send back; no other site can know it."""
        return hmac.new(self._key, f"csrf:{cookie}".encode(), "sha256").hexdigest()

    def is_csrf(self, cookie: str, given: str) -> bool:
        """Whether a page has sent what it had to."""
        return hmac.compare_digest(self.csrf(cookie).encode(), given.encode())

    def token_name(self, token: str) -> str | None:
        """The name of a script's token; None where it is none."""
        digest = _digest(token)
        with self._store.reading() as session:
            found = session.scalar(select(Token).where(Token.digest == digest))
        if found is None or not hmac.compare_digest(found.digest, digest):
            return None
        return found.name

    def add_token(self, name: str) -> str:
        """A new token, which is shown this once.

        Raises:
            AccessError: there is one of that name.
        """
        token = f"guide_{secrets.token_urlsafe(32)}"
        try:
            with self._store.writing() as session:
                session.add(Token(name=name, digest=_digest(token)))
        except IntegrityError:
            raise AccessError(f"There is a token {name!r} already; remove it first.") from None
        return token

    def tokens(self) -> list[Token]:
        """The tokens there are, without what they say."""
        with self._store.reading() as session:
            return list(session.scalars(select(Token).order_by(Token.name)))

    def remove_token(self, name: str) -> None:
        """Take a token back.

        Raises:
            AccessError: there is none of that name.
        """
        with self._store.writing() as session:
            found = session.get(Token, name)
            if found is None:
                raise AccessError(f"There is no token {name!r}.")
            session.delete(found)

    def signed(self, purpose: str) -> URLSafeSerializer:
        """A signer of values for cookies; every process on the store can read them."""
        return URLSafeSerializer(
            self._key, salt=purpose, signer_kwargs={"digest_method": hashlib.sha256}
        )


class Cookies:
    """Values that a browser keeps and cannot change; for plug-ins."""

    def __init__(self, keeper: Keeper) -> None:
        self._keeper = keeper

    def sign(self, name: str, value: str) -> str:
        """The text of a cookie."""
        return str(self._keeper.signed(f"cookie:{name}").dumps(value))

    def read(self, name: str, text: str | None) -> str | None:
        """The value in a cookie's text; None where it was not signed here."""
        if not text:
            return None
        try:
            value = self._keeper.signed(f"cookie:{name}").loads(text)
        except BadSignature:
            return None
        return value if isinstance(value, str) else None


def _scrypt(password: str, salt: bytes) -> bytes:
    return hashlib.scrypt(password.encode(), salt=salt, dklen=32, **_SCRYPT)


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _shared_key(store: Store) -> bytes:
    """The key of this store, made by whoever comes first."""
    with store.reading() as session:
        found = session.get(Secret, "key")
    if found is None:
        try:
            with store.writing() as session:
                session.add(Secret(name="key", value=secrets.token_hex(32)))
        except IntegrityError:
            pass  # another process was quicker
        with store.reading() as session:
            found = session.get_one(Secret, "key")
    return bytes.fromhex(found.value)
