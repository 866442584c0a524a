"""Which entries a read asks for, and in what form: the parameters of a request, understood."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import tzinfo

from .exchange import Refused, Request, error
from .life import Life
from .ordered import Entry
from .times import parse, to_i, zone_of

DEFAULT_ROWS = 100
MOST_ROWS = 8_000
_BUCKETS = (10, 15, 20, 30, 60, 240, 720, 1440)  # minutes; any other is ignored


@dataclass(frozen=True)
class Window:
    """The newest `limit` entries from `start` to `end`, both included, unix seconds."""

    start: int | None
    end: int | None
    limit: int

    def page(self, life: Life) -> list[Entry]:
        low, high = life.by_time.span(self.start, self.end)
        return life.by_time.items[max(low, high - self.limit) : high]


@dataclass(frozen=True)
class Bucketing:
    """An aggregation that the server does: `timescale`, `sum`, `average` or `median`."""

    kind: str
    seconds: int


def zone(request: Request) -> tzinfo:
    """Say the time zone in which the request's times are meant and the answer's are written."""
    return zone_of(request.params.get("timezone"), request.params.get("offset"))


def window(request: Request, now: int, default_days: int | None = None) -> Window:
    """Read the window of a feed: without any time the last 100 rows, however old (production).

    A start or a lookback lets the window end now, so that rows of the future are missed.
    Precedence is start, minutes, days. Raises `Refused` (400) for a malformed start or end.
    """
    days, minutes = request.params.get("days"), request.params.get("minutes")
    start, end = _instant(request, "start"), _instant(request, "end")
    limit = _limit(request, timed=start is not None or end is not None or days is not None)
    if start is None and minutes is not None:
        start = now - 60 * to_i(minutes)
    elif start is None and days is not None:
        start = now - 86_400 * to_i(days)
    elif start is None and end is None and default_days is not None:
        start, limit = now - 86_400 * default_days, _limit(request, timed=True)
    if end is None and start is not None:
        end = now
    return Window(start, end, limit)


def _limit(request: Request, *, timed: bool) -> int:
    """`results`, 0 when negative or no number, at most 8,000."""
    results = request.params.get("results")
    if results is None:
        return MOST_ROWS if timed else DEFAULT_ROWS
    return min(max(to_i(results), 0), MOST_ROWS)


def _instant(request: Request, name: str) -> int | None:
    text = request.params.get(name)
    if not text:
        return None
    try:
        return parse(text, zone(request))
    except ValueError:
        raise Refused(error(400)) from None


def bucketing(request: Request) -> Bucketing | None:
    """Read the aggregation asked for; timescale goes before sum, average and median."""
    for kind in ("timescale", "sum", "average", "median"):
        text = request.params.get(kind)
        minutes = 1440 if text == "daily" else to_i(text)
        if minutes in _BUCKETS:
            return Bucketing(kind, minutes * 60)
    return None
