"""What importing files would do: whose entries they have, and to which life each belongs.

Every file is read to its end before anything is written, so that one that is refused leaves nothing
behind.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fieldhouse import events, placing, recall
from fieldhouse.comparing import Difference, Seen, compare
from fieldhouse.derived.keeping import refuse
from fieldhouse.errors import ConfigurationError
from fieldhouse.placing import Entries, Ints, Known, joined, micros
from fieldhouse.readings import RAW, READINGS, REJECTED
from fieldhouse.sources.exports import (
    Chunk,
    Export,
    Member,
    Options,
    Rejected,
    members,
    open_export,
)
from fieldhouse.sources.thingspeak.history import OpenEpoch
from fieldhouse.sources.thingspeak.page import Page
from fieldhouse.state import ChannelState, Labels, Run
from fieldhouse.sync import channel_row
from fieldhouse.warehouse import Counts, Warehouse

__all__ = ["File", "Import", "Wanted", "chunks_of", "plan"]

_EPOCH = datetime(1970, 1, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a person says of an import.

    ``channel_id``: below zero a channel of files, which nothing polls; None: what the files say
    (JSON names its channel), or for files without entry ids the channel of files that is called
    ``name``, or a new one. ``epoch``: where entries belong that the channel does not know, or
    "older" for a life before all that are held; None: found out. ``labels`` of a channel of files.
    ``any_channel``: also a file that says that it is of another channel. ``called``: the names of
    files that have others than their paths.
    """

    channel_id: int | None = None
    epoch: int | str | None = None
    name: str | None = None
    labels: Mapping[int, str] = field(default_factory=dict)
    any_channel: bool = False
    called: Mapping[Path, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class File:
    """A file that was read to its end: where each of its entries belongs."""

    name: str
    member: Member
    epochs: Ints
    ids: Ints | None
    """The ids that its entries get, which have none of their own."""


@dataclass(slots=True)
class Import:
    """What an import brings, or would bring.

    ``new`` + ``known`` entries are readings; of the known, ``differing`` have values that ours lack
    or differ in; ``rejected`` can be no readings. ``epochs`` counts the readings of each.
    ``first`` and ``last`` are times, naive UTC. ``rejections`` and ``differences`` are the first
    few, by the file's name. ``counts`` is what the loads did; None: nothing was loaded.
    """

    channel_id: int
    state: ChannelState
    opens: OpenEpoch | None = None
    files: list[File] = field(default_factory=list)
    new: int = 0
    known: int = 0
    differing: int = 0
    rejected: int = 0
    epochs: dict[int, int] = field(default_factory=dict)
    first: datetime | None = None
    last: datetime | None = None
    has_bare_times: bool = False
    """Whether times named no zone, and were read as UTC."""
    highest: int = 0
    grown: tuple[int, ...] = ()
    """The ended epochs that get entries which they lacked."""
    later: tuple[int, ...] = ()
    """The epochs after the first of these, ascending."""
    left_out: dict[str, tuple[str, ...]] = field(default_factory=dict)
    differences: list[tuple[str, str, Difference]] = field(default_factory=list)
    rejections: list[tuple[str, str, Rejected]] = field(default_factory=list)
    metadata: Mapping[str, Any] | None = None
    labels: Labels | None = None
    counts: Counts | None = None
    run: Run | None = None

    @property
    def source(self) -> str:
        """The files, as the run's record names them."""
        return ", ".join(file.name for file in self.files)


# What the files are


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
    found = [member for path in paths for member in members(path, wanted.called.get(path))]
    opened = [open_export(member, options) for member in found]
    channel_id = _channel(warehouse, opened, wanted)
    _check(opened, channel_id, wanted)
    refuse(warehouse, channel_id, "import")
    state = recall.channel_state(warehouse, channel_id)
    done = Import(channel_id, state, highest=state.epoch.highest_id or 0)
    _describe(done, warehouse, opened, wanted, now)
    planner = _Planner(warehouse, done, wanted, options, observe, now)
    for member, export in zip(found, opened, strict=True):
        planner.add(member, export)
    planner.finish()
    return done


def _channel(warehouse: Warehouse, exports: Sequence[Export], wanted: Wanted) -> int:
    if wanted.channel_id is not None:
        return wanted.channel_id
    if said := {int(each.channel["id"]) for each in exports if each.channel.get("id")}:
        if len(said) > 1:
            raise ConfigurationError(
                f"the files are of {len(said)} channels, {min(said)} among them: import each"
                " channel's by itself"
            )
        return said.pop()
    if any(each.has_ids for each in exports):
        raise ConfigurationError(
            f"{exports[0].name} does not say whose it is: name the channel, as --channel 9, or a"
            " number below zero for a channel of its own, as --channel -1"
        )
    held = warehouse.query("channels").to_pylist()
    name = wanted.name or _stem(exports[0].name)
    own = {row["ChannelName"]: row["ChannelID"] for row in held if row["ChannelID"] < 0}
    return int(own.get(name) or min([0, *own.values()]) - 1)


def _stem(name: str) -> str:
    stem = Path(name).name
    while Path(stem).suffix.lower() in (".csv", ".txt", ".json", ".xml", ".gz", ".zip", ".tsv"):
        stem = Path(stem).stem
    return stem


def _check(exports: Sequence[Export], channel_id: int, wanted: Wanted) -> None:
    for export in exports:
        said = export.channel.get("id")
        if channel_id > 0 and not export.has_ids:
            raise ConfigurationError(
                f"{export.name} has no column entry_id, by which channel {channel_id} knows its"
                " entries: leave out --channel, and it becomes a channel of its own"
            )
        if said and channel_id > 0 and int(said) != channel_id and not wanted.any_channel:
            raise ConfigurationError(
                f"{export.name} is of channel {said}, not of channel {channel_id}: import it with"
                f" --channel {said}, or with --any-channel if you know better"
            )
        if wanted.epoch is not None and not export.has_ids:
            raise ConfigurationError(f"--epoch is for files with entry ids: {export.name} has none")


def _describe(
    done: Import, warehouse: Warehouse, exports: Sequence[Export], wanted: Wanted, now: datetime
) -> None:
    """The channel's own row, where the files are all that tells of it."""
    channel: dict[str, Any] = next((dict(e.channel) for e in exports if e.channel), {})
    if done.channel_id > 0:
        if channel.get("name") is not None and done.state.metadata_at is None:
            done.metadata = {**_row(channel, done.channel_id, now), "refreshed_at": None}
        return
    rows = warehouse.query("channels").to_pylist()
    held: dict[str, Any] = next((r for r in rows if r["ChannelID"] == done.channel_id), {})
    texts = {n: label for export in exports for n, label in export.labels.items()}
    texts |= {n: str(channel[f"field{n}"]) for n in range(1, 9) if channel.get(f"field{n}")}
    texts |= {n: held[f"Field{n}Name"] for n in range(1, 9) if held.get(f"Field{n}Name")}
    texts |= wanted.labels
    name = wanted.name or held.get("ChannelName") or channel.get("name") or _stem(exports[0].name)
    described = channel | {f"field{n}": text for n, text in texts.items()} | {"name": name}
    done.metadata = _row(described, done.channel_id, held.get("RefreshedAt") or now)
    labels = tuple(sorted(texts.items()))
    done.labels = Labels(now, labels) if labels != done.state.labels else None


def _row(channel: dict[str, Any], channel_id: int, now: datetime) -> dict[str, Any]:
    nothing = (READINGS.empty_table(), RAW.empty_table(), REJECTED.empty_table())
    return channel_row(Page(channel, 0, *nothing), channel_id, now)


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
        ids = None if export.has_ids else self._number(member, export)
        chunks = chunks_of(member, ids, self._options, self._observe, "comparing")
        seen = compare(self._warehouse, self._done.channel_id, export.name, chunks)
        entries = seen.entries
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

    def _number(self, member: Member, export: Export) -> Ints:
        """The ids that the entries of a file without any get."""
        read = chunks_of(member, None, self._options, self._observe, "reading")
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
    return bool((np.diff(epochs) + (ids[1:] > ids[:-1]) > 0).all())


def _instant(micros: Any) -> datetime:
    return _EPOCH + timedelta(microseconds=int(micros))


def chunks_of(
    member: Member,
    ids: Ints | None,
    options: Options,
    observe: events.Observer | None,
    step: str,
) -> Iterator[Chunk]:
    """A file's entries from the beginning, under the ids that they get, if they get any.

    ``observe`` is told how much of the file was read for ``step``.
    """
    size = member.path.stat().st_size

    def tell(read: int) -> None:
        events.tell(observe, events.FileRead(member.name, step, read, size))

    tell(0)
    begin = 0
    for chunk in open_export(member, options, tell).chunks:
        end = begin + chunk.readings.num_rows
        yield chunk if ids is None else chunk.numbered(ids[begin:end])
        begin = end
