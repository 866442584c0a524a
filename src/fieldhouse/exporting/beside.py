"""Channels side by side: one row a time, the columns of each channel beside those of the others."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import numpy as np
import pyarrow as pa

from fieldhouse.errors import ConfigurationError
from fieldhouse.exporting.columns import Chosen, Request
from fieldhouse.times import length_of

__all__ = ["joined", "tolerance"]

Places = np.ndarray[Any, np.dtype[np.int64]]


def tolerance(align: str | timedelta | None, request: Request) -> int | None:
    """How old, in microseconds, a reading beside another may be; None where none is aligned."""
    if align is None:
        return None
    if request.length or request.is_long:
        raise ConfigurationError("align is of readings side by side: leave out every and layout")
    length = length_of(align)
    if length.months:
        raise ConfigurationError(f"align={align!r}: write seconds, minutes, hours or days")
    return (length.days * 86_400 + length.seconds) * 1_000_000


def joined(
    channels: Sequence[Chosen], tables: Sequence[pa.Table], tolerance: int | None
) -> pa.Table:
    """One table: at all times of any table, or with a tolerance at those of the first.

    With a tolerance the value beside is that of the newest reading that is no newer than the row
    and no older than that; without one it is that of the same time.
    """
    own = [table["time"].cast(pa.int64()).to_numpy() for table in tables]
    times = np.unique(np.concatenate(own)) if tolerance is None else own[0]
    fields = [tables[0].schema.field("time")]
    columns = [pa.array(times).cast(pa.timestamp("us", "UTC")).cast(fields[0].type)]
    for channel, table, instants in zip(channels, tables, own, strict=True):
        places = _places(instants, times, tolerance or 0)
        for field in list(table.schema)[1:]:
            fields.append(pa.field(f"{field.name} ({channel.number})", field.type))
            columns.append(table[field.name].take(pa.array(places, mask=places < 0)))
    return pa.table(columns, pa.schema(fields))


def _places(instants: Places, times: Places, tolerance: int) -> Places:
    """For each time the row of the newest instant that is not after it; -1 for one too old."""
    places = np.searchsorted(instants, times, side="right") - 1
    if not len(instants):
        return places
    is_near = (places >= 0) & (times - instants[np.maximum(places, 0)] <= tolerance)
    return np.where(is_near, places, -1)
