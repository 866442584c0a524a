"""A load into ClickHouse: what is held is read, what changes is found out, one insert writes it.

Nothing is visible of a load before its insert, and all of it after. Whoever loads a channel at the
same time without its lock finds, having written, another's state of the epoch beside its own, and
offers its batches again: rows complete each other, whatever the order.
"""

import hashlib
import random
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from fieldhouse.errors import WarehouseUnavailable
from fieldhouse.readings import Batch
from fieldhouse.warehouse import Counts, offer
from fieldhouse.warehouse.engines.clickhouse import compare, texts
from fieldhouse.warehouse.engines.clickhouse.correcting import Corrector, leave_days
from fieldhouse.warehouse.engines.clickhouse.held import read, told_channel
from fieldhouse.warehouse.engines.clickhouse.lives import Life, relabelled
from fieldhouse.warehouse.engines.clickhouse.rows import Kind, Rows, said
from fieldhouse.warehouse.engines.clickhouse.session import Session
from fieldhouse.warehouse.offer import Proven

__all__ = ["load", "text_id"]

_TRIES = 20
_PAUSE = 0.05
"""Seconds that are added, at the most, to the pause before each further try."""


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
    """Write the batches; the counts by channel."""
    tally: _Tally | None = None
    for tried in range(_TRIES):
        if tried:  # who tries again at once meets the same others again
            time.sleep(random.uniform(0, _PAUSE * tried))  # noqa: S311
        work = _Load(session, batches, again=tally is not None)
        work.prepare()
        session.write(work.rows)
        leave_days(session, work.rows)
        tally = tally or work.tally
        if session.transport.is_exclusive or work.stands():
            return {batch.channel_id: tally.counts(batch.channel_id) for batch in batches}
    raise WarehouseUnavailable(
        f"{session.transport.where}: others load the same channels without their locks"
    )


class _Load:
    """One try of a load."""

    def __init__(self, session: Session, batches: Sequence[Batch], *, again: bool) -> None:
        self.tally = _Tally(Counter(), Counter(), Counter(), Counter(), Counter())
        self._session = session
        self._batches = batches
        self._again = again
        self._held, at = read(session, {batch.channel_id for batch in batches})
        self.rows = Rows(at)
        self._number = self.rows.number
        self._lives: dict[tuple[int, int], Life] = {}

    def prepare(self) -> None:
        """Find out all that the load changes."""
        if fresh := self._claim():
            newest = {each: (held.newest, held.version) for each, held in self._held.items()}
            if not self._again:
                offer.check_plans(fresh, newest)
            self._load(fresh)
        for batch in self._batches:
            if batch.metadata:
                self._tell_channel(batch)

    def stands(self) -> bool:
        """Whether nobody wrote of the same epochs meanwhile, or will find that we did.

        Of those whose states stand beside each other, the last to begin joins them.
        """
        if not self._lives:
            return True
        held, _ = read(self._session, {channel_id for channel_id, _ in self._lives})
        beside = (held[channel_id].numbers[epoch] for channel_id, epoch in self._lives)
        return not any(len(each) > 1 and max(each) == self._number for each in beside)

    def _claim(self) -> list[Batch]:
        """The batches not loaded before; a batch given twice is loaded once."""
        by_digest = {offer.digest(batch): batch for batch in self._batches}
        hashes = [key for key, batch in by_digest.items() if offer.has_rows(batch)]
        known: set[str] = set()
        if hashes and not self._again and not all(map(self._has_nothing_of, self._batches)):
            channel_ids = sorted({batch.channel_id for batch in self._batches})
            answer = self._ask("known_batches", channel_ids=channel_ids, hashes=hashes)
            known = set(answer["BatchHash"].to_pylist())
        for key in hashes:
            if key not in known:
                channel_id = by_digest[key].channel_id
                self.rows.say(Kind.BATCH, channel_id, RawValue=key, ImportedAt=self.rows.at)
        fresh = [batch for key, batch in by_digest.items() if key not in known]
        for batch in self._batches:
            self.tally.duplicates[batch.channel_id] += batch.readings.num_rows
        for batch in fresh:
            self.tally.duplicates[batch.channel_id] -= batch.readings.num_rows
        return fresh

    def _has_nothing_of(self, batch: Batch) -> bool:
        ids = pc.min_max(batch.readings["EntryID"]).as_py()
        held = self._held[batch.channel_id]
        return ids["min"] is not None and held.is_clear_of(batch.epoch, ids["min"], ids["max"])

    def _load(self, batches: list[Batch]) -> None:
        proven = offer.prove(batches)
        self._relabel(batches)
        offered = offer.shown(batches)
        raw = [offer.joined(batches, "raw", offer.OFFERED_RAW)]
        touched: list[pa.Table] = []
        is_clear = all(
            self._held[p.channel_id].is_clear_of(p.epoch, p.lowest_id, p.highest_id)
            for p in proven.values()
        )
        held = compare.HELD.empty_table()
        if offered.num_rows:
            if not is_clear:
                held = self._of_entries("held_readings", offered)
            older = [key for key, p in proven.items() if not self._held[p.channel_id].grows(p)]
            raw += self._write_readings(offered, held, older, touched)
        self._write_texts(offered, raw, is_clear=is_clear)
        self._write_rejected(offer.joined(batches, "rejected", offer.OFFERED_REJECTED))
        self._write_lives(proven)
        if touched:
            self._finish(pa.concat_tables(touched, promote_options="default"))

    # Readings

    def _write_readings(
        self,
        offered: pa.Table,
        held: pa.Table,
        older: Sequence[tuple[int, int]],
        touched: list[pa.Table],
    ) -> list[pa.Table]:
        """Add what is new and what changes to the rows; the values that were replaced, as texts."""
        replaced = []
        for part in offer.rounds(offered):
            found = compare.compared(part, held)
            offer.check_older(found.new, older)
            new = found.new.drop_columns(["IsShown"]).append_column(
                "ReadingID", self.rows.reading_ids(found.new.num_rows)
            )
            at = pa.repeat(pa.scalar(self.rows.at, pa.timestamp("us")), new.num_rows)
            new = new.append_column("ImportedAt", at)
            written = [rows for rows in (new, found.changed) if rows.num_rows]
            for rows in written:
                self.rows.add(Kind.READING, rows)
            replaced.append(found.replaced)
            touched += written
            self._count(part, found)
            if part.num_rows < offered.num_rows:  # the same keys come again
                for rows in written:
                    held = compare.laid_over(held, rows)
        return replaced

    def _count(self, part: pa.Table, found: compare.Compared) -> None:
        unchanged = Counter(offer.by_channel(part))
        for rows, counter in (
            (found.new, self.tally.inserted),
            (found.changed, self.tally.updated),
        ):
            counter.update(offer.by_channel(rows))
            unchanged.subtract(offer.by_channel(rows))
        self.tally.duplicates.update(unchanged)

    def _finish(self, touched: pa.Table) -> None:
        """What follows from readings that are new or changed: marks, superseding, rules."""
        self.rows.mark(touched)
        taken = self._supersede(touched)
        ruled = {each: held.rules for each, held in self._held.items() if held.rules}
        if ruled:
            covered = pc.is_in(touched["ChannelID"], pa.array(list(ruled), pa.int64()))
            instants = touched.filter(covered)
            if instants.num_rows:
                over = pa.concat_tables([touched, taken], promote_options="default")
                Corrector(self._session, self.rows, ruled).correct(instants, over)

    def _supersede(self, touched: pa.Table) -> pa.Table:
        """Mark the readings whose place a newer epoch's, touched, takes; their keys."""
        nothing = compare.HELD.empty_table()
        following = [each for each, held in self._held.items() if held.follows]
        here = touched.filter(pc.is_in(touched["ChannelID"], pa.array(following, pa.int64())))
        if not here.num_rows:
            return nothing
        held = compare.at_places(self._at("readings_at", here), here)
        taken = self._older(compare.laid_over(held, here), here)
        if not taken:
            return nothing
        keys = pa.Table.from_pylist(taken, pa.schema([compare.HELD.field(n) for n in _PLACE]))
        self.rows.add(Kind.READING, keys, Superseded=True)
        flags = pa.repeat(pa.scalar(True), keys.num_rows)
        return keys.append_column("Superseded", flags)

    def _older(self, held: pa.Table, touched: pa.Table) -> list[dict[str, Any]]:
        """Of the readings at touched instants those of older epochs that are not shown beside."""
        newest: dict[tuple[int, datetime], int] = {}
        for channel_id, at, epoch in _tuples(touched, "ChannelID", "CreatedAt", "Epoch"):
            newest[channel_id, at] = max(epoch, newest.get((channel_id, at), epoch))
        rows = held.filter(pc.invert(held["Superseded"])).select(list(_PLACE)).to_pylist()
        return [
            row
            for row in rows
            if row["Epoch"] < newest[row["ChannelID"], row["CreatedAt"]]
            and not self._is_beside(row, newest[row["ChannelID"], row["CreatedAt"]])
        ]

    def _is_beside(self, row: Mapping[str, Any], epoch: int) -> bool:
        """Whether the source showed a reading beside an epoch, or later on."""
        lives = self._held[row["ChannelID"]].lives | {
            number: life
            for (channel_id, number), life in self._lives.items()
            if channel_id == row["ChannelID"]
        }
        return any(
            older == row["Epoch"] and first <= row["EntryID"] <= last
            for number, life in lives.items()
            if number >= epoch
            for older, first, last in life.shows_beside()
        )

    # Texts and rejected entries

    def _write_texts(self, offered: pa.Table, raw: list[pa.Table], *, is_clear: bool) -> None:
        held = offer.OFFERED_RAW.empty_table()
        if not is_clear or not texts.are_within(raw[0], offered):
            entries = pa.concat_tables([rows.select(list(_ENTRY)) for rows in (offered, *raw)])
            if entries.num_rows:
                held = self._of_entries("held_texts", entries).cast(offer.OFFERED_RAW)
            gone, replaced = texts.stale(held, offered, raw[0])
            self.rows.add(Kind.TEXT, gone, Deleted=True)
            raw = [*raw, replaced]
        whole = pa.concat_tables(raw)
        if whole.num_rows:
            new = texts.news(whole, held)
            self.rows.add(Kind.TEXT, new, ImportedAt=self.rows.at, Deleted=False)
            self.tally.raw.update(offer.by_channel(new))

    def _write_rejected(self, rejected: pa.Table) -> None:
        if not rejected.num_rows:
            return
        first = {
            (row["ChannelID"], text_id(row["EntryText"])): row
            for row in reversed(rejected.to_pylist())
        }
        held = self._ask(
            "held_rejected",
            channel_ids=sorted({channel_id for channel_id, _ in first}),
            entry_ids=[entry_id for _, entry_id in first],
        )
        known = set(_tuples(held, "ChannelID", "EntryID"))
        for (channel_id, entry_id), row in first.items():
            if (channel_id, entry_id) not in known:
                self.tally.rejected[channel_id] += 1
                self.rows.say(
                    Kind.REJECTED,
                    channel_id,
                    EntryID=entry_id,
                    Epoch=row["Epoch"],
                    RawValue=row["EntryText"],
                    Reason=row["Reason"],
                    ImportedAt=self.rows.at,
                )

    # What is known of channels

    def _relabel(self, batches: Sequence[Batch]) -> None:
        changed = set()
        for batch in batches:
            if labels := batch.progress.labels:
                held = self._held[batch.channel_id]
                was, (held.labels, lacking) = (
                    held.labels,
                    relabelled(held.labels, labels, self._number),
                )
                if held.labels != was:
                    changed.add(batch.channel_id)
                if lacking is not None:
                    self._read_again(batch, lacking)
        for channel_id in changed:
            state = said([label.told() for label in self._held[channel_id].labels])
            self.rows.say(Kind.LABELS, channel_id, State=state)

    def _read_again(self, batch: Batch, lacking: int) -> None:
        """What an epoch holds from the time when a field was hidden is to be read again."""
        (row,) = self._ask(
            "lacking", channel_id=batch.channel_id, epoch=batch.epoch, reading_id=lacking
        ).to_pylist()
        held = self._held[batch.channel_id]
        if row["FirstAt"] is not None and batch.epoch in held.lives:
            held.lives[batch.epoch] = held.lives[batch.epoch].to_read(row["FirstAt"], row["LastAt"])

    def _write_lives(self, proven: Mapping[tuple[int, int], Proven]) -> None:
        for (channel_id, epoch), p in proven.items():
            held = self._held[channel_id]
            if held.grows(p):
                life = held.lives.get(epoch, Life()).grown(p)
                self._lives[channel_id, epoch] = life
                held.write(self.rows, channel_id, epoch, life)

    def _tell_channel(self, batch: Batch) -> None:
        self.rows.say(
            Kind.CHANNEL, batch.channel_id, State=said(told_channel(batch.metadata or {}))
        )

    # What is asked

    def _ask(self, name: str, **values: Any) -> pa.Table:
        return self._session.ask("load", name, **values)

    def _of_entries(self, name: str, rows: pa.Table) -> pa.Table:
        """What is held of the entries' channels between their lowest and their highest ids."""
        limits = rows.group_by("ChannelID").aggregate([("EntryID", "min"), ("EntryID", "max")])
        first, last = limits["EntryID_min"].to_pylist(), limits["EntryID_max"].to_pylist()
        return self._ask(
            name,
            channel_ids=limits["ChannelID"].to_pylist(),
            first_ids=first,
            last_ids=last,
            first_entry=min(first, default=0),
            last_entry=max(last, default=0),
        )

    def _at(self, name: str, rows: pa.Table) -> pa.Table:
        """What is held of the rows' channels between their first and their last instant."""
        times = pc.min_max(rows["CreatedAt"]).as_py()
        channel_ids = pc.unique(rows["ChannelID"]).to_pylist()
        return self._ask(name, channel_ids=channel_ids, first_at=times["min"], last_at=times["max"])


_ENTRY = ("ChannelID", "EntryID")
_PLACE = ("ChannelID", "Epoch", "EntryID", "CreatedAt")


def _tuples(rows: pa.Table, *names: str) -> list[tuple[Any, ...]]:
    return list(zip(*(rows[name].to_pylist() for name in names), strict=True))


def text_id(text: str) -> int:
    """A number for a text that cannot be a reading."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big", signed=True)
