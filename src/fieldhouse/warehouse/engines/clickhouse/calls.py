"""Calls that change several things at once: what their files ask, written in one insert."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

import pyarrow as pa

from fieldhouse.errors import ConfigurationError, StateMoved
from fieldhouse.warehouse import offer
from fieldhouse.warehouse.engines.clickhouse.alone import settle_alerts
from fieldhouse.warehouse.engines.clickhouse.correcting import (
    Corrector,
    Moved,
    Rule,
    leave_days,
)
from fieldhouse.warehouse.engines.clickhouse.deriving import keep_derived
from fieldhouse.warehouse.engines.clickhouse.held import Held, read
from fieldhouse.warehouse.engines.clickhouse.lives import Life
from fieldhouse.warehouse.engines.clickhouse.rows import NEVER, Kind, Rows, said
from fieldhouse.warehouse.engines.clickhouse.session import Session

__all__ = ["HANDS"]

Values = Mapping[str, Any]
_INSTANT = pa.timestamp("us")


def _open_epoch(session: Session, values: Values) -> pa.Table:
    channel_id, number = values["channel_id"], values["number"]
    held, rows = _begun(session, channel_id)
    lives = held.lives
    newest, oldest = max(lives, default=0), min(lives, default=None)
    follows = newest + 1 == number or (oldest is not None and min(oldest, 0) - 1 == number)
    is_there = number in lives and lives[number].StartedAt == values["started_at"]
    if not (follows or is_there):
        raise StateMoved(
            f"epoch {number} of channel {channel_id} does not follow epoch {max(lives, default=0)}"
        )
    if number not in lives:
        life = Life(StartedAt=values["started_at"], Evidence=values["evidence"])
        held.write(rows, channel_id, number, life)
    session.write(rows)
    return session.ask("calls", "open_epoch", **values)


def _settle_entries(session: Session, values: Values) -> pa.Table:
    channel_id, epoch = values["channel_id"], values["epoch"]
    held, rows = _begun(session, channel_id)
    changed = session.ask("calls", "settle_entries", **values)
    gone = pa.array([each == "withdrawn" for each in changed["Finding"].to_pylist()], pa.bool_())
    times = [values["at"] if each else NEVER for each in gone.to_pylist()]
    keys = changed.drop_columns(["Finding"])
    marked = keys.append_column("WithdrawnAt", pa.array(times, _INSTANT))
    rows.add(Kind.READING, marked)
    disputed = _dispute(session, rows, values)
    newest = session.ask(
        "load",
        "newest_counting",
        **{name: values[name] for name in ("channel_id", "epoch", "horizon")},
        left=keys.filter(gone)["EntryID"].to_pylist(),
        back=[
            n for n, g in zip(keys["EntryID"].to_pylist(), gone.to_pylist(), strict=True) if not g
        ],
        disputed=disputed,
    ).to_pylist()
    if epoch in held.lives:
        at = newest[0] if newest else {"EntryID": None, "CreatedAt": None}
        life = held.lives[epoch].moved(at["EntryID"], at["CreatedAt"])
        held.write(rows, channel_id, epoch, life)
    _follow(session, held, rows, keys, marked)
    return _counted(Readings=keys.num_rows)


def _dispute(session: Session, rows: Rows, values: Values) -> list[int]:
    """Write the disputes as they are now; the entries of all that there are then."""
    found = dict(
        zip(
            values["entry_ids"],
            zip(values["created_ats"], values["findings"], strict=True),
            strict=True,
        )
    )
    where = {"channel_id": values["channel_id"], "epoch": values["epoch"]}
    held = session.ask("load", "held_disputes", **where).to_pylist()
    raised = {
        entry_id: at for entry_id, (at, finding) in found.items() if finding in ("disputed", "kept")
    }
    for row in held:
        if row["EntryID"] in found and raised.get(row["EntryID"]) != row["CreatedAt"]:
            place = {"Epoch": values["epoch"], **row}
            rows.say(Kind.DISPUTE, values["channel_id"], **place, Deleted=True)
    for entry_id, at in raised.items():
        state = "kept" if found[entry_id][1] == "kept" else "open"
        rows.say(
            Kind.DISPUTE,
            values["channel_id"],
            Epoch=values["epoch"],
            EntryID=entry_id,
            CreatedAt=at,
            State=said({"RaisedAt": values["at"], "State": state}),
            Deleted=False,
        )
    return [*raised, *(row["EntryID"] for row in held if row["EntryID"] not in found)]


def _judge_epoch(session: Session, values: Values) -> pa.Table:
    channel_id, epoch = values["channel_id"], values["epoch"]
    held, rows = _begun(session, channel_id)
    (found,) = session.ask("calls", "judge_epoch", **values)["Reimports"].to_pylist()
    names = ("Epoch", "OlderEpoch", "SpanStart", "SpanEnd", "OlderReadings", "ShownAgain")
    judged = [dict(zip(names, each.values(), strict=True)) for each in found]
    every = session.ask("load", "held_reimports", channel_id=channel_id).to_pylist()
    all_of_them = [*(row for row in every if row["Epoch"] > epoch), *judged]
    changed = session.ask(
        "load",
        "judged_readings",
        **values,
        older_epochs=[each["OlderEpoch"] for each in all_of_them],
        first_ats=[each["SpanStart"] for each in all_of_them],
        last_ats=[each["SpanEnd"] for each in all_of_them],
    )
    if judged or every:
        rows.say(Kind.REIMPORTS, channel_id, State=said([_naive(row) for row in all_of_them]))
    rows.add(Kind.READING, changed)
    _follow(session, held, rows, changed.drop_columns(["Superseded"]), changed)
    flags = changed["Superseded"].to_pylist()
    return _counted(Superseded=sum(flags), Restored=len(flags) - sum(flags))


def _set_correction(session: Session, values: Values) -> pa.Table:
    channel_id = values["channel_id"]
    held, rows = _begun(session, channel_id)
    (known,) = session.ask("calls", "set_correction", **values).to_pylist()
    if not known["IsKnown"]:
        raise ConfigurationError(f"channel {channel_id} is not in the warehouse")
    if known["ArchivedBefore"] is not None and known["ArchivedBefore"] > values["span_start"]:
        raise ConfigurationError(
            f"what is before {known['ArchivedBefore']:%Y-%m-%d} of channel {channel_id} is archived"
            " and stays as it was computed: begin there or later"
        )
    if known["MadeAs"] is not None:
        return _counted(CorrectionID=known["MadeAs"], Readings=0, Beyond=0)
    number = (known["Newest"] or 0) + 1
    rule = _rule(number, values)
    rows.say(Kind.RULE, channel_id, EntryID=number, State=said(rule.told()))
    moved = _apply(session, rows, channel_id, [*held.rules, rule], rule, corrected=False)
    return _counted(CorrectionID=number, Readings=moved.readings, Beyond=moved.beyond)


def _remove_correction(session: Session, values: Values) -> pa.Table:
    number = values["correction_id"]
    found = session.ask("calls", "remove_correction", **values).to_pylist()
    if not found:
        raise ConfigurationError(f"there is no correction {number}")
    (row,) = found
    rule = Rule.read(number, row["State"])
    if rule.RemovedAt is not None and rule.RemovedAt != values["removed_at"]:
        raise ConfigurationError(
            f"correction {number} was removed already, on {rule.RemovedAt:%Y-%m-%d} by"
            f" {rule.RemovedBy}"
        )
    channel_id = row["ChannelID"]
    held, rows = _begun(session, channel_id)
    removed = rule.removed(values["removed_by"], values["removed_at"])
    rows.say(Kind.RULE, channel_id, EntryID=number, State=said(removed.told()))
    left = [each for each in held.rules if each.CorrectionID != number]
    moved = _apply(session, rows, channel_id, left, rule, corrected=True)
    archived = row["ArchivedBefore"]
    reaches = archived if archived is not None and archived > rule.SpanStart else None
    return pa.table(
        {
            "ChannelID": pa.array([channel_id], pa.int64()),
            "Readings": pa.array([moved.readings], pa.int64()),
            "ArchivedBefore": pa.array([reaches], _INSTANT),
        }
    )


HANDS: Final[Mapping[str, Callable[[Session, Values], pa.Table]]] = {
    "judge_epoch": _judge_epoch,
    "keep_derived": keep_derived,
    "open_epoch": _open_epoch,
    "remove_correction": _remove_correction,
    "set_correction": _set_correction,
    "settle_alerts": settle_alerts,
    "settle_entries": _settle_entries,
}
"""The calls whose writing is one insert of several kinds of rows."""


def _begun(session: Session, channel_id: int) -> tuple[Held, Rows]:
    """A channel as it is held, and rows to be written of it."""
    held, at = read(session, {channel_id})
    return held[channel_id], Rows(at)


def _follow(session: Session, held: Held, rows: Rows, changed: pa.Table, over: pa.Table) -> None:
    """Mark the periods of readings that changed, apply the rules to them, and write it all."""
    rows.mark(changed)
    if held.rules and changed.num_rows:
        (channel_id, *_) = changed["ChannelID"].to_pylist()
        Corrector(session, rows, {channel_id: held.rules}).correct(changed, over)
    session.write(rows)
    leave_days(session, rows)


def _rule(number: int, values: Values) -> Rule:
    named = {
        "FieldNumber": "field_number",
        "RequestID": "request_id",
        "Kind": "kind",
        "SpanStart": "span_start",
        "SpanEnd": "span_end",
        "Condition": "condition",
        "LowValue": "low_value",
        "HighValue": "high_value",
        "IsOutside": "is_outside",
        "ScaleFactor": "scale_factor",
        "OffsetValue": "offset_value",
        "ShiftSeconds": "shift_seconds",
        "Reason": "reason",
        "MadeBy": "made_by",
        "MadeAt": "made_at",
    }
    return Rule(CorrectionID=number, **{column: values[name] for column, name in named.items()})


def _apply(
    session: Session,
    rows: Rows,
    channel_id: int,
    rules: list[Rule],
    about: Rule,
    *,
    corrected: bool,
) -> Moved:
    """Work out anew what a rule that comes or goes is about; write it; judge the days after."""
    span = {"channel_id": channel_id, "start_at": about.SpanStart, "end_at": about.SpanEnd}
    instants = session.ask("load", "instants", **span, corrected=corrected)
    moved = Moved(0, 0, instants.slice(0, 0))
    if instants.num_rows:
        moved = Corrector(session, rows, {channel_id: rules}).correct(instants)
    days = sorted(set(moved.places["CreatedAt"].cast(pa.date32()).to_pylist()))
    if days:
        after = session.ask("load", "judged_after", channel_id=channel_id, days=days)
        rows.mark_periods(after.cast(offer.MARKS))
    session.write(rows)
    leave_days(session, rows)
    return moved


def _counted(**counts: int) -> pa.Table:
    return pa.table({name: pa.array([count], pa.int64()) for name, count in counts.items()})


def _naive(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: value.replace(tzinfo=None) if isinstance(value, datetime) else value
        for name, value in row.items()
    }
