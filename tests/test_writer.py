"""One writer for many readers: order, isolation, and no wait without an end."""

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from fieldhouse import events
from fieldhouse.errors import (
    ConfigurationError,
    EntryConflict,
    WarehouseError,
    WarehouseUnavailable,
)
from fieldhouse.readings import RAW, READINGS, REJECTED, Batch
from fieldhouse.state import Progress
from fieldhouse.warehouse import Counts, Warehouse, open_warehouse
from fieldhouse.writer import Ticket, Writer

T0 = datetime(2024, 1, 1)


@pytest.fixture
def warehouse(tmp_path: Path) -> Iterator[Warehouse]:
    """A real warehouse."""
    opened = open_warehouse(str(tmp_path / "w.duckdb"))
    opened.migrate()
    yield opened
    opened.close()


def batch(channel_id: int, entry_id: int, at: datetime = T0) -> Batch:
    """One reading."""
    rows = pa.Table.from_pylist([{"EntryID": entry_id, "CreatedAt": at}], READINGS)
    return Batch(
        channel_id,
        1,
        rows,
        RAW.empty_table(),
        REJECTED.empty_table(),
        Progress(),
        datetime(2030, 1, 1),
    )


def test_one_channels_conflict_is_not_the_others(warehouse: Warehouse) -> None:
    """Of a group that fails, every sound channel's part is written, and only one has the error."""
    warehouse.load([batch(1, 5)])
    tickets = [Ticket(number) for number in (1, 2, 3)]
    with Writer(warehouse) as writer:
        for ticket in tickets:
            writer.put(ticket, batch(ticket.channel_id, 5, T0.replace(day=2)))
        with pytest.raises(EntryConflict):
            tickets[0].wait()
        for ticket in tickets[1:]:
            ticket.wait()
            assert ticket.counts.inserted == 1


class Counted:
    """A warehouse that counts its loads."""

    def __init__(self, warehouse: Warehouse) -> None:
        self._warehouse, self.loads = warehouse, 0

    def load(self, batches: Sequence[Batch]) -> Mapping[int, Counts]:
        """Load them."""
        self.loads += 1
        return self._warehouse.load(batches)


def test_pages_share_a_transaction_until_somebody_waits(warehouse: Warehouse) -> None:
    """A reader that goes on costs one commit for its pages; one that waits gets its own."""
    counted, ticket = Counted(warehouse), Ticket(1)
    with Writer(counted) as writer:  # type: ignore[arg-type]
        for entry_id in range(1, 6):
            writer.put(ticket, batch(1, entry_id))
        ticket.wait()
        assert (ticket.counts.inserted, counted.loads) == (5, 1)
        writer.put(ticket, batch(1, 6))
        ticket.wait()
    assert (ticket.counts.inserted, counted.loads) == (6, 2)


def test_an_observer_that_raises_stops_nothing(warehouse: Warehouse) -> None:
    """What an observer does wrong is logged; readers are not left waiting."""

    def broken(_: events.Event) -> None:
        raise RuntimeError("observer")

    ticket = Ticket(1)
    with Writer(warehouse, broken) as writer:
        for entry_id in (1, 2):
            writer.put(ticket, batch(1, entry_id))
            ticket.wait()
    assert ticket.counts.inserted == 2


class _Defective:
    """A warehouse with a defect: the one thing that no real one can be made to have."""

    def load(self, batches: Sequence[Batch]) -> Mapping[int, object]:
        raise ZeroDivisionError


def test_a_defect_is_the_readers_error_not_a_hang() -> None:
    """An exception that is none of ours reaches whoever waits, and the writer goes on."""
    with Writer(_Defective()) as writer:  # type: ignore[arg-type]
        for _ in range(2):
            ticket = Ticket(1)
            writer.put(ticket, batch(1, 1))
            with pytest.raises(WarehouseError, match="unexpectedly"):
                ticket.wait()


def test_a_batch_that_is_made_later_stands_where_it_was_put(warehouse: Warehouse) -> None:
    """One that is still to be made holds the place of its channel's next ones, and is written."""
    ticket = Ticket(1)
    with Writer(warehouse) as writer:
        writer.put_unmade(ticket, 1, lambda: (time.sleep(0.1), batch(1, 1))[1])
        writer.put(ticket, batch(1, 2))
        ticket.wait()
    assert ticket.counts.inserted == 2


def test_a_batch_that_cannot_be_made_is_its_readers_error(warehouse: Warehouse) -> None:
    """A defect in making one fails its channel alone."""
    first, second = Ticket(1), Ticket(2)
    with Writer(warehouse) as writer:
        writer.put_unmade(first, 1, lambda: 1 / 0)  # type: ignore[return-value]
        writer.put(second, batch(2, 1))
        second.wait()
        with pytest.raises(WarehouseError, match="could not be made"):
            first.wait()
    assert second.counts.inserted == 1


def test_a_closed_loader_takes_nothing(warehouse: Warehouse) -> None:
    """What is queued is written; what comes later is refused, not forgotten."""
    ticket, late = Ticket(1), Ticket(2)
    writer = Writer(warehouse)
    writer.put(ticket, batch(1, 1))
    writer.close()
    assert ticket.counts.inserted == 1
    with pytest.raises(WarehouseError, match="closed"):
        writer.put(late, batch(2, 1))
    late.wait()


class Watched:
    """A real warehouse, told by a test when to go on and how to fail."""

    def __init__(self, warehouse: Warehouse) -> None:
        self._warehouse = warehouse
        self.asked: list[Any] = []
        """What was asked of it, in order: the channels of each load, the name of each call."""
        self.fails: Callable[[set[int]], BaseException | None] = lambda _: None
        """Why a load of these channels fails, if it does; of a call there are none."""
        self.asleep = threading.Event()
        self.awake = threading.Event()
        self.awake.set()

    def load(self, batches: Sequence[Batch]) -> Mapping[int, Counts]:
        """As the warehouse's."""
        ids = [each.channel_id for each in batches]
        self._ask(ids, set(ids))
        return self._warehouse.load(batches)

    def call(self, name: str, /, **parameters: Any) -> pa.Table:
        """As the warehouse's."""
        self._ask(name, set())
        return self._warehouse.call(name, **parameters)

    def query(self, name: str, /, **parameters: Any) -> pa.Table:
        """As the warehouse's."""
        self._ask(name, set())
        return self._warehouse.query(name, **parameters)

    def _ask(self, what: object, ids: set[int]) -> None:
        self.asleep.set()
        assert self.awake.wait(30)
        self.asked.append(what)
        if error := self.fails(ids):
            raise error


@pytest.fixture
def watched(warehouse: Warehouse) -> Watched:
    """The warehouse, watched."""
    return Watched(warehouse)


@contextmanager
def busy(watched: Watched, **options: Any) -> Iterator[Writer]:
    """A writer at work on channel 0, so that all that is put now waits and goes together."""
    watched.awake.clear()
    with Writer(watched, **options) as writer:  # type: ignore[arg-type]
        writer.put(Ticket(0), batch(0, 1))
        assert watched.asleep.wait(30)
        try:
            yield writer
        finally:
            watched.awake.set()


def put_together(writer: Writer, watched: Watched, count: int) -> list[Ticket]:
    """A batch of each of so many channels, offered in one load."""
    tickets = [Ticket(number) for number in range(1, count + 1)]
    for ticket in tickets:
        writer.put(ticket, batch(ticket.channel_id, 1))
    watched.awake.set()
    return tickets


def outcomes(tickets: Iterable[Ticket]) -> list[str]:
    """How each ticket ended: written, or the name of its error."""
    ended = []
    for ticket in tickets:
        try:
            ticket.wait()
            ended.append("written")
        except Exception as error:
            ended.append(type(error).__name__)
    return ended


class Panic(BaseException):
    """What a driver of native code raises when it breaks."""


@pytest.mark.parametrize("death", [Panic("at the disco"), SystemExit(3), GeneratorExit()])
@pytest.mark.parametrize("channels", [1, 5])
def test_a_dead_writer_fails_every_reader(
    watched: Watched, death: BaseException, channels: int
) -> None:
    """What waits and what comes later: none hangs, and none counts as written."""
    watched.fails = lambda ids: death if 1 in ids else None
    with busy(watched) as writer:
        with ThreadPoolExecutor() as pool:
            tickets = put_together(writer, watched, channels)
            called = pool.submit(writer.call, "forgotten")
            assert outcomes(tickets) == ["WarehouseError"] * channels
            with pytest.raises(WarehouseError, match="ended unexpectedly"):
                called.result(30)
        late = Ticket(99)
        with pytest.raises(WarehouseError, match="ended unexpectedly"):
            writer.put(late, batch(99, 1))
        with pytest.raises(WarehouseError, match="ended unexpectedly"):
            writer.call("forgotten")
    assert len(watched.asked) == 2


def test_a_writer_that_dies_in_a_refresh_fails_every_reader(watched: Watched) -> None:
    """Whatever it was at: loads that wait behind a call fail with it."""
    watched.fails = lambda ids: None if ids else Panic()
    with busy(watched) as writer, ThreadPoolExecutor() as pool:
        called = pool.submit(writer.call, "requests_on")
        while not writer._queue:
            pass
        assert outcomes(put_together(writer, watched, 2)) == ["WarehouseError"] * 2
        with pytest.raises(WarehouseError, match="ended unexpectedly"):
            called.result(30)


def test_what_was_written_before_the_writer_died_stays_written(watched: Watched) -> None:
    """Where each channel's part is tried alone, only those fail that were not written yet."""

    def fails(ids: set[int]) -> BaseException | None:
        return Panic() if ids == {2} else WarehouseError("not together") if len(ids) > 1 else None

    watched.fails = fails
    with busy(watched) as writer:
        tickets = put_together(writer, watched, 3)
        assert outcomes(tickets) == ["written", "WarehouseError", "WarehouseError"]


def test_who_waits_for_room_is_let_go_when_the_writer_dies(watched: Watched) -> None:
    """A reader that may not yet put its page is told, too."""
    watched.fails = lambda ids: Panic() if 1 in ids else None
    rows = [{"EntryID": n, "CreatedAt": T0} for n in range(1, 100_001)]
    large = pa.Table.from_pylist(rows, READINGS)
    with busy(watched) as writer, ThreadPoolExecutor() as pool:
        writer.put(Ticket(1), replace(batch(1, 1), readings=large))
        ticket = Ticket(2)
        late = pool.submit(lambda: (writer.put(ticket, batch(2, 1)), ticket.wait()))
        watched.awake.set()
        with pytest.raises(WarehouseError, match="ended unexpectedly"):
            late.result(30)


def test_an_unavailable_warehouse_is_asked_once_for_all(watched: Watched) -> None:
    """Not once a channel: its engine has tried again and again already."""
    watched.fails = lambda ids: WarehouseUnavailable("nothing answers there")
    with busy(watched) as writer:
        tickets = put_together(writer, watched, 64)
        assert outcomes(tickets) == ["WarehouseUnavailable"] * 64
        late = Ticket(99)
        with pytest.raises(WarehouseUnavailable):
            writer.put(late, batch(99, 1))
        with pytest.raises(WarehouseUnavailable):
            writer.call("requests_on")
    assert len(watched.asked) == 1


def test_an_unavailable_warehouse_ends_the_attempts_one_by_one(watched: Watched) -> None:
    """When it goes away while each channel's part is tried alone, the others are not tried."""

    def fails(ids: set[int]) -> BaseException | None:
        if ids == {1}:
            return WarehouseUnavailable("gone")
        return WarehouseError("not together") if len(ids) > 1 else None

    watched.fails = fails
    with busy(watched) as writer:
        assert outcomes(put_together(writer, watched, 9)) == ["WarehouseUnavailable"] * 9
    assert watched.asked == [[0], [*range(1, 10)], [1]]


def test_a_warehouse_that_is_back_is_written_to_again(watched: Watched) -> None:
    """After a while the next one that comes is tried, and goes through."""
    clock = [0.0]
    watched.fails = lambda ids: WarehouseUnavailable("gone")
    with busy(watched, recovery=30.0, now=lambda: clock[0]) as writer:
        assert outcomes(put_together(writer, watched, 3)) == ["WarehouseUnavailable"] * 3
        watched.fails = lambda _: None
        clock[0] = 29.0
        with pytest.raises(WarehouseUnavailable):
            writer.put(Ticket(1), batch(1, 1))
        clock[0] = 31.0
        again = Ticket(1)
        writer.put(again, batch(1, 1))
        assert outcomes([again]) == ["written"]


def test_any_other_error_costs_one_channel(watched: Watched) -> None:
    """Whatever is wrong with one channel's part, those beside it are written."""
    for error in (WarehouseError("odd"), ZeroDivisionError(), EntryConflict("odd")):
        watched.asked.clear()
        watched.fails = lambda ids, error=error: error if 3 in ids else None
        with busy(watched) as writer:
            ended = outcomes(put_together(writer, watched, 4))
        assert [place for place, each in enumerate(ended, 1) if each != "written"] == [3]


def test_calls_and_loads_are_done_in_the_order_they_came(watched: Watched) -> None:
    """A refresh sees what was put before it; what was put after it waits for it."""
    with busy(watched) as writer, ThreadPoolExecutor() as pool:
        first, second = Ticket(1), Ticket(2)
        writer.put(first, batch(1, 1))
        kind = {"aggregation_type": "HOURLY", "channel_ids": [1]}
        called = pool.submit(writer.call, "refresh_aggregates", **kind)
        while len(writer._queue) < 2:
            pass
        writer.put(second, batch(2, 1))
        watched.awake.set()
        assert called.result(30)["Periods"].to_pylist() == [1]
        assert writer.query("requests_on", day=date(2024, 1, 1))["Requests"].to_pylist() == [0]
        assert outcomes([first, second]) == ["written"] * 2
    assert watched.asked == [[0], [1], "refresh_aggregates", [2], "requests_on"]


def test_a_calls_error_is_its_callers(watched: Watched) -> None:
    """It is raised where the call was made, and the writer goes on."""
    day = date(2024, 1, 1)
    with Writer(watched) as writer:  # type: ignore[arg-type]
        with pytest.raises(ConfigurationError, match="day"):
            writer.call("count_requests", day="never", requests=1)
        counted = writer.call("count_requests", day=day, requests=2)
        assert counted["Requests"].to_pylist() == [2]
    with pytest.raises(WarehouseError, match="closed"):
        writer.call("count_requests", day=day, requests=2)
