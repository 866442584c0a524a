"""The channels that a simulator serves, and their users."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from threading import RLock
from typing import Any

from fieldhouse.protocol import FIELD_COUNT, Entry
from fieldhouse.protocol.times import parse, to_unix

from .channel import Channel
from .clock import Clock


class World:
    """All channels, guarded by one lock; use it from any thread.

    `write_interval` is the pause that the service asks for between two writes to a channel over
    HTTP, in seconds (15 on a free licence, 1 on a paid one, 0 switches the limit off);
    `cache_seconds` how long it repeats an answer of more than 100 rows (0: never);
    `bulk_delay` after how many seconds a bulk write over HTTP is served, though counted at once.
    """

    def __init__(
        self,
        clock: Clock | None = None,
        write_interval: float = 15.0,
        cache_seconds: float = 300.0,
        bulk_delay: float = 0.0,
    ) -> None:
        self.clock = clock or Clock()
        self.write_interval = write_interval
        self.cache_seconds = cache_seconds
        self.bulk_delay = bulk_delay
        self.lock = RLock()
        self.channels: dict[int, Channel] = {}
        self.listeners: list[Callable[[int, Entry], object]] = []
        """Who is told of each entry that is written by itself, with its channel; to be quick."""
        self._user_keys: dict[str, str] = {}

    def add_channel(  # noqa: PLR0913 (a channel has that many settings)
        self,
        id: int,
        *,
        name: str | None = None,
        fields: Mapping[int, str | None] | None = None,
        description: str | None = None,
        latitude: str = "0.0",
        longitude: str = "0.0",
        elevation: str | None = None,
        private: bool = False,
        read_key: str | None = None,
        write_key: str | None = None,
        created_at: datetime | None = None,
        tags: Sequence[str] = (),
        username: str = "fieldhouse",
    ) -> Channel:
        """Add an empty channel; keys not given are made up, the same ones each time."""
        with self.lock:
            if id in self.channels:
                raise ValueError(f"channel {id} exists already")
            channel = Channel(
                self.clock,
                self.lock,
                id,
                name=f"Channel {id}" if name is None else name,
                fields={1: "Field Label 1"} if fields is None else fields,
                description=description,
                latitude=latitude,
                longitude=longitude,
                elevation=elevation,
                private=private,
                read_key=read_key or _key(f"read {id}"),
                write_key=write_key or _key(f"write {id}"),
                created_at=self.clock.unix() if created_at is None else to_unix(created_at),
                tags=tags,
                username=username,
                tell=self._tell,
            )
            self.channels[id] = channel
            self.user_key(username)
            return channel

    def user_key(self, username: str) -> str:
        """Return the user API key of *username*, which lists and clears the user's channels."""
        return self._user_keys.setdefault(username, _key(f"user {username}"))

    def user_of(self, key: str | None) -> str | None:
        """Whose user key *key* is."""
        return next((user for user, own in self._user_keys.items() if own == key), None)

    def is_user(self, username: str) -> bool:
        return username in self._user_keys

    def channel_by_write_key(self, key: str | None) -> Channel | None:
        return next((c for c in self.channels.values() if c.write_key == key), None)

    def _tell(self, channel_id: int, entry: Entry) -> None:
        for listener in self.listeners:
            listener(channel_id, entry)

    def load_recorded(self, response: Mapping[str, Any]) -> Channel:
        """Add a channel from a recorded `feeds.json` answer `{"channel": {…}, "feeds": […]}`.

        Values stay exactly as recorded. A second answer for the same channel brings its settings
        up to date and adds the rows that are new (by entry id and time).
        """
        recorded: Mapping[str, Any] = response["channel"]
        with self.lock:
            channel = self.channels.get(recorded["id"]) or self.add_channel(recorded["id"])
            _settings(channel, recorded)
            entries = [_entry(row) for row in response["feeds"]]
            channel.write_many([e for e in entries if not _known(channel, e)])
            channel.last_entry_id = recorded.get("last_entry_id", channel.last_entry_id)
            return channel


def _settings(channel: Channel, recorded: Mapping[str, Any]) -> None:
    channel.name = recorded["name"]
    channel.description = recorded.get("description")
    channel.latitude, channel.longitude = recorded["latitude"], recorded["longitude"]
    channel.elevation = recorded.get("elevation")
    channel.metadata = recorded.get("metadata")
    channel.created_at = parse(recorded["created_at"])
    channel.updated_at = parse(recorded["updated_at"])
    channel.labels = {
        n: recorded[f"field{n}"] for n in range(1, FIELD_COUNT + 1) if f"field{n}" in recorded
    }


def _entry(row: Mapping[str, Any]) -> Entry:
    get = row.get
    return Entry(
        id=row["entry_id"],
        created_at=parse(row["created_at"]),
        fields=(
            get("field1"),
            get("field2"),
            get("field3"),
            get("field4"),
            get("field5"),
            get("field6"),
            get("field7"),
            get("field8"),
        ),
        latitude=get("latitude"),
        longitude=get("longitude"),
        elevation=get("elevation"),
        status=get("status"),
    )


def _known(channel: Channel, entry: Entry) -> bool:
    own = channel.life.entry(entry.id)
    return own is not None and own.created_at == entry.created_at


def _key(seed: str) -> str:
    """Sixteen characters that look like ThingSpeak's keys."""
    return hashlib.sha256(seed.encode()).hexdigest()[:16].upper()
