"""What the warehouse remembers of a channel, in the words of a plan; and what a plan tells it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import pyarrow as pa

from fieldhouse.sources.thingspeak import history
from fieldhouse.state import ChannelState, Coverage, Dispute, Epoch, Gap, Known, Span
from fieldhouse.warehouse import Warehouse

__all__ = ["carry_out", "channel_state", "open_epoch", "settle"]


def channel_state(warehouse: Warehouse, channel_id: int) -> ChannelState:
    """What the warehouse knows of a channel's newest epoch; an empty state for one never seen."""
    rows = warehouse.query("channel_state", channel_ids=[channel_id]).to_pylist()
    if not rows:
        return ChannelState(channel_id)
    (row,) = rows
    labels = tuple((n, row[f"Label{n}"]) for n in range(1, 9) if row[f"Label{n}"] is not None)
    return ChannelState(
        channel_id,
        _epoch(row, _coverage(warehouse, row)),
        _gaps(warehouse, channel_id) if row["Gaps"] else (),
        row["MetadataAt"],
        row["OlderUntil"],
        labels if row["LabelsSeen"] else None,
        _disputes(warehouse, channel_id) if row["Disputes"] else (),
    )


def _epoch(row: Mapping[str, Any], coverage: Coverage) -> Epoch:
    newest, again = row["NewestEntryID"], row["AgainStart"]
    return Epoch(
        number=row["Epoch"],
        last_entry_id=row["LastEntryID"],
        highest_id=row["HighestEntryID"],
        newest=Known(newest, row["NewestCreatedAt"]) if newest is not None else None,
        ids_checked_to=row["IDsCheckedTo"] or 0,
        future_checked_at=row["FutureCheckedAt"],
        coverage=coverage,
        began_with=row["BeganWith"],
        judged=row["IsJudged"],
        swept_at=row["SweptAt"],
        swept_to=row["SweptTo"],
        again=Span(again, row["AgainEnd"]) if again is not None else None,
        version=row["Version"],
    )


def _coverage(warehouse: Warehouse, row: Mapping[str, Any]) -> Coverage:
    if row["Spans"] <= 1:
        ends = row["CoveredFrom"], row["CoveredTo"]
        return Coverage.of([Span(*ends)] if row["Spans"] else [])
    spans = warehouse.query("coverage", channel_ids=[row["ChannelID"]]).to_pylist()
    return Coverage.of(Span(span["SpanStart"], span["SpanEnd"]) for span in spans)


def _gaps(warehouse: Warehouse, channel_id: int) -> tuple[Gap, ...]:
    gaps = warehouse.query("gaps", channel_ids=[channel_id])
    columns = ("FirstEntryID", "LastEntryID", "State", "AtSecond", "DueAt")
    return tuple(Gap(*row) for row in _rows(gaps, *columns))


def _disputes(warehouse: Warehouse, channel_id: int) -> tuple[Dispute, ...]:
    rows = warehouse.query("disputes", channel_ids=[channel_id]).to_pylist()
    return tuple(
        Dispute(r["Epoch"], Known(r["EntryID"], r["CreatedAt"]), r["RaisedAt"], r["State"])
        for r in rows
    )


def carry_out(warehouse: Warehouse, channel_id: int, effect: history.Effect) -> Any:
    """Do what a plan wants of the warehouse, and return the outcome."""
    outcome: Any = None
    match effect:
        case history.FindState():
            outcome = channel_state(warehouse, channel_id)
        case history.FindMissing(epoch, above, upto):
            found = warehouse.query(
                "missing_ids", channel_id=channel_id, epoch=epoch, above=above, upto=upto
            )
            outcome = _rows(found, "FirstEntryID", "LastEntryID")
        case history.FindKnown(entry_ids):
            found = warehouse.query(
                "known_entries", channel_id=channel_id, entry_ids=list(entry_ids)
            )
            outcome = _rows(found, "Epoch", "EntryID", "CreatedAt")
        case history.FindHeld(start, end):
            outcome = _held(warehouse, channel_id, start, end)
        case history.FindNeighbours():
            outcome = _neighbours(warehouse, channel_id, effect)
        case history.OpenEpoch():
            open_epoch(warehouse, channel_id, effect)
        case history.Settle():
            settle(warehouse, channel_id, effect)
        case history.Judge(epoch):
            judged = warehouse.call("judge_epoch", channel_id=channel_id, epoch=epoch)
            outcome = judged["Superseded"][0].as_py()
    return outcome


def open_epoch(warehouse: Warehouse, channel_id: int, effect: history.OpenEpoch) -> None:
    """Begin an epoch of a channel."""
    warehouse.call(
        "open_epoch",
        channel_id=channel_id,
        number=effect.number,
        started_at=effect.started_at,
        evidence=effect.evidence,
    )


def settle(warehouse: Warehouse, channel_id: int, verdict: history.Settle) -> None:
    """Keep what was found out about readings of a channel."""
    found = [
        (known, finding)
        for finding in ("withdrawn", "disputed", "kept", "present", "dropped")
        for known in getattr(verdict, finding)
    ]
    warehouse.call(
        "settle_entries",
        channel_id=channel_id,
        epoch=verdict.epoch,
        at=verdict.at,
        horizon=verdict.horizon,
        entry_ids=[known.entry_id for known, _ in found],
        created_ats=[known.created_at for known, _ in found],
        findings=[finding for _, finding in found],
    )


def _held(
    warehouse: Warehouse, channel_id: int, start: datetime, end: datetime
) -> list[history.Held]:
    found = warehouse.query(
        "held_between", channel_id=channel_id, start_at=start, end_at=_end_of(end)
    )
    columns = ("Epoch", "EntryID", "CreatedAt", "IsWithdrawn")
    return [
        history.Held(epoch, Known(entry_id, at), withdrawn)
        for epoch, entry_id, at, withdrawn in _rows(found, *columns)
    ]


def _neighbours(
    warehouse: Warehouse, channel_id: int, find: history.FindNeighbours
) -> history.Neighbours:
    found = warehouse.query(
        "neighbours",
        channel_id=channel_id,
        epoch=find.epoch,
        first_at=find.first,
        last_at=_end_of(find.last),
        distance=find.distance,
    )
    rows = found.to_pylist()
    before, after = (_nearest(rows, side, find.distance) for side in ("before", "after"))
    return history.Neighbours(*before, *after)


def _nearest(rows: list[dict[str, Any]], side: str, distance: int) -> tuple[Known | None, bool]:
    """The reading so far away on a side, or the farthest; and whether there is none beyond it."""
    places = {
        row["Place"]: Known(row["EntryID"], row["CreatedAt"]) for row in rows if row["Side"] == side
    }
    farthest = max(places, default=0)
    return (places[distance], False) if farthest > distance else (places.get(farthest), True)


def _end_of(second: datetime) -> datetime:
    return second.replace(microsecond=999_999)


def _rows(table: pa.Table, *names: str) -> list[Any]:
    return list(zip(*(table[name].to_pylist() for name in names), strict=True))
