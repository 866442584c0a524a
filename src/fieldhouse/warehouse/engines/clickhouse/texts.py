"""Texts beside readings: which of the offered are new, which of the held no longer hold (pure)."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any, NamedTuple

import pyarrow as pa

from fieldhouse.readings import type_text
from fieldhouse.warehouse import offer

__all__ = ["are_within", "news", "stale"]

Place = tuple[int, int, int, str]
"""A channel, an epoch, an entry, a column."""


class Stale(NamedTuple):
    """Held texts whose reason no longer holds; and those that were replaced, to be kept so."""

    gone: pa.Table
    replaced: pa.Table


def are_within(texts: pa.Table, offered: pa.Table) -> bool:
    """Whether all texts are of entries between those that are offered."""
    if not texts.num_rows or not offered.num_rows:
        return not texts.num_rows
    inner, outer = offer.bounds(texts), offer.bounds(offered)
    return (
        outer.first_channel <= inner.first_channel
        and inner.last_channel <= outer.last_channel
        and outer.first_entry <= inner.first_entry
        and inner.last_entry <= outer.last_entry
    )


def news(offered: pa.Table, held: pa.Table) -> pa.Table:
    """The offered texts that are not held, each once: ``offer.OFFERED_RAW``."""
    distinct = offered.group_by(offered.column_names).aggregate([])
    if held.num_rows:
        held = held.select(offer.OFFERED_RAW.names).cast(offer.OFFERED_RAW)
        names = offer.OFFERED_RAW.names
        distinct = distinct.join(held, keys=names, join_type="left anti")
    return distinct.select(offer.OFFERED_RAW.names).cast(offer.OFFERED_RAW)


def stale(held: pa.Table, offered: pa.Table, texts: pa.Table) -> Stale:
    """Held texts of entries that come again, with a value or another text in that column.

    What the source no longer says has been replaced; a comma that is read as a point now has not.
    """
    told = _by_place(texts)
    values = _values_at(offered, {tuple(row.values())[:4] for row in held.to_pylist()})
    gone, replaced = [], []
    for row in held.to_pylist():
        if row["Reason"] == "replaced":
            continue
        *key, text, reason = row.values()
        place: Place = tuple(key)
        if place not in values or (text, reason) in told[place]:
            continue
        value, given = values[place], [each for each, _ in told[place]]
        if value is None and not given:
            continue
        gone.append(row)
        if text not in given if given else not _is_value(text, value):
            replaced.append({**row, "Reason": "replaced"})
    schema = offer.OFFERED_RAW
    return Stale(pa.Table.from_pylist(gone, schema), pa.Table.from_pylist(replaced, schema))


def _by_place(texts: pa.Table) -> "defaultdict[Place, list[tuple[str, str]]]":
    told: defaultdict[Place, list[tuple[str, str]]] = defaultdict(list)
    for *place, text, reason in zip(*texts.to_pydict().values(), strict=True):
        told[tuple(place)].append((text, reason))
    return told


def _values_at(offered: pa.Table, asked: set[tuple[Any, ...]]) -> dict[Place, Any]:
    """The offered values at these places; those of entries that are not offered are not there."""
    return dict(_found(offered, asked))


def _found(offered: pa.Table, asked: set[tuple[Any, ...]]) -> Iterator[tuple[Place, Any]]:
    rows = zip(*(offered[n].to_pylist() for n in ("ChannelID", "Epoch", "EntryID")), strict=True)
    number = {key: at for at, key in enumerate(rows)}  # of an entry offered twice the later stands
    for channel_id, epoch, entry_id, column in asked:
        at = number.get((channel_id, epoch, entry_id))
        if at is not None and column in offered.column_names:
            yield (channel_id, epoch, entry_id, column), offered[column][at].as_py()


def _is_value(text: str, value: Any) -> bool:
    """Whether a text is what the value says, with a comma for its point."""
    number, _ = type_text(text.replace(",", "."))
    return number is not None and number == value
