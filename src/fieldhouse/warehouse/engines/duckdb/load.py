"""A load into DuckDB, in the steps that need no more statements than there is something to do."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fieldhouse.errors import EntryConflict
from fieldhouse.readings import Batch
from fieldhouse.state import Span
from fieldhouse.warehouse import Counts, offer
from fieldhouse.warehouse.offer import Proven

__all__ = ["Session", "load"]


class Session(Protocol):
    """A connection within a transaction, which runs the files of one folder by name."""

    def run(self, name: str, /, **parameters: Any) -> list[Any]:
        """Run a file's statements; the rows of the last one."""
        ...

    def ask(self, name: str, /, **parameters: Any) -> pa.Table:
        """The same, for an answer of many rows."""
        ...

    def register(self, name: str, table: pa.Table) -> None:
        """Let statements read an Arrow table by this name."""
        ...

    def unregister(self, name: str) -> None:
        """Forget the table."""
        ...


@dataclass(slots=True)
class _Held:
    """A channel's newest epoch when the load began; None for a channel that has none yet."""

    epoch: int | None = None
    lowest_id: int | None = None
    highest_id: int | None = None
    version: int = 0
    follows: bool = False
    """Whether there are older epochs."""

    def is_clear_of(self, lowest: int, highest: int) -> bool:
        """Whether ids from ``lowest`` to ``highest`` lie above or below all that are held."""
        if self.lowest_id is None or self.highest_id is None:
            return True
        return lowest > self.highest_id or highest < self.lowest_id

    def has_nothing_of(self, batch: Batch) -> bool:
        """Whether no entry of ``batch`` can be held: it was never loaded."""
        ids = pc.min_max(batch.readings["EntryID"]).as_py()
        clear = ids["min"] is not None and self.is_clear_of(ids["min"], ids["max"])
        return clear and batch.epoch == (self.epoch or 1)


class _Tally(NamedTuple):
    """Rows by channel."""

    inserted: Counter[int]
    updated: Counter[int]
    duplicates: Counter[int]
    raw: Counter[int]
    rejected: Counter[int]

    def counts(self, channel_id: int) -> Counts:
        return Counts(*(tally[channel_id] for tally in self))


def load(session: Session, batches: Sequence[Batch]) -> Mapping[int, Counts]:
    """Write the batches through ``session``, whose transaction the caller ends."""
    tally = _Tally(Counter(), Counter(), Counter(), Counter(), Counter())
    held = _held(session, {batch.channel_id for batch in batches})
    fresh = _claim(session, batches, held, tally)
    if fresh:
        newest = {each: (h.epoch or 1, h.version) for each, h in held.items()}
        offer.check_plans(fresh, newest)
        _load_fresh(session, fresh, held, tally)
    _write_metadata(session, batches)
    return {batch.channel_id: tally.counts(batch.channel_id) for batch in batches}


def _write_metadata(session: Session, batches: Sequence[Batch]) -> None:
    """The channels' own rows, where a batch brings one; a replayed batch's too."""
    if rows := {batch.channel_id: batch.metadata for batch in batches if batch.metadata}:
        offered = pa.Table.from_pylist(list(rows.values()), offer.CHANNELS)
        with _registered(session, offered_channels=offered):
            session.run("upsert_channels")


def _held(session: Session, channel_ids: set[int]) -> dict[int, _Held]:
    held = {channel_id: _Held() for channel_id in channel_ids}
    rows = session.run("held_epochs", channel_ids=list(channel_ids))
    for channel_id, epoch, lowest, highest, version in rows:
        known = held[channel_id]
        if known.epoch is None or epoch > known.epoch:
            held[channel_id] = _Held(
                epoch, lowest, highest, version, follows=known.epoch is not None
            )
        else:
            known.follows = True
    return held


def _claim(
    session: Session, batches: Sequence[Batch], held: Mapping[int, _Held], tally: _Tally
) -> list[Batch]:
    """The batches not loaded before; a batch given twice is loaded once."""
    by_digest = {offer.digest(batch): batch for batch in batches}
    hashes = [key for key, batch in by_digest.items() if offer.has_rows(batch)]
    claimed = set(by_digest).difference(hashes)
    if all(held[batch.channel_id].has_nothing_of(batch) for batch in batches):
        session.run("record_batches", hashes=hashes)
        claimed = set(by_digest)
    elif hashes:
        claimed.update(key for (key,) in session.run("claim_batches", hashes=hashes))
    fresh = [batch for key, batch in by_digest.items() if key in claimed]
    for batch in batches:
        tally.duplicates[batch.channel_id] += batch.readings.num_rows
    for batch in fresh:
        tally.duplicates[batch.channel_id] -= batch.readings.num_rows
    return fresh


def _load_fresh(
    session: Session, batches: list[Batch], held: Mapping[int, _Held], tally: _Tally
) -> None:
    proven = offer.prove(batches)
    if first := [channel_id for channel_id, _ in proven if held[channel_id].epoch is None]:
        session.run("insert_channels", channel_ids=first)
        session.run("insert_epochs", channel_ids=first)
    _write_labels(session, batches)
    offered = offer.shown(batches)
    texts = [offer.joined(batches, "raw", offer.OFFERED_RAW)]
    touched = offer.OFFERED.empty_table()
    if offered.num_rows:
        clear = all(_is_clear(p, held[p.channel_id]) for p in proven.values())
        older = [key for key, p in proven.items() if not _grows(p, held[p.channel_id])]
        touched, replaced = _write_readings(session, offered, older, clear=clear, tally=tally)
        texts += replaced
        if not clear:
            texts += _take_stale_texts(session, offered, texts[0])
    _write_texts(session, texts, tally)
    _write_rejected(session, offer.joined(batches, "rejected", offer.OFFERED_REJECTED), tally)
    _write_progress(session, [p for p in proven.values() if _grows(p, held[p.channel_id])])
    _write_marks(session, touched, follows=any(held[key].follows for key, _ in proven))


def _is_newest(proven: Proven, held: _Held) -> bool:
    return proven.epoch == (held.epoch or 1)


def _grows(proven: Proven, held: _Held) -> bool:
    """Whether an epoch takes what is new: the newest does, an older one from files alone."""
    return proven.recalled or _is_newest(proven, held)


def _is_clear(proven: Proven, held: _Held) -> bool:
    """Whether nothing of what is offered of an epoch can be held."""
    if proven.lowest_id is None or proven.highest_id is None:
        return True
    return _is_newest(proven, held) and held.is_clear_of(proven.lowest_id, proven.highest_id)


def _write_labels(session: Session, batches: Sequence[Batch]) -> None:
    """The labels that pages showed where they differ from those last seen."""
    for batch in batches:
        if labels := batch.progress.labels:
            session.run(
                "relabel",
                channel_id=batch.channel_id,
                epoch=batch.epoch,
                at=labels.at,
                numbers=[number for number, _ in labels.texts],
                texts=[text for _, text in labels.texts],
            )


def _write_readings(
    session: Session,
    offered: pa.Table,
    older: Sequence[tuple[int, int]],
    *,
    clear: bool,
    tally: _Tally,
) -> tuple[pa.Table, list[pa.Table]]:
    """Insert and update; what was touched, and replaced values as texts.

    ``clear``: no offered id is held.
    """
    texts: list[pa.Table] = []
    touched: list[pa.Table] = []
    for number, part in enumerate(offer.rounds(offered)):
        new, changed = _insert_readings(session, part, clear=clear and not number)
        offer.check_older(new, older)
        if changed.num_rows:
            texts.append(_update_readings(session, changed))
        touched += [table.select(["ChannelID", "Epoch", "CreatedAt"]) for table in (new, changed)]
        unchanged = Counter(offer.by_channel(part))
        for rows, counter in ((new, tally.inserted), (changed, tally.updated)):
            counter.update(offer.by_channel(rows))
            unchanged.subtract(offer.by_channel(rows))
        tally.duplicates.update(unchanged)
    return pa.concat_tables(touched), texts


def _insert_readings(session: Session, part: pa.Table, *, clear: bool) -> tuple[pa.Table, pa.Table]:
    """Insert the rows that are not held; these, and those that change what is held."""
    ordinal = pa.array(np.arange(part.num_rows))
    with _registered(session, offered=part.append_column("Ordinal", ordinal)):
        held = None if clear else _held_readings(session, part)
        if held is None:
            session.run("insert_readings")
            return part, part.slice(0, 0)
    new, changed = _parted(part, held)
    if new.num_rows:
        with _registered(session, offered=new):
            session.run("insert_readings")
    return new, changed


def _held_readings(session: Session, part: pa.Table) -> pa.Table | None:
    """Which of the offered rows are held, and whether they change what is; None for none."""
    limits = offer.bounds(part)._asdict()
    ((held, moved, first),) = session.run("count_held", **limits)
    if moved:
        raise EntryConflict(
            "entry {1} of channel {0} came with {2} and is held with {3}".format(*first[0])
            + f" ({moved} such entries)",
            tuple((entry_id, held_at) for _, entry_id, _, held_at in first),
        )
    return session.ask("held_readings", **limits) if held else None


def _parted(part: pa.Table, held: pa.Table) -> tuple[pa.Table, pa.Table]:
    """The rows that are new, and those that change what is held."""
    is_new = np.ones(part.num_rows, dtype=bool)
    is_new[held["Ordinal"].to_numpy()] = False
    ordinals = np.sort(held.filter(held["IsChanged"])["Ordinal"].to_numpy())
    return part.filter(pa.array(is_new)), part.take(pa.array(ordinals))


def _update_readings(session: Session, changed: pa.Table) -> pa.Table:
    limits = offer.bounds(changed)._asdict()
    with _registered(session, changed=changed):
        replaced = session.ask("replaced_values", **limits)
        session.run("update_readings", **limits)
        session.run("update_archived", **limits)
    return replaced.cast(offer.OFFERED_RAW)


def _write_marks(session: Session, touched: pa.Table, *, follows: bool) -> None:
    """``follows``: some epoch follows another, and takes its place where both have a reading."""
    if not touched.num_rows:
        return
    if follows:
        _supersede(session, touched)
    with _registered(session, marks=offer.periods(touched)):
        session.run("mark_periods")
    with _registered(session, touched=touched):
        covered = session.ask("ruled_instants")
    if covered.num_rows:
        with _registered(session, touched=covered):
            session.run("correct_readings")


def _supersede(session: Session, touched: pa.Table) -> None:
    channels = pc.min_max(touched["ChannelID"]).as_py()
    times = pc.min_max(touched["CreatedAt"]).as_py()
    limits = {
        "first_channel": channels["min"],
        "last_channel": channels["max"],
        "first_at": times["min"],
        "last_at": times["max"],
    }
    with _registered(session, touched=touched):
        session.run("supersede_readings", **limits)
        session.run("supersede_archived", **limits)


def _take_stale_texts(session: Session, offered: pa.Table, texts: pa.Table) -> list[pa.Table]:
    """Delete the texts whose reasons no longer hold; those that were replaced, to be kept so."""
    limits = offer.bounds(offered)._asdict()
    with _registered(session, offered=offered, offered_raw=texts):
        if not session.run("has_stale_texts", **limits):
            return []
        stale = session.ask("stale_texts", **limits)
    if not stale.num_rows:
        return []
    with _registered(session, stale=stale):
        session.run("delete_texts", **limits)
    replaced = stale.filter(stale["IsReplaced"]).drop_columns(["IsReplaced", "Reason"])
    reasons = pa.repeat(pa.scalar("replaced"), replaced.num_rows)
    return [replaced.append_column("Reason", reasons).cast(offer.OFFERED_RAW)]


def _write_texts(session: Session, texts: list[pa.Table], tally: _Tally) -> None:
    offered = pa.concat_tables(texts)
    if offered.num_rows:
        with _registered(session, offered_raw=offered):
            kept = session.ask("insert_raw", **offer.bounds(offered)._asdict())
        tally.raw.update(offer.by_channel(kept))


def _write_rejected(session: Session, offered: pa.Table, tally: _Tally) -> None:
    if offered.num_rows:
        with _registered(session, offered_rejected=offered):
            kept = session.ask("insert_rejected")
        tally.rejected.update(offer.by_channel(kept))


def _write_progress(session: Session, proven: list[Proven]) -> None:
    if not proven:
        return
    session.run("update_epochs", **_columns([p.row() for p in proven]))
    if covered := [p for p in proven if p.covered]:
        _write_spans(session, covered)
    if gapped := [p for p in proven if p.gaps is not None]:
        rows = [row for p in gapped for row in p.gap_rows()]
        keys = {"channel_ids": [p.channel_id for p in gapped], "epochs": [p.epoch for p in gapped]}
        with _registered(session, offered_gaps=pa.Table.from_pylist(rows, offer.GAPS)):
            session.run("replace_gaps", **keys)


def _write_spans(session: Session, proven: list[Proven]) -> None:
    held: defaultdict[tuple[int, int], list[Span]] = defaultdict(list)
    ids = [p.channel_id for p in proven]
    for channel_id, epoch, *span in session.run("held_coverage", channel_ids=ids):
        held[channel_id, epoch].append(Span(*span))
    moved, lost, gained = [], [], []
    for p in proven:
        changes = offer.span_changes(held[p.channel_id, p.epoch], p.covered)
        key = {"ChannelID": p.channel_id, "Epoch": p.epoch}
        moved += [{**key, "HeldStart": s, **_span(span)} for s, span in changes.moved.items()]
        lost += [{**key, "HeldStart": start} for start in changes.lost]
        gained += [{**key, **_span(span)} for span in changes.gained]
    for name, rows in (("delete_spans", lost), ("move_spans", moved), ("insert_spans", gained)):
        if rows:
            session.run(name, **_columns(rows))


def _span(span: Span) -> dict[str, datetime]:
    return {"SpanStart": span.start, "SpanEnd": span.end}


def _columns(rows: list[dict[str, Any]]) -> dict[str, list[Any]]:
    return {name: [row[name] for row in rows] for name in rows[0]}


@contextmanager
def _registered(session: Session, **tables: pa.Table) -> Iterator[None]:
    for name, table in tables.items():
        session.register(name, table)
    try:
        yield
    finally:
        for name in tables:
            session.unregister(name)
