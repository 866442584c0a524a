"""Contract of every engine: the named reads and writes."""

from dataclasses import asdict
from datetime import datetime
from decimal import Decimal

import pyarrow as pa
from warehouse_kit import DAY, HOUR, MINUTE, T0, batch, row, rows_of

from fieldhouse.state import BEGINNING, Gap, Run, Span
from fieldhouse.warehouse import Warehouse


def test_metadata_is_replaced(warehouse: Warehouse) -> None:
    """A channel's metadata is what was last read, and stays apart from its readings."""
    warehouse.load([batch([row(1)])])
    said = {"channel_id": 9, "name": "Weather", "field1": "Wind", "field8": "Rain"}
    place = {"latitude": "40.44", "longitude": Decimal("-79.9965"), "elevation": "none"}
    times = {"created_at": T0, "updated_at": T0 + DAY, "refreshed_at": T0 + 2 * DAY}
    warehouse.call("upsert_channel", **said, **place, **times, last_entry_id=7)
    warehouse.call("upsert_channel", **{**said, "name": "Roof", "field1": None}, **place, **times)
    (channel,) = warehouse.query("channels").to_pylist()
    assert (channel["ChannelName"], channel["Field1Name"], channel["Field8Name"]) == (
        "Roof",
        None,
        "Rain",
    )
    assert (channel["Latitude"], channel["Longitude"]) == (Decimal("40.44"), Decimal("-79.9965"))
    assert channel["Elevation"] == "none" and channel["IsActive"]
    (state,) = warehouse.query("channel_state", channel_ids=[9]).to_pylist()
    assert state["MetadataAt"] == T0 + 2 * DAY


def test_a_channel_with_metadata_only_is_in_epoch_one(warehouse: Warehouse) -> None:
    """A channel whose metadata alone is known may be planned for; an unknown one has no row."""
    warehouse.call("upsert_channel", channel_id=9, name="new")
    found = warehouse.query("channel_state", channel_ids=[8, 9]).to_pylist()
    assert [(state["ChannelID"], state["Epoch"], state["IDsCheckedTo"]) for state in found] == [
        (9, 1, 0)
    ]
    assert warehouse.query("coverage", channel_ids=[]).num_rows == 0


def test_state_is_the_newest_epochs(warehouse: Warehouse) -> None:
    """Coverage and gaps of an older epoch are kept but no longer answered."""
    warehouse.load([batch([row(1)], covered=(Span(T0, T0 + DAY),), gaps=(Gap(2, 3),))])
    warehouse.call("open_epoch", channel_id=9, number=2, started_at=T0)
    assert warehouse.query("coverage", channel_ids=[9]).num_rows == 0
    assert warehouse.query("gaps", channel_ids=[9]).num_rows == 0
    warehouse.load([batch(epoch=2, covered=(Span(T0, T0 + HOUR),), gaps=(Gap(1, 1),))])
    assert warehouse.query("coverage", channel_ids=[9])["SpanEnd"].to_pylist() == [T0 + HOUR]
    assert warehouse.query("gaps", channel_ids=[9])["FirstEntryID"].to_pylist() == [1]
    assert rows_of(warehouse, "SELECT count(*) AS n FROM iot.Coverage") == [{"n": 2}]


def test_missing_ids_are_runs(warehouse: Warehouse) -> None:
    """The runs of ids above one and up to another that the epoch does not hold."""
    warehouse.load([batch([row(n) for n in (1, 2, 5, 9, 10, 12)])])

    def missing(above: int, upto: int, epoch: int = 1) -> list[tuple[int, ...]]:
        question = {"channel_id": 9, "epoch": epoch, "above": above, "upto": upto}
        found = warehouse.query("missing_ids", **question).to_pylist()
        return [tuple(run.values()) for run in found]

    assert missing(0, 12) == [(3, 4), (6, 8), (11, 11)]
    assert missing(2, 14) == [(3, 4), (6, 8), (11, 11), (13, 14)]
    assert missing(3, 7) == [(4, 4), (6, 7)]
    assert missing(9, 10) == missing(12, 12) == missing(12, 3) == []
    assert missing(0, 3, epoch=2) == [(1, 3)]


def test_known_entries_of_all_epochs(warehouse: Warehouse) -> None:
    """Entries are found by id in every epoch that holds them."""
    warehouse.load([batch([row(1), row(2), row(7)])])
    warehouse.call("open_epoch", channel_id=9, number=2, started_at=T0)
    warehouse.load([batch([row(1, T0 + DAY)], epoch=2)])
    found = warehouse.query("known_entries", channel_id=9, entry_ids=[1, 3, 7]).to_pylist()
    assert [tuple(known.values()) for known in found] == [
        (1, 1, T0 + MINUTE),
        (1, 7, T0 + 7 * MINUTE),
        (2, 1, T0 + DAY),
    ]
    assert warehouse.query("known_entries", channel_id=9, entry_ids=[]).num_rows == 0


def test_requests_are_counted_by_the_day(warehouse: Warehouse) -> None:
    """Each count adds to its day's total and answers with it."""
    assert warehouse.query("requests_on", day=T0.date())["Requests"].to_pylist() == [0]
    for total in (2, 4):
        counted = warehouse.call("count_requests", day=T0.date(), requests=2)
        assert counted["Requests"].to_pylist() == [total]
    warehouse.call("count_requests", day=(T0 + DAY).date(), requests=1)
    assert warehouse.query("requests_on", day=T0.date())["Requests"].to_pylist() == [4]


def as_table(runs: list[Run]) -> pa.Table:
    return pa.Table.from_pylist([asdict(run) for run in runs])


def test_runs_are_kept_whole(warehouse: Warehouse) -> None:
    """Every field of a run is kept; the newest comes first, of one channel or of all."""
    runs = [
        Run(channel_id=8, started_at=T0, ended_at=T0 + HOUR, requests=3, inserted=5),
        Run(channel_id=9, started_at=T0 + HOUR, outcome="failed", error="no answer"),
        Run(channel_id=9, started_at=T0 + DAY, quality_score=99.5, raw=1, fetched=7),
    ]
    warehouse.call("record_runs", runs=as_table(runs))
    found = warehouse.query("runs", channel_id=None).drop_columns(["RunID"]).to_pylist()
    assert [tuple(run.values()) for run in found] == [
        tuple(asdict(run).values()) for run in reversed(runs)
    ]
    assert warehouse.query("runs", channel_id=9, limit=1)["StartedAt"].to_pylist() == [T0 + DAY]


def test_status_tells_each_channel(warehouse: Warehouse) -> None:
    """Status is one row a channel; what is not there is NULL or zero."""
    warehouse.call("upsert_channel", channel_id=8, name="empty")
    warehouse.load(
        [
            batch(
                [row(1, Field1=1), row(2), row(3, datetime(2041, 1, 1))],
                covered=(Span(BEGINNING, T0 + HOUR), Span(T0 + DAY, T0 + 2 * DAY)),
                gaps=(Gap(4, 5), Gap(6, 6, "absent"), Gap(7, 9, "unreachable", T0)),
            )
        ]
    )
    warehouse.call("refresh_quality", as_of=T0 + HOUR)
    failed = Run(channel_id=9, started_at=T0, outcome="failed")
    warehouse.call("record_runs", runs=as_table([failed]))
    empty, full = warehouse.query("status", as_of=T0 + DAY).to_pylist()
    assert (empty["ChannelID"], empty["ChannelName"]) == (8, "empty")
    assert (empty["Readings"], empty["Epochs"], empty["OpenGaps"], empty["Watermark"]) == (
        0,
        0,
        0,
        None,
    )
    assert {name: full[name] for name in full if name not in ("ChannelID", "ChannelName")} == {
        "Readings": 3,
        "Epochs": 1,
        "FirstReading": T0 + MINUTE,
        "NewestReading": T0 + 2 * MINUTE,
        "Watermark": T0 + HOUR,
        "OpenGaps": 1,
        "Unreachable": 1,
        "LastRunAt": T0,
        "LastOutcome": "failed",
        "ScoredOn": T0.date(),
        "QualityScore": 85.0,
    }


def test_status_counts_what_is_held(warehouse: Warehouse) -> None:
    """However readings came, are dated, or were archived, status counts each once."""

    def seen(as_of: datetime) -> tuple[object, ...]:
        (held,) = warehouse.query("status", as_of=as_of).to_pylist()
        return (held["Readings"], held["FirstReading"], held["NewestReading"])

    warehouse.load([batch([row(n) for n in (5, 6, 7)])])
    warehouse.load([batch([row(n, Field1=n) for n in (4, 5, 6)])])
    far = datetime(2041, 1, 1)
    warehouse.load([batch([row(8, far), row(8, far), row(2)])])
    assert seen(T0 + DAY) == (6, T0 + 2 * MINUTE, T0 + 7 * MINUTE)
    assert seen(T0 + 5 * MINUTE) == (6, T0 + 2 * MINUTE, T0 + 4 * MINUTE)
    assert seen(far + DAY) == (6, T0 + 2 * MINUTE, far)
    assert seen(T0) == (6, T0 + 2 * MINUTE, None)
    warehouse.call("open_epoch", channel_id=9, number=2, started_at=T0 + DAY)
    warehouse.load([batch([row(1, T0 + DAY), row(2, T0 + 2 * MINUTE)], epoch=2)])
    warehouse.call("archive_readings", before=datetime(2024, 2, 1))
    assert seen(T0 + 2 * DAY) == (8, T0 + 2 * MINUTE, T0 + DAY)


def test_runs_of_long_ago_are_forgotten(warehouse: Warehouse) -> None:
    """Runs from before an instant go, but each channel's last one; without an instant none does."""
    days = {9: (0, 1, 2, 3), 8: (0, 1), 7: (5,)}
    runs = [Run(channel_id=c, started_at=T0 + n * DAY) for c in days for n in days[c]]
    warehouse.call("record_runs", runs=as_table(runs))

    def kept() -> dict[int, list[int]]:
        found = warehouse.query("runs", channel_id=None).to_pylist()
        return {c: [(r["StartedAt"] - T0).days for r in found if r["ChannelID"] == c] for c in days}

    warehouse.call("forget", audit_before=T0 + 9 * DAY, loads_before=T0 + 9 * DAY)
    assert kept() == {9: [3, 2, 1, 0], 8: [1, 0], 7: [5]}
    for _ in range(2):
        warehouse.call("forget", runs_before=T0 + 2 * DAY)
        assert kept() == {9: [3, 2], 8: [1], 7: [5]}
    assert warehouse.query("status", as_of=T0).num_rows == 0


def test_a_batch_is_known_as_long_as_its_line_is_kept(warehouse: Warehouse) -> None:
    """A batch whose number was forgotten changes nothing when it comes again, row by row."""
    offered = batch([row(n, Field1=n) for n in range(5)])
    warehouse.load([offered])
    warehouse.call("forget", loads_before=datetime(2200, 1, 1))
    assert rows_of(warehouse, "SELECT BatchHash FROM iot.LoadLedger") == []
    assert warehouse.load([offered])[9].duplicates == 5
    assert len(rows_of(warehouse, "SELECT BatchHash FROM iot.LoadLedger")) == 1


def test_exports_are_half_open(warehouse: Warehouse) -> None:
    """Readings and aggregates come in order, from start to before end; NULL is open."""
    warehouse.load([batch([row(n) for n in (3, 1, 2)])])
    span = {"channel_id": 9, "start_at": T0 + 2 * MINUTE, "end_at": T0 + 3 * MINUTE}
    assert warehouse.query("readings", **span)["EntryID"].to_pylist() == [2]
    everything = {"channel_id": 9, "start_at": None, "end_at": None}
    assert warehouse.query("readings", **everything)["EntryID"].to_pylist() == [1, 2, 3]


def test_ranges_are_synced_whole(warehouse: Warehouse) -> None:
    """After a sync the channel has the configured ranges and no others; again is the same."""
    for _ in range(2):
        for fields in ([1, 3], [3], [], [1, 2]):
            warehouse.call(
                "sync_field_ranges",
                channel_id=9,
                field_numbers=fields,
                minima=[-40.5 for _ in fields],
                maxima=[None for _ in fields],
            )
            held = rows_of(warehouse, "SELECT FieldNumber, MinValue, MaxValue FROM iot.FieldRanges")
            assert sorted(r["FieldNumber"] for r in held) == fields
            assert {r["MinValue"] for r in held} <= {Decimal("-40.5")}
