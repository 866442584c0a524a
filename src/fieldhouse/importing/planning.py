"""What importing files would do: whose entries they have, and to which life each belongs.

Every file is read to its end before anything is written, so that one that is refused leaves nothing
behind.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fieldhouse import events, names, recall
from fieldhouse.derived.keeping import refuse
from fieldhouse.errors import ConfigurationError
from fieldhouse.importing import placing, whose
from fieldhouse.importing.comparing import Seen, compare
from fieldhouse.importing.placing import Entries, Ints, Known, joined, micros
from fieldhouse.importing.wanted import File, Import, Wanted
from fieldhouse.sources.exports import (
    Chunk,
    Export,
    Member,
    Options,
    members,
    open_export,
)
from fieldhouse.sources.exports.own import quoted
from fieldhouse.sources.thingspeak.history import OpenEpoch
from fieldhouse.warehouse import Warehouse

__all__ = ["chunks_of", "knowing", "plan"]

_EPOCH = datetime(1970, 1, 1)


def plan(
    warehouse: Warehouse,
    paths: Sequence[Path],
    wanted: Wanted,
    options: Options,
    now: datetime,
    observe: events.Observer | None = None,
) -> Import:
    """Read files to their ends, and find out what importing them would do; nothing is written.

    Raises ConfigurationError: a file that cannot be read, that is another channel's, or that
    contradicts what the channel holds.
    """
    options = knowing(options, warehouse, wanted)
    found = [member for path in paths for member in members(path, wanted.called.get(path))]
    opened = [open_export(member, options) for member in found]
    channel_id = whose.channel_of(warehouse, opened, wanted)
    whose.check(opened, channel_id, wanted)
    refuse(warehouse, channel_id, "import")
    state = recall.channel_state(warehouse, channel_id)
    done = Import(channel_id, state, highest=state.epoch.highest_id or 0)
    done.one_of = wanted.channel_id if channel_id > 0 and not wanted.any_channel else None
    planner = _Planner(warehouse, done, wanted, options, observe, now)
    for member, export in zip(found, opened, strict=True):
        planner.add(member, export)
    planner.finish()
    whose.describe(done, warehouse, opened, wanted, now)
    return done


def knowing(options: Options, warehouse: Warehouse, wanted: Wanted) -> Options:
    """How to read files, with the labels of the channel that is meant, or that a file names."""
    if options.labels:
        return options
    if wanted.channel_id is None:
        return replace(options, labels_of=partial(names.labels_of, warehouse))
    return replace(options, labels=names.labels_of(warehouse, wanted.channel_id))


class _Planner:
    """Reads file after file, and gives each entry its epoch."""

    def __init__(
        self,
        warehouse: Warehouse,
        done: Import,
        wanted: Wanted,
        options: Options,
        observe: events.Observer | None,
        now: datetime,
    ) -> None:
        self._warehouse, self._done, self._wanted = warehouse, done, wanted
        self._options, self._observe, self._now = options, observe, now
        rows = warehouse.query("lives", channel_id=done.channel_id).to_pylist()
        self._epochs: list[int] = sorted(row["Epoch"] for row in rows)
        self._said = self._epoch(wanted.epoch)
        self._given = Known(np.zeros(0, np.int64), np.zeros(0, np.int64))
        """The ids that entries of earlier files got."""
        self._unknown: list[tuple[Entries, Ints]] = []

    def _epoch(self, said: int | str | None) -> int | None:
        """The epoch that a person means; one before all others is opened."""
        if said is None or isinstance(said, int):
            if said is not None and said not in (self._epochs or [1]):
                there = ", ".join(map(str, self._epochs or [1]))
                raise ConfigurationError(
                    f"channel {self._done.channel_id} has no epoch {said}: there is {there}"
                    f" (fieldhouse lives {self._done.channel_id})"
                )
            return said
        return min([0, *self._epochs]) - 1 if self._epochs else 1

    def add(self, member: Member, export: Export) -> None:
        ids = None if export.has_ids else self._number(member)
        chunks = self._chunks(member, ids, "comparing")
        seen = compare(self._warehouse, self._done.channel_id, export.name, chunks)
        entries = seen.entries
        if export.tells_each and not (len(entries.ids) or seen.rejected):
            raise ConfigurationError(self._nothing_of(export))
        epochs = entries.matches
        if len(entries.ids):
            fitting = self._fitting(entries)
            epochs = placing.place(
                entries, self._epochs, fitting, said=self._said, place_word=export.place
            )
        self._done.files.append(File(export.name, member, epochs.astype(np.int32), ids))
        self._count(export, seen, epochs)

    def _fitting(self, entries: Entries) -> list[int]:
        """Between whose readings the entries stand in order, where nothing else tells."""
        if self._said is not None or (entries.matches != 0).any() or len(self._epochs) == 0:
            return []
        return [e for e in self._epochs if placing.fits(entries, self._around(entries, e))]

    def _around(self, entries: Entries, epoch: int) -> Known:
        """What an epoch holds in the time of the entries, and just before and after it."""
        first, last = (_instant(edge()) for edge in (entries.times.min, entries.times.max))
        channel = self._done.channel_id
        span = {"start_at": first, "end_at": last}
        held = self._warehouse.query("held_between", channel_id=channel, **span)
        own = held.filter(pc.equal(held["Epoch"], epoch)).select(["EntryID", "CreatedAt"])
        beside = self._warehouse.query(
            "neighbours", channel_id=channel, epoch=epoch, first_at=first, last_at=last, distance=1
        ).select(["EntryID", "CreatedAt"])
        both = pa.concat_tables([own, beside])
        return Known(micros(both["EntryID"]), micros(both["CreatedAt"]))

    def _chunks(self, member: Member, ids: Ints | None, step: str) -> Iterator[Chunk]:
        return chunks_of(member, ids, self._options, self._observe, step, self._done)

    def _nothing_of(self, export: Export) -> str:
        if not (first := export.channel.get("id")):
            return f"{export.name} holds no entry"
        return (
            f"{export.name} holds no entry of channel {self._done.channel_id}: its first one is of"
            f" channel {first}; --any-channel takes them all the same"
        )

    def _number(self, member: Member) -> Ints:
        """The ids that the entries of a file without any get."""
        read = self._chunks(member, None, "reading")
        times = joined([micros(chunk.readings["CreatedAt"]) for chunk in read])
        if not len(times):
            return times
        held = self._warehouse.query(
            "held_between",
            channel_id=self._done.channel_id,
            start_at=_instant(times.min()),
            end_at=_instant(times.max()),
        )
        known = Known(
            np.concatenate([micros(held["EntryID"]), self._given.ids]),
            np.concatenate([micros(held["CreatedAt"]), self._given.times]),
        )
        ids = placing.numbered(times, known, self._done.highest)
        is_new = ids > self._done.highest
        self._given = Known(
            np.concatenate([self._given.ids, ids[is_new]]),
            np.concatenate([self._given.times, times[is_new]]),
        )
        self._done.highest = max(self._done.highest, int(ids.max()))
        return ids

    def _count(self, export: Export, seen: Seen, epochs: Ints) -> None:
        done, entries = self._done, seen.entries
        done.differing += seen.differing
        done.has_bare_times |= seen.has_bare_times
        done.rejected += seen.rejected
        done.differences += [(export.name, export.place, each) for each in seen.differences]
        done.rejections += [(export.name, export.place, each) for each in seen.rejections]
        if export.left_out:
            done.left_out[export.name] = export.left_out
        if not len(entries.ids):
            return
        ends = _instant(entries.times.min()), _instant(entries.times.max())
        done.first = min(done.first or ends[0], ends[0])
        done.last = max(done.last or ends[1], ends[1])
        unknown = entries.matches == 0
        done.known += int(np.count_nonzero(~unknown))
        for epoch in np.unique(epochs).tolist():
            ours = epochs == epoch
            done.epochs[epoch] = done.epochs.get(epoch, 0) + int(np.count_nonzero(ours))
            own = ours & unknown
            part = entries  # mostly all: then nothing is copied
            if not own.all():
                part = Entries(entries.name, entries.ids[own], entries.times[own], epochs[own])
            self._unknown.append((part, epochs[own] if part is not entries else epochs))

    def finish(self) -> None:
        """Count what is new, each once; refuse files that contradict each other or themselves."""
        done = self._done
        ids = joined([part.ids for part, _ in self._unknown])
        times = joined([part.times for part, _ in self._unknown])
        epochs = joined([own for _, own in self._unknown])
        self._unknown.clear()  # of a long file they are many bytes
        if not _ascend(ids, epochs):
            order = np.lexsort((times, ids, epochs))
            ids, times, epochs = ids[order], times[order], epochs[order]
        again = np.zeros(len(ids), bool)
        again[1:] = (ids[1:] == ids[:-1]) & (epochs[1:] == epochs[:-1])
        moved = again.copy()
        moved[1:] &= times[1:] != times[:-1]
        if moved.any():
            at = int(np.flatnonzero(moved)[0])
            one, other = (placing.said(int(ids[n]), int(times[n])) for n in (at - 1, at))
            raise ConfigurationError(
                f"{done.source} has {one} and {other}: these are two lives of the channel (an id"
                " stands for one time in each); import each from a file of its own; nothing was"
                " written"
            )
        done.new = int(np.count_nonzero(~again))
        done.known += int(np.count_nonzero(again))
        if self._said is not None and self._said not in (self._epochs or [1]) and done.new:
            done.opens = OpenEpoch(self._said, self._now, f"brought in from {done.source}")
        last = (self._epochs or [1])[-1]
        done.grown = tuple(each for each in np.unique(epochs).tolist() if each < last)
        done.later = tuple(each for each in self._epochs if each > min(done.grown, default=last))
        if (newest := epochs == last).any():
            done.highest = max(done.highest, int(ids[newest].max()))


def _ascend(ids: Ints, epochs: Ints) -> bool:
    """Whether entries stand in the order of their epochs and ids, as files mostly have them."""
    rises = epochs[1:] > epochs[:-1]  # of flags: of a long file numbers are many bytes
    rises |= (epochs[1:] == epochs[:-1]) & (ids[1:] > ids[:-1])
    return bool(rises.all())


def _instant(micros: Any) -> datetime:
    return _EPOCH + timedelta(microseconds=int(micros))


def chunks_of(
    member: Member,
    ids: Ints | None,
    options: Options,
    observe: events.Observer | None,
    step: str,
    done: Import,
) -> Iterator[Chunk]:
    """A file's entries from the beginning, under the ids that they get, if they get any.

    Of a file that says of each entry whose it is, those that are wanted. ``observe`` is told how
    much of the file was read for ``step``. Raises ConfigurationError.
    """
    size = member.path.stat().st_size

    def tell(read: int) -> None:
        events.tell(observe, events.FileRead(member.name, step, read, size))

    tell(0)
    begin = 0
    first = 0
    export = open_export(member, options, tell)
    for chunk in export.chunks:
        own = chunk
        if (channels := chunk.channels) is not None and len(channels):
            first = first or int(channels[0])
            own = _of_one(chunk, channels, first, export, done.one_of)
            done.called |= chunk.labels.get(done.one_of or first, {})
        end = begin + own.readings.num_rows
        yield own if ids is None else own.numbered(ids[begin:end])
        begin = end


def _of_one(chunk: Chunk, channels: Ints, first: int, export: Export, one_of: int | None) -> Chunk:
    """The entries of the channel that is wanted; without one all must be of the first's."""
    if one_of is not None:
        if export.guessed and one_of != first and (channels == one_of).any():
            said = " ".join(f"--field{n} {quoted(cell)}" for n, cell in export.guessed.items())
            raise ConfigurationError(
                f"{export.name}: its columns stand in the order of channel {first}'s fields, and of"
                f" channel {one_of} they may be others: {said} say which they are, with its numbers"
            )
        return replace(chunk.chosen(channels == one_of), rejected=chunk.rejected)
    if (others := channels[channels != first]).size:
        raise ConfigurationError(
            f"{export.name} holds entries of channels {first} and {others[0]}, perhaps more: name"
            f" the one to take, as --channel {first}"
        )
    return chunk
