"""What a person says of an import, and what comes of it."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from fieldhouse.importing.comparing import Difference
from fieldhouse.importing.placing import Ints
from fieldhouse.sources.exports import Member, Rejected
from fieldhouse.sources.thingspeak.history import OpenEpoch
from fieldhouse.state import ChannelState, Labels, Run
from fieldhouse.warehouse import Counts

__all__ = ["File", "Import", "Wanted"]


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
    one_of: int | None = None
    """Of files with entries of several channels, the one whose are taken."""
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
    called: dict[int, str] = field(default_factory=dict)
    """What the rows of files call the channel's fields, by number."""
    texts: Counter[str] = field(default_factory=Counter)
    """The values that were loaded beside their texts, by the reason that these are kept for."""
    has_commas: bool = False
    """Whether one that is no number would be with a decimal comma."""
    counts: Counts | None = None
    run: Run | None = None

    @property
    def source(self) -> str:
        """The files, as the run's record names them."""
        return ", ".join(file.name for file in self.files)
