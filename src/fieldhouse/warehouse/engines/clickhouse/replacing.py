"""Rows of a kept table put in the place of those that are there, for a copy.

What the tables are views of is written in one insert. What was there is taken out before, so that a
part that a copy puts in once more is not there for a moment; a fresh copy takes nothing out.
"""

import dataclasses
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, Final
from uuid import uuid4

import pyarrow as pa
import pyarrow.compute as pc

from fieldhouse.state import Span
from fieldhouse.warehouse.engines.clickhouse.findings import SHAPED
from fieldhouse.warehouse.engines.clickhouse.held import Held, read
from fieldhouse.warehouse.engines.clickhouse.lives import Life
from fieldhouse.warehouse.engines.clickhouse.load import text_id
from fieldhouse.warehouse.engines.clickhouse.rows import ROWS, Kind, Rows, said
from fieldhouse.warehouse.engines.clickhouse.session import Session
from fieldhouse.warehouse.kept import KEPT, Kept, Part

__all__ = ["replace"]

_ROWS = "iot.Rows"
_READINGS = ("SensorReadings", "SensorReadings_Archive")
_TABLES: Final[Mapping[str, str]] = {
    "AggregatedData": "iot.Periods",
    "AnomalyChannels": "iot.Findings",
    "AnomalyModels": "iot.Models",
    "AnomalyModelsKept": "iot.Models",
    "AnomalySpells": "iot.Findings",
    "DataQuality": "iot.Judgements",
    "PipelineRuns": "iot.Runs",
    "RequestBudget": "iot.CountedRequests",
    "AccessTokens": "iot.Tokens",
    "SavedQueries": "iot.KeptQueries",
}
"""Views of a table that has their columns, or has them in another shape."""
_DERIVED = "AnomalyChannels"
"""A view of what models and spells say; of its own it only adds to that."""
_KINDS: Final[Mapping[str, tuple[int, ...]]] = {
    "RawValues": (Kind.TEXT,),
    "RejectedEntries": (Kind.REJECTED,),
    "LoadLedger": (Kind.BATCH,),
    "PeriodMarks": (Kind.MARK,),
    "AnomalyMarks": (Kind.ODD_MARK,),
    "AnomalyLabels": (Kind.ODD_LABEL,),
    "Disputes": (Kind.DISPUTE,),
    "Corrections": (Kind.RULE,),
    "CorrectedReadings": (Kind.CORRECTED,),
    "ChannelTags": (Kind.TAG,),
    "FieldRanges": (Kind.RANGE,),
    "DerivedFields": (Kind.DERIVED,),
    "DerivedSources": (Kind.SOURCE,),
    "DerivedMarks": (Kind.DERIVED_MARK,),
    "Channels": (Kind.CHANNEL, Kind.POLLED, Kind.ARCHIVED),
    "FieldLabels": (Kind.LABELS,),
    "Reimports": (Kind.REIMPORTS,),
}
"""Views of rows of some kinds, which are told by nothing else."""
_CALLED = {
    "RawValues": {},
    "RejectedEntries": {"EntryText": "RawValue", "RejectedAt": "ImportedAt"},
    "LoadLedger": {"BatchHash": "RawValue", "LoadedAt": "ImportedAt"},
    "PeriodMarks": {"PeriodStart": "CreatedAt"},
    "CorrectedReadings": {"ChangedFields": "State"},
    "ChannelTags": {"Tag": "RawValue"},
    "DerivedSources": {"SourceChannelID": "EntryID"},
    "DerivedMarks": {"Hour": "CreatedAt"},
}
"""What columns of a view are called in the rows."""


def replace(session: Session, name: str, part: Part, rows: pa.Table) -> None:
    """Replace a part of a table of ``kept.KEPT``."""
    table = KEPT[name]
    if name in _LIVES:
        _replace_lives(session, table, part, rows)
        return
    if name != _DERIVED and _is_there(session, table, part):
        _take_out(session, table, part)
    if not rows.num_rows:
        return
    if name in _TABLES:
        shaped = SHAPED[name](rows, _begun(session).number) if name in SHAPED else rows
        _insert(session, _TABLES[name], shaped)
        return
    if name == "AnomalyLabels":
        _keep_labels(session, rows)
        return
    _insert(session, _ROWS, _MADE.get(name, _named(name))(session, rows))
    if name == "SensorReadings_Archive":
        _cut(session, rows)


# What was there


def _is_there(session: Session, table: Kept, part: Part) -> bool:
    where, values = _where(part, table.at)
    found = session.answer(
        session.named(f"SELECT 1 AS n FROM iot.{table.name} WHERE {where} LIMIT 1"),  # noqa: S608
        values,
    )
    return bool(found.num_rows)


def _take_out(session: Session, table: Kept, part: Part) -> None:
    if table.name in _READINGS:
        where, values = _where(part, table.at)
        inner = f"SELECT ReadingID FROM iot.{table.name} WHERE {where}"  # noqa: S608
        where = f"Kind = {Kind.READING} AND ReadingID IN ({inner})"
    elif table.name.startswith("AnomalyModels"):
        where, values = _where(part, None)
        inner = f"SELECT ChannelID, Day FROM iot.{table.name} WHERE {where}"  # noqa: S608
        where = f"(ChannelID, Day) IN ({inner})"
    else:
        at = _CALLED.get(table.name, {}).get(table.at or "", table.at)
        where, values = _where(part, at)
        if table.name == "AnomalySpells":
            where = f"notEmpty(Spells) AND {where}"  # days without any say how far was judged
        elif kinds := _KINDS.get(table.name):
            where = f"Kind IN ({', '.join(map(str, kinds))}) AND {where}"
    physical = _TABLES.get(table.name, _ROWS)
    session.do(session.named(f"ALTER TABLE {physical} DELETE WHERE {where}"), values)


def _where(part: Part, at: str | None) -> tuple[str, dict[str, Any]]:
    bounds = {
        "first": ("ChannelID >= {first:Int64}", part.first),
        "last": ("ChannelID <= {last:Int64}", part.last),
        "start": (f"{at} >= {{start:DateTime64(6, 'UTC')}}", part.start),
        "end": (f"{at} < {{end:DateTime64(6, 'UTC')}}", part.end),
    }
    given = {name: (text, value) for name, (text, value) in bounds.items() if value is not None}
    where = " AND ".join(text for text, _ in given.values()) or "1"
    return where, {name: value for name, (_, value) in given.items()}


# What comes


def _insert(session: Session, table: str, rows: pa.Table) -> None:
    """One insert; the same rows once more are others, since some may have been taken out."""
    token = {"insert_deduplication_token": uuid4().hex}
    session.transport.insert(session.named(table), rows, token)


Make = Callable[[Session, pa.Table], pa.Table]


def _named(name: str) -> Make:
    """Rows of the columns that a table has, as they are called there; one kind."""

    def made(_: Session, rows: pa.Table) -> pa.Table:
        called = _CALLED.get(name, {})
        rows = rows.rename_columns([called.get(column, column) for column in rows.column_names])
        kinds = _KINDS.get(name, (Kind.READING,))
        return _of_kind(rows.select([n for n in rows.column_names if n in ROWS.names]), kinds[0])

    return made


def _of_kind(rows: pa.Table, kind: int, **constants: Any) -> pa.Table:
    for name, value in {"Kind": kind, **constants}.items():
        column = pa.repeat(pa.scalar(value, ROWS.field(name).type), rows.num_rows)
        rows = rows.append_column(name, column)
    return rows


def _rejected(session: Session, rows: pa.Table) -> pa.Table:
    ids = pa.array([text_id(text) for text in rows["EntryText"].to_pylist()], pa.int64())
    return _named("RejectedEntries")(session, rows).append_column("EntryID", ids)


def _batches(session: Session, rows: pa.Table) -> pa.Table:
    made = _named("LoadLedger")(session, rows)
    return made.append_column("ChannelID", pa.repeat(pa.scalar(0, pa.int64()), made.num_rows))


def _marks(session: Session, rows: pa.Table) -> pa.Table:
    held = _begun(session)
    held.mark_periods(rows)
    return held.table()


def _odd_marks(session: Session, rows: pa.Table) -> pa.Table:
    days = rows["Day"].cast(pa.timestamp("us"))
    made = pa.table({"ChannelID": rows["ChannelID"], "CreatedAt": days})
    return _of_kind(made, Kind.ODD_MARK, Mark=_begun(session).number)


def _keep_labels(session: Session, rows: pa.Table) -> None:
    parameters = {
        **{"channels": "ChannelID", "starts": "StartedAt", "field_numbers": "FieldNumber"},
        **{"families": "Family", "reals": "IsReal", "people": "LabelledBy"},
        **{"instants": "LabelledAt", "ends": "EndedAt", "lows": "Low", "highs": "High"},
    }
    given = {name: rows[column].to_pylist() for name, column in parameters.items()}
    session.run("load", "keep_labels", **given)


def _derived_marks(session: Session, rows: pa.Table) -> pa.Table:
    number = pa.scalar(_begun(session).number, pa.int64())
    made = _named("DerivedMarks")(session, rows)
    return made.append_column("Mark", pa.repeat(number, made.num_rows))


def _corrected(session: Session, rows: pa.Table) -> pa.Table:
    number = pa.scalar(_begun(session).number, pa.uint64())
    made = _named("CorrectedReadings")(session, rows)
    return made.append_column("Sub", pa.repeat(number, made.num_rows))


def _said(kind: int, key: str | None, *, less: tuple[str, ...] = ()) -> Make:
    """A row each, of which all but its key is said in ``State``."""

    def made(session: Session, rows: pa.Table) -> pa.Table:
        held = _begun(session)
        for row in rows.to_pylist():
            channel_id = row.pop("ChannelID")
            place = {"EntryID": row.pop(key)} if key else {}
            place |= {name: row.pop(name) for name in less}
            held.say(kind, channel_id, **place, State=said(row))
        return held.table()

    return made


def _of_channel(kind: int) -> Make:
    """A row a channel, which says all that there is of it."""

    def made(session: Session, rows: pa.Table) -> pa.Table:
        held = _begun(session)
        of: dict[int, list[dict[str, Any]]] = {}
        for row in rows.to_pylist():
            of.setdefault(row.pop("ChannelID"), []).append(row)
        for channel_id, told in of.items():
            held.say(kind, channel_id, State=said(told))
        return held.table()

    return made


def _channels(session: Session, rows: pa.Table) -> pa.Table:
    held = _begun(session)
    for row in rows.to_pylist():
        channel_id = row.pop("ChannelID")
        archived = {"Before": row.pop("ArchivedBefore")}
        polled = {name: row.pop(name) for name in ("IsActive", "PausedAt")}
        for kind, told in {
            Kind.CHANNEL: row,
            Kind.POLLED: polled,
            Kind.ARCHIVED: archived,
        }.items():
            held.say(kind, channel_id, State=said(told))
    return held.table()


_MADE: Final[Mapping[str, Make]] = {
    "Channels": _channels,
    "Disputes": _said(Kind.DISPUTE, "EntryID", less=("Epoch", "CreatedAt")),
    "Corrections": _said(Kind.RULE, "CorrectionID"),
    "DerivedFields": _said(Kind.DERIVED, "FieldNumber"),
    "DerivedMarks": _derived_marks,
    "FieldRanges": _said(Kind.RANGE, "FieldNumber"),
    "FieldLabels": _of_channel(Kind.LABELS),
    "Reimports": _of_channel(Kind.REIMPORTS),
    "RejectedEntries": _rejected,
    "LoadLedger": _batches,
    "PeriodMarks": _marks,
    "AnomalyMarks": _odd_marks,
    "CorrectedReadings": _corrected,
}


def _cut(session: Session, rows: pa.Table) -> None:
    """What is as old and came as early as these readings is archived."""
    before = pc.max(rows["CreatedAt"]).as_py() + timedelta(microseconds=1)
    cut = {"CutBefore": before, "CutAt": pc.max(rows["ImportedAt"]).as_py()}
    schema = pa.schema([(name, pa.timestamp("us")) for name in cut])
    _insert(session, "iot.ArchiveCuts", pa.Table.from_pylist([cut], schema))


def _begun(session: Session) -> Rows:
    return Rows(read(session, set())[1])


# Lives, of which a row says the coverage and the gaps too

_LIVES: Final = ("Epochs", "Coverage", "Gaps")


def _replace_lives(session: Session, table: Kept, part: Part, rows: pa.Table) -> None:
    where, values = _where(part, None)
    asked = session.named(f"SELECT DISTINCT ChannelID FROM iot.Epochs WHERE {where}")  # noqa: S608
    channels = set(session.answer(asked, values)["ChannelID"].to_pylist())
    held, at = read(session, channels | set(rows["ChannelID"].to_pylist()))
    offered: dict[tuple[int, int], list[dict[str, Any]]] = {}
    for row in rows.to_pylist():
        offered.setdefault((row.pop("ChannelID"), row.pop("Epoch")), []).append(row)
    there = {(channel_id, epoch) for channel_id, one in held.items() for epoch in one.lives}
    written = Rows(at)
    for channel_id, epoch in sorted(there | set(offered)):
        of_it = offered.get((channel_id, epoch), [])
        _write_life(written, held.setdefault(channel_id, Held()), channel_id, epoch, table, of_it)
    if len(written):
        _insert(session, _ROWS, written.table())


def _write_life(
    rows: Rows, held: Held, channel_id: int, epoch: int, table: Kept, offered: list[dict[str, Any]]
) -> None:
    life = held.lives.get(epoch, Life())
    if table.name == "Coverage":
        spans = tuple(Span(row["SpanStart"], row["SpanEnd"]) for row in offered)
        held.write(rows, channel_id, epoch, dataclasses.replace(life, Spans=spans))
    elif table.name == "Gaps":
        held.write(rows, channel_id, epoch, dataclasses.replace(life, Gaps=tuple(offered)))
    elif offered:
        held.write(rows, channel_id, epoch, dataclasses.replace(life, **offered[0]))
    else:  # the epoch is no more
        for number in held.numbers.get(epoch, ()):
            rows.say(Kind.LIFE, channel_id, Epoch=epoch, Sub=number, Deleted=True)
