"""Contract of every engine: any order, any number of times, the same tables."""

from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from warehouse_kit import T0, Row, batch, opened, refresh, row, rows_of, tables

from fieldhouse.readings import Batch
from fieldhouse.state import Span
from fieldhouse.warehouse import Warehouse

ENTRIES = st.lists(
    st.tuples(
        st.integers(1, 2),  # channel
        st.integers(1, 40),  # entry id
        st.integers(0, 200),  # hours since T0
        st.one_of(st.none(), st.integers(-5, 5)),
        st.one_of(st.none(), st.decimals(-10, 10, places=6)),
    ),
    max_size=30,
    unique_by=lambda entry: entry[:2],
)


@st.composite
def histories(draw: st.DrawFn) -> tuple[list[Batch], list[list[Batch]]]:
    """The entries of two channels as one load, and as random pages of some of their rows."""
    entries = [
        (channel_id, row(entry_id, T0 + timedelta(hours=at), Field1=first, Field2=second))
        for channel_id, entry_id, at, first, second in draw(ENTRIES)
    ]
    spans = draw(st.lists(st.tuples(st.integers(0, 50), st.integers(1, 9)), max_size=6))
    covered = tuple(Span(T0 + timedelta(hours=at), T0 + timedelta(hours=at + n)) for at, n in spans)
    whole = [_of(entries, channel_id, covered) for channel_id in (1, 2)]
    loads = [
        [_of(_some(draw, entries), channel_id, _some(draw, covered)) for channel_id in channels]
        for channels in draw(st.lists(st.lists(st.sampled_from((1, 2)), max_size=3), max_size=4))
    ]
    loads.insert(draw(st.integers(0, len(loads))), whole)
    return whole, loads + [load for load in loads if draw(st.booleans())]


def _some(draw: st.DrawFn, items: Any) -> tuple[Any, ...]:
    """Some of the items, in any order, a few of them twice, some with a field not labelled."""
    taken = draw(st.permutations(items))[: draw(st.integers(0, len(items)))]
    doubled = [item for item in taken if draw(st.booleans())]
    return tuple(_unlabelled(draw, item) for item in (*taken, *doubled))


def _unlabelled(draw: st.DrawFn, item: Any) -> Any:
    if isinstance(item, Span) or draw(st.booleans()):
        return item
    channel_id, reading = item
    return channel_id, {**reading, "Field2": None}


def _of(entries: Any, channel_id: int, covered: tuple[Span, ...]) -> Batch:
    rows: list[Row] = [reading for channel, reading in entries if channel == channel_id]
    return batch(rows, channel_id=channel_id, covered=covered)


@given(histories())
@settings(
    max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_pages_in_any_order_give_the_same_tables(
    place: Callable[[int], str],
    history: tuple[list[Batch], list[list[Batch]]],
) -> None:
    """Random splits, orders and repetitions of the same entries end in the same tables."""
    whole, loads = history
    urls = [place(number) for number in range(2)]
    at_once, deviations = _held(urls[0], [whole], often=False)
    held, others = _held(urls[1], loads, often=True)
    assert held == at_once
    assert others == pytest.approx(deviations, rel=1e-9)


def _held(url: str, loads: list[list[Batch]], *, often: bool) -> tuple[Any, list[float]]:
    """What the loads leave, refreshed after every one or at the end; and its deviations."""
    with closing(opened(url)) as warehouse:
        for load in loads:
            warehouse.load(load)
            if often:
                refresh(warehouse)
        refresh(warehouse)
        return tables(warehouse), _aggregated(warehouse)


def _aggregated(warehouse: Warehouse) -> list[float]:
    measures = ", ".join(
        f"Field{n}{measure}"
        for n in range(1, 9)
        for measure in ("Avg", "Min", "Max", "StdDev", "Count")
    )
    periods = rows_of(
        warehouse,
        f"SELECT ChannelID, {measures}, ReadingCount FROM iot.AggregatedData"
        " ORDER BY ChannelID, AggregationType, PeriodStart",
    )
    return [float(-99 if value is None else value) for p in periods for value in p.values()]
