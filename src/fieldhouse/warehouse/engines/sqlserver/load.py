"""A load into SQL Server: one call of ``iot.usp_LoadReadings``; for many rows, staging before it.

Everything goes as JSON, which one round trip carries. Readings of a large load are staged first, by
bulk copy where the server can be trusted with it, otherwise by JSON in pieces; the call then finds
them by their number and checks their sums before it writes anything.
"""

import hashlib
import json
import logging
import secrets
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from mssql_python import Connection

from fieldhouse.errors import FieldhouseError
from fieldhouse.readings import NUMBERS, Batch
from fieldhouse.state import Progress
from fieldhouse.warehouse import Counts, offer
from fieldhouse.warehouse.engines.sqlserver.errors import DRIVER_ERRORS, StagingFailed, told
from fieldhouse.warehouse.engines.sqlserver.session import answer, call_text

__all__ = ["ONE_CALL", "Load"]

ONE_CALL = 5_000
"""Readings that go with the call itself; where there are more, pieces of so many are staged."""
_BULK_SECONDS = 600
_KEYS = {
    "Batch": "b",
    "Turn": "u",
    "ChannelID": "c",
    "Epoch": "p",
    "EntryID": "e",
    "CreatedAt": "t",
    **{f"Field{n}": str(n) for n in range(1, 9)},
    "Latitude": "y",
    "Longitude": "x",
    "Elevation": "z",
    "Status": "s",
}
"""The short names of a reading in JSON, the same in usp_LoadReadings and usp_StageReadings."""

logger = logging.getLogger(__name__)


class Load:
    """The batches of one load, ready to be sent as often as it takes.

    ``load_id`` is the load's own number: a load that was written, and whose answer was lost on the
    way, is known by it when it is sent again, and answers what it did.
    """

    def __init__(self, batches: Sequence[Batch], *, bulk: bool = False) -> None:
        self.load_id = secrets.randbits(62)
        self._given = batches
        self._batches = {offer.digest(batch): batch for batch in batches}
        self._bulk = bulk
        self._rows = _readings(list(self._batches.values()))

    @property
    def bulk(self) -> bool:
        """Whether bulk copy is still trusted."""
        return self._bulk

    def send(self, connection: Connection) -> dict[int, Counts]:
        """Load over a connection; the counts by channel."""
        if self._rows.num_rows <= ONE_CALL:
            return self._call(
                connection, readings=_rows_json(self._rows, without=("ChannelID", "Epoch"))
            )
        said = self._send_by_bulk(connection) if self._bulk else None
        if isinstance(said, dict):
            return said
        counts = self._send_staged(connection, _stage_json)
        if said:  # only now is it told from a server that went away
            logger.warning("Readings are staged as JSON from now on, not by bulk copy: %s", said)
            self._bulk = False
        return counts

    def _send_by_bulk(self, connection: Connection) -> dict[int, Counts] | StagingFailed:
        """The counts, or why bulk copy will not do: the load's own connection may still be well."""
        try:
            return self._send_staged(connection, _stage_bulk)
        except StagingFailed as error:
            return error

    def _send_staged(
        self, connection: Connection, stage: Callable[[Connection, int, pa.Table], None]
    ) -> dict[int, Counts]:
        with _staging(connection) as staging_id:
            stage(connection, staging_id, self._rows)
            return self._call(connection, staging_id=staging_id, check=_sums(self._rows))

    def _call(self, connection: Connection, **readings: Any) -> dict[int, Counts]:
        statement, values = call_text(
            "load_readings", {"load_id": self.load_id, **self._parts(), **readings}
        )
        rows = answer(connection, statement, values).to_pylist()
        counts = {row.pop("ChannelID"): Counts(*row.values()) for row in rows}
        for channel_id, doubled in self._doubled().items():
            counts[channel_id] += Counts(duplicates=doubled)
        return counts

    def _doubled(self) -> Mapping[int, int]:
        """Readings of batches that were given more than once, by channel."""
        doubled: Counter[int] = Counter()
        for batch in self._given:
            doubled[batch.channel_id] += batch.readings.num_rows
        for batch in self._batches.values():
            doubled[batch.channel_id] -= batch.readings.num_rows
        return doubled

    def _parts(self) -> dict[str, Any]:
        """All but the readings, as JSON; None for what there is none of."""
        batches = list(enumerate(self._batches.items()))
        metadata = {batch.channel_id: batch.metadata for batch in self._given if batch.metadata}
        return {
            "batches": _json([_batch_row(n, key, batch) for n, (key, batch) in batches]),
            "texts": _json(_rows_of(batches, lambda batch: batch.raw.to_pylist())),
            "rejected": _json(_rows_of(batches, lambda batch: batch.rejected.to_pylist())),
            "spans": _json(_rows_of(batches, _spans)),
            "gaps": _json(_rows_of(batches, _gaps)),
            "labels": _json(_rows_of(batches, _labels)),
            "channels": _json(list(metadata.values())),
        }


def _batch_row(number: int, key: str, batch: Batch) -> dict[str, Any]:
    proven = offer.prove([batch])[batch.channel_id, batch.epoch]
    return {
        "Batch": number,
        "BatchHash": key,
        "Readings": batch.readings.num_rows,
        "HasRows": offer.has_rows(batch),
        "HasProgress": batch.progress != Progress(),
        "HasGaps": batch.progress.gaps is not None,
        "IsShown": not batch.recalled,
        "LabelsAt": batch.progress.labels and batch.progress.labels.at,
        "Version": batch.version,
        **proven.row(),
    }


def _spans(batch: Batch) -> list[dict[str, Any]]:
    return [{"SpanStart": span.start, "SpanEnd": span.end} for span in batch.progress.covered]


def _gaps(batch: Batch) -> list[dict[str, Any]]:
    return offer.prove([batch])[batch.channel_id, batch.epoch].gap_rows()


def _labels(batch: Batch) -> list[dict[str, Any]]:
    shown = batch.progress.labels
    return [{"FieldNumber": n, "Label": text} for n, text in shown.texts] if shown else []


def _rows_of(
    batches: Sequence[tuple[int, tuple[str, Batch]]],
    rows: Callable[[Batch], list[dict[str, Any]]],
) -> list[dict[str, Any]]:
    return [{**row, "Batch": number} for number, (_, batch) in batches for row in rows(batch)]


def _json(rows: Sequence[Mapping[str, Any]]) -> str | None:
    return json.dumps(rows, default=_plain) if rows else None


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


# The readings


def _readings(batches: Sequence[Batch]) -> pa.Table:
    """All readings as one table, with the number of each one's batch and its turn."""
    joined = offer.joined(batches, "readings", offer.OFFERED)
    sizes = [batch.readings.num_rows for batch in batches]
    numbers = np.repeat(np.arange(len(batches), dtype=np.int32), sizes)
    turns = offer.turns(joined) if joined.num_rows else None
    if turns is None:
        turns = np.zeros(joined.num_rows, dtype=np.int64)
    columns = {"Batch": numbers, "Turn": turns.astype(np.int32)}
    for name, column in columns.items():
        joined = joined.append_column(name, pa.array(column))
    return joined.select(list(_KEYS))


def _rows_json(rows: pa.Table, *, without: Sequence[str] = ()) -> str | None:
    """Readings as a JSON array, put together column by column; NULL and turn 0 are left out."""
    if not rows.num_rows:
        return None
    names = [name for name in _KEYS if name not in without and rows[name].null_count < len(rows)]
    parts = [_member(_KEYS[name], _texts(name, rows[name].combine_chunks())) for name in names]
    objects = pc.binary_join_element_wise(*parts, "")
    return "[{" + "},{".join(text[1:] for text in objects.to_pylist()) + "}]"


def _texts(name: str, column: pa.Array) -> pa.Array:
    """A column's values as JSON has them."""
    if name == "Turn":
        column = pc.if_else(pc.equal(column, 0), None, column)
    if name == "CreatedAt":
        instants = pc.replace_substring(column.cast(pa.string()), " ", "T")
        return pc.binary_join_element_wise('"', instants, '"', "")
    if name == "Status":
        texts = (None if text is None else json.dumps(text) for text in column.to_pylist())
        return pa.array(list(texts), pa.string())
    return column.cast(pa.string())


def _member(key: str, texts: pa.Array) -> pa.Array:
    """``,"key":value`` for each value, nothing for a null."""
    return pc.fill_null(pc.binary_join_element_wise(f',"{key}":', texts, ""), "")


def _sums(rows: pa.Table) -> str:
    """What ``iot.usp_TakeStaged`` must find: each value times its row's weight, summed up.

    By the weights a value that slipped into another row is noticed as well. A NULL counts as a
    number that nobody sends, so that it is told from a zero.
    """
    weights = np.fmod(rows["EntryID"].to_numpy(), _WEIGHTS).astype(np.int16) + 1
    weights = pa.array(weights, pa.int16()).cast(pa.decimal128(5, 0))
    since = pc.subtract(rows["CreatedAt"].cast(pa.int64()), _Y2000_MICROSECONDS)
    whole = {name: rows[name] for name in ("Batch", "Turn", "ChannelID", "Epoch", "EntryID")}
    sums = {name: _sum(column, 0, weights) for name, column in {**whole, "At": since}.items()}
    sums |= {name: _sum(rows[name], 6, weights) for name in NUMBERS}
    sums |= {name: _sum(_hashes(rows, code), 0, weights) for name, code in _CODES.items()}
    return json.dumps({"Readings": len(rows), **sums})


def _sum(column: pa.ChunkedArray | pa.Array, scale: int, weights: pa.Array) -> str:
    values = column.cast(pa.decimal128(19 if scale == 0 else 18, scale))
    if values.null_count:
        values = pc.fill_null(values, _NOBODYS)
    return str(pc.sum(pc.multiply(values, weights).cast(pa.decimal128(38, scale))).as_py())


def _hashes(rows: pa.Table, code: str) -> pa.Array:
    """The first seven bytes of each text's hash, as a number; 0 where there is none."""
    texts = rows["Status"]
    if texts.null_count == len(texts):
        return pa.array(np.zeros(len(texts), np.int64))
    return pa.array([0 if text is None else _hash(text.encode(code)) for text in texts.to_pylist()])


def _hash(text: bytes) -> int:
    return int.from_bytes(hashlib.sha256(text).digest()[:7], "big")


_Y2000_MICROSECONDS = 946_684_800_000_000
_WEIGHTS = 1009  # a prime; it and the next are the same in usp_TakeStaged
_NOBODYS = pa.scalar(Decimal("-987654321.123457"), pa.decimal128(18, 6))
_CODES = {"TextHashes": "utf-16-le", "TextHashesUTF8": "utf-8"}
"""SQL Server hashes a text as it keeps it, in UTF-16; Babelfish in UTF-8."""


# Staging


@contextmanager
def _staging(connection: Connection) -> Iterator[int]:
    """A number to stage under; what stands there is forgotten afterwards, come what may."""
    staging_id = secrets.randbits(62)
    _do(connection, "open_staging", staging_id=staging_id)
    try:
        yield staging_id
    finally:
        # what a lost connection leaves, the next load clears
        with suppress(*DRIVER_ERRORS, FieldhouseError):
            _do(connection, "close_staging", staging_id=staging_id)


def _stage_json(connection: Connection, staging_id: int, rows: pa.Table) -> None:
    for begin in range(0, rows.num_rows, ONE_CALL):
        piece = _rows_json(rows.slice(begin, ONE_CALL))
        _do(connection, "stage_readings", staging_id=staging_id, readings=piece)


def _stage_bulk(connection: Connection, staging_id: int, rows: pa.Table) -> None:
    numbers = pa.repeat(pa.scalar(staging_id, pa.int64()), rows.num_rows)
    staged = rows.add_column(0, "StagingID", numbers)
    cursor = connection.cursor()
    try:
        # a connection of its own, and several transactions: the load's call checks what came of it
        cursor.bulkcopy_arrow("iot.StagedReadings", staged, timeout=_BULK_SECONDS)
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # a panic of the driver's core is no Exception
        # whatever it says: its login is another one, and may fail for ever where ours does not
        raise StagingFailed(str(told("bulk copy", str(error)))) from None
    finally:
        cursor.close()


def _do(connection: Connection, name: str, **parameters: Any) -> None:
    answer(connection, *call_text(name, parameters))
