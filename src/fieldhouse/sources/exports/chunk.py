"""What a piece of a file becomes: typed readings, the texts beside them, and what was rejected."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fieldhouse.readings import NUMBERS, RAW
from fieldhouse.typed import type_columns

__all__ = ["MAX_ID", "Chunk", "Ints", "Rejected", "made"]

Ints = np.ndarray[Any, np.dtype[np.int64]]

MAX_ID = 10**18
"""No channel counts so far; it is the same for what ThingSpeak answers."""
_ID = r"^0{0,9}([1-9][0-9]{0,17}|1000000000000000000)$"
_CHANNEL = r"^-?[1-9][0-9]{0,17}$"


@dataclass(frozen=True, slots=True)
class Rejected:
    """An entry that cannot be a reading: where it stands, its JSON text, and what it lacks."""

    place: int
    text: str
    reason: str


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some entries of a file, typed; ``places`` are the lines, or numbers, they stand at.

    ``readings`` and ``raw`` have the schemas of ``fieldhouse.readings``. Where the file has no
    entry ids they are counted from 1 within the chunk: ``numbered`` gives them others.
    """

    places: Ints
    readings: pa.Table
    raw: pa.Table
    rejected: tuple[Rejected, ...] = ()
    has_bare_times: bool = False
    """Whether a time named no zone, and none was given: it was read as UTC."""
    channels: Ints | None = None
    """Whose each entry is, where the file says it of each; 0 where it is no number."""
    labels: Mapping[int, Mapping[int, str]] = field(default_factory=dict)
    """What the rows so far called the fields of each channel, where they say it."""

    def numbered(self, ids: Ints) -> "Chunk":
        """The same entries under other ids, one for each, where they were counted from 1."""
        new = pa.array(ids, pa.int64())
        raw = self.raw
        if raw.num_rows:
            own = new.take(pc.subtract(raw["EntryID"].combine_chunks(), 1))
            raw = raw.set_column(0, RAW.field(0), own)
        readings = self.readings.set_column(0, self.readings.schema.field(0), new)
        return replace(self, readings=readings, raw=raw)

    def chosen(self, mask: "np.ndarray[Any, np.dtype[np.bool_]]") -> "Chunk":
        """Some of its entries, by a flag each; what was rejected is not among them."""
        if mask.all():
            return replace(self, rejected=())
        readings = self.readings.filter(pa.array(mask))
        kept = pc.is_in(self.raw["EntryID"], readings["EntryID"].combine_chunks())
        channels = self.channels[mask] if self.channels is not None else None
        return Chunk(self.places[mask], readings, self.raw.filter(kept), channels=channels)


def made(
    columns: Mapping[str, pa.Array],
    times: pa.Array,
    places: Ints,
    *,
    decimal_comma: bool,
    rejected: tuple[Rejected, ...] = (),
) -> Chunk:
    """Type columns of text, by the names of ThingSpeak's keys, null where they are missing.

    Without ``entry_id`` among them, ids are counted. An entry without a usable id or time is
    rejected.
    """
    ids = _ids(columns["entry_id"]) if "entry_id" in columns else pa.array(range(1, len(times) + 1))
    usable = pc.and_(pc.is_valid(ids), pc.is_valid(times))
    if not pc.all(usable).as_py():
        rejected += _rejected(columns, ids, pc.invert(usable), places)
        columns = {name: column.filter(usable) for name, column in columns.items()}
        ids, times = ids.filter(usable), times.filter(usable)
        places = places[usable.to_numpy(zero_copy_only=False)]
        if "entry_id" not in columns:
            ids = pa.array(range(1, len(times) + 1))
    texts = {name: columns[name.lower()] for name in NUMBERS if name.lower() in columns}
    rows = type_columns(ids, times, texts, columns.get("status"), decimal_comma=decimal_comma)
    channels = None
    if "channel" in columns:
        channels = _ids(columns["channel"], _CHANNEL).fill_null(0).to_numpy()
    rejected = tuple(sorted(rejected, key=lambda r: r.place))
    return Chunk(places, rows.readings, rows.raw, rejected, channels=channels)


def _ids(text: pa.Array, form: str = _ID) -> pa.Array:
    stripped = pc.utf8_trim_whitespace(text)
    return pc.if_else(pc.match_substring_regex(stripped, form), stripped, None).cast(pa.int64())


def _rejected(
    columns: Mapping[str, pa.Array], ids: pa.Array, lacking: pa.Array, places: Ints
) -> tuple[Rejected, ...]:
    """Entries without a usable id or time; a row in which nothing stands is no entry."""
    found = []
    for row in np.flatnonzero(lacking.to_numpy(zero_copy_only=False)):
        texts = {name: column[row].as_py() for name, column in columns.items()}
        if all(text is None for text in texts.values()):
            continue
        reason = "no usable created_at" if ids[row].is_valid else "no usable entry_id"
        text = json.dumps(texts, ensure_ascii=False)
        found.append(Rejected(int(places[row]), text, reason))
    return tuple(found)
