"""Derived readings put in the place of those that are held: what differs, in one insert."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from fieldhouse.readings import DECIMAL, FIELDS
from fieldhouse.warehouse.engines.clickhouse.held import Held, read
from fieldhouse.warehouse.engines.clickhouse.lives import Life
from fieldhouse.warehouse.engines.clickhouse.rows import Kind, Rows
from fieldhouse.warehouse.engines.clickhouse.session import Session

__all__ = ["keep_derived"]


_KEY = ["Epoch", "EntryID"]
_WHOLE = [*_KEY, "CreatedAt", *FIELDS]
_HELD = pa.schema(
    [
        ("Epoch", pa.int32()),
        ("EntryID", pa.int64()),
        ("CreatedAt", pa.timestamp("us")),
        ("Sub", pa.uint64()),
        *((name, DECIMAL) for name in FIELDS),
    ]
)
_DONE = pa.schema([("CreatedAt", pa.timestamp("us")), ("Done", pa.int64())])
_NEAR = timedelta(days=1)


def keep_derived(session: Session, values: Mapping[str, Any]) -> pa.Table:
    """See ``calls/keep_derived.sql``. A value that is none any more needs a key of its own."""
    channel_id, shown = values["channel_id"], values["readings"].select(_WHOLE)
    held, at = read(session, {channel_id})
    rows = Rows(at)
    found = _found(session, values, shown)
    gone = _less(found, shown)
    added = _less(shown, found)
    _take_away(rows, channel_id, gone)
    _add(rows, channel_id, added)
    _live_on(rows, held[channel_id], channel_id, added)
    touched = pa.concat_tables([t.select(["CreatedAt"]) for t in (gone, added)])
    rows.mark(_of_channel(touched, channel_id))
    done = pa.table({"CreatedAt": values["hours"], "Done": values["marks"]}, _DONE)
    rows.add(Kind.DERIVED_MARK, _of_channel(done, channel_id))
    session.write(rows)
    return pa.table({"Changed": pa.array([touched.num_rows], pa.int64())})


def _found(session: Session, values: Mapping[str, Any], shown: pa.Table) -> pa.Table:
    """What is held in the span, and of the entries that are shown, wherever it lies."""
    ids = pc.min_max(shown["EntryID"]).as_py()
    limits = {"first_id": ids["min"] or 0, "last_id": -1 if ids["max"] is None else ids["max"]}
    span = {name: values[name] for name in ("channel_id", "start_at", "end_at")}
    held = session.ask("calls", "keep_derived", **span, **limits).cast(_HELD)
    inside = pc.and_(
        pc.greater_equal(held["CreatedAt"], pa.scalar(values["start_at"], pa.timestamp("us"))),
        pc.less(held["CreatedAt"], pa.scalar(values["end_at"], pa.timestamp("us"))),
    )
    beside = held.filter(pc.invert(inside)).join(
        shown.select(_KEY), keys=_KEY, join_type="left semi"
    )
    return pa.concat_tables([held.filter(inside), beside.select(held.column_names)])


def _less(rows: pa.Table, others: pa.Table) -> pa.Table:
    """The rows that others do not have as they are."""
    both = pa.concat_tables([rows.select(_WHOLE), others.select(_WHOLE)])
    counted = both.group_by(_WHOLE).aggregate([([], "count_all")])
    same = counted.filter(pc.greater(counted["count_all"], 1)).select(_KEY)
    return rows.join(same, keys=_KEY, join_type="left anti").select(rows.column_names)


def _take_away(rows: Rows, channel_id: int, gone: pa.Table) -> None:
    keys = gone.select([*_KEY, "CreatedAt", "Sub"])
    rows.add(Kind.READING, _of_channel(keys, channel_id), Deleted=True)


def _add(rows: Rows, channel_id: int, added: pa.Table) -> None:
    numbered = added.append_column("ReadingID", rows.reading_ids(added.num_rows))
    at = {"ImportedAt": rows.at, "Sub": rows.number}
    rows.add(Kind.READING, _of_channel(numbered, channel_id), **at, Deleted=False)


def _live_on(rows: Rows, held: Held, channel_id: int, added: pa.Table) -> None:
    """Widen the epochs by what came."""
    for epoch in pc.unique(added["Epoch"]).to_pylist():
        own = added.filter(pc.equal(added["Epoch"], epoch))
        held.write(rows, channel_id, epoch, _grown(held.lives.get(epoch, Life()), own, rows.at))


def _grown(life: Life, own: pa.Table, now: datetime) -> Life:
    ids, times = (pc.min_max(own[name]).as_py() for name in ("EntryID", "CreatedAt"))
    near = own.filter(pc.less(own["CreatedAt"], pa.scalar(now + _NEAR, pa.timestamp("us"))))
    newest = near.sort_by([("CreatedAt", "descending"), ("EntryID", "descending")])
    life = replace(
        life,
        LowestEntryID=min(ids["min"], life.LowestEntryID or ids["min"]),
        HighestEntryID=max(ids["max"], life.HighestEntryID or ids["max"]),
        FirstCreatedAt=min(times["min"], life.FirstCreatedAt or times["min"]),
        LastCreatedAt=max(times["max"], life.LastCreatedAt or times["max"]),
    )
    if not newest.num_rows:
        return life
    at, entry_id = newest["CreatedAt"][0].as_py(), newest["EntryID"][0].as_py()
    if life.NewestCreatedAt is not None and life.NewestCreatedAt > at:
        return life
    return life.moved(entry_id, at)


def _of_channel(rows: pa.Table, channel_id: int) -> pa.Table:
    column = pa.repeat(pa.scalar(channel_id, pa.int64()), rows.num_rows)
    return rows.append_column("ChannelID", column)
