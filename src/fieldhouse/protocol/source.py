"""What the endpoints ask of whoever has channels: a `House` of them, a `Source` for each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from .entries import Entry
from .query import Bucketing, Window

Pages = Iterable[Sequence[Entry]]
"""Entries in the order asked for, a part at a time, so that a long answer needs little memory."""


@dataclass(frozen=True, kw_only=True)
class About:
    """A channel, as its feed describes it; instants are unix seconds."""

    id: int
    name: str
    description: str | None = None
    latitude: str = "0.0"
    longitude: str = "0.0"
    elevation: str | None = None
    labels: Mapping[int, str] = field(default_factory=dict)
    """By the fields' numbers, ascending; a field without a label is not shown."""
    created_at: int | None = None
    updated_at: int | None = None
    last_entry_id: int | None = None
    metadata: str | None = None


@dataclass(frozen=True, kw_only=True)
class Listed(About):
    """A channel, as the listings show it."""

    username: str | None = None
    tags: Sequence[str] = ()
    public: bool = True
    api_keys: Sequence[tuple[str, bool]] = ()
    """Each key, and whether it may write; shown to the channel's owner alone."""


class Source(Protocol):
    """One channel."""

    def about(self) -> About:
        """What it is."""
        ...

    def may_be_read(self) -> bool:
        """Whether this request may read its entries."""
        ...

    def newest(self, window: Window) -> Pages:
        """The newest entries of a window, as many as it wants, oldest first."""
        ...

    def buckets(self, window: Window, by: Bucketing, digits: int | None) -> Pages:
        """The same, merged into one entry a bucket; those without any are there and are empty.

        An entry's time is its bucket's begin, counted from 1970 in UTC; `digits`: `round`, which
        comes once more afterwards.
        """
        ...

    def statuses(self, window: Window) -> Pages:
        """The newest entries of a window that have a status text, oldest first."""
        ...

    def entry(self, id: int) -> Entry | None:
        """The entry of that id."""
        ...

    def last(self, number: int | None = None) -> Entry | None:
        """The entry with the highest id, of those with a value in that field."""
        ...

    def last_status(self) -> Entry | None:
        """The entry with the highest id, of those with a status text."""
        ...

    def all(self) -> Pages:
        """Every entry, by id."""
        ...


class House(Protocol):
    """Some channels, as one request may see them. Its methods raise `Refused`."""

    most_rows: int | None
    """No answer has more entries; None: as many as there are."""

    def now(self) -> int:
        """The time now."""
        ...

    def channel(self, id: int) -> Source:
        """The channel of that id; `Refused` with 404 if there is none."""
        ...

    def settings(self, id: int) -> Listed | None:
        """The same channel as listings show it; None if this request may not see it."""
        ...

    def own(self) -> Sequence[Listed]:
        """The channels of whoever asks; `Refused` with 401 if nobody known does."""
        ...

    def of_user(self, user: str) -> Sequence[Listed]:
        """A user's channels; `Refused` with 404 for one that is not known."""
        ...

    def public(self) -> Sequence[Listed]:
        """The channels that everybody may see, the one latest changed first."""
        ...
