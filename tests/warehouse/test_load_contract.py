"""Contract of every engine: loading."""

import threading
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from warehouse_kit import (
    DAY,
    FAR,
    HOUR,
    MINUTE,
    T0,
    aggregates,
    batch,
    earliest_week,
    marks,
    refresh,
    row,
    rows_of,
    tables,
)

from fieldhouse.errors import EntryConflict, StateMoved
from fieldhouse.state import BEGINNING, Coverage, Gap, Span
from fieldhouse.warehouse import Counts, Warehouse


def values(warehouse: Warehouse, columns: str = "EntryID, Field1") -> list[tuple[object, ...]]:
    found = rows_of(warehouse, f"SELECT {columns} FROM iot.SensorReadings ORDER BY Epoch, EntryID")
    return [tuple(reading.values()) for reading in found]


def raw(warehouse: Warehouse) -> list[tuple[object, ...]]:
    found = rows_of(warehouse, "SELECT EntryID, ColumnName, RawValue, Reason FROM iot.RawValues")
    return sorted(tuple(text.values()) for text in found)


def test_new_readings_are_inserted(warehouse: Warehouse) -> None:
    """Every number is kept exactly, NULL as NULL, and what is not given is not counted."""
    offered = batch([row(1, Field1="0.000001", Field8="-999999999999.999999"), row(2)])
    assert warehouse.load([offered]) == {9: Counts(inserted=2)}
    assert values(warehouse, "Field1, Field2, Field8") == [
        (Decimal("0.000001"), None, Decimal("-999999999999.999999")),
        (None, None, None),
    ]


def test_the_same_batch_again_changes_nothing(warehouse: Warehouse) -> None:
    """A batch loaded twice counts as duplicates, and every table stays as it is."""
    offered = batch(
        [row(1, Field1=1), row(2, Field1=2)],
        raw=[{"EntryID": 1, "ColumnName": "Field2", "RawValue": "ON", "Reason": "unparseable"}],
        rejected=[{"EntryText": "{}", "Reason": "no id"}],
        covered=(Span(T0, T0 + HOUR),),
        gaps=(Gap(3, 4),),
    )
    assert warehouse.load([offered]) == {9: Counts(inserted=2, raw=1, rejected=1)}
    before = tables(warehouse)
    assert warehouse.load([offered]) == {9: Counts(duplicates=2)}
    assert warehouse.load([offered, offered]) == {9: Counts(duplicates=4)}
    assert tables(warehouse) == before


def test_a_late_replay_brings_nothing_back(warehouse: Warehouse) -> None:
    """A batch replayed after newer ones have been loaded does not undo what they said."""
    first = batch([row(1, Field1=1)], gaps=(Gap(2, 3),))
    warehouse.load([first])
    warehouse.load([batch([row(1, Field1=5)], gaps=())])
    assert warehouse.load([first]) == {9: Counts(duplicates=1)}
    assert values(warehouse) == [(1, Decimal(5))]
    assert warehouse.query("gaps", channel_ids=[9]).num_rows == 0


def test_rows_that_overlap_are_told_apart(warehouse: Warehouse) -> None:
    """Of a page that overlaps, each row is inserted, updated or a duplicate, and counted so."""
    warehouse.load([batch(row(n, Field1=n) for n in range(1, 11))])
    page = [row(n, Field1=n if n != 7 else 70) for n in range(5, 15)]
    assert warehouse.load([batch(page)]) == {9: Counts(4, 1, 5, 1)}
    assert raw(warehouse) == [(7, "Field1", "7.000000", "replaced")]


def test_a_value_fills_null_and_null_never_erases(warehouse: Warehouse) -> None:
    """A label that came back fills our NULL; an offered NULL leaves our value."""
    warehouse.load([batch([row(1, Field1=1), row(2, Field2=2)])])
    counts = warehouse.load([batch([row(1, Field2="5.5", Status="ok"), row(2, Field1=None)])])
    assert counts == {9: Counts(updated=1, duplicates=1)}
    assert values(warehouse, "Field1, Field2, Status") == [
        (Decimal(1), Decimal("5.5"), "ok"),
        (None, Decimal(2), None),
    ]
    assert raw(warehouse) == []


@pytest.mark.parametrize("column", ["Field3", "Latitude", "Longitude", "Elevation"])
def test_a_differing_value_replaces_and_is_kept(warehouse: Warehouse, column: str) -> None:
    """A differing value replaces ours, ours is kept as text, and the row counts as updated."""
    warehouse.load([batch([row(1, **{column: "1.25"})])])
    assert warehouse.load([batch([row(1, **{column: 2})])]) == {9: Counts(updated=1, raw=1)}
    assert values(warehouse, column) == [(Decimal(2),)]
    assert raw(warehouse) == [(1, column, "1.250000", "replaced")]


def test_a_differing_status_replaces_and_is_kept(warehouse: Warehouse) -> None:
    """A status is replaced as a number is."""
    warehouse.load([batch([row(1, Status="old")])])
    assert warehouse.load([batch([row(1, Status="new")])]) == {9: Counts(updated=1, raw=1)}
    assert raw(warehouse) == [(1, "Status", "old", "replaced")]


def test_rows_doubled_within_a_call_are_folded(warehouse: Warehouse) -> None:
    """A key that comes twice in one call is loaded as if it had come in two calls."""
    first, second = batch([row(1, Field1=1), row(2)]), batch([row(2, Field1=2), row(1, Field1=3)])
    assert warehouse.load([first, second]) == {9: Counts(inserted=2, updated=2, raw=1)}
    assert values(warehouse) == [(1, Decimal(3)), (2, Decimal(2))]
    assert warehouse.load([batch([row(3), row(3), row(3, Field1=1)])]) == {
        9: Counts(inserted=1, updated=1, duplicates=1)
    }


def test_another_time_is_a_conflict_and_nothing_is_kept(warehouse: Warehouse) -> None:
    """An entry held with another time refuses the whole call, other channels' rows included."""
    warehouse.load([batch([row(1)])])
    before = tables(warehouse)
    with pytest.raises(EntryConflict, match="entry 1 of channel 9"):
        warehouse.load(
            [
                batch([row(1)], channel_id=8, covered=(Span(T0, T0 + HOUR),)),
                batch([row(1, T0 + DAY), row(2)], covered=(Span(T0, T0 + HOUR),)),
            ]
        )
    assert tables(warehouse) == before


def test_a_conflict_within_one_call_is_found(warehouse: Warehouse) -> None:
    """Two times for one entry in one call are a conflict, though neither is held."""
    with pytest.raises(EntryConflict):
        warehouse.load([batch([row(1), row(1, T0 + DAY)])])
    assert values(warehouse) == []


def test_a_refused_batch_may_be_offered_again(warehouse: Warehouse) -> None:
    """A load that was refused leaves no trace by which its replay would be skipped."""
    again = batch([row(1, T0 + DAY)], channel_id=8)
    warehouse.load([batch([row(1)])])
    with pytest.raises(EntryConflict):
        warehouse.load([again, batch([row(1, T0 + DAY)])])
    assert warehouse.load([again]) == {8: Counts(inserted=1)}


def test_an_old_epoch_is_refused(warehouse: Warehouse) -> None:
    """A load planned on an epoch that is not the newest is refused; an unknown channel has one."""
    with pytest.raises(StateMoved, match="epoch 1"):
        warehouse.load([batch([row(1)], epoch=2)])
    warehouse.load([batch([row(1)])])
    warehouse.call("open_epoch", channel_id=9, number=2, started_at=T0)
    with pytest.raises(StateMoved, match="epoch 1"):
        warehouse.load([batch([row(2)])])
    assert warehouse.load([batch([row(1, T0)], epoch=2)]) == {9: Counts(inserted=1)}


def test_only_the_next_epoch_opens(warehouse: Warehouse) -> None:
    """An epoch that does not follow the newest is not opened."""
    warehouse.load([batch([row(1)])])
    for number in (1, 3):
        with pytest.raises(StateMoved, match="does not follow epoch 1"):
            warehouse.call("open_epoch", channel_id=9, number=number, started_at=T0)
    warehouse.call("open_epoch", channel_id=9, number=2, started_at=T0)
    state = warehouse.query("channel_state", channel_ids=[9]).to_pylist()[0]
    assert (state["Epoch"], state["HighestEntryID"], state["IDsCheckedTo"]) == (2, None, 0)


def test_a_newer_epoch_supersedes(warehouse: Warehouse) -> None:
    """Of readings at one instant the newest epoch's counts; the others are kept, and all else."""
    warehouse.load([batch(row(n, Field1=n) for n in (1, 2, 3))])
    warehouse.call("open_epoch", channel_id=9, number=2, started_at=T0)
    warehouse.load([batch([row(1, T0 + 2 * MINUTE, Field1=20)], epoch=2)])
    assert values(warehouse, "Epoch, EntryID, Superseded") == [
        (1, 1, False),
        (1, 2, True),
        (1, 3, False),
        (2, 1, False),
    ]
    warehouse.call("open_epoch", channel_id=9, number=3, started_at=T0)
    warehouse.load([batch([row(1, T0 + 2 * MINUTE), row(2, T0 + MINUTE)], epoch=3)])
    found = values(warehouse, "Epoch, EntryID, Superseded")
    assert [key[:2] for key in found if key[2]] == [(1, 1), (1, 2), (2, 1)]


def test_texts_are_kept_once(warehouse: Warehouse) -> None:
    """A text that comes again in another page is not doubled; another text of it is kept."""
    text = {"EntryID": 1, "ColumnName": "Field1", "RawValue": "1e-9", "Reason": "rounded"}
    assert warehouse.load([batch([row(1)], raw=[text, text])])[9].raw == 1
    assert warehouse.load([batch([row(1), row(2)], raw=[text])])[9].raw == 0
    other = {**text, "RawValue": "2e-9"}
    assert warehouse.load([batch([row(1)], raw=[text, other])])[9].raw == 1
    assert [found[2] for found in raw(warehouse)] == ["1e-9", "2e-9"]


def test_rejected_entries_are_kept_once(warehouse: Warehouse) -> None:
    """An entry that cannot be a reading is kept with its reason, and once."""
    entry = {"EntryText": '{"field1":"é"}', "Reason": "no id"}
    assert warehouse.load([batch(rejected=[entry, entry])]) == {9: Counts(rejected=1)}
    assert warehouse.load([batch([row(1)], rejected=[entry])]) == {9: Counts(inserted=1)}
    other = {"EntryText": "{}", "Reason": "no id"}
    offered = [batch(rejected=[other, entry]), batch(rejected=[entry], channel_id=8)]
    assert warehouse.load(offered) == {9: Counts(rejected=1), 8: Counts(rejected=1)}
    held = "SELECT EntryText, Reason FROM iot.RejectedEntries WHERE ChannelID = 8"
    assert rows_of(warehouse, held) == [entry]


def text_of(entry_id: int, column: str, text: str, reason: str) -> dict[str, object]:
    return {"EntryID": entry_id, "ColumnName": column, "RawValue": text, "Reason": reason}


def test_a_reason_that_no_longer_holds_goes(warehouse: Warehouse) -> None:
    """A comma that is read as a point now: the value is there, and nothing says it is not."""
    commas = [text_of(n, "Field1", text, "unparseable") for n, text in ((1, "12,5"), (2, "1,2e3"))]
    other = text_of(1, "Field2", "ON", "unparseable")
    warehouse.load([batch([row(1), row(2), row(3)], raw=[*commas, other])])
    again = batch([row(1, Field1="12.5"), row(2, Field1="1200"), row(3)], raw=[other])
    assert warehouse.load([again]) == {9: Counts(updated=2, duplicates=1)}
    assert values(warehouse) == [(1, Decimal("12.5")), (2, Decimal(1200)), (3, None)]
    assert raw(warehouse) == [(1, "Field2", "ON", "unparseable")]


def test_a_text_that_was_another_is_kept_as_replaced(warehouse: Warehouse) -> None:
    """A source that says something else now has not undone what it said; its reason has gone."""
    texts = [
        text_of(1, "Field1", "ON", "unparseable"),
        text_of(1, "Latitude", "0.12345678", "rounded"),
        text_of(1, "Field3", "OFF", "unparseable"),
        text_of(1, "Field4", "1e13", "out of range"),
        text_of(1, "Field5", "", "empty"),
        text_of(1, "Status", "a\\x00b", "unparseable"),
    ]
    warehouse.load([batch([row(1, Latitude="0.123457"), row(2)], raw=texts)])
    new = row(1, Field1=1, Latitude=2, Field4=3, Field5=4, Status="fine")
    other = text_of(1, "Field3", "NO", "unparseable")
    assert warehouse.load([batch([new, row(2)], raw=[other])])[9].updated == 1
    assert raw(warehouse) == [
        (1, "Field1", "ON", "replaced"),
        (1, "Field3", "NO", "unparseable"),
        (1, "Field3", "OFF", "replaced"),
        (1, "Field4", "1e13", "replaced"),
        (1, "Field5", "", "replaced"),
        (1, "Latitude", "0.12345678", "replaced"),
        (1, "Latitude", "0.123457", "replaced"),
        (1, "Status", "a\\x00b", "replaced"),
    ]


def test_a_reason_that_still_holds_stays(warehouse: Warehouse) -> None:
    """The same text again, an offered NULL, and other entries leave reasons as they are."""
    rounded = text_of(1, "Field1", "1e-9", "rounded")
    comma = text_of(2, "Field1", "1,5", "unparseable")
    warehouse.load([batch([row(1, Field1=0), row(2), row(3)], raw=[rounded, comma])])
    before = raw(warehouse)
    warehouse.load([batch([row(1, Field1=0, Field2=5), row(3, Field1=7)], raw=[rounded])])
    warehouse.load([batch([row(1), row(2, Field2=8)])])
    warehouse.load([batch([row(1, Field1=7)], channel_id=8)])
    assert raw(warehouse) == before
    exact = text_of(2, "Field1", "1,5000001", "rounded")
    assert warehouse.load([batch([row(2, Field1="1.5")], raw=[exact])])[9].raw == 2
    again = text_of(2, "Field1", "1,5000001", "unparseable")
    warehouse.load([batch([row(2)], raw=[again])])
    warehouse.load([batch([row(2, Field1="1.5"), row(4)], raw=[exact])])
    assert raw(warehouse) == [
        (1, "Field1", "1e-9", "rounded"),
        (2, "Field1", "1,5", "replaced"),
        (2, "Field1", "1,5000001", "rounded"),
    ]


def test_the_reasons_of_archived_readings_go_as_well(warehouse: Warehouse) -> None:
    """Where a reading stands makes no difference to its texts."""
    warehouse.load([batch([row(1)], raw=[text_of(1, "Field1", "12,5", "unparseable")])])
    warehouse.call("archive_readings", before=T0 + DAY)
    warehouse.load([batch([row(1, Field1="12.5")])])
    assert raw(warehouse) == []


def test_coverage_is_the_union(warehouse: Warehouse) -> None:
    """Spans are joined as ``Coverage.of`` joins them, whatever their order; empty ones are none."""
    hours = [(5, 6), (0, 1), (3, 4), (1, 2), (8, 9), (4, 5), (2, 2), (0, 9), (20, 21), (22, 23)]
    proven = [Span(T0 + a * HOUR, T0 + b * HOUR) for a, b in hours]
    proven.append(Span(BEGINNING, T0))
    for number, span in enumerate(proven):
        warehouse.load([batch(covered=(span,))])
        found = warehouse.query("coverage", channel_ids=[9]).select(["SpanStart", "SpanEnd"])
        held = tuple(Span(**_lower(span)) for span in found.to_pylist())
        assert held == Coverage.of(proven[: number + 1]).spans


def _lower(span: dict[str, datetime]) -> dict[str, datetime]:
    return {"start": span["SpanStart"], "end": span["SpanEnd"]}


def test_numbers_of_the_epoch(warehouse: Warehouse) -> None:
    """Highest and newest only grow, the newest is never from beyond the horizon, None leaves."""
    warehouse.load(
        [
            batch(
                [row(5), row(4), row(6, datetime(2041, 1, 1))],
                horizon=FAR,
                last_entry_id=6,
                ids_checked_to=3,
                future_checked_at=T0,
            )
        ]
    )
    warehouse.load([batch([row(2)])])
    (state,) = warehouse.query("channel_state", channel_ids=[9]).to_pylist()
    expected = {
        "ChannelID": 9,
        "Epoch": 1,
        "LastEntryID": 6,
        "HighestEntryID": 6,
        "NewestEntryID": 5,
        "NewestCreatedAt": T0 + 5 * MINUTE,
        "IDsCheckedTo": 3,
        "FutureCheckedAt": T0,
        "MetadataAt": None,
    }
    assert state.items() >= expected.items()


def test_the_higher_id_of_one_second_is_the_newest(warehouse: Warehouse) -> None:
    """Of entries at the newest second the highest id is the newest, in whatever order they come."""
    for entry_id in (2, 3, 1):
        warehouse.load([batch([row(entry_id, T0)])])
    state = warehouse.query("channel_state", channel_ids=[9]).to_pylist()[0]
    assert (state["NewestEntryID"], state["NewestCreatedAt"]) == (3, T0)


def test_gaps_are_left_or_replaced(warehouse: Warehouse) -> None:
    """Progress without gaps leaves those held; with some, or with none, it replaces all."""
    gaps = (Gap(3, 4), Gap(7, 7, "unreachable", T0), Gap(9, 12, "absent"))
    warehouse.load([batch(gaps=gaps)])
    warehouse.load([batch([row(1)])])
    found = warehouse.query("gaps", channel_ids=[9]).drop_columns(["ChannelID"]).to_pylist()
    assert tuple(Gap(*gap.values()) for gap in found) == gaps
    warehouse.load([batch([row(2)], gaps=())])
    assert warehouse.query("gaps", channel_ids=[9]).num_rows == 0


def test_marks_name_the_touched_periods(warehouse: Warehouse) -> None:
    """New and updated rows mark hour, day and week (from Monday); duplicates mark nothing."""
    sunday = datetime(2024, 1, 7, 23, 59, 59)
    warehouse.load([batch([row(1, sunday, Field1=1), row(2, sunday + timedelta(seconds=1))])])
    assert marks(warehouse) == [
        (9, "DAILY", datetime(2024, 1, 7)),
        (9, "DAILY", datetime(2024, 1, 8)),
        (9, "HOURLY", datetime(2024, 1, 7, 23)),
        (9, "HOURLY", datetime(2024, 1, 8)),
        (9, "QUALITY", datetime(2024, 1, 7)),
        (9, "QUALITY", datetime(2024, 1, 8)),
        (9, "WEEKLY", datetime(2024, 1, 1)),
        (9, "WEEKLY", datetime(2024, 1, 8)),
    ]


def test_marks_reach_to_the_ends_of_time(warehouse: Warehouse) -> None:
    """A clock gone wrong, in the year 1 or 9999, is marked and refreshed as any other."""
    first = earliest_week(warehouse)
    warehouse.load([batch([row(1, first + 2 * DAY), row(2, datetime(9999, 12, 30))])])
    assert marks(warehouse, "WEEKLY") == [
        (9, "WEEKLY", first),
        (9, "WEEKLY", datetime(9999, 12, 27)),
    ]
    assert refresh(warehouse) == 6
    assert list(aggregates(warehouse, "WEEKLY")) == [first, datetime(9999, 12, 27)]


def test_many_small_channels_in_one_call(warehouse: Warehouse) -> None:
    """The batches of many channels are one load, each counted by itself."""
    offered = [batch([row(n) for n in range(1, 4)], channel_id=c) for c in range(1, 51)]
    assert warehouse.load(offered) == {c: Counts(inserted=3) for c in range(1, 51)}
    again = [batch([row(3), row(4)], channel_id=c) for c in range(1, 51)]
    assert warehouse.load(again) == {c: Counts(inserted=1, duplicates=1) for c in range(1, 51)}


def test_nothing_offered_is_nothing_done(warehouse: Warehouse) -> None:
    """A load without batches, or with empty ones, succeeds."""
    assert warehouse.load([]) == {}
    assert warehouse.load([batch()]) == {9: Counts()}


def test_threads_load_at_once(warehouse: Warehouse) -> None:
    """Threads that load the same rows of the same channel at once insert each row once."""
    counts: list[Counts] = []

    def work(start: int) -> None:
        for first in range(start, start + 200, 20):
            rows = [row(n, Field1=n) for n in range(first, first + 40)]
            counts.append(warehouse.load([batch(rows)])[9])

    threads = [threading.Thread(target=work, args=(start,)) for start in (1, 1, 101, 101)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(counts) == 40
    assert sum(count.inserted for count in counts) == len(values(warehouse)) == 320
    assert warehouse.query("duplicate_audit").num_rows == 0


def test_a_lock_is_held_by_one(warehouse: Warehouse) -> None:
    """Who asks for a channel's lock waits while another has it; another channel's is free."""
    order: list[str] = []
    waiting = threading.Event()

    def other() -> None:
        with warehouse.lock(8):
            waiting.set()
        with warehouse.lock(9):
            order.append("other")

    with warehouse.lock(9):
        thread = threading.Thread(target=other)
        thread.start()
        assert waiting.wait(10)
        order.append("first")
    thread.join()
    assert order == ["first", "other"]


def test_a_page_may_bring_the_channels_own_row(warehouse: Warehouse) -> None:
    """Name and labels that came with a page are written in its transaction, a replay's as well."""
    first = batch([row(1)])
    for name in ("Old", "New"):
        warehouse.load([replace(first, metadata={"channel_id": first.channel_id, "name": name})])
        (channel,) = warehouse.query("channels").to_pylist()
        assert channel["ChannelName"] == name
