"""What happened, for whoever observes: progress bars, metrics, the log.

An observer is any callable that takes one of these; it must be quick. What it raises is logged.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from fieldhouse.state import Run

__all__ = [
    "AnalysisStarted",
    "AskingAgain",
    "ChannelSeen",
    "Event",
    "FileRead",
    "FleetStarted",
    "LoadEnded",
    "Looked",
    "Noticed",
    "Observer",
    "PageRead",
    "RefreshEnded",
    "RequestMade",
    "RowsLoaded",
    "RunEnded",
    "RunStarted",
    "Surveyed",
    "WarehouseAwaited",
    "WarehouseFailed",
    "tell",
]


logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class RequestMade:
    """One HTTP request was answered, or failed; ``outcome`` is a status code or an error's name.

    ``error`` is our name of what was wrong with it (a class of ``errors``), if anything was;
    ``made``: whether it left this machine.
    """

    channel_id: int | None
    outcome: str
    seconds: float
    body_bytes: int
    error: str | None = None
    made: bool = True


@dataclass(frozen=True, slots=True)
class AskingAgain:
    """A request did not serve, for the reason ``why``; it is made again after so many seconds."""

    channel_id: int | None
    why: str
    seconds: float


@dataclass(frozen=True, slots=True)
class WarehouseAwaited:
    """The warehouse is in use, and waited for: one line that says who holds it."""

    line: str


@dataclass(frozen=True, slots=True)
class FleetStarted:
    """So many channels are to be brought up to date; each ends with a RunEnded, or is not begun."""

    channels: int


@dataclass(frozen=True, slots=True)
class RunStarted:
    """The pipeline took up a channel."""

    channel_id: int


@dataclass(frozen=True, slots=True)
class PageRead:
    """A page of a channel was read and believed; times are naive UTC.

    ``remaining`` estimates the entries still to come, by the ids below the page's lowest.
    """

    channel_id: int
    entries: int
    oldest: datetime | None
    remaining: int | None


@dataclass(frozen=True, slots=True)
class FileRead:
    """So many bytes of a file's ``size`` were read; ``step`` is what is done with them."""

    name: str
    step: str
    read: int
    size: int


@dataclass(frozen=True, slots=True)
class RowsLoaded:
    """A transaction with rows of this channel was committed."""

    channel_id: int
    inserted: int
    updated: int
    duplicates: int
    rejected: int = 0


@dataclass(frozen=True, slots=True)
class LoadEnded:
    """A transaction with rows of so many channels was committed; ``waiting`` rows are queued."""

    channels: int
    rows: int
    seconds: float
    waiting: int


@dataclass(frozen=True, slots=True)
class WarehouseFailed:
    """A load or a call failed; ``error`` is the name of its class in ``errors``."""

    error: str


@dataclass(frozen=True, slots=True)
class RefreshEnded:
    """The aggregates of so many channels were brought up to date."""

    channels: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Looked:
    """All rules were judged; so many alerts opened and ended."""

    opened: int
    ended: int


class ChannelSeen(NamedTuple):
    """How far a polled channel is; times are naive UTC, None where there is none."""

    channel_id: int
    newest: datetime | None
    success_at: datetime | None
    cadence: float | None
    gaps: int
    score: float | None


@dataclass(frozen=True, slots=True)
class Surveyed:
    """What the warehouse holds of the polled channels, and how it stands beside them.

    ``alerts``: how many are open, by severity; ``waiting``: messages that are not sent yet;
    ``budget_left``: requests of today, None where there is no budget.
    """

    channels: tuple[ChannelSeen, ...]
    alerts: dict[str, int]
    waiting: int
    budget_left: int | None


@dataclass(frozen=True, slots=True)
class Noticed:
    """A reading found something out about its source.

    ``kind``: ``epoch`` (a new life), ``suspicion``, ``gap``, ``withdrawn``, ``disputed``,
    ``superseded`` or ``label``; ``text`` is a line that names the channel.
    """

    channel_id: int
    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class AnalysisStarted:
    """What these channels brought is being aggregated and scored."""

    channel_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class RunEnded:
    """The pipeline is through with a channel."""

    run: Run


def tell(observe: "Observer | None", event: "Event") -> None:
    """Tell an observer, if there is one; what it raises is logged, and disturbs nothing."""
    if observe is None:
        return
    try:
        observe(event)
    except Exception:
        logger.exception("An observer failed")


Event = (
    RequestMade
    | AskingAgain
    | WarehouseAwaited
    | FleetStarted
    | RunStarted
    | PageRead
    | FileRead
    | RowsLoaded
    | LoadEnded
    | WarehouseFailed
    | RefreshEnded
    | Looked
    | Surveyed
    | Noticed
    | AnalysisStarted
    | RunEnded
)
Observer = Callable[[Event], None]
