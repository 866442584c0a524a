"""Contract of every engine: a channel's lives, what its source no longer has, and its labels."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlserver_kit import run_on
from warehouse_kit import DAY, FAR, HOUR, MINUTE, T0, batch, marks, opened, row, rows_of

from fieldhouse.errors import EntryConflict, StateMoved
from fieldhouse.state import NOTHING, Gap, Labels, Span
from fieldhouse.warehouse import Counts, Warehouse, migrations

LATER = T0 + 400 * DAY
"""When things are found out: long after the readings."""


def state(warehouse: Warehouse) -> dict[str, Any]:
    (held,) = warehouse.query("channel_state", channel_ids=[9]).to_pylist()
    return dict(held)


def counting(warehouse: Warehouse) -> list[tuple[int, int]]:
    """The readings that count, as (epoch, entry), in the order of time."""
    found = warehouse.query("readings", channel_id=9, start_at=None, end_at=None).to_pylist()
    return [(reading["Epoch"], reading["EntryID"]) for reading in found]


def settle(
    warehouse: Warehouse, findings: dict[int, str], *, epoch: int = 1, at: datetime = LATER
) -> int:
    """Settle entries that are held a minute after each other."""
    settled = warehouse.call(
        "settle_entries",
        channel_id=9,
        epoch=epoch,
        at=at,
        horizon=FAR,
        entry_ids=list(findings),
        created_ats=[T0 + entry_id * MINUTE for entry_id in findings],
        findings=list(findings.values()),
    )
    readings: int = settled["Readings"][0].as_py()
    return readings


def judge(warehouse: Warehouse, epoch: int) -> tuple[int, int]:
    (judged,) = warehouse.call("judge_epoch", channel_id=9, epoch=epoch).to_pylist()
    return judged["Superseded"], judged["Restored"]


def begin(warehouse: Warehouse, number: int, started_at: datetime = LATER) -> None:
    warehouse.call(
        "open_epoch", channel_id=9, number=number, started_at=started_at, evidence="cleared"
    )


def forget_marks(warehouse: Warehouse) -> None:
    warehouse.call("refresh_aggregates")
    warehouse.call("refresh_quality", as_of=LATER, channel_ids=None)


def archive(warehouse: Warehouse) -> None:
    warehouse.call("archive_readings", before=T0 + 300 * DAY)


# What the source no longer has


@pytest.mark.parametrize("archived", [False, True])
def test_a_withdrawn_reading_is_kept_and_does_not_count(
    warehouse: Warehouse, archived: bool
) -> None:
    """What its source no longer has stays, marked with when, and is out of every answer."""
    warehouse.load([batch([row(1, Field1=1), row(2, Field1=2), row(3, Field1=3)])])
    if archived:
        archive(warehouse)
    assert settle(warehouse, {2: "withdrawn"}) == 1
    assert counting(warehouse) == [(1, 1), (1, 3)]
    if not archived:
        current = rows_of(warehouse, "SELECT EntryID FROM iot.CurrentReadings")
        assert {each["EntryID"] for each in current} == {1, 3}
    withdrawn = warehouse.query("withdrawn", channel_id=9).to_pylist()
    assert withdrawn == [
        {"Epoch": 1, "EntryID": 2, "CreatedAt": T0 + 2 * MINUTE, "WithdrawnAt": LATER}
    ]
    held = warehouse.query(
        "held_between", channel_id=9, start_at=T0 + MINUTE, end_at=T0 + 2 * MINUTE
    ).to_pylist()
    assert [(each["EntryID"], each["IsWithdrawn"]) for each in held] == [(1, False), (2, True)]
    assert settle(warehouse, {2: "withdrawn"}) == 0


def test_a_withdrawn_reading_that_is_offered_counts_again(warehouse: Warehouse) -> None:
    """Shown again, by asking or by a page, it counts again; the page's row counts as updated."""
    page = [row(1, Field1=1), row(2, Field1=2)]
    warehouse.load([batch(page)])
    settle(warehouse, {1: "withdrawn", 2: "withdrawn"})
    assert counting(warehouse) == []
    assert settle(warehouse, {1: "present"}) == 1
    assert counting(warehouse) == [(1, 1)]
    assert warehouse.load([batch([row(2, Field1=2)])]) == {9: Counts(updated=1)}
    assert counting(warehouse) == [(1, 1), (1, 2)]
    assert warehouse.query("withdrawn", channel_id=9).num_rows == 0


def test_an_archived_withdrawn_reading_that_is_offered_counts_again(warehouse: Warehouse) -> None:
    """Likewise where it has been archived."""
    warehouse.load([batch([row(1, Field1=1)])])
    settle(warehouse, {1: "withdrawn"})
    archive(warehouse)
    assert counting(warehouse) == []
    assert warehouse.load([batch([row(1, Field1=1)], covered=(Span(T0, LATER),))]) == {
        9: Counts(updated=1)
    }
    assert counting(warehouse) == [(1, 1)]


def test_what_is_withdrawn_is_recomputed(warehouse: Warehouse) -> None:
    """The periods of a reading that no longer counts, and of one that does again, are marked."""
    warehouse.load([batch([row(1, Field1=1), row(2, T0 + 2 * DAY, Field1=2)])])
    forget_marks(warehouse)
    assert marks(warehouse) == []
    expected = [(9, "DAILY", T0), (9, "HOURLY", T0), (9, "QUALITY", T0), (9, "WEEKLY", T0)]
    for finding in ("withdrawn", "present"):
        settle(warehouse, {1: finding})
        assert marks(warehouse) == expected
        forget_marks(warehouse)
    settle(warehouse, {1: "disputed"})
    assert marks(warehouse) == []


def test_only_the_reading_of_that_time_is_settled(warehouse: Warehouse) -> None:
    """A finding about an entry at another time is not about the reading that is held."""
    warehouse.load([batch([row(1, T0 + HOUR)])])
    assert settle(warehouse, {1: "withdrawn"}) == 0
    assert counting(warehouse) == [(1, 1)]


# Disputes


def disputes(warehouse: Warehouse) -> list[tuple[int, str]]:
    found = warehouse.query("disputes", channel_ids=[9]).to_pylist()
    return [(each["EntryID"], each["State"]) for each in found]


def test_a_dispute_is_raised_kept_and_dropped(warehouse: Warehouse) -> None:
    """Each finding replaces the one before; what is in dispute counts, but is not the newest."""
    warehouse.load([batch([row(1), row(2), row(3)])])
    settle(warehouse, {2: "disputed", 3: "disputed"})
    assert disputes(warehouse) == [(2, "open"), (3, "open")]
    assert counting(warehouse) == [(1, 1), (1, 2), (1, 3)]
    held = state(warehouse)
    assert (held["NewestEntryID"], held["NewestCreatedAt"]) == (1, T0 + MINUTE)
    assert held["Disputes"] == 2
    settle(warehouse, {2: "kept"}, at=LATER + DAY)
    kept, _ = warehouse.query("disputes", channel_ids=None).to_pylist()
    assert kept == {
        "ChannelID": 9,
        "Epoch": 1,
        "EntryID": 2,
        "CreatedAt": T0 + 2 * MINUTE,
        "RaisedAt": LATER + DAY,
        "State": "kept",
    }
    settle(warehouse, {3: "dropped", 2: "present"})
    assert disputes(warehouse) == []
    assert state(warehouse)["NewestEntryID"] == 3


def test_the_newest_reading_is_one_that_counts(warehouse: Warehouse) -> None:
    """The newest is withdrawn: the one before it is; all are: there is none."""
    warehouse.load([batch([row(1), row(2)])])
    settle(warehouse, {2: "withdrawn"})
    assert state(warehouse)["NewestEntryID"] == 1
    settle(warehouse, {1: "withdrawn"})
    held = state(warehouse)
    assert (held["NewestEntryID"], held["NewestCreatedAt"]) == (None, None)
    warehouse.load([batch([row(1)])])
    assert state(warehouse)["NewestEntryID"] == 1


def test_neighbours_are_those_that_count(warehouse: Warehouse) -> None:
    """On each side the reading so far away and one beyond, or the farthest that there are."""
    warehouse.load([batch(row(n) for n in range(1, 12))])
    settle(warehouse, {4: "withdrawn", 8: "disputed"})
    around = {"channel_id": 9, "epoch": 1, "first_at": T0 + 6 * MINUTE, "last_at": T0 + 6 * MINUTE}

    def found(distance: int) -> list[tuple[str, int, int]]:
        rows = warehouse.query("neighbours", **around, distance=distance).to_pylist()
        return [(each["Side"], each["EntryID"], each["Place"]) for each in rows]

    assert found(1) == [("after", 7, 1), ("after", 9, 2), ("before", 5, 1), ("before", 3, 2)]
    assert found(3) == [("after", 10, 3), ("after", 11, 4), ("before", 2, 3), ("before", 1, 4)]
    assert found(9) == [("after", 10, 3), ("after", 11, 4), ("before", 2, 3), ("before", 1, 4)]
    lonely = warehouse.query("neighbours", **{**around, "epoch": 2}, distance=1)
    assert lonely.num_rows == 0


# Epochs


def test_an_epoch_is_opened_once(warehouse: Warehouse) -> None:
    """The same number and start once more is no error and changes nothing; another start is."""
    warehouse.load([batch([row(1)])])
    begin(warehouse, 2)
    begin(warehouse, 2)
    with pytest.raises(StateMoved, match="epoch 2 of channel 9 does not follow epoch 2"):
        begin(warehouse, 2, LATER + DAY)
    with pytest.raises(StateMoved):
        begin(warehouse, 4)
    lives = warehouse.query("lives", channel_id=9).to_pylist()
    assert [(each["Epoch"], each["StartedAt"], each["Evidence"]) for each in lives] == [
        (1, None, None),
        (2, LATER, "cleared"),
    ]


def test_an_older_epoch_shows_again_what_it_holds(warehouse: Warehouse) -> None:
    """A page of an older epoch fills and restores; it moves nothing that is known of epochs."""
    warehouse.load([batch([row(1, Field1=1), row(2)])])
    begin(warehouse, 2)
    warehouse.load([batch([row(1, T0 + MINUTE)], epoch=2)])
    assert counting(warehouse) == [(2, 1), (1, 2)]
    before = state(warehouse)
    again = batch([row(1, Field1=1), row(2, Field2=2)], epoch=1)
    assert warehouse.load([again]) == {9: Counts(updated=2)}
    assert counting(warehouse) == [(1, 1), (2, 1), (1, 2)]
    assert state(warehouse) == before
    assert warehouse.load([batch([row(1, Field1=1)], epoch=1)]) == {9: Counts(duplicates=1)}


def test_an_older_epoch_does_not_grow(warehouse: Warehouse) -> None:
    """A reading that an older epoch lacks, or progress for it, is refused; nothing is written."""
    warehouse.load([batch([row(1)])])
    begin(warehouse, 2)
    with pytest.raises(StateMoved, match="epoch 1 of channel 9 has ended"):
        warehouse.load([batch([row(5)], epoch=2), batch([row(1, Field1=1), row(2)], epoch=1)])
    with pytest.raises(StateMoved, match="channel 9 is in epoch 2"):
        warehouse.load([batch([row(1)], epoch=1, last_entry_id=1)])
    with pytest.raises(StateMoved, match="channel 9 is in epoch 2"):
        warehouse.load([batch([row(1)], epoch=3)])
    assert counting(warehouse) == [(1, 1)]


def test_the_source_may_show_an_older_epochs_beside_the_newer(warehouse: Warehouse) -> None:
    """An entry in a gap 'older' of the newer epoch is not superseded by its instant."""
    warehouse.load([batch([row(1), row(2), row(3)])])
    begin(warehouse, 2)
    shown = [row(5 + n, T0 + n * MINUTE) for n in (2, 3)]
    gaps = (Gap(2, 2, "older", epoch=1), Gap(9, 12, "absent"))
    warehouse.load([batch(shown, epoch=2, gaps=gaps)])
    assert counting(warehouse) == [(1, 1), (1, 2), (2, 7), (2, 8)]


def test_what_a_newer_epoch_has_at_the_instant_counts(warehouse: Warehouse) -> None:
    """The older epoch's reading there is superseded, archived or not, and its period marked."""
    warehouse.load([batch([row(1, Field1=1), row(2, T0 + 399 * DAY, Field1=2)])])
    begin(warehouse, 2)
    archive(warehouse)
    again = [row(1, T0 + MINUTE, Field1=5), row(2, T0 + 399 * DAY, Field1=6)]
    warehouse.load([batch(again, epoch=2)])
    assert counting(warehouse) == [(2, 1), (2, 2)]


def test_lives_tell_of_each_epoch(warehouse: Warehouse) -> None:
    """What an epoch holds, what of it counts, and which ids it lacks."""
    warehouse.load([batch([row(1), row(2), row(3)], last_entry_id=3)])
    settle(warehouse, {1: "withdrawn", 2: "disputed", 3: "kept"})
    begin(warehouse, 2)
    gaps = (
        Gap(2, 4, "open"),
        Gap(5, 6, "absent"),
        Gap(7, 7, "unreachable"),
        Gap(8, 11, "older", epoch=1),
    )
    warehouse.load([batch([row(1, T0 + 2 * MINUTE)], epoch=2, gaps=gaps)])
    first, second = warehouse.query("lives", channel_id=9).to_pylist()
    assert first == {
        "Epoch": 1,
        "StartedAt": None,
        "Evidence": None,
        "FirstCreatedAt": T0 + MINUTE,
        "LastCreatedAt": T0 + 3 * MINUTE,
        "LastEntryID": 3,
        "HighestEntryID": 3,
        "Readings": 3,
        "Superseded": 1,
        "Withdrawn": 1,
        "Disputed": 1,
        "Kept": 1,
        "OpenIDs": 0,
        "AbsentIDs": 0,
        "OlderIDs": 0,
    }
    numbers = ("Readings", "Superseded", "OpenIDs", "AbsentIDs", "OlderIDs")
    assert [second[name] for name in numbers] == [1, 0, 3, 2, 4]
    assert state(warehouse)["OlderUntil"] == T0 + 3 * MINUTE


# Re-imports


def test_a_reimport_supersedes_what_it_left_out(warehouse: Warehouse) -> None:
    """Half of an older epoch within the span is shown again: what was dropped there is out too."""
    warehouse.load([batch(row(n, Field1=n) for n in range(1, 11))])
    begin(warehouse, 2)
    shown = [row(1, T0 + 2 * MINUTE), row(2, T0 + 4 * MINUTE), row(3, T0 + 6 * MINUTE)]
    warehouse.load([batch(shown, epoch=2)])
    forget_marks(warehouse)
    assert judge(warehouse, 2) == (2, 0)
    assert marks(warehouse, "DAILY") == [(9, "DAILY", T0)]
    assert counting(warehouse) == [
        (1, 1), (2, 1), (2, 2), (2, 3), (1, 7), (1, 8), (1, 9), (1, 10)
    ]  # fmt: skip
    (kept,) = rows_of(warehouse, "SELECT * FROM iot.Reimports")
    assert kept == {
        "ChannelID": 9,
        "Epoch": 2,
        "OlderEpoch": 1,
        "SpanStart": T0 + 2 * MINUTE,
        "SpanEnd": T0 + 6 * MINUTE,
        "OlderReadings": 5,
        "ShownAgain": 3,
    }
    assert judge(warehouse, 2) == (0, 0)


def test_an_archived_epoch_is_judged_as_any_other(warehouse: Warehouse) -> None:
    """What a re-import left out is superseded in the archive as well."""
    warehouse.load([batch(row(n) for n in range(1, 4))])
    begin(warehouse, 2)
    archive(warehouse)
    warehouse.load([batch([row(1, T0 + MINUTE), row(2, T0 + 3 * MINUTE)], epoch=2)])
    assert judge(warehouse, 2) == (1, 0)
    assert counting(warehouse) == [(2, 1), (2, 2)]


def test_a_fresh_start_leaves_the_past(warehouse: Warehouse) -> None:
    """Less than half is shown again: only what stands at the same instant is superseded."""
    warehouse.load([batch(row(n) for n in range(1, 11))])
    begin(warehouse, 2)
    warehouse.load([batch([row(1, T0 + MINUTE), row(2, T0 + 10 * MINUTE)], epoch=2)])
    assert judge(warehouse, 2) == (0, 0)
    assert counting(warehouse) == [(2, 1), *((1, n) for n in range(2, 10)), (2, 2)]
    assert rows_of(warehouse, "SELECT * FROM iot.Reimports") == []


@pytest.mark.parametrize(("again", "is_reimport"), [(1, False), (3, False), (4, True), (9, True)])
def test_of_many_in_one_second_as_many_are_shown_again_as_there_are(
    warehouse: Warehouse, again: int, is_reimport: bool
) -> None:
    """Eight of an older epoch's ten stand in one second. One new reading there shows one of them
    again; with four, and one elsewhere, half is shown again; more than there were prove no more.
    A fresh start takes the place of its own seconds alone, and the past between them counts."""
    same = [row(n, T0 + HOUR) for n in range(2, 10)]
    warehouse.load([batch([row(1, T0 + MINUTE), *same, row(10, T0 + 2 * HOUR)])])
    begin(warehouse, 2)
    shown = [row(n, T0 + HOUR) for n in range(1, again + 1)]
    warehouse.load([batch([row(50, T0), *shown, row(51, T0 + 2 * HOUR)], epoch=2)])
    assert judge(warehouse, 2) == (1 if is_reimport else 0, 0)
    assert ((1, 1) in counting(warehouse)) is not is_reimport
    kept = rows_of(warehouse, "SELECT OlderReadings, ShownAgain FROM iot.Reimports")
    found = {"OlderReadings": 10, "ShownAgain": min(again, 8) + 1}
    assert kept == ([found] if is_reimport else [])


def test_an_epoch_without_readings_judges_nothing(warehouse: Warehouse) -> None:
    """A channel that was cleared and is empty keeps its past."""
    warehouse.load([batch([row(1)])])
    begin(warehouse, 2)
    assert judge(warehouse, 2) == (0, 0)
    assert counting(warehouse) == [(1, 1)]


def test_what_a_reimport_left_out_counts_again_when_its_share_falls(warehouse: Warehouse) -> None:
    """The epoch grew, and shows less than half of the older one now: the past is restored."""
    warehouse.load([batch(row(n) for n in range(1, 21))])
    begin(warehouse, 2)
    warehouse.load([batch([row(1, T0 + 2 * MINUTE), row(2, T0 + 4 * MINUTE)], epoch=2)])
    assert judge(warehouse, 2) == (1, 0)
    warehouse.load([batch([row(3, T0 + 20 * MINUTE)], epoch=2)])
    assert judge(warehouse, 2) == (0, 1)
    assert counting(warehouse) == [
        (1, 1), (2, 1), (1, 3), (2, 2), *((1, n) for n in range(5, 20)), (2, 3)
    ]  # fmt: skip


@pytest.mark.parametrize(("due", "expected"), [(LATER, (0, 0)), (None, (2, 0))])
def test_leftovers_prove_something_once_confirmed(
    warehouse: Warehouse, due: datetime | None, expected: tuple[int, int]
) -> None:
    """Older entries that the source still shows prove nothing until they were asked for again."""
    warehouse.load([batch(row(n) for n in range(1, 7))])
    begin(warehouse, 2)
    gaps = (Gap(1, 2, "older", due=due, epoch=1),)
    warehouse.load([batch([row(7, T0 + 5 * MINUTE)], epoch=2, gaps=gaps)])
    assert judge(warehouse, 2) == expected
    dropped = {(1, 3), (1, 4)} if due else set()
    assert set(counting(warehouse)) == {(1, 1), (1, 2), (2, 7), (1, 6), *dropped}


def test_what_was_left_beside_an_epoch_that_is_over_proves_nothing(warehouse: Warehouse) -> None:
    """Most of epoch 1 was shown beside epoch 2 and never asked for again: now that epoch 2 is over
    too, it is no re-import of the little that was not."""
    warehouse.load([batch(row(n) for n in range(1, 7))])
    begin(warehouse, 2)
    gaps = (Gap(3, 6, "older", due=LATER, epoch=1),)
    again = [row(7, T0 + MINUTE), row(8, T0 + 2 * MINUTE), row(9, T0 + 7 * MINUTE)]
    warehouse.load([batch(again, epoch=2, gaps=gaps)])
    judge(warehouse, 2)
    assert len(rows_of(warehouse, "SELECT * FROM iot.Reimports")) == 1
    begin(warehouse, 3)
    warehouse.load([batch([row(1, T0 + DAY)], epoch=3)])
    assert judge(warehouse, 3) == (0, 0)
    assert counting(warehouse)[2:6] == [(1, 3), (1, 4), (1, 5), (1, 6)]
    assert rows_of(warehouse, "SELECT * FROM iot.Reimports") == []


# What a load keeps


def test_progress_is_kept(warehouse: Warehouse) -> None:
    """What a load proves is what the state says; what it does not say stays."""
    span = Span(T0, T0 + HOUR)
    warehouse.load(
        [
            batch([row(1), row(3)], began_with=7, judged=True, swept_at=LATER, swept_to=T0),
            batch(again=span, gaps=(Gap(2, 2, "open", due=LATER),), covered=(span,)),
        ]
    )
    warehouse.load([batch([row(4)]), batch(began_with=9)])
    expected = {
        "BeganWith": 7,
        "IsJudged": True,
        "SweptAt": LATER,
        "SweptTo": T0,
        "AgainStart": T0,
        "AgainEnd": T0 + HOUR,
        "Version": 4,
        "OlderUntil": None,
        "Spans": 1,
        "CoveredFrom": T0,
        "CoveredTo": T0 + HOUR,
        "Gaps": 1,
        "Disputes": 0,
        "LabelsSeen": False,
        "Label1": None,
    }
    assert state(warehouse).items() >= expected.items()
    (gap,) = warehouse.query("gaps", channel_ids=[9]).to_pylist()
    assert gap["DueAt"] == LATER
    warehouse.load([batch(judged=False, swept_at=LATER + DAY, again=NOTHING)])
    held = state(warehouse)
    assert (held["IsJudged"], held["SweptAt"], held["SweptTo"]) == (False, LATER + DAY, None)
    assert (held["AgainStart"], held["AgainEnd"]) == (None, None)


def test_a_load_is_planned_on_what_is_held(warehouse: Warehouse) -> None:
    """A version that is no longer the epoch's is refused, and nothing of its load is written."""
    first, second = (replace(batch([row(n)]), version=n - 1) for n in (1, 2))
    warehouse.load([first, second])
    assert state(warehouse)["Version"] == 2
    with pytest.raises(StateMoved, match="channel 9 has moved on"):
        warehouse.load([replace(batch([row(3)]), version=1)])
    with pytest.raises(StateMoved, match="channel 9 has moved on"):
        warehouse.load([replace(batch(last_entry_id=n), version=2) for n in (3, 4)])
    assert counting(warehouse) == [(1, 1), (1, 2)]
    assert warehouse.load([first]) == {9: Counts(duplicates=1)}
    warehouse.load([batch([row(1)], channel_id=8), replace(batch([row(3)]), version=2)])
    assert state(warehouse)["Version"] == 3


def test_a_batch_of_an_older_epoch_takes_no_version(warehouse: Warehouse) -> None:
    """It shows again, and so neither needs a version nor moves one."""
    warehouse.load([batch([row(1)])])
    begin(warehouse, 2)
    plan = [
        replace(batch([row(1, LATER)], epoch=2), version=0),
        batch([row(1, Field1=3)], epoch=1),
        replace(batch(epoch=2, last_entry_id=4), version=1),
    ]
    assert warehouse.load(plan) == {9: Counts(inserted=1, updated=1)}
    assert state(warehouse)["Version"] == 2


def test_progress_alone_is_not_remembered(warehouse: Warehouse) -> None:
    """Only batches with rows are in the ledger; what one without says counts each time."""
    warehouse.load([batch([row(1)]), batch(last_entry_id=5)])
    assert len(rows_of(warehouse, "SELECT BatchHash FROM iot.LoadLedger")) == 1
    warehouse.load([batch(last_entry_id=6)])
    warehouse.load([batch(last_entry_id=5)])
    assert state(warehouse)["LastEntryID"] == 5


def test_a_conflict_names_what_is_held(warehouse: Warehouse) -> None:
    """Up to twenty entries that came with another time are named as they are held."""
    warehouse.load([batch(row(n, T0 + n * HOUR + timedelta(microseconds=n)) for n in range(1, 31))])
    with pytest.raises(EntryConflict, match=r"entry 3 of channel 9 came with .*28 such") as caught:
        warehouse.load([batch(row(n) for n in range(3, 40))])
    assert caught.value.disputed == tuple(
        (n, T0 + n * HOUR + timedelta(microseconds=n)) for n in range(3, 23)
    )
    assert "; held" not in str(caught.value)


# Labels


def labels(warehouse: Warehouse) -> list[tuple[Any, ...]]:
    """Each label, when it was seen from and to."""
    columns = "FieldNumber, Label, SeenFrom, SeenTo"
    found = rows_of(warehouse, f"SELECT {columns} FROM iot.FieldLabels WHERE FieldNumber < 4")
    return sorted((tuple(each.values()) for each in found), key=lambda each: (each[0], each[2]))


def test_labels_are_kept_as_they_were_seen(warehouse: Warehouse) -> None:
    """Each change of a label is kept, letter by letter; what stays the same is one line."""
    texts = ((1, 'a "quoted"\n\\ label, ü'), (2, "wet"))
    warehouse.load([batch([row(1)], labels=Labels(T0, texts))])
    warehouse.load([batch([row(2)], labels=Labels(T0 + DAY, texts))])
    warehouse.load([batch([row(3)], labels=Labels(T0 + 2 * DAY, (texts[0], (2, "Wet "))))])
    assert labels(warehouse) == [
        (1, texts[0][1], T0, None),
        (2, "wet", T0, T0 + 2 * DAY),
        (2, "Wet ", T0 + 2 * DAY, None),
        (3, None, T0, None),
    ]
    held = state(warehouse)
    assert held["LabelsSeen"]
    assert [held[f"Label{n}"] for n in (1, 2, 3, 8)] == [texts[0][1], "Wet ", None, None]
    assert held["AgainStart"] is None


def test_what_was_read_without_a_label_is_to_be_read_again(warehouse: Warehouse) -> None:
    """A label appears: all that was read since it was hidden is to be read again."""
    both, one, none = ((1, "a"), (2, "b")), ((1, "a"),), ()
    warehouse.load([batch([row(1), row(2)], labels=Labels(T0, both))])
    warehouse.load([batch([row(3), row(4)], labels=Labels(T0 + DAY, one))])
    warehouse.load([batch([row(5)])])
    assert state(warehouse)["AgainStart"] is None
    warehouse.load([batch([row(6)], labels=Labels(T0 + 2 * DAY, both))])
    held = state(warehouse)
    assert (held["AgainStart"], held["AgainEnd"]) == (T0 + 3 * MINUTE, T0 + 5 * MINUTE)
    warehouse.load([batch(again=NOTHING)])
    assert state(warehouse)["AgainStart"] is None
    warehouse.load([batch([row(7)], labels=Labels(T0 + 3 * DAY, none))])
    assert state(warehouse)["LabelsSeen"]
    assert state(warehouse)["Label1"] is None


def test_a_field_hidden_from_the_beginning_is_read_again(warehouse: Warehouse) -> None:
    """What was hidden when labels were first seen was hidden in all that is held, older too."""
    fraction = timedelta(microseconds=250_000)
    warehouse.load([batch([row(1), row(2, T0 + 2 * MINUTE + fraction)])])
    warehouse.load([batch(labels=Labels(T0, ((1, "a"),)))])
    again = Span(T0 + HOUR, T0 + 2 * HOUR)
    warehouse.load([batch(again=again)])
    warehouse.load([batch(labels=Labels(T0 + DAY, ((1, "a"), (4, "d"))))])
    held = state(warehouse)
    assert (held["AgainStart"], held["AgainEnd"]) == (T0 + MINUTE, T0 + 2 * HOUR)
    warehouse.load([batch(again=NOTHING), batch(labels=Labels(T0 + 2 * DAY, ((4, "d"),)))])
    warehouse.load([batch(labels=Labels(T0 + 3 * DAY, ((4, "d"), (5, "e"))))])
    assert state(warehouse)["AgainEnd"] == T0 + 2 * MINUTE


# Upgrades


def _run(url: str, *statements: str) -> None:
    if url.startswith("sqlserver:"):
        run_on(url, *statements)
        return
    import duckdb

    with duckdb.connect(url.removeprefix("duckdb:///")) as connection:
        for statement in statements:
            connection.execute(statement)


def test_a_warehouse_of_the_release_before_is_upgraded(
    fresh_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it holds stays and counts, and what its epochs span is found out."""
    if fresh_url.startswith("chdb:"):
        pytest.skip("no release before had ClickHouse")
    pending = migrations.pending
    released = ("migrations/0001_tables", "migrations/0002_archive", "queries/usp_AppliedScripts")
    with monkeypatch.context() as then:
        then.setattr(
            migrations,
            "pending",
            lambda *given: [script for script in pending(*given) if script.name in released],
        )
        warehouse = opened(fresh_url)
        warehouse.migrate()
        warehouse.close()
    columns = "ChannelID, Epoch, EntryID, CreatedAt, Superseded"
    archived = "ReadingID, ChannelID, Epoch, EntryID, CreatedAt, Superseded, ImportedAt"
    no = "FALSE" if fresh_url.startswith("duckdb:") else "0"
    _run(
        fresh_url,
        "INSERT INTO iot.Channels (ChannelID) VALUES (9)",
        "INSERT INTO iot.Epochs (ChannelID, Epoch, IDsCheckedTo) VALUES (9, 1, 0)",
        "INSERT INTO iot.Epochs (ChannelID, Epoch, IDsCheckedTo) VALUES (9, 2, 0)",
        f"INSERT INTO iot.SensorReadings ({columns}) VALUES (9, 1, 5, '2024-01-03', {no})",
        f"INSERT INTO iot.SensorReadings_Archive ({archived})"
        f" VALUES (1000000, 9, 1, 4, '2024-01-01', {no}, '2024-01-05')",
        "INSERT INTO iot.Gaps (ChannelID, Epoch, FirstEntryID, LastEntryID, State)"
        " VALUES (9, 2, 1, 3, 'open')",
    )
    warehouse = opened(fresh_url)
    assert "migrations/0002_lives" in warehouse.migrate() or fresh_url.startswith("duckdb:")
    assert warehouse.migrate() == []
    lives = warehouse.query("lives", channel_id=9).to_pylist()
    spans = [(each["FirstCreatedAt"], each["LastCreatedAt"]) for each in lives]
    assert spans == [(T0, T0 + 2 * DAY), (None, None)]
    held = state(warehouse)
    assert (held["Version"], held["Gaps"], held["OlderUntil"]) == (0, 1, T0 + 2 * DAY)
    assert not held["IsJudged"]
    assert counting(warehouse) == [(1, 4), (1, 5)]
    gaps = (Gap(1, 3, "older", epoch=1),)
    warehouse.load([replace(batch([row(4, LATER)], epoch=2, gaps=gaps), version=0)])
    assert state(warehouse)["Version"] == 1
    warehouse.close()
