"""A load into DuckDB, in the steps that need no more statements than there is something to do."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, NamedTuple, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fieldhouse.errors import EntryConflict, StateMoved
from fieldhouse.readings import Batch
from fieldhouse.state import Span
from fieldhouse.warehouse import Counts, offer
from fieldhouse.warehouse.offer import Proven

__all__ = ["Session", "load"]


class Session(Protocol):
    """A connection within a transaction, which runs the files of one folder by name."""

    def run(self, name: str, /, **parameters: Any) -> pa.Table:
        """The last answer of a file's statements."""
        ...

    def register(self, name: str, table: pa.Table) -> None:
        """Let statements read an Arrow table by this name."""
        ...

    def unregister(self, name: str) -> None:
        """Forget the table."""
        ...


class _Held(NamedTuple):
    """What the warehouse held of a channel when the load began."""

    is_known: bool
    epoch: int | None
    highest_id: int
    spans: Sequence[tuple[datetime, datetime]]


class _Tally(NamedTuple):
    """Rows by channel."""

    inserted: Counter[int]
    updated: Counter[int]
    duplicates: Counter[int]
    raw: Counter[int]

    def counts(self, channel_id: int) -> Counts:
        return Counts(*(tally[channel_id] for tally in self))


def load(session: Session, batches: Sequence[Batch]) -> Mapping[int, Counts]:
    """Write the batches through ``session``, whose transaction the caller ends."""
    tally = _Tally(Counter(), Counter(), Counter(), Counter())
    fresh = _claim(session, batches, tally)
    if fresh:
        _load_fresh(session, fresh, tally)
    return {batch.channel_id: tally.counts(batch.channel_id) for batch in batches}


def _claim(session: Session, batches: Sequence[Batch], tally: _Tally) -> list[Batch]:
    """The batches not loaded before; a batch given twice is loaded once."""
    by_digest = {offer.digest(batch): batch for batch in batches}
    offered = pa.table({"BatchHash": pa.array(by_digest, pa.string())})
    with _registered(session, offered_batches=offered):
        claimed = set(session.run("claim_batches")["BatchHash"].to_pylist())
    for batch in batches:
        tally.duplicates[batch.channel_id] += batch.readings.num_rows
    fresh = [batch for key, batch in by_digest.items() if key in claimed]
    for batch in fresh:
        tally.duplicates[batch.channel_id] -= batch.readings.num_rows
    return fresh


def _load_fresh(session: Session, batches: list[Batch], tally: _Tally) -> None:
    proven = offer.prove(batches)
    held = _held(session, proven)
    _check_epochs(batches, held)
    if unknown := [key for key, channel in held.items() if not channel.is_known]:
        session.run("insert_channels", channel_ids=unknown)
    offered = offer.joined(batches, "readings", offer.OFFERED)
    texts = [offer.joined(batches, "raw", offer.OFFERED_RAW)]
    if offered.num_rows:
        ahead = all(
            p.lowest_id is None or p.lowest_id > held[key].highest_id for key, p in proven.items()
        )
        texts += _write_readings(session, offered, ahead=ahead, tally=tally)
    _write_texts(session, texts, tally)
    _write_rejected(session, offer.joined(batches, "rejected", offer.OFFERED_REJECTED))
    _write_progress(session, list(proven.values()), held)


def _held(session: Session, channels: Mapping[int, Proven]) -> dict[int, _Held]:
    rows = session.run("channel_state", channel_ids=list(channels)).to_pylist()
    return {
        row["ChannelID"]: _Held(
            row["IsKnown"],
            row["Epoch"],
            row["HighestEntryID"] or 0,
            [(span["SpanStart"], span["SpanEnd"]) for span in row["Spans"] or ()],
        )
        for row in rows
    }


def _check_epochs(batches: Sequence[Batch], held: Mapping[int, _Held]) -> None:
    for batch in batches:
        newest = held[batch.channel_id].epoch or 1
        if batch.epoch != newest:
            raise StateMoved(
                f"channel {batch.channel_id} is in epoch {newest}, this load was planned for"
                f" epoch {batch.epoch}"
            )


def _write_readings(
    session: Session, offered: pa.Table, *, ahead: bool, tally: _Tally
) -> list[pa.Table]:
    """Insert and update; the replaced values as texts. ``ahead``: no offered id is held."""
    texts: list[pa.Table] = []
    touched: list[pa.Table] = []
    for number, part in enumerate(offer.rounds(offered)):
        held = None if ahead and not number else _held_readings(session, part)
        if held is None or not held.num_rows:
            new, changed = part, part.slice(0, 0)
        else:
            new, changed = _parted(part, held)
        if new.num_rows:
            with _registered(session, offered=new):
                session.run("insert_readings")
        if changed.num_rows:
            texts.append(_update_readings(session, changed))
        touched += [table.select(["ChannelID", "CreatedAt"]) for table in (new, changed)]
        unchanged = Counter(offer.by_channel(part))
        for rows, counter in ((new, tally.inserted), (changed, tally.updated)):
            counter.update(offer.by_channel(rows))
            unchanged.subtract(offer.by_channel(rows))
        tally.duplicates.update(unchanged)
    _write_marks(session, pa.concat_tables(touched), _epochs(offered))
    return texts


def _held_readings(session: Session, part: pa.Table) -> pa.Table:
    ordinal = pa.array(np.arange(part.num_rows))
    with _registered(session, offered=part.append_column("Ordinal", ordinal)):
        held = session.run("held_readings", **offer.bounds(part)._asdict())
    moved = held.filter(pc.not_equal(held["OfferedAt"], held["HeldAt"]))
    if moved.num_rows:
        first = moved.slice(0, 1).to_pylist()[0]
        raise EntryConflict(
            f"entry {first['EntryID']} of channel {first['ChannelID']} came with"
            f" {first['OfferedAt']} and is held with {first['HeldAt']}"
            f" ({moved.num_rows} such entries)"
        )
    return held


def _parted(part: pa.Table, held: pa.Table) -> tuple[pa.Table, pa.Table]:
    """The rows that are new, and those that change what is held."""
    is_new = np.ones(part.num_rows, dtype=bool)
    is_new[held["Ordinal"].to_numpy()] = False
    ordinals = np.sort(held.filter(held["IsChanged"])["Ordinal"].to_numpy())
    return part.filter(pa.array(is_new)), part.take(pa.array(ordinals))


def _update_readings(session: Session, changed: pa.Table) -> pa.Table:
    limits = offer.bounds(changed)._asdict()
    with _registered(session, changed=changed):
        replaced = session.run("replaced_values", **limits)
        session.run("update_readings", **limits)
    return replaced.cast(offer.OFFERED_RAW)


def _epochs(offered: pa.Table) -> int:
    highest: int = pc.max(offered["Epoch"]).as_py()
    return highest


def _write_marks(session: Session, touched: pa.Table, epochs: int) -> None:
    if not touched.num_rows:
        return
    with _registered(session, touched=touched):
        if epochs > 1:
            channels = pc.min_max(touched["ChannelID"]).as_py()
            times = pc.min_max(touched["CreatedAt"]).as_py()
            session.run(
                "supersede_readings",
                first_channel=channels["min"],
                last_channel=channels["max"],
                first_at=times["min"],
                last_at=times["max"],
            )
        session.run("mark_periods")


def _write_texts(session: Session, texts: list[pa.Table], tally: _Tally) -> None:
    offered = pa.concat_tables(texts)
    if offered.num_rows:
        with _registered(session, offered_raw=offered):
            kept = session.run("insert_raw", **offer.bounds(offered)._asdict())
        tally.raw.update(offer.by_channel(kept))


def _write_rejected(session: Session, offered: pa.Table) -> None:
    if offered.num_rows:
        with _registered(session, offered_rejected=offered):
            session.run("insert_rejected")


def _write_progress(session: Session, proven: list[Proven], held: Mapping[int, _Held]) -> None:
    epochs = pa.Table.from_pylist([channel.row() for channel in proven], offer.EPOCHS)
    with _registered(session, offered_epochs=epochs):
        session.run("upsert_epochs")
    changes = [(p, *offer.spans(p, held[p.channel_id].spans)) for p in proven]
    old = _span_table((p, lost) for p, lost, _ in changes)
    new = _span_table((p, gained) for p, _, gained in changes)
    if new.num_rows:
        with _registered(session, old_spans=old, new_spans=new):
            session.run("replace_coverage")
    gapped = [channel for channel in proven if channel.gaps is not None]
    if gapped:
        keys = pa.Table.from_pylist([channel.row() for channel in gapped], offer.EPOCHS)
        rows = [row for channel in gapped for row in channel.gap_rows()]
        gaps = pa.Table.from_pylist(rows, offer.GAPS)
        with _registered(session, gapped=keys, offered_gaps=gaps):
            session.run("replace_gaps")


def _span_table(changes: Iterator[tuple[Proven, set[Span]]]) -> pa.Table:
    rows = [(p.channel_id, p.epoch, *span) for p, spans in changes for span in sorted(spans)]
    columns = list(zip(*rows, strict=True)) or [()] * len(offer.SPANS)
    return pa.table(
        [pa.array(c, f.type) for c, f in zip(columns, offer.SPANS, strict=True)],
        schema=offer.SPANS,
    )


@contextmanager
def _registered(session: Session, **tables: pa.Table) -> Iterator[None]:
    for name, table in tables.items():
        session.register(name, table)
    try:
        yield
    finally:
        for name in tables:
            session.unregister(name)
