"""What a plan may want done: questions to ThingSpeak, writes and questions to the warehouse.

``read`` yields these one by one and is sent the outcome; whoever carries them out knows the source
and the warehouse, which do not know each other.
"""

from collections.abc import Generator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal, NamedTuple, TypeVar

from fieldhouse.sources.thingspeak.page import Page
from fieldhouse.state import Known, Progress, Span

__all__ = [
    "MAX_RESULTS",
    "Ask",
    "AskEntry",
    "Doubt",
    "Effect",
    "FindHeld",
    "FindKnown",
    "FindMissing",
    "FindNeighbours",
    "FindState",
    "Held",
    "Judge",
    "Neighbours",
    "Notice",
    "OpenEpoch",
    "Plan",
    "Policy",
    "Settle",
    "Steps",
    "Write",
]

MAX_RESULTS = 8000


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """How to read. ``now`` (naive UTC) is our own clock's guess, until the server says the time.

    Rows at or after the server's time + ``near`` are the far future's. ``id_budget`` is the most
    requests that a reading spends on missing ids.
    """

    now: datetime
    page_size: int = MAX_RESULTS
    tail_size: int = MAX_RESULTS
    look_back: timedelta = timedelta(hours=1)
    near: timedelta = timedelta(days=1)
    future_every: timedelta = timedelta(days=1)
    sweep_every: timedelta = timedelta(days=1)
    id_budget: int = 30
    again: Span | None = None
    """A span of time to read once more, covered or not, and to compare with what is held."""

    def after(self, requests: int) -> "Policy":
        """The same for a plan that follows others of its reading, which made so many requests."""
        return replace(self, id_budget=max(0, self.id_budget - requests))


class Doubt(NamedTuple):
    """Why a plan begins with a suspicion, and the entries in dispute, as this epoch holds them."""

    text: str
    disputed: tuple[Known, ...] = ()


@dataclass(frozen=True, slots=True)
class Ask:
    """Ask for a page, past every cache; send back ``(Page, the server's clock)``."""

    results: int
    start: datetime | None = None
    end: datetime | None = None


@dataclass(frozen=True, slots=True)
class AskEntry:
    """Ask for one entry by its id; send back its Page, or None."""

    entry_id: int


@dataclass(frozen=True, slots=True)
class Write:
    """Keep a page (None: only the progress) under ``epoch``; send back nothing.

    ``horizon`` parts the near future from the far. ``quiet``: it brings nothing that is not held,
    so that it may be left out.
    """

    epoch: int
    page: Page | None
    progress: Progress
    horizon: datetime
    quiet: bool = False


@dataclass(frozen=True, slots=True)
class OpenEpoch:
    """Begin epoch ``number``, on this evidence; send back nothing."""

    number: int
    started_at: datetime
    evidence: str


@dataclass(frozen=True, slots=True)
class Settle:
    """What was found out about readings of an epoch; send back nothing.

    ``withdrawn``: their source no longer has them. ``disputed``: it seems so, ask again later.
    ``kept``: a person says that they count. ``present``: they are there after all. ``dropped``: no
    longer in dispute, they count. ``horizon`` parts the near future from the far.
    """

    epoch: int
    at: datetime
    horizon: datetime
    withdrawn: tuple[Known, ...] = ()
    disputed: tuple[Known, ...] = ()
    kept: tuple[Known, ...] = ()
    present: tuple[Known, ...] = ()
    dropped: tuple[Known, ...] = ()


@dataclass(frozen=True, slots=True)
class Judge:
    """Compare an epoch with the older ones in its span, and supersede what a re-import replaces.

    Send back how many readings of older epochs are superseded now that were not before.
    """

    epoch: int


@dataclass(frozen=True, slots=True)
class FindState:
    """Send back the ChannelState as it is now; what was written before is in it."""


@dataclass(frozen=True, slots=True)
class FindMissing:
    """Send back ``[(first, last)]``, the runs of ids in ``(above, upto]`` that the epoch lacks."""

    epoch: int
    above: int
    upto: int


@dataclass(frozen=True, slots=True)
class FindKnown:
    """Send back what every epoch holds under these ids: ``[(epoch, entry_id, created_at)]``."""

    entry_ids: tuple[int, ...]


class Held(NamedTuple):
    """A reading that is held."""

    epoch: int
    entry: Known
    withdrawn: bool


@dataclass(frozen=True, slots=True)
class FindHeld:
    """Send back ``[Held]``: all epochs' readings of ``[start, end]``, whole seconds, in order."""

    start: datetime
    end: datetime


class Neighbours(NamedTuple):
    """The readings of an epoch around a span, so and so far away; ``*_edge``: there are no more."""

    before: Known | None
    before_edge: bool
    after: Known | None
    after_edge: bool


@dataclass(frozen=True, slots=True)
class FindNeighbours:
    """Send back Neighbours: the ``distance``-th reading before ``first`` and after ``last``.

    Of those that are neither withdrawn nor in dispute; the farthest, where there are fewer.
    """

    epoch: int
    first: datetime
    last: datetime
    distance: int


@dataclass(frozen=True, slots=True)
class Notice:
    """Something worth telling; send back nothing."""

    kind: Literal["epoch", "suspicion", "gap", "withdrawn", "disputed", "superseded", "label"]
    text: str


Effect = (
    Ask
    | AskEntry
    | Write
    | OpenEpoch
    | Settle
    | Judge
    | FindState
    | FindMissing
    | FindKnown
    | FindHeld
    | FindNeighbours
    | Notice
)
T = TypeVar("T")
Plan = Generator[Effect, Any, T]
Steps = Generator[Effect, Any, None]
