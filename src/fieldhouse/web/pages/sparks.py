"""Sparklines: the last days of a channel in a line without axes."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from fieldhouse.report.markup import Markup, tag
from fieldhouse.report.words import clean, unit_of

__all__ = ["spark"]

_WIDTH, _HEIGHT, _EDGE = 120, 28, 2


def spark(
    rows: Sequence[Mapping[str, Any]],
    labels: Mapping[int, str],
    start: datetime,
    end: datetime,
    seconds: int,
) -> Markup:
    """A line through a channel's buckets, of the first of its fields that has values in them.

    ``rows`` are what the question sparklines says of one channel; a bucket that is missing breaks
    the line. Nothing, where there are no values.
    """
    number = next((n for n in labels if any(row[f"Field{n}Avg"] is not None for row in rows)), None)
    if number is None:
        return Markup()
    values = [(row["BucketStart"], row[f"Field{number}Avg"]) for row in rows]
    known = [(at, value) for at, value in values if value is not None]
    low, high = min(value for _, value in known), max(value for _, value in known)
    span = (end - start).total_seconds() or 1.0
    shape, before = "", None
    for at, value in known:
        x = max(0.0, (at - start).total_seconds() + seconds / 2) / span * _WIDTH
        share = (value - low) / (high - low) if high > low else 0.5
        y = _HEIGHT - _EDGE - share * (_HEIGHT - 2 * _EDGE)
        is_joined = before is not None and (at - before).total_seconds() <= seconds
        shape += f"{'L' if is_joined else 'M'}{min(x, _WIDTH):.1f} {y:.1f}"
        if not is_joined:
            shape += "h.1"
        before = at
    title = clean(unit_of(labels[number])[0])
    return tag(
        "svg",
        tag("path", d=shape, class_="c0", fill="none", stroke="currentColor", stroke_width="1.5"),
        class_="fieldhouse spark",
        viewBox=f"0 0 {_WIDTH} {_HEIGHT}",
        role="img",
        aria_label=f"{title}, the last days: {low:.4g} to {high:.4g}",
    )
