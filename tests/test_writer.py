"""One writer for many readers: order, isolation, and no wait without an end."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pytest

from fieldhouse import events
from fieldhouse.errors import EntryConflict, WarehouseError
from fieldhouse.readings import RAW, READINGS, REJECTED, Batch
from fieldhouse.state import Progress
from fieldhouse.warehouse import Warehouse, open_warehouse
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
