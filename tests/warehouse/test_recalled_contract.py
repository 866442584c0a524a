"""What files bring, on every engine: older lives grow by it, and it wakes nothing."""

from dataclasses import replace

import pytest
from warehouse_kit import DAY, FAR, HOUR, MINUTE, T0, batch, row, tables

from fieldhouse.errors import StateMoved
from fieldhouse.readings import Batch
from fieldhouse.state import Run
from fieldhouse.warehouse import Counts, Warehouse


def recalled(*rows: object, **given: object) -> Batch:
    """A batch that a file brings."""
    return replace(batch(rows, **given), recalled=True)  # type: ignore[arg-type]


def held(warehouse: Warehouse) -> list[tuple[int, int, bool, bool]]:
    """Epoch and id of every reading, whether it is superseded, whether it is withdrawn."""
    found = warehouse.stream(
        "SELECT Epoch, EntryID, Superseded, WithdrawnAt FROM iot.AllReadings ORDER BY 1, 2"
    ).read_all()
    return [(e, i, s, at is not None) for e, i, s, at in (r.values() for r in found.to_pylist())]


def cleared(warehouse: Warehouse) -> None:
    """A channel whose first life has entries 1 to 5, and its second 1 to 3 a day later."""
    warehouse.load([batch([row(n, Field1=n) for n in range(1, 6)])])
    warehouse.call("open_epoch", channel_id=9, number=2, started_at=T0 + DAY)
    warehouse.load([batch([row(n, T0 + DAY + n * MINUTE) for n in range(1, 4)], epoch=2)])


def test_an_ended_life_grows_by_files_alone(warehouse: Warehouse) -> None:
    """A page of an ended epoch must hold nothing new; a file may, and the epoch's bounds follow."""
    cleared(warehouse)
    with pytest.raises(StateMoved, match="has ended"):
        warehouse.load([batch([row(6)])])
    batches = [recalled(row(5, Field1=5), row(7, Field1=7), row(6)), recalled(row(4), epoch=2)]
    assert warehouse.load(batches) == {9: Counts(inserted=3, duplicates=1)}
    first, second = warehouse.query("lives", channel_id=9).to_pylist()
    assert (first["Readings"], first["HighestEntryID"]) == (7, 7)
    assert first["LastCreatedAt"] == T0 + 7 * MINUTE
    assert (second["Readings"], second["HighestEntryID"], second["LastCreatedAt"]) == (
        4,
        4,
        T0 + DAY + 3 * MINUTE,
    )
    state = warehouse.query("channel_state", channel_ids=[9]).to_pylist()[0]
    assert (state["Epoch"], state["HighestEntryID"]) == (2, 4)
    assert state["OlderUntil"] == T0 + 7 * MINUTE
    before = tables(warehouse)
    assert warehouse.load(batches) == {9: Counts(duplicates=4)}
    assert tables(warehouse) == before


def test_a_file_does_not_make_count_what_does_not(warehouse: Warehouse) -> None:
    """Withdrawn and superseded readings stay so when a file has them; a page makes them count.

    A value that the file has and ours lacks fills it all the same.
    """
    cleared(warehouse)
    warehouse.call(
        "settle_entries",
        channel_id=9,
        epoch=1,
        at=T0 + DAY,
        horizon=FAR,
        entry_ids=[2],
        created_ats=[T0 + 2 * MINUTE],
        findings=["withdrawn"],
    )
    warehouse.load([batch([row(4, T0 + MINUTE)], epoch=2)])
    before = [(1, 1, True, False), (1, 2, False, True), (1, 3, False, False)]
    assert held(warehouse)[:3] == before
    done = warehouse.load([recalled(row(1, Field1=1), row(2, Field1=2, Field2=5), row(3))])
    assert done == {9: Counts(updated=1, duplicates=2)}
    assert held(warehouse)[:3] == before
    (found,) = warehouse.query("entries_held", channel_id=9, entry_ids=[2]).slice(0, 1).to_pylist()
    assert (found["Epoch"], found["Field1"], found["Field2"]) == (1, 2, 5)
    assert warehouse.query("status", as_of=FAR)["Withdrawn"].to_pylist() == [1]
    warehouse.load([batch([row(1), row(2)])])
    assert held(warehouse)[:2] == [(1, 1, False, False), (1, 2, False, False)]
    assert warehouse.query("status", as_of=FAR)["Withdrawn"].to_pylist() == [0]


def test_a_life_before_the_first_is_numbered_below_it(warehouse: Warehouse) -> None:
    """-1 opens before 1, then -2; no other number does, nor where there is no life at all.

    What newer lives have at a reading's time takes its place, as it does for any older life.
    """
    at = {"channel_id": 9, "started_at": T0, "evidence": "old.csv"}
    with pytest.raises(StateMoved):
        warehouse.call("open_epoch", number=-1, **at)
    warehouse.load([batch([row(n) for n in range(1, 4)])])
    for wrong in (0, -2, 3):
        with pytest.raises(StateMoved):
            warehouse.call("open_epoch", number=wrong, **at)
    for number in (-1, -1, -2):
        warehouse.call("open_epoch", number=number, **at)
    lives = warehouse.query("lives", channel_id=9)
    assert lives["Epoch"].to_pylist() == [-2, -1, 1]
    assert lives["Evidence"].to_pylist() == ["old.csv", "old.csv", None]
    old = [row(n, T0 + 2 * MINUTE - n * HOUR) for n in range(3)]
    warehouse.load([recalled(*old[1:], row(3, T0 + 2 * MINUTE), epoch=-1)])
    for epoch in (1,):
        warehouse.call("judge_epoch", channel_id=9, epoch=epoch)
    assert [each for each in held(warehouse) if each[2]] == [(-1, 3, True, False)]
    warehouse.load([batch([row(4, T0 + 2 * MINUTE - HOUR)])])
    assert [each for each in held(warehouse) if each[2]] == [
        (-1, 1, True, False),
        (-1, 3, True, False),
    ]


def test_entries_are_held_with_their_values(warehouse: Warehouse) -> None:
    """Each in every epoch that has it, archived ones too; ids that nobody has are not answered."""
    cleared(warehouse)
    found = warehouse.query("entries_held", channel_id=9, entry_ids=[5, 1, 1, 99]).to_pylist()
    assert [(r["Epoch"], r["EntryID"], r["CreatedAt"]) for r in found] == [
        (1, 1, T0 + MINUTE),
        (1, 5, T0 + 5 * MINUTE),
        (2, 1, T0 + DAY + MINUTE),
    ]
    assert [r["Field1"] for r in found] == [1, 5, None]
    assert warehouse.query("entries_held", channel_id=9, entry_ids=[]).num_rows == 0


def test_a_channel_of_files_is_one_like_others(warehouse: Warehouse) -> None:
    """A number below zero is loaded, aggregated, judged and asked for as any other."""
    warehouse.load([recalled(row(1, Field1=2), row(2, Field1=4), channel_id=-3)])
    with warehouse.lock(-3):
        warehouse.call("refresh_aggregates", channel_ids=[-3])
        warehouse.call("refresh_quality", channel_ids=[-3], as_of=T0 + HOUR)
    hours = warehouse.query("aggregates", channel_id=-3, aggregation_type="HOURLY").to_pylist()
    assert [(h["Field1Avg"], h["ReadingCount"]) for h in hours] == [(3.0, 2)]
    trend = warehouse.query(
        "usp_GetTrendAnalysis", channel_id=-3, field_number=1, as_of=T0 + 2 * DAY
    )
    assert trend["AvgValue"].to_pylist() == [3.0]


def test_a_run_says_which_files_it_read(warehouse: Warehouse) -> None:
    """A quiet run after an import that found nothing new is one of its own."""
    warehouse.load([batch([row(1)])])
    whole = {"channel_id": 9, "requests_needed": 1}
    runs = [
        Run(**whole, started_at=T0, ended_at=T0, source="a.csv, b.csv"),
        Run(**whole, started_at=T0 + HOUR, ended_at=T0 + HOUR),
        Run(**whole, started_at=T0 + 2 * HOUR, ended_at=T0 + 2 * HOUR),
    ]
    for run in runs:
        row_of = {name: getattr(run, name) for name in Run.__dataclass_fields__}
        warehouse.call("record_runs", runs=[row_of])
    found = warehouse.query("runs", channel_id=9)
    assert found["Source"].to_pylist() == [None, "a.csv, b.csv"]
