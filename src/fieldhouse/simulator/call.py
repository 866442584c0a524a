"""A request to a world: what of it the protocol's endpoints may see, and how."""

from __future__ import annotations

from collections.abc import Sequence

from fieldhouse.protocol import (
    About,
    Bucketing,
    Entry,
    Listed,
    Refused,
    Request,
    Window,
)
from fieldhouse.protocol.source import Pages

from .aggregates import aggregate
from .channel import Channel
from .life import Life
from .world import World

MOST_ROWS = 8_000


class Call:
    """A request to a world, with what a fault wants to be seen differently in the answer.

    With `stale` the answer is as the channel was before its latest clear; `dip` is the
    last_entry_id that the channel object shows.
    """

    most_rows = MOST_ROWS

    def __init__(
        self,
        world: World,
        request: Request,
        stale: bool = False,
        dip: tuple[int | None] | None = None,
    ) -> None:
        self.world, self.request = world, request
        self.stale, self.dip = stale, dip
        self.rows = 0
        """How many entries were looked up for the answer, which decides about caching."""

    def now(self) -> int:
        return self.world.clock.unix()

    def found(self, id: int) -> Channel:
        """The channel of that id; raises `Refused` for an unknown one."""
        channel = self.world.channels.get(id)
        if channel is None:
            raise Refused(404)
        return channel

    def channel(self, id: int) -> Served:
        return Served(self, self.found(id))

    def settings(self, id: int) -> Listed | None:
        channel = self.found(id)
        owner = self.world.user_key(channel.username)
        is_shown = not channel.private or self.request.api_key == owner
        return self._listed(channel) if is_shown else None

    def own(self) -> Sequence[Listed]:
        user = self.world.user_of(self.request.api_key)
        if user is None:
            raise Refused(401)
        return [self._listed(c) for c in self.world.channels.values() if c.username == user]

    def of_user(self, user: str) -> Sequence[Listed]:
        if not self.world.is_user(user):
            raise Refused(404)
        mine = self.world.user_of(self.request.api_key) == user
        channels = (c for c in self.world.channels.values() if c.username == user)
        return [self._listed(channel) for channel in channels if mine or not channel.private]

    def public(self) -> Sequence[Listed]:
        shown = [channel for channel in self.world.channels.values() if not channel.private]
        shown.sort(key=lambda channel: (-channel.updated_at, channel.id))
        return [self._listed(channel) for channel in shown]

    def life(self, channel: Channel) -> Life:
        return channel.lives[-2] if self.stale and len(channel.lives) > 1 else channel.life

    def last_entry_id(self, channel: Channel) -> int | None:
        return self.dip[0] if self.dip else self.life(channel).last_entry_id

    def _listed(self, channel: Channel) -> Listed:
        return Listed(
            id=channel.id,
            name=channel.name,
            description=channel.description,
            latitude=channel.latitude,
            longitude=channel.longitude,
            elevation=channel.elevation,
            created_at=channel.created_at,
            last_entry_id=self.last_entry_id(channel),
            metadata=channel.metadata,
            username=channel.username,
            tags=channel.tags,
            public=not channel.private,
            api_keys=((channel.write_key, True), (channel.read_key, False)),
        )


class Served:
    """One channel, as a call may see it."""

    def __init__(self, call: Call, channel: Channel) -> None:
        self._call, self._channel = call, channel
        self._life = call.life(channel)

    def about(self) -> About:
        channel = self._channel
        return About(
            id=channel.id,
            name=channel.name,
            description=channel.description,
            latitude=channel.latitude,
            longitude=channel.longitude,
            elevation=channel.elevation,
            labels=channel.labels,
            created_at=channel.created_at,
            updated_at=channel.updated_at,
            last_entry_id=self._call.last_entry_id(channel),
            metadata=channel.metadata,
        )

    def may_be_read(self) -> bool:
        channel, world = self._channel, self._call.world
        keys = (channel.read_key, channel.write_key, world.user_key(channel.username))
        return not channel.private or self._call.request.api_key in keys

    def newest(self, window: Window) -> Pages:
        return [self._page(window)]

    def buckets(self, window: Window, by: Bucketing, digits: int | None) -> Pages:
        return [aggregate(self._page(window), by, digits)]

    def statuses(self, window: Window) -> Pages:
        low, high = self._life.by_time.span(window.start, window.end)
        said = [one for one in self._life.by_time.items[low:high] if one.status is not None]
        return [self._counted(_last(said, window.limit))]

    def entry(self, id: int) -> Entry | None:
        return self._life.entry(id)

    def last(self, number: int | None = None) -> Entry | None:
        if number is None:
            return self._life.highest()
        index = number - 1
        return next((e for e in self._life.newest_first() if e.fields[index] is not None), None)

    def last_status(self) -> Entry | None:
        return next((e for e in self._life.newest_first() if e.status is not None), None)

    def all(self) -> Pages:
        return [self._life.in_order()]

    def _page(self, window: Window) -> Sequence[Entry]:
        low, high = self._life.by_time.span(window.start, window.end)
        first = low if window.limit is None else max(low, high - window.limit)
        return self._counted(self._life.by_time.items[first:high])

    def _counted(self, entries: Sequence[Entry]) -> Sequence[Entry]:
        self._call.rows += len(entries)
        return entries


def _last(entries: Sequence[Entry], limit: int | None) -> Sequence[Entry]:
    return entries if limit is None else entries[max(0, len(entries) - limit) :]
