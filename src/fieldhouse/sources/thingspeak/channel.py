"""One channel of a ThingSpeak server: its endpoints, read with its own key."""

import threading
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

from fieldhouse.errors import ChannelNotFound, SourceUnavailable
from fieldhouse.sources.thingspeak.history import MAX_RESULTS
from fieldhouse.sources.thingspeak.judging import Answer, Kind, bare, decoded
from fieldhouse.sources.thingspeak.page import Page, parse_entry, parse_page

if TYPE_CHECKING:
    from fieldhouse.sources.thingspeak.api import ThingSpeak

__all__ = ["Channel", "Parameters"]

_FEW = 3
"""Requests of a reading that looks for what is new; one that makes more lets others go first."""

_SHOWN = 20

T = TypeVar("T")
Parameters = Mapping[str, str | int]


class Channel:
    """One channel of a server, read with its own key; counts the requests made for it."""

    def __init__(
        self,
        server: "ThingSpeak",
        channel_id: int,
        api_key: str | None = None,
        *,
        decimal_comma: bool = False,
        stop: threading.Event | None = None,
    ) -> None:
        self.channel_id = channel_id
        self.requests = 0
        self._server, self._api_key, self._decimal_comma = server, api_key, decimal_comma
        self._stop = stop

    def __repr__(self) -> str:
        return f"Channel({self.channel_id}, key {'set' if self._api_key else 'not set'})"

    def get(
        self,
        path: str,
        parameters: Parameters | None = None,
        kind: Kind = "json",
        read: Callable[[bytes], T] = decoded,
        *,
        fresh: bool = False,
    ) -> Answer[T]:
        """Ask for ``/channels/ID`` + ``path``; ``fresh`` passes every cache."""
        return self._server.get(
            f"/channels/{self.channel_id}{path}",
            parameters,
            api_key=self._api_key,
            channel_id=self.channel_id,
            kind=kind,
            read=read,
            count=self._count,
            fresh=fresh,
            behind=self.requests >= _FEW,
            stop=self._stop,
        )

    def page(
        self,
        *,
        results: int = MAX_RESULTS,
        start: datetime | None = None,
        end: datetime | None = None,
        fresh: bool = False,
    ) -> tuple[Page, datetime]:
        """The newest ``results`` entries of ``[start, end]``, ascending; naive UTC, ends included.

        ``fresh`` passes every cache: ThingSpeak keeps an answer of more than 100 rows for five
        minutes by its whole query string. The second value is the server's clock.
        """
        parameters: dict[str, str | int] = {
            "results": results,
            "timezone": "Etc/UTC",
            "location": "true",
            "status": "true",
        }
        if start is not None:
            parameters["start"] = _utc_text(start)
        if end is not None:
            parameters["end"] = _utc_text(end)
        is_fresh = fresh and results > 100
        answer = self.get("/feeds.json", parameters, "feed", self._page, fresh=is_fresh)
        return answer.content, answer.date

    def entry(self, entry_id: int) -> Page | None:
        """One entry by its id, or None where ThingSpeak answers ``-1``.

        That answer does not tell an absent entry from a private channel or a revoked key.
        """
        parameters = {"timezone": "Etc/UTC", "location": "true", "status": "true"}
        try:
            return self.get(f"/feeds/{entry_id}.json", parameters, "entry", self._entry).content
        except ChannelNotFound:
            return None

    def metadata(self) -> Page:
        """The channel object with its labels: ``feeds.json?results=0``, their only source."""
        parameters: dict[str, str | int] = {"results": 0, "timezone": "Etc/UTC"}
        return self.get("/feeds.json", parameters, "feed", self._page).content

    def field(self, number: int, results: int = 100) -> dict[str, Any]:
        """The newest entries of one field (1 to 8), nulls included, as ThingSpeak words them."""
        found: dict[str, Any] = self.get(f"/fields/{number}.json", {"results": results}).content
        return found

    def last(self, field: int | None = None) -> dict[str, Any] | None:
        """The entry with the highest id, or the last one in which a field is set; None for none."""
        path = "/feeds/last.json" if field is None else f"/fields/{field}/last.json"
        found: Any = self.get(path, kind="entry").content
        return found if isinstance(found, dict) else None

    def status(self, results: int = 100) -> list[dict[str, Any]]:
        """The newest status texts: ``created_at``, ``entry_id``, ``status``."""
        found: list[dict[str, Any]] = self.get("/status.json", {"results": results}).content[
            "feeds"
        ]
        return found

    def last_data_age(self, field: int | None = None) -> int | None:
        """Seconds since the last entry, or since the last one in which a field is set."""
        where = "/feeds" if field is None else f"/fields/{field}"
        found: Any = self.get(f"{where}/last_data_age.json", kind="entry").content
        return int(found["last_data_age"]) if isinstance(found, dict) else None

    def settings(self) -> dict[str, Any]:
        """The channel itself, ``/channels/ID.json``; it lacks the labels."""
        found: dict[str, Any] = self.get(".json").content
        return found

    def _page(self, body: bytes) -> Page:
        page = parse_page(body, decimal_comma=self._decimal_comma)
        said = str(page.channel.get("id", self.channel_id))
        if said != str(self.channel_id):
            raise SourceUnavailable(
                f"channel {self.channel_id}: the answer is of channel {said[:_SHOWN]!r}, as a cache"
                " on the way may mix them up"
            )
        return page

    def _entry(self, body: bytes) -> Page | None:
        absent = bare(body) == b"-1"
        return None if absent else parse_entry(body, decimal_comma=self._decimal_comma)

    def _count(self) -> None:
        self.requests += 1


def _utc_text(instant: datetime) -> str:
    """The documented form of ``start`` and ``end``; whole seconds."""
    return instant.isoformat(sep=" ", timespec="seconds")
