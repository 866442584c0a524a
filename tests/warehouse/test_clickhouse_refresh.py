"""ClickHouse's refreshes: several inserts, beside others' writes, over no more than is touched."""

import re
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from clickhouse_kit import InProcess
from warehouse_kit import HOUR, MINUTE, T0, aggregates, batch, marks, opened, row

from fieldhouse.warehouse import Warehouse
from fieldhouse.warehouse.engines.clickhouse.session import Session


@pytest.fixture
def house(in_process: InProcess) -> Iterator[Warehouse]:
    """An empty ClickHouse."""
    with closing(opened(in_process.empty(0))) as held:
        yield held


@pytest.mark.parametrize("written", [1, 2, 3])
def test_what_is_loaded_amid_a_refresh_is_not_lost(
    house: Warehouse, monkeypatch: pytest.MonkeyPatch, written: int
) -> None:
    """A reading that comes after any of a refresh's inserts is in the next one's aggregates."""
    house.load([batch([row(1, T0, Field1=1)])])
    do, seen = Session.do, []

    def amid(session: Session, statement: str, values: dict[str, Any]) -> None:
        do(session, statement, values)
        seen.append(statement.split()[2])
        if len(seen) == written:
            house.load([batch([row(2, T0 + MINUTE, Field1=5)])])

    with monkeypatch.context() as patched:
        patched.setattr(Session, "do", amid)
        house.call("refresh_aggregates")
    assert seen == ["iot.Periods", "iot.Periods", "iot.Rows"]
    assert {kind for _, kind, _ in marks(house)} == {"HOURLY", "DAILY", "WEEKLY", "QUALITY"}
    house.call("refresh_aggregates")
    for kind in ("HOURLY", "DAILY", "WEEKLY"):
        (period,) = aggregates(house, kind).values()
        assert (period["Field1Avg"], period["ReadingCount"]) == (3, 2), kind
    assert {kind for _, kind, _ in marks(house)} == {"QUALITY"}


def test_a_refresh_killed_anywhere_is_done_again(
    house: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever insert a refresh ends after, its periods stay marked until all are written."""
    house.load([batch([row(1, T0, Field1=1)])])
    do = Session.do

    def killed(session: Session, statement: str, values: dict[str, Any]) -> None:
        if statement.split()[2] == "iot.Rows":
            raise KeyboardInterrupt
        do(session, statement, values)

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(Session, "do", killed)
        house.call("refresh_aggregates")
    assert len(marks(house)) == 4
    house.load([batch([row(1, T0, Field1=2)])])
    assert house.call("refresh_aggregates")["Periods"].to_pylist() == [3]
    assert [p["Field1Avg"] for p in aggregates(house, "WEEKLY").values()] == [2]


READINGS, HELD = (
    200_000,
    """
    INSERT INTO iot.Rows (ChannelID, Kind, CreatedAt, EntryID, Epoch, ReadingID, Field1, ImportedAt)
    SELECT
        9, 1, toDateTime64('2024-01-01 00:00:00', 6, 'UTC') + toIntervalSecond(15 * number),
        number + 1, 1, number, number % 97, now64(6)
    FROM numbers({readings:UInt64})
""",
)


def test_a_refresh_reads_no_more_than_is_marked(house: Any) -> None:
    """Of a long history the few granules are read that hold the marked hours."""
    session: Session = house._session
    session.do(session.named(HELD), {"readings": READINGS})
    house.load([batch([row(READINGS + 1, T0 + 500 * HOUR + MINUTE, Field1=1)])])
    first, _, hours, *_ = session.statements("calls", "refresh_aggregates")
    values = session.answer(first[first.index("SELECT") :], {}).to_pylist()[0]
    planned = f"EXPLAIN indexes = 1 {hours[hours.index('WITH') :]}"
    lines = session.answer(planned, {**values, "Version": 1})["explain"].to_pylist()
    found = re.findall(r"Granules: (\d+)/(\d+)", "\n".join(lines))
    assert sum(int(held) for _, held in found) > READINGS // 8192
    assert sum(int(read) for read, _ in found) <= 3, found
