"""What the batches of a call become before any engine sees them."""

from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st
from warehouse_kit import DAY, HOUR, T0, batch, row

from fieldhouse.state import Coverage, Gap, Span
from fieldhouse.warehouse import offer

HOURS = st.integers(0, 30)
SPANS = st.lists(st.tuples(HOURS, HOURS), max_size=8).map(
    lambda pairs: [Span(T0 + a * HOUR, T0 + b * HOUR) for a, b in pairs]
)


@given(SPANS, SPANS)
def test_span_changes_make_the_union(held: list[Span], covered: list[Span]) -> None:
    """Applied to the stored spans, the changes leave the union, each stored span changed once."""
    before = Coverage.of(held).spans
    changes = offer.span_changes(before, covered)
    after = {span for span in before if span.start not in (*changes.moved, *changes.lost)}
    after |= {*changes.moved.values(), *changes.gained}
    assert tuple(sorted(after)) == Coverage.of((*before, *covered)).spans
    assert not set(changes.moved) & set(changes.lost)


@given(st.lists(st.tuples(st.integers(1, 3), st.integers(1, 9)), min_size=1, max_size=40))
def test_rounds_have_no_key_twice(keys: list[tuple[int, int]]) -> None:
    """Every row is in one round, no round has a key twice, and a key's rows keep their order."""
    offered = pa.table(
        {
            "ChannelID": pa.array([c for c, _ in keys], pa.int64()),
            "EntryID": pa.array([n for _, n in keys], pa.int64()),
            "Place": range(len(keys)),
        }
    )
    parts = [part.to_pylist() for part in offer.rounds(offered)]
    seen: dict[tuple[int, int], list[int]] = {}
    for part in parts:
        found = [(r["ChannelID"], r["EntryID"]) for r in part]
        assert len(set(found)) == len(found)
        for r in part:
            seen.setdefault((r["ChannelID"], r["EntryID"]), []).append(r["Place"])
    assert all(places == sorted(places) for places in seen.values())
    assert sum(map(len, parts)) == len(keys)


@given(
    st.lists(
        st.tuples(st.integers(1, 3), st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30))),
        min_size=1,
        max_size=30,
    )
)
def test_periods_are_those_of_the_calendar(readings: list[tuple[int, datetime]]) -> None:
    """Hours, days and weeks from Monday are the calendar's, between the years 1 and 9999."""
    touched = pa.table(
        {
            "ChannelID": pa.array([c for c, _ in readings], pa.int64()),
            "CreatedAt": pa.array([at for _, at in readings], pa.timestamp("us")),
        }
    )
    found = [tuple(mark.values()) for mark in offer.periods(touched).to_pylist()]
    wanted = set()
    for c, at in readings:
        hour = at.replace(minute=0, second=0, microsecond=0)
        day = hour.replace(hour=0)
        wanted |= {(c, "HOURLY", hour), (c, "DAILY", day), (c, "QUALITY", day)}
        wanted |= {(c, "WEEKLY", day - day.weekday() * DAY)}
    assert len(found) == len(set(found)) and set(found) == wanted


def test_a_digest_is_of_the_content() -> None:
    """Equal content has an equal digest, however it lies in memory; any difference another."""
    rows = [row(n, Field1=n, Status=str(n)) for n in range(1, 50)]
    whole = batch(rows)
    readings = pa.concat_tables([whole.readings.slice(0, 20), whole.readings.slice(20)])
    assert offer.digest(replace(whole, readings=readings)) == offer.digest(whole)
    others = [
        batch(rows, channel_id=8),
        batch(rows, epoch=2),
        batch(rows[:-1]),
        batch([*rows[:-1], row(49, Field1=49, Status="x")]),
        batch([*rows[:-1], row(49, Field2=49, Status="49")]),
        batch(rows, gaps=()),
        batch(rows, gaps=(Gap(1, 2),)),
        batch(rows, covered=(Span(T0, T0 + timedelta(1)),)),
        batch(rows, rejected=[{"EntryText": "{}", "Reason": "no id"}]),
    ]
    assert len({offer.digest(b) for b in (whole, *others)}) == 1 + len(others)


def test_bounds() -> None:
    """The least and the greatest channel and entry."""
    table = pa.table({"ChannelID": np.array([3, 1]), "EntryID": np.array([5, 50])})
    assert offer.bounds(table) == (1, 3, 5, 50)
