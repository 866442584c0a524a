"""Offered readings beside held ones, column by column: what is new, what changes (pure)."""

from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fieldhouse.errors import EntryConflict
from fieldhouse.readings import NUMBERS
from fieldhouse.warehouse import offer

__all__ = ["HELD", "VALUES", "Compared", "at_places", "compared", "laid_over", "places"]

Ints = np.ndarray[Any, np.dtype[np.int64]]

VALUES = (*NUMBERS, "Status")
KEY = ("ChannelID", "Epoch", "EntryID")
INSTANT = pa.timestamp("us")
HELD = pa.schema(
    [
        ("ReadingID", pa.int64()),
        *offer.OFFERED,
        ("Superseded", pa.bool_()),
        ("ImportedAt", INSTANT),
        ("WithdrawnAt", INSTANT),
        ("CorrectedAt", INSTANT),
    ]
)
"""A reading as it is held; the columns of ``iot.AllReadings``."""


class Compared(NamedTuple):
    """What offered readings are to those that are held."""

    new: pa.Table
    changed: pa.Table
    """Rows that bring values which ours lack or differ in, or show what did not count."""
    replaced: pa.Table
    """The values that differ, as texts to be kept: ``offer.OFFERED_RAW``."""


def compared(offered: pa.Table, held: pa.Table) -> Compared:
    """Compare readings, no key of which is there twice. Raises EntryConflict."""
    place = places(offered, held)
    is_held = place >= 0
    both, ours = offered.filter(pa.array(is_held)), held.take(pa.array(place[is_held]))
    _check_times(both, ours)
    differs = np.zeros(both.num_rows, dtype=bool)
    replaced = []
    for name in VALUES:
        if both[name].null_count == both.num_rows:
            continue
        brings = pc.is_valid(both[name])
        other = pc.not_equal(both[name], ours[name])  # null where either is
        differs |= np.asarray(pc.and_(brings, pc.fill_null(other, True)), dtype=bool)
        replaced.append(_texts(ours.filter(pc.fill_null(other, False)), name))
    revived = pc.and_(both["IsShown"], _does_not_count(ours))
    changed = pa.array(differs | np.asarray(revived, dtype=bool))
    return Compared(
        offered.filter(pa.array(~is_held)),
        _revived(both.filter(changed), ours.filter(changed)),
        pa.concat_tables([offer.OFFERED_RAW.empty_table(), *replaced]),
    )


def places(wanted: pa.Table, held: pa.Table) -> Ints:
    """Where in ``held`` each reading's key is; -1 where it is not. No key is twice in either."""
    count = held.num_rows
    keys = [
        np.concatenate([held[name].to_numpy(), wanted[name].to_numpy()]).astype(np.int64)
        for name in KEY
    ]
    order = np.lexsort(keys)
    same = np.ones(max(len(order) - 1, 0), dtype=bool)
    for key in keys:
        same &= np.diff(key[order]) == 0
    found = np.full(wanted.num_rows, -1, dtype=np.int64)
    pairs = np.flatnonzero(same)  # held before wanted: lexsort is stable
    found[order[pairs + 1] - count] = order[pairs]
    return found


def laid_over(held: pa.Table, over: pa.Table) -> pa.Table:
    """``HELD`` with rows over it: their values that are not NULL stand; new keys come after."""
    over = _whole(over)
    place = places(over, held)
    at = np.full(held.num_rows, -1, dtype=np.int64)
    at[place[place >= 0]] = np.flatnonzero(place >= 0)
    above = over.take(pa.array(at, mask=at < 0))
    merged = [pc.coalesce(above[name], held[name]) for name in HELD.names]
    new = over.filter(pa.array(place < 0))
    whole = pa.concat_tables([pa.table(merged, schema=HELD), new])
    for name in ("WithdrawnAt", "CorrectedAt"):
        whole = whole.set_column(whole.schema.get_field_index(name), name, _told(whole[name]))
    superseded = pc.fill_null(whole["Superseded"], False)
    return whole.set_column(whole.schema.get_field_index("Superseded"), "Superseded", superseded)


def _told(times: pa.ChunkedArray) -> pa.ChunkedArray:
    """Times without what says that there is none."""
    is_none = pc.equal(times, pa.scalar(0, INSTANT))
    return pc.if_else(is_none, pa.scalar(None, INSTANT), times)


def at_places(rows: pa.Table, instants: pa.Table) -> pa.Table:
    """Those of the rows that stand at one of the instants, by ``ChannelID`` and ``CreatedAt``."""
    at = [np.asarray(table["CreatedAt"].cast(pa.int64())) for table in (rows, instants)]
    of = [table["ChannelID"].to_numpy() for table in (rows, instants)]
    wanted = np.zeros(rows.num_rows, dtype=bool)
    for channel_id in np.unique(of[1]):
        here = of[0] == channel_id
        wanted[here] = np.isin(at[0][here], at[1][of[1] == channel_id])
    return rows.filter(pa.array(wanted))


def _check_times(offered: pa.Table, held: pa.Table) -> None:
    moved = pc.not_equal(offered["CreatedAt"], held["CreatedAt"])
    count = pc.sum(moved).as_py()
    if not count:
        return
    rows = offered.filter(moved).select(["ChannelID", "EntryID", "CreatedAt"])
    rows = rows.append_column("HeldAt", held.filter(moved)["CreatedAt"])
    first = sorted(tuple(row.values()) for row in rows.to_pylist())[:20]
    raise EntryConflict(
        "entry {1} of channel {0} came with {2} and is held with {3}".format(*first[0])
        + f" ({count} such entries)",
        tuple((entry_id, held_at) for _, entry_id, _, held_at in first),
    )


def _texts(rows: pa.Table, name: str) -> pa.Table:
    columns = [rows[key] for key in KEY]
    constants = [pa.repeat(pa.scalar(text), rows.num_rows) for text in (name, "replaced")]
    columns += [constants[0], rows[name].cast(pa.string()), constants[1]]
    return pa.table(columns, schema=offer.OFFERED_RAW)


def _does_not_count(rows: pa.Table) -> pa.Array:
    return pc.or_(rows["Superseded"], pc.is_valid(rows["WithdrawnAt"]))


def _revived(offered: pa.Table, held: pa.Table) -> pa.Table:
    """Offered rows as they are written: what its source shows is there, and counts."""
    shown = offered["IsShown"]
    superseded = pc.if_else(pc.and_(shown, held["Superseded"]), False, pa.scalar(None, pa.bool_()))
    is_back = pc.and_(shown, pc.is_valid(held["WithdrawnAt"]))
    back = pc.if_else(is_back, pa.scalar(0, INSTANT), pa.scalar(None, INSTANT))
    rows = offered.drop_columns(["IsShown"])
    return rows.append_column("Superseded", superseded).append_column("WithdrawnAt", back)


def _whole(rows: pa.Table) -> pa.Table:
    """Rows with all columns of ``HELD``."""
    columns = [
        rows[f.name] if f.name in rows.column_names else pa.nulls(rows.num_rows, f.type)
        for f in HELD
    ]
    return pa.table(columns, schema=HELD)
