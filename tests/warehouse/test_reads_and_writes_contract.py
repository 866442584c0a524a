"""Contract of every engine: the named reads and writes."""

from dataclasses import asdict, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from warehouse_kit import DAY, HOUR, MINUTE, T0, batch, refresh, row, rows_of

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
        assert counted.to_pylist() == [{"Requests": total, "Granted": 2}]
    warehouse.call("count_requests", day=(T0 + DAY).date(), requests=1)
    assert warehouse.query("requests_on", day=T0.date())["Requests"].to_pylist() == [4]


@pytest.mark.parametrize(
    ("requests", "budget", "granted", "total"),
    [
        (3, 10, 3, 8),
        (5, 10, 5, 10),
        (7, 10, 5, 10),
        (1, 5, 0, 5),
        (1, 3, 0, 5),
        (0, 10, 0, 5),
        (-2, 10, -2, 3),
        (-2, 3, -2, 3),
        (-9, None, -5, 0),
        (10**12, None, 10**12, 10**12 + 5),
        (10**12, 10**13, 10**12, 10**12 + 5),
    ],
)
def test_a_budget_bounds_what_is_granted(
    warehouse: Warehouse, requests: int, budget: int | None, granted: int, total: int
) -> None:
    """With 5 counted before: as many as the budget leaves; what is given back is always taken."""
    warehouse.call("count_requests", day=T0.date(), requests=5)
    counted = warehouse.call("count_requests", day=T0.date(), requests=requests, budget=budget)
    assert counted.to_pylist() == [{"Requests": total, "Granted": granted}]
    assert warehouse.query("requests_on", day=T0.date())["Requests"].to_pylist() == [total]


def test_a_days_first_request_is_bounded_too(warehouse: Warehouse) -> None:
    """A day that nothing is known of begins with none."""
    for requests, granted, total in ((8, 6, 6), (1, 0, 6)):
        counted = warehouse.call("count_requests", day=T0.date(), requests=requests, budget=6)
        assert counted.to_pylist() == [{"Requests": total, "Granted": granted}]


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
    early = warehouse.query("runs", channel_id=9, until=T0 + DAY, limit=1)
    assert early["StartedAt"].to_pylist() == [T0 + HOUR]


QUIET = Run(channel_id=9, started_at=T0, ended_at=T0 + MINUTE, requests=1, requests_needed=1)


def runs_of(warehouse: Warehouse) -> list[tuple[Any, ...]]:
    """Channel, begin, end, requests and score of each row, the oldest first."""
    rows = warehouse.query("runs", limit=1000).to_pylist()
    names = ("ChannelID", "StartedAt", "EndedAt", "Requests", "QualityScore")
    return sorted(tuple(row[name] for name in names) for row in rows)


def later(run: Run, minutes: int, **changed: Any) -> Run:
    """The run, so many minutes later."""
    assert run.ended_at
    begin, end = run.started_at + minutes * MINUTE, run.ended_at + minutes * MINUTE
    return replace(run, started_at=begin, ended_at=end, **changed)


def test_runs_that_find_nothing_make_one_row_longer(warehouse: Warehouse) -> None:
    """A day of quiet polls is one row a channel and score, with all their requests."""
    warehouse.call("upsert_channel", channel_id=9, name="Weather")
    others = replace(QUIET, channel_id=8)
    warehouse.call("record_runs", runs=as_table([QUIET, others]))
    for n in range(1, 10):
        score = 82.4 if n > 5 else None
        late = [later(QUIET, 15 * n, quality_score=score, duplicates=n), later(others, 15 * n)]
        warehouse.call("record_runs", runs=as_table(late))
    assert runs_of(warehouse) == [
        (8, T0, T0 + 136 * MINUTE, 10, None),
        (9, T0, T0 + 76 * MINUTE, 6, None),
        (9, T0 + 90 * MINUTE, T0 + 136 * MINUTE, 4, 82.4),
    ]
    _, status = warehouse.query("status", as_of=T0).to_pylist()
    assert (status["LastRunAt"], status["LastOutcome"]) == (T0 + 136 * MINUTE, "success")


@pytest.mark.parametrize(
    "between",
    [
        {"inserted": 1},
        {"updated": 1},
        {"raw": 1},
        {"outcome": "failed", "error": "no answer"},
        {"outcome": "interrupted"},
    ],
)
def test_a_run_that_was_not_quiet_stands_for_itself(
    warehouse: Warehouse, between: dict[str, Any]
) -> None:
    """It is never part of another's row, nor is what comes after it part of what came before."""
    for n in range(3):
        warehouse.call("record_runs", runs=as_table([later(QUIET, 10 * n)]))
    for n in (3, 4):
        warehouse.call("record_runs", runs=as_table([later(QUIET, 10 * n, **between)]))
    for n in (5, 6):
        warehouse.call("record_runs", runs=as_table([later(QUIET, 10 * n)]))
    starts = [(run[1] - T0) / MINUTE for run in runs_of(warehouse)]
    assert starts == [0, 30, 40, 50]


def test_quiet_runs_of_two_days_or_side_by_side_are_told_apart(warehouse: Warehouse) -> None:
    """A day's requests are a sum of that day's rows; runs that overlap are two."""
    for minutes in (23 * 60, 23 * 60 + 50, 24 * 60 + 5, 24 * 60 + 5, 24 * 60 + 30):
        warehouse.call("record_runs", runs=as_table([later(QUIET, minutes)]))
    both = [later(QUIET, 25 * 60), later(QUIET, 26 * 60)]
    warehouse.call("record_runs", runs=as_table(both))
    found = [((run[1] - T0) / MINUTE, run[3]) for run in runs_of(warehouse)]
    assert found[0] == (23 * 60, 2)
    assert sum(requests for _, requests in found[1:]) in (4, 5)  # one that was told twice is one
    assert [minutes for minutes, _ in found[-2:]] == [25 * 60, 26 * 60]


def test_what_is_due_is_what_was_touched_or_not_judged_of_late(warehouse: Warehouse) -> None:
    """A touched period, a touched day that has begun, no judgement of today, or one an hour old."""
    warehouse.call("upsert_channel", channel_id=8, name="empty")
    warehouse.load([batch([row(1, T0 - HOUR, Field1=1), row(2, T0 + 3 * DAY, Field1=1)])])
    noon = T0 + 12 * HOUR

    def due(as_of: datetime, channel_ids: list[int] | None = None) -> dict[int, bool]:
        found = warehouse.query("analyses_due", channel_ids=channel_ids, as_of=as_of).to_pylist()
        return {each["ChannelID"]: each["IsDue"] for each in found}

    assert due(noon) == {8: True, 9: True}
    assert due(noon, [8]) == {8: True}
    assert due(noon, [404]) == {}
    warehouse.call("refresh_quality", channel_ids=[8, 9], as_of=noon)
    assert due(noon) == {8: False, 9: True}
    refresh(warehouse)
    assert due(noon) == due(noon + 59 * MINUTE) == {8: False, 9: False}
    assert due(noon + HOUR) == due(noon - MINUTE) == due(T0 + DAY) == {8: True, 9: True}
    found = warehouse.query("analyses_due", channel_ids=[9], as_of=noon).to_pylist()
    (judged,) = rows_of(
        warehouse,
        "SELECT QualityScore FROM iot.DataQuality WHERE ChannelID = 9 AND CheckDate = "
        f"'{T0:%Y-%m-%d}'",
    )
    assert found[0]["QualityScore"] == judged["QualityScore"]
    warehouse.load([batch([row(3, T0 + HOUR, Field1=1)])])
    assert due(noon) == {8: False, 9: True}


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
    failed = Run(channel_id=9, started_at=T0, outcome="failed", error="why")
    warehouse.call("record_runs", runs=as_table([failed]))
    empty, full = warehouse.query("status", as_of=T0 + DAY).to_pylist()
    for ids, rows in (([9], [full]), ([8], [empty]), ([7], []), ([], []), ([9, 8], [empty, full])):
        asked = {"as_of": T0 + DAY, "channel_ids": ids}
        assert warehouse.query("status", **asked).to_pylist() == rows
    assert (empty["ChannelID"], empty["ChannelName"]) == (8, "empty")
    assert (empty["Readings"], empty["Epochs"], empty["OpenGaps"], empty["Watermark"]) == (
        0,
        0,
        0,
        None,
    )
    assert {name: full[name] for name in full if name not in ("ChannelID", "ChannelName")} == {
        "IsActive": True,
        "PausedAt": None,
        "Readings": 3,
        "Epochs": 1,
        "FirstReading": T0 + MINUTE,
        "NewestReading": T0 + 2 * MINUTE,
        "Watermark": T0 + HOUR,
        "PastRead": 1.0,
        "OpenGaps": 1,
        "Unreachable": 1,
        "Withdrawn": 0,
        "Disputed": 0,
        "CadenceSeconds": None,
        "SilentSince": None,
        "LastSuccessAt": None,
        "LastRunAt": T0,
        "LastOutcome": "failed",
        "LastError": "why",
        "ScoredOn": T0.date(),
        "QualityScore": 85.0,
    }


def test_status_tells_who_fell_silent(warehouse: Warehouse) -> None:
    """Silent is who sent nothing for three of its usual distances before it was last read.

    Ten minutes at the least; that nobody has read it since is no silence of its own.
    """

    def silent(minutes: float, spacing: timedelta) -> datetime | None:
        warehouse.load([batch([row(n, T0 + n * spacing, Field1=n) for n in range(1, 14)])])
        newest = T0 + 13 * spacing
        warehouse.call("refresh_quality", as_of=newest + MINUTE)
        looked = newest + timedelta(minutes=minutes)
        run = Run(channel_id=9, started_at=looked - MINUTE, ended_at=looked)
        late = replace(run, started_at=T0 + DAY, ended_at=T0 + DAY, outcome="failed")
        warehouse.call("record_runs", runs=as_table([run, late]))
        (status,) = warehouse.query("status", as_of=T0 + 99 * DAY).to_pylist()
        assert status["CadenceSeconds"] == spacing.total_seconds()
        assert (status["LastSuccessAt"], status["LastOutcome"]) == (looked, "failed")
        found: datetime | None = status["SilentSince"]
        return found

    assert silent(3 * 5, 5 * MINUTE) is None
    assert silent(3 * 5 + 0.1, 5 * MINUTE) == T0 + 13 * 5 * MINUTE


def test_status_tells_how_much_of_an_incomplete_past_is_there(warehouse: Warehouse) -> None:
    """The share of the newest life's entries, as long as its coverage does not reach back."""

    def share() -> float | None:
        (status,) = warehouse.query("status", as_of=T0 + DAY).to_pylist()
        found: float | None = status["PastRead"]
        return found

    late = Span(T0 + 75 * MINUTE, T0 + 101 * MINUTE)
    warehouse.load([batch([row(n) for n in range(76, 101)], last_entry_id=100, covered=(late,))])
    assert share() == pytest.approx(0.25)
    begin = Span(BEGINNING, T0 + 80 * MINUTE)
    warehouse.load([batch([row(n) for n in range(1, 76)], last_entry_id=100, covered=(begin,))])
    assert share() is None


def test_channels_are_managed(warehouse: Warehouse) -> None:
    """A pause, a removal and tags are kept, whatever the source says of the channel meanwhile."""

    def held() -> list[tuple[Any, ...]]:
        warehouse.call("upsert_channel", channel_id=9, name="renewed")
        names = ("ChannelID", "IsActive", "PausedAt")
        rows = warehouse.query("channels").to_pylist()
        assert [
            tuple(row[name] for name in names)
            for row in warehouse.query("status", as_of=T0).to_pylist()
        ] == [tuple(row[name] for name in names) for row in rows]
        return [tuple(row[name] for name in names[1:]) for row in rows]

    for channel_id in (8, 9):
        warehouse.call("upsert_channel", channel_id=channel_id, name="x")
    assert held() == [(True, None), (True, None)]
    warehouse.call("set_polled", channel_ids=[9, 404], is_active=True, paused_at=T0)
    assert held() == [(True, None), (True, T0)]
    warehouse.call("set_polled", channel_ids=[9, 8], is_active=False)
    assert held() == [(False, None), (False, None)]

    def tags() -> list[tuple[int, str]]:
        found = warehouse.query("channel_tags").to_pylist()
        return sorted((row["ChannelID"], row["Tag"]) for row in found)

    for _ in range(2):
        warehouse.call("tag_channels", channel_ids=[9, 8], tags=["farm", "ünî'; --", "farm"])
    assert tags() == [(8, "farm"), (8, "ünî'; --"), (9, "farm"), (9, "ünî'; --")]
    for _ in range(2):
        warehouse.call("untag_channels", channel_ids=[8, 7], tags=["farm", "no"])
    assert tags() == [(8, "ünî'; --"), (9, "farm"), (9, "ünî'; --")]


def test_a_forgotten_channel_leaves_nothing(warehouse: Warehouse) -> None:
    """No row of any table is its any more, others' stay, and it can be copied anew."""
    loads = {
        number: batch(
            [row(n, Field1=n) for n in range(3)],
            channel_id=number,
            raw=[{"EntryID": 1, "ColumnName": "Field2", "RawValue": "x", "Reason": "unparseable"}],
            covered=(Span(BEGINNING, T0 + HOUR),),
            gaps=(Gap(4, 5),),
            last_entry_id=5,
        )
        for number in (8, 9)
    }
    warehouse.load(list(loads.values()))
    warehouse.call("archive_readings", before=T0 + 2 * MINUTE)
    warehouse.call("refresh_aggregates")
    warehouse.call("refresh_quality", as_of=T0 + HOUR)
    warehouse.call("tag_channels", channel_ids=[8, 9], tags=["farm"])
    warehouse.call("record_runs", runs=as_table([replace(QUIET, channel_id=n) for n in (8, 9)]))

    def rows(channel_id: int) -> dict[str, int]:
        having = "SELECT TABLE_NAME AS T FROM INFORMATION_SCHEMA.COLUMNS WHERE"
        of = rows_of(warehouse, f"{having} TABLE_SCHEMA = 'iot' AND COLUMN_NAME = 'ChannelID'")
        return {
            t["T"]: rows_of(
                warehouse, f"SELECT COUNT(*) AS n FROM iot.{t['T']} WHERE ChannelID = {channel_id}"
            )[0]["n"]
            for t in of
            if t["T"] != "AuditTrail"  # what was done to it stays there
        }

    before = rows(8)
    assert sum(before.values()) > 10 and rows(9) == before
    for _ in range(2):
        warehouse.call("forget_channel", channel_id=9)
        assert set(rows(9).values()) == {0}
    assert rows(8) == before
    assert warehouse.load([loads[9]])[9].inserted == 3


def test_runs_of_a_time_and_of_an_outcome(warehouse: Warehouse) -> None:
    """Those that ended at or after an instant, and those that did not succeed."""
    outcomes = ("success", "failed", "interrupted")
    warehouse.call(
        "record_runs",
        runs=as_table(
            Run(
                channel_id=7 + n % 2,
                started_at=T0 + n * HOUR,
                ended_at=T0 + n * HOUR + MINUTE,
                fetched=n + 1,
                outcome=outcomes[n % 3],
            )
            for n in range(6)
        ),
    )

    def found(**asked: Any) -> list[int]:
        return [row["Fetched"] - 1 for row in warehouse.query("runs", **asked).to_pylist()]

    assert found() == [5, 4, 3, 2, 1, 0]
    assert found(failed=True) == [5, 4, 2, 1]
    assert found(failed=True, since=T0 + 2 * HOUR + MINUTE, limit=2) == [5, 4]
    assert found(since=T0 + 4 * HOUR + 2 * MINUTE) == [5]
    assert found(failed=True, channel_id=7) == [4, 2]


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
    tried = warehouse.query("status", as_of=T0)
    assert [(r["ChannelID"], r["Readings"], r["IsActive"]) for r in tried.to_pylist()] == [
        (7, 0, True),
        (8, 0, True),
        (9, 0, True),
    ]


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


def held_ranges(warehouse: Warehouse) -> list[tuple[Any, ...]]:
    held = rows_of(
        warehouse, "SELECT ChannelID, FieldNumber, MinValue, MaxValue FROM iot.FieldRanges"
    )
    return sorted(tuple(row.values()) for row in held)


@pytest.mark.parametrize("again", [1, 2])
def test_ranges_are_synced_whole(warehouse: Warehouse, again: int) -> None:
    """After a sync there are the configured ranges of all channels, and no others."""
    low, high = Decimal("-40.5"), Decimal(60)
    for ranges in (
        [(9, 1, low, None), (9, 3, None, high), (12, 1, low, high)],
        [(9, 3, low, high), (12, 1, low, high)],
        [(12, 1, low, None), (12, 8, None, None), (2**31 - 1, 1, None, None)],
        [],
        [(9, 1, low, high)],
        [(12, 1, low, high)],
    ):
        for _ in range(again):
            ids, numbers, minima, maxima = zip(*ranges, strict=True) if ranges else [()] * 4
            warehouse.call(
                "sync_field_ranges",
                channel_ids=list(ids),
                field_numbers=list(numbers),
                minima=list(minima),
                maxima=list(maxima),
            )
            assert held_ranges(warehouse) == sorted(ranges)


def test_tokens_are_kept_until_they_are_revoked(warehouse: Warehouse) -> None:
    """The same token again is none; a revocation counts once, and the token is still listed."""
    token = {
        "token_id": "ab12",
        "token_name": "Ada's \N{SNOWMAN} laptop",
        "token_hash": "0" * 64,
        "scopes": "read operate",
        "created_at": T0,
    }
    warehouse.call("add_token", **token, expires_at=T0 + timedelta(days=1))
    warehouse.call("add_token", **token)
    (held,) = warehouse.query("access_tokens").to_pylist()
    assert held["TokenName"] == token["token_name"] and held["TokenHash"] == "0" * 64
    assert (held["ExpiresAt"], held["RevokedAt"]) == (T0 + timedelta(days=1), None)
    later = T0 + timedelta(hours=1)
    revoked = [
        warehouse.call("revoke_token", token_id=name, revoked_at=at).to_pylist()
        for name, at in [("none", later), ("ab12", later), ("ab12", later + timedelta(hours=1))]
    ]
    assert revoked == [[{"Tokens": 0}], [{"Tokens": 1}], [{"Tokens": 0}]]
    assert warehouse.query("access_tokens")["RevokedAt"].to_pylist() == [later]


def test_queries_are_kept_under_their_names(warehouse: Warehouse) -> None:
    """A query takes the place of the one of its name; one that is forgotten is gone."""
    for name, text in [("b", "SELECT 1"), ("a", "SELECT '\N{SNOWMAN}'"), ("b", "SELECT 2;\n--")]:
        warehouse.call("save_query", query_name=name, query_text=text, saved_by="me", saved_at=T0)
    held = warehouse.query("saved_queries").to_pylist()
    assert [(row["QueryName"], row["QueryText"]) for row in held] == [
        ("a", "SELECT '\N{SNOWMAN}'"),
        ("b", "SELECT 2;\n--"),
    ]
    warehouse.call("forget_query", query_name="a")
    warehouse.call("forget_query", query_name="a")
    assert warehouse.query("saved_queries")["QueryName"].to_pylist() == ["b"]
