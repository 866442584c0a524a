"""What every request works with."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import Depends, HTTPException, Request

from fieldhouse.times import utc_now
from fieldhouse.warehouse import Limits, Warehouse
from fieldhouse.watch.metrics import Metrics
from fieldhouse.web.access import Scope, Sessions, Tokens, Visitor
from fieldhouse.web.kept import Messages, Uploads
from fieldhouse.web.limits.bounded import Bounded
from fieldhouse.web.limits.shared import Shared
from fieldhouse.web.limits.threads import Threads, Turns

if TYPE_CHECKING:
    from fieldhouse.settings import Settings
    from fieldhouse.web.broadcast import Broadcast
    from fieldhouse.web.jobs import Jobs

__all__ = ["House", "Rules", "Served", "Who", "needs"]

_MOST_LISTENING = 500


@dataclass(frozen=True, slots=True)
class Rules:
    """Who is let in, and how much one may ask at a time."""

    hosts: frozenset[str] = frozenset()
    """The names under which this is asked, beside those of the machine itself."""
    trusts_machine: bool = True
    """Whether who comes from this machine needs no token."""
    writes: bool = False
    """Whether readings are taken from devices."""
    user_header: str | None = None
    """The header in which a proxy says whom it has let in; only from ``proxies`` it is believed."""
    proxies: frozenset[str] = frozenset()
    user_scopes: frozenset[Scope] = frozenset({Scope.READ})
    most_bytes: int = 1_000_000
    """Of a request's body, files that are imported apart."""
    most_written_bytes: int = 16_000_000
    """Of what devices send: a bulk update's 14,400 entries."""
    most_file_bytes: int = 2_000_000_000
    seconds: float = 30.0
    """That an answer may take, or a client not read what it is sent."""
    rate: float = 50.0
    """Requests a second that one visitor may make in the long run; ten seconds' worth at once."""
    tile_server: str | None = None
    """Whose map tiles a browser may load: ``https://tile.example.org/{z}/{x}/{y}.png``."""


@dataclass(frozen=True, slots=True)
class Served:
    """A warehouse and what is done with it, shared by all requests."""

    settings: "Settings"
    warehouse: Warehouse
    """As requests ask it: each answer in its time, and none once the server ends."""
    whole: Warehouse = field(init=False, repr=False)
    """The same without these limits, for those who have their own."""
    jobs: "Jobs"
    heard: "Broadcast"
    rules: Rules
    tokens: Tokens
    sessions: Sessions = field(default_factory=Sessions)
    messages: Messages = field(default_factory=Messages)
    uploads: Uploads = field(default_factory=Uploads)
    threads: Threads = field(default_factory=Threads)
    listening: Turns = field(default_factory=lambda: Turns(_MOST_LISTENING))
    """Pages that are told what happens."""
    metrics: Metrics = field(default_factory=Metrics)
    clock: Callable[[], datetime] = utc_now
    ending: threading.Event = field(default_factory=threading.Event)
    """Set when the server ends, and answers that go on must."""

    def __post_init__(self) -> None:
        whole = self.warehouse.house if isinstance(self.warehouse, Bounded) else self.warehouse
        answers = whole.answers if isinstance(whole, Shared) else None
        bounded = Bounded(whole, self.rules.seconds, self.ending, answers)
        object.__setattr__(self, "whole", whole)
        object.__setattr__(self, "warehouse", bounded)

    @property
    def zone(self) -> tzinfo:
        """The zone in which times are shown, unless a request names another."""
        return self.settings.display_zone

    @property
    def as_of(self) -> datetime:
        """Up to when answers look, naive UTC: the whole second that now belongs to.

        All who ask within a second ask the same, and can be answered together.
        """
        now = self.clock()
        return now + timedelta(microseconds=-now.microsecond % 1_000_000)

    def limits(self, rows: int | None = None) -> Limits:
        """As much time as an answer may take, from now, for all its questions; so many rows."""
        return Limits(seconds=self.rules.seconds, rows=rows)


async def _served(request: Request) -> Served:
    served: Served = request.app.state.served
    return served


async def _who(request: Request) -> Visitor:
    visitor: Visitor = request.state.visitor
    return visitor


House = Annotated[Served, Depends(_served)]
Who = Annotated[Visitor, Depends(_who)]


def needs(scope: Scope) -> Any:
    """A dependency of a route: it is for visitors with this scope; READ is asked of all anyway."""

    async def checked(visitor: Who) -> None:
        if scope not in visitor.scopes:
            raise HTTPException(403, f"this needs a token with the scope {scope}")

    return Depends(checked)
