"""Which readings lie where something is unusual, told in a column of their own."""

from collections import defaultdict
from typing import Any

import numpy as np
import pyarrow as pa

from fieldhouse.exporting.columns import UNUSUAL, Chosen, Request

__all__ = ["marked"]


def marked(request: Request, table: pa.Table) -> pa.Table:
    """The readings with a column `UNUSUAL`: what is unusual in which of their fields, or null.

    ``Temperature: spike``, and in the long layout ``spike``: while it lasts, a value of its field.
    What is young, a silence, or called ok by a person, is none.
    """
    said: dict[int, list[str]] = defaultdict(list)
    instants = table["time"].cast(pa.int64()).to_numpy()
    for channel in request.channels:
        own = np.arange(len(instants))
        if "channel" in table.column_names:
            own = np.flatnonzero(table["channel"].to_numpy() == channel.number)
        _say(said, request, channel, table.take(own), instants[own], own)
    texts = ["; ".join(said[row]) if row in said else None for row in range(len(instants))]
    return table.append_column(UNUSUAL, pa.array(texts, pa.string()))


def _say(
    said: dict[int, list[str]],
    request: Request,
    channel: Chosen,
    table: pa.Table,
    instants: np.ndarray[Any, Any],
    rows: np.ndarray[Any, Any],
) -> None:
    """Note what is unusual in a channel by its rows, which are in the order of time."""
    found = request.house.query(
        "anomalies_kept", channel_ids=[channel.number], start_at=request.start, end_at=request.end
    ).to_pylist()
    for one in found:
        name = channel.fields.get(one["FieldNumber"])
        if name is None or one["Kind"] == "SILENCE" or one["IsReal"] is False:
            continue
        first, last = (_instant(one[end]) for end in ("StartedAt", "EndedAt"))
        begin, end = np.searchsorted(instants, [first, last + 1])
        kind = one["Kind"].lower()
        for place in range(begin, end):
            if request.is_long:
                if table["field"][place].as_py() == name:
                    said[rows[place]].append(kind)
            elif table[name][place].is_valid:
                said[rows[place]].append(f"{name}: {kind}")


def _instant(time: Any) -> int:
    return int(np.datetime64(time, "us").astype(np.int64))
