"""What a report says of a channel, asked of the warehouse once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta, tzinfo
from typing import TYPE_CHECKING, Any

import numpy as np

from fieldhouse.insight.dimensions import dimensions_of
from fieldhouse.insight.trends import trend_of
from fieldhouse.report import gathering, pointing
from fieldhouse.report.figure import SECOND, Boundary, Line, datetime_of
from fieldhouse.report.gathering import Wanted
from fieldhouse.report.going import Going, going_of
from fieldhouse.report.thinning import longest_pause, step_for

if TYPE_CHECKING:
    from fieldhouse.warehouse import Warehouse

__all__ = ["Facts", "Trend", "facts_of"]

Row = dict[str, Any]

_FINER = 6
"""The newest readings, in short buckets, take one part in so many of a line's points."""

_JUDGED = 500_000
"""Readings, the newest, whose dimensions are told; of ten years of minutes they take seconds."""


@dataclass(frozen=True, slots=True)
class Trend:
    """A field's last days, as `trend_of` tells them."""

    wanted: Wanted
    days: Sequence[Row]


@dataclass(frozen=True, slots=True, eq=False)
class Facts:
    """A channel over a span ``[start, end)``, naive UTC."""

    channel: Row
    start: datetime
    end: datetime
    lines: dict[Wanted, Line]
    presence: Line
    incidents: Sequence[Mapping[str, Any]]
    boundaries: tuple[Boundary, ...]
    trends: Sequence[Trend]
    going: Sequence[Going]
    quality: Sequence[Row]
    judged_from: datetime
    """Where what ``dimensions`` tells begins."""
    dimensions: Sequence[Row]
    lives: Sequence[Row]
    rules: Sequence[Row]
    missing: Sequence[Row]
    coverage: Sequence[Row]
    last_run: Row | None


def facts_of(
    house: "Warehouse",
    wanted: Sequence[Wanted],
    start: datetime,
    end: datetime,
    points: int,
    zone: tzinfo,
) -> Facts:
    """Ask for all that a report says of one channel; ``points`` of each line, days of ``zone``."""
    number = wanted[0].channel_id
    lines, presence = _lines(house, wanted, start, end, points)
    shown = [field for field, line in lines.items() if len(line)]
    judged_from = _judged_from(presence, start)
    mine = {"channel_ids": [number]}
    runs = house.query("runs", channel_id=number, limit=1).to_pylist()
    lives = house.query("lives", channel_id=number).to_pylist()
    return Facts(
        channel=next(
            row for row in house.query("channels").to_pylist() if row["ChannelID"] == number
        ),
        start=start,
        end=end,
        lines={field: lines[field] for field in shown},
        presence=presence,
        incidents=pointing.incidents(house, number, start, end),
        boundaries=pointing.boundaries(lives),
        trends=[_trend(house, field, end, zone) for field in shown],
        going=going_of(house, shown, end, zone),
        quality=house.query(
            "quality_days", channel_id=number, start_at=start.date(), end_at=_day_after(end)
        ).to_pylist(),
        judged_from=judged_from,
        dimensions=dimensions_of(house, number, start=judged_from, end=end, as_of=end).to_pylist(),
        lives=lives,
        rules=house.query("corrections", channel_id=number).to_pylist(),
        missing=house.query("gaps", **mine).to_pylist(),
        coverage=house.query("coverage", **mine).to_pylist(),
        last_run=runs[0] if runs else None,
    )


def _judged_from(presence: Line, start: datetime) -> datetime:
    """Where the newest readings of a span begin, of as many as are looked at one by one."""
    from_here = np.cumsum(presence.count[::-1])[::-1]
    place = int(np.searchsorted(-from_here, -_JUDGED))
    if not place:
        return start
    begin = presence.start[min(place, len(presence) - 1)]
    return max(start, datetime_of(int(begin)).replace(tzinfo=None))


def _day_after(instant: datetime) -> date:
    day = (instant - timedelta(microseconds=1)).date()
    return day + timedelta(days=day < date.max)


def _lines(
    house: "Warehouse", wanted: Sequence[Wanted], start: datetime, end: datetime, points: int
) -> tuple[dict[Wanted, Line], Line]:
    """The whole span in as many buckets as the page has room for, its end in shorter ones."""
    names = {field.number: field.channel for field in wanted}
    number, span = wanted[0].channel_id, (end - start) // timedelta(microseconds=1)
    seconds = step_for(span, points)
    table = gathering.buckets(house, number, start, end, seconds)
    lines = gathering.lines_in(table, names, seconds)
    presence = gathering.presence(table, seconds)
    few = points // _FINER
    usual = max(SECOND, int(longest_pause(presence) / 3))
    newest = min(span, usual * few)
    finer = step_for(newest, few)
    if finer < seconds and len(presence):
        since = max(start, end - timedelta(microseconds=newest))
        near = gathering.lines_in(gathering.buckets(house, number, since, end, finer), names, finer)
        lines = {
            n: replace(line, finer=near[n]) if len(near[n]) else line for n, line in lines.items()
        }
    return {field: lines[field.number] for field in wanted}, presence


def _trend(house: "Warehouse", field: Wanted, end: datetime, zone: tzinfo) -> Trend:
    found = trend_of(house, field.channel_id, field.number, days=30, as_of=end, zone=zone)
    return Trend(field, found.to_pylist())
