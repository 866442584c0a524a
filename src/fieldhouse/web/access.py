"""Who may do what: tokens, kept as hashes in the warehouse, and the sessions of browsers."""

import hashlib
import hmac
import secrets
import threading
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from time import monotonic
from typing import TYPE_CHECKING, Any

from fieldhouse import times
from fieldhouse.errors import ConfigurationError

if TYPE_CHECKING:
    from fieldhouse.warehouse import Warehouse

__all__ = [
    "Scope",
    "Sessions",
    "Tokens",
    "Visitor",
    "lasting",
    "made_token",
    "scopes_of",
    "state_of",
]

_PREFIX = "fh"
_FRESH = 2.0
"""Seconds that a look at the tokens is good for: a revoked one is taken that long at the most."""
_SESSION = timedelta(days=30)
_MOST_SESSIONS = 10_000


class Scope(StrEnum):
    """What a visitor may do; none includes another."""

    READ = "read"
    """See everything."""
    OPERATE = "operate"
    """Add, pause, tag channels; run, backfill, import; exclude and correct readings."""
    WRITE = "write"
    """Send readings, as a device does."""


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody who was let in: how he is called in what is recorded, and what he may."""

    name: str
    scopes: frozenset[Scope]
    token_id: str | None = None
    """None: the machine's own user, or one whom a proxy has let in."""
    session: str | None = field(default=None, repr=False)
    is_ambient: bool = True
    """Whether a browser sends what lets him in by itself, so that other sites could make it."""


def scopes_of(words: Iterable[str]) -> frozenset[Scope]:
    """Scopes by their names. Raises ConfigurationError for one that there is not."""
    known = ", ".join(Scope)
    try:
        found = frozenset(Scope(word.strip().lower()) for word in words)
    except ValueError as error:
        raise ConfigurationError(f"{error.args[0]}: there are {known}") from None
    if not found:
        raise ConfigurationError(f"a token needs a scope: {known}")
    return found


def lasting(text: str) -> timedelta:
    """How long a token lasts, as ``90d`` or ``1y``: a year is 365 days. ConfigurationError."""
    length = times.length_of(text)
    try:
        return timedelta(days=length.days + 365 * length.months // 12, seconds=length.seconds)
    except OverflowError:
        raise ConfigurationError("a token that lasts so long ends after all years") from None


def state_of(row: Mapping[str, Any], now: datetime) -> str:
    """Whether a token of the question access_tokens is ``taken``, ``revoked`` or ``expired``."""
    if row["RevokedAt"] is not None:
        return "revoked"
    return "taken" if row["ExpiresAt"] is None or now < row["ExpiresAt"] else "expired"


def made_token(
    house: "Warehouse",
    name: str,
    scopes: Collection[Scope],
    now: datetime,
    lasts: timedelta | None = None,
) -> str:
    """Make a token and keep its hash; its text, which nobody can be shown again.

    Times are naive UTC. Raises ConfigurationError for a name that will not do.
    """
    name = " ".join(name.split())
    if not 1 <= len(name) <= 100 or not name.isprintable():
        raise ConfigurationError("a token's name is 1 to 100 characters: whose it is, or what for")
    token_id = secrets.token_hex(4)
    text = f"{_PREFIX}_{token_id}_{secrets.token_urlsafe(32)}"
    try:
        expires_at = now + lasts if lasts else None
    except OverflowError:
        raise ConfigurationError("a token that lasts so long ends after all years") from None
    house.call(
        "add_token",
        token_id=token_id,
        token_name=name,
        token_hash=_hash(text),
        scopes=" ".join(sorted(scopes)),
        created_at=now,
        expires_at=expires_at,
    )
    return text


def _hash(text: str) -> str:
    """A token has 256 random bits, so that its plain hash tells nothing."""
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


class Tokens:
    """The tokens of a warehouse, looked up at most every two seconds. Safe between threads."""

    def __init__(self, house: "Warehouse") -> None:
        self._house = house
        self._looking = threading.Lock()
        self._rows: dict[str, dict[str, Any]] = {}
        self._looked_at = -1e9

    def visitor(self, text: str, now: datetime) -> Visitor | None:
        """Whom a token lets in; None for one that is not taken. ``now`` is naive UTC."""
        prefix, _, rest = text.partition("_")
        token_id, _, _ = rest.partition("_")
        row = self._live(token_id, now)
        known = row["TokenHash"] if row else "0" * 64
        is_right = hmac.compare_digest(_hash(text), known)
        if row is None or prefix != _PREFIX or not is_right:
            return None
        return Visitor(row["TokenName"], _kept_scopes(row), token_id, is_ambient=False)

    def is_live(self, token_id: str, now: datetime) -> bool:
        """Whether a token of this id is still taken."""
        return self._live(token_id, now) is not None

    def look_again(self) -> None:
        """Look at the warehouse with the next question."""
        self._looked_at = -1e9

    def _live(self, token_id: str, now: datetime) -> dict[str, Any] | None:
        row = self._held().get(token_id)
        return row if row and state_of(row, now) == "taken" else None

    def _held(self) -> dict[str, dict[str, Any]]:
        with self._looking:
            if monotonic() - self._looked_at > _FRESH:
                rows = self._house.query("access_tokens").to_pylist()
                self._rows = {row["TokenID"]: row for row in rows}
                self._looked_at = monotonic()
            return self._rows


def _kept_scopes(row: dict[str, Any]) -> frozenset[Scope]:
    """A later version's scopes, which this one does not know, let in nowhere."""
    return frozenset(Scope(word) for word in row["Scopes"].split() if word in set(Scope))


class Sessions:
    """Browsers that have logged in, until the process ends. Safe between threads."""

    def __init__(self) -> None:
        self._changing = threading.Lock()
        self._held: dict[str, tuple[Visitor, datetime]] = {}

    def begin(self, visitor: Visitor, now: datetime) -> str:
        """A new session's secret, for a cookie."""
        secret = secrets.token_urlsafe(32)
        with self._changing:
            while len(self._held) >= _MOST_SESSIONS:
                del self._held[next(iter(self._held))]
            self._held[_hash(secret)] = visitor, now + _SESSION
        return secret

    def visitor(self, secret: str, tokens: Tokens, now: datetime) -> Visitor | None:
        """Who began a session, as long as the token that he showed is taken."""
        visitor, ends_at = self._held.get(_hash(secret), (None, now))
        if visitor is None or now >= ends_at or not tokens.is_live(visitor.token_id or "", now):
            return None
        return Visitor(visitor.name, visitor.scopes, visitor.token_id, secret)

    def end(self, secret: str) -> None:
        """Forget a session."""
        with self._changing:
            self._held.pop(_hash(secret), None)
