"""Which entries a read asks for, and in what form: the parameters of a request, understood."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import tzinfo

from .exchange import Refused, Request
from .times import in_range, parse, to_i, zone_of

DEFAULT_ROWS = 100
MOST_DIGITS = 20  # that `round` asks for; a number has no more
_BUCKETS = (10, 15, 20, 30, 60, 240, 720, 1440)  # minutes; any other is ignored


@dataclass(frozen=True)
class Window:
    """The newest `limit` entries from `start` to `end`, both included, unix seconds; None: open."""

    start: int | None
    end: int | None
    limit: int | None


@dataclass(frozen=True)
class Bucketing:
    """An aggregation that the server does: `timescale`, `sum`, `average` or `median`."""

    kind: str
    seconds: int


def zone(request: Request) -> tzinfo:
    """Say the time zone in which the request's times are meant and the answer's are written."""
    return zone_of(request.text("timezone"), request.text("offset"))


def window(
    request: Request, now: int, most: int | None, *, default_days: int | None = None
) -> Window:
    """Read the window of a feed: without any time the last 100 rows, however old (production).

    `most` rows are answered at the most. A start or a lookback lets the window end now, so that
    rows of the future are missed. Precedence is start, minutes, days. Raises `Refused` (400) for a
    malformed start or end.
    """
    days, minutes = request.text("days"), request.text("minutes")
    start, end = _instant(request, "start"), _instant(request, "end")
    is_timed = start is not None or end is not None or days is not None
    if start is None and minutes is not None:
        start = now - 60 * to_i(minutes)
    elif start is None and days is not None:
        start = now - 86_400 * to_i(days)
    elif start is None and end is None and default_days is not None:
        start, is_timed = now - 86_400 * default_days, True
    if end is None and start is not None:
        end = now
    limit = _limit(request, most if is_timed else DEFAULT_ROWS, most)
    return Window(None if start is None else in_range(start), end, limit)


def _limit(request: Request, default: int | None, most: int | None) -> int | None:
    """`results`, 0 when negative or no number."""
    results = request.text("results")
    if results is None:
        return default
    asked = max(to_i(results), 0)
    return asked if most is None else min(asked, most)


def _instant(request: Request, name: str) -> int | None:
    text = request.text(name)
    if not text:
        return None
    try:
        return parse(text, zone(request))
    except ValueError:
        raise Refused(400) from None


def digits(request: Request) -> int | None:
    """How many decimals `round` asks for."""
    asked = request.text("round")
    return None if asked is None else min(max(to_i(asked), 0), MOST_DIGITS)


def bucketing(request: Request) -> Bucketing | None:
    """Read the aggregation asked for; timescale goes before sum, average and median."""
    for kind in ("timescale", "sum", "average", "median"):
        text = request.text(kind)
        minutes = 1440 if text == "daily" else to_i(text)
        if minutes in _BUCKETS:
            return Bucketing(kind, minutes * 60)
    return None
