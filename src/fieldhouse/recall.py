"""What the warehouse remembers of a channel, in the words of a plan; and what a plan tells it."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

import pyarrow as pa

from fieldhouse.sources.thingspeak import history
from fieldhouse.state import ChannelState, Coverage, Dispute, Epoch, Gap, Known, Span
from fieldhouse.warehouse import Warehouse

__all__ = ["carry_out", "channel_state", "channel_states", "open_epoch", "settle"]

T = TypeVar("T")


def channel_state(warehouse: Warehouse, channel_id: int) -> ChannelState:
    """What the warehouse knows of a channel's newest epoch; an empty state for one never seen."""
    return channel_states(warehouse, [channel_id])[channel_id]


def channel_states(warehouse: Warehouse, channel_ids: Sequence[int]) -> dict[int, ChannelState]:
    """``channel_state`` of many channels, for about the price of one."""
    rows = warehouse.query("channel_state", channel_ids=channel_ids).to_pylist()
    spans = _spans(warehouse, [row["ChannelID"] for row in rows if row["Spans"] > 1])
    gaps = _gaps(warehouse, [row["ChannelID"] for row in rows if row["Gaps"]])
    disputes = _disputes(warehouse, [row["ChannelID"] for row in rows if row["Disputes"]])
    known = {}
    for row in rows:
        channel_id = row["ChannelID"]
        known[channel_id] = ChannelState(
            channel_id,
            _epoch(row, spans[channel_id]),
            tuple(gaps[channel_id]),
            row["MetadataAt"],
            row["OlderUntil"],
            _labels(row) if row["LabelsSeen"] else None,
            tuple(disputes[channel_id]),
        )
    return {each: known.get(each) or ChannelState(each) for each in channel_ids}


def _epoch(row: Mapping[str, Any], spans: Sequence[Span]) -> Epoch:
    newest, again = row["NewestEntryID"], row["AgainStart"]
    return Epoch(
        number=row["Epoch"],
        last_entry_id=row["LastEntryID"],
        highest_id=row["HighestEntryID"],
        newest=Known(newest, row["NewestCreatedAt"]) if newest is not None else None,
        ids_checked_to=row["IDsCheckedTo"] or 0,
        future_checked_at=row["FutureCheckedAt"],
        coverage=Coverage.of(spans or _only_span(row)),
        began_with=row["BeganWith"],
        judged=row["IsJudged"],
        swept_at=row["SweptAt"],
        swept_to=row["SweptTo"],
        again=Span(again, row["AgainEnd"]) if again is not None else None,
        version=row["Version"],
    )


def _labels(row: Mapping[str, Any]) -> tuple[tuple[int, str], ...]:
    labels = ((n, row[f"Label{n}"]) for n in range(1, 9))
    return tuple((n, label) for n, label in labels if label is not None)


def _only_span(row: Mapping[str, Any]) -> Sequence[Span]:
    return [Span(row["CoveredFrom"], row["CoveredTo"])] if row["Spans"] else []


def _spans(warehouse: Warehouse, channel_ids: Sequence[int]) -> Mapping[int, Sequence[Span]]:
    found = _of_each(warehouse, "coverage", channel_ids)
    return _by_channel(found, lambda row: Span(row["SpanStart"], row["SpanEnd"]))


def _gaps(warehouse: Warehouse, channel_ids: Sequence[int]) -> Mapping[int, Sequence[Gap]]:
    columns = ("FirstEntryID", "LastEntryID", "State", "AtSecond", "DueAt", "OlderEpoch")
    found = _of_each(warehouse, "gaps", channel_ids)
    return _by_channel(found, lambda row: Gap(*(row[name] for name in columns)))


def _disputes(warehouse: Warehouse, channel_ids: Sequence[int]) -> Mapping[int, Sequence[Dispute]]:
    return _by_channel(
        _of_each(warehouse, "disputes", channel_ids),
        lambda r: Dispute(
            r["Epoch"], Known(r["EntryID"], r["CreatedAt"]), r["RaisedAt"], r["State"]
        ),
    )


def _of_each(warehouse: Warehouse, name: str, channel_ids: Sequence[int]) -> list[dict[str, Any]]:
    """The rows of some channels; where there are none, nothing is asked."""
    return warehouse.query(name, channel_ids=channel_ids).to_pylist() if channel_ids else []


def _by_channel(
    rows: Sequence[Mapping[str, Any]], made: Callable[[Mapping[str, Any]], T]
) -> Mapping[int, Sequence[T]]:
    found = defaultdict[int, list[T]](list)
    for row in rows:
        found[row["ChannelID"]].append(made(row))
    return found


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
