"""What is known of a channel: frozen values that a source plans with and the warehouse keeps.

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
    "NOTHING",
    "SECOND",
    "ChannelState",
    "Coverage",
    "Dispute",
    "Epoch",
    "Gap",
    "GapState",
    "Known",
    "Labels",
    "Progress",
    "Run",
    "Span",
]

BEGINNING = datetime(1, 1, 1)
"""Before any entry that there can be."""
END = datetime(9999, 12, 31, 23, 59, 59)
"""After any entry that there can be."""
SECOND = timedelta(seconds=1)

GapState = Literal["open", "absent", "unreachable", "older"]


class Span(NamedTuple):
    """A half-open span of time, ``[start, end)``, naive UTC."""

    start: datetime
    end: datetime


NOTHING = Span(BEGINNING, BEGINNING)
"""An empty span: nothing is left to be read again."""


class Known(NamedTuple):
    """An entry's identity within an epoch: its id and its ``created_at``."""

    entry_id: int
    created_at: datetime


class Labels(NamedTuple):
    """The labels of a channel's fields as an answer showed them; a field without one is hidden."""

    at: datetime
    texts: tuple[tuple[int, str], ...]


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

    @property
    def is_whole(self) -> bool:
        """Whether all time up to its end has been read."""
        return self.watermark is not None and len(self.spans) == 1


@dataclass(frozen=True, slots=True)
class Gap:
    """A run of entry ids, both ends included, that no page has shown as this epoch's.

    ``open``: not yet explained. ``absent``: ThingSpeak said so, believably.
    ``unreachable``: entries are there that the API cannot be made to show (``at`` is their second).
    ``older``: the source shows them as entries that an older epoch, ``epoch``, holds.
    ``due`` is when they are to be asked for, or asked for once more; None: at once if open, else
    never again.
    """

    first_id: int
    last_id: int
    state: GapState = "open"
    at: datetime | None = None
    due: datetime | None = None
    epoch: int | None = None


@dataclass(frozen=True, slots=True)
class Dispute:
    """A reading that its source did not show when asked, and that is not yet believed withdrawn.

    ``open`` since ``raised_at``, the server's clock; ``kept``: a person decided that it counts.
    """

    epoch: int
    entry: Known
    raised_at: datetime
    state: Literal["open", "kept"] = "open"


@dataclass(frozen=True, slots=True)
class Epoch:
    """A channel's life between two clears."""

    number: int = 1
    last_entry_id: int | None = None
    """As the server last said it; not to be trusted, only compared."""
    highest_id: int | None = None
    """Highest entry id that we hold."""
    newest: Known | None = None
    """Our newest reading that counts and was not in the far future when it was loaded."""
    ids_checked_to: int = 0
    """Up to this id, every one is held or stands in a gap."""
    future_checked_at: datetime | None = None
    coverage: Coverage = Coverage()
    began_with: int | None = None
    """The counter when its reading began: all time is read after ids up to this were given out.

    It only falls: 0 once a counter that fell may give them out anew."""
    judged: bool = True
    """Whether it was compared with older epochs since it last grew among their times."""
    swept_at: datetime | None = None
    swept_to: datetime | None = None
    """How far down the sweep has come; None: it begins at the top."""
    again: Span | None = None
    """Time to be read again, since a label appeared."""
    version: int = 0
    """How often a load has moved what is known of it; a load is planned on one of these."""


@dataclass(frozen=True, slots=True)
class ChannelState:
    """All that planning needs to know of a channel; a channel never seen has epoch 1, empty."""

    channel_id: int
    epoch: Epoch = Epoch()
    gaps: tuple[Gap, ...] = ()
    metadata_at: datetime | None = None
    older_until: datetime | None = None
    """The newest time that an older epoch holds a reading of; None without older epochs."""
    labels: tuple[tuple[int, str], ...] | None = None
    """Each labelled field and its label as last seen; None: never seen."""
    disputes: tuple[Dispute, ...] = ()


@dataclass(frozen=True, slots=True)
class Progress:
    """What a load proves beside its rows; the warehouse adds it in the load's own transaction.

    None leaves what the warehouse holds as it is; ``gaps`` otherwise replaces all of the epoch's,
    and ``again`` what is to be read again (``NOTHING``: no more).
    """

    covered: tuple[Span, ...] = ()
    last_entry_id: int | None = None
    ids_checked_to: int | None = None
    future_checked_at: datetime | None = None
    gaps: tuple[Gap, ...] | None = None
    began_with: int | None = None
    judged: bool | None = None
    swept_at: datetime | None = None
    swept_to: datetime | None = None
    """With ``swept_at``; None then means that the next sweep begins at the top."""
    again: Span | None = None
    labels: Labels | None = None


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
    source: str | None = None
    """What was read, if not ThingSpeak's channel: the names of files."""
