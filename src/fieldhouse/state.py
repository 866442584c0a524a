"""What is known of a channel: frozen values that history plans with and the warehouse keeps.

Every instant here is naive UTC; every span is half-open, ``[start, end)``, in whole seconds,
since ThingSpeak's ``created_at`` has no finer grain.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal, NamedTuple

__all__ = [
    "BEGINNING",
    "END",
    "SECOND",
    "ChannelState",
    "Coverage",
    "Epoch",
    "Gap",
    "GapState",
    "Known",
    "Progress",
    "Run",
    "Span",
]

BEGINNING = datetime(1, 1, 1)
"""Before any entry that there can be."""
END = datetime(9999, 12, 31, 23, 59, 59)
"""After any entry that there can be."""
SECOND = timedelta(seconds=1)

GapState = Literal["open", "absent", "unreachable"]


class Span(NamedTuple):
    """A half-open span of time, ``[start, end)``, naive UTC."""

    start: datetime
    end: datetime


class Known(NamedTuple):
    """An entry's identity within an epoch: its id and its ``created_at``."""

    entry_id: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Coverage:
    """The time proven complete: disjoint spans, ascending, none touching the next."""

    spans: tuple[Span, ...] = ()

    @classmethod
    def of(cls, spans: Iterable[Span]) -> "Coverage":
        """Join what overlaps or touches; empty spans are dropped."""
        joined: list[Span] = []
        for span in sorted(span for span in spans if span.start < span.end):
            if joined and span.start <= joined[-1].end:
                joined[-1] = Span(joined[-1].start, max(joined[-1].end, span.end))
            else:
                joined.append(span)
        return cls(tuple(joined))

    def add(self, *spans: Span) -> "Coverage":
        """This coverage and ``spans`` together."""
        return Coverage.of((*self.spans, *spans))

    def holes(self) -> tuple[Span, ...]:
        """What is not covered before the end of the newest span, ascending."""
        edges = [BEGINNING, *(edge for span in self.spans for edge in span)]
        pairs = zip(edges[::2], edges[1::2], strict=False)
        return tuple(Span(start, end) for start, end in pairs if start < end)

    @property
    def watermark(self) -> datetime | None:
        """End of the coverage that reaches back to the beginning without a hole, or None."""
        first = self.spans[0] if self.spans else None
        return first.end if first and first.start == BEGINNING else None

    @property
    def end(self) -> datetime | None:
        """End of the newest span."""
        return self.spans[-1].end if self.spans else None


@dataclass(frozen=True, slots=True)
class Gap:
    """A run of entry ids, both ends included, that no page has shown.

    ``open``: not yet explained. ``absent``: ThingSpeak said so, believably.
    ``unreachable``: entries are there that the API cannot be made to show (``at`` is their second).
    """

    first_id: int
    last_id: int
    state: GapState = "open"
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Epoch:
    """A channel's life between two clears."""

    number: int = 1
    last_entry_id: int | None = None
    """As the server last said it; not to be trusted, only compared."""
    highest_id: int | None = None
    """Highest entry id that we hold."""
    newest: Known | None = None
    """Our newest reading that was not in the far future when it was loaded."""
    ids_checked_to: int = 0
    """Up to this id, every one is held or stands in a gap."""
    future_checked_at: datetime | None = None
    coverage: Coverage = Coverage()


@dataclass(frozen=True, slots=True)
class ChannelState:
    """All that planning needs to know of a channel; a channel never seen has epoch 1, empty."""

    channel_id: int
    epoch: Epoch = Epoch()
    gaps: tuple[Gap, ...] = ()
    metadata_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Progress:
    """What a load proves beside its rows; the warehouse adds it in the load's own transaction.

    None leaves what the warehouse holds as it is; ``gaps`` otherwise replaces all of the epoch's.
    """

    covered: tuple[Span, ...] = ()
    last_entry_id: int | None = None
    ids_checked_to: int | None = None
    future_checked_at: datetime | None = None
    gaps: tuple[Gap, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One pass of the pipeline over one channel, as ``iot.PipelineRuns`` records it."""

    channel_id: int
    started_at: datetime
    ended_at: datetime | None = None
    outcome: Literal["success", "failed", "interrupted"] = "success"
    requests: int = 0
    requests_needed: int = 0
    fetched: int = 0
    inserted: int = 0
    updated: int = 0
    duplicates: int = 0
    raw: int = 0
    rejected: int = 0
    quality_score: float | None = None
    error: str | None = field(default=None)
