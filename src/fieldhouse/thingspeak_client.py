"""The seed's ``ThingSpeakClient``: the decoded JSON, or an ERROR line and None. It never raises."""

import logging
import os
from typing import Any

from fieldhouse.errors import FieldhouseError
from fieldhouse.sources.thingspeak.api import BASE_URL, Kind, ThingSpeak
from fieldhouse.sources.thingspeak.pacing import Pacer

__all__ = ["ThingSpeakClient"]

logger = logging.getLogger(__name__)


class ThingSpeakClient:
    """One channel, over HTTP, at no more than a request every ``rate_limit_delay`` seconds.

    ``api_key`` is the channel's Read API Key, needed for a private channel only; ``base_url`` is
    ``THINGSPEAK_BASE_URL`` of the environment, or else ThingSpeak itself; with ``server`` it asks
    through that one, at its pace and within its budget. Every method returns ThingSpeak's answer as
    decoded JSON, or logs one ERROR line and returns None. For what raises instead, see
    ``fieldhouse.sources.thingspeak.api``.

    >>> from fieldhouse import ThingSpeakClient
    >>> with ThingSpeakClient(12001) as client:
    ...     feed = client.get_channel_feed(results=2)
    >>> feed["channel"]["name"], len(feed["feeds"])
    ('Weather station', 2)
    """

    BASE_URL = BASE_URL

    def __init__(
        self,
        channel_id: int | str,
        api_key: str | None = None,
        rate_limit_delay: float = 1.0,
        *,
        base_url: str | None = None,
        server: ThingSpeak | None = None,
    ) -> None:
        self.channel_id = channel_id
        self.rate_limit_delay = rate_limit_delay
        self._api_key = api_key
        url = base_url or os.environ.get("THINGSPEAK_BASE_URL") or self.BASE_URL
        self._server = server or ThingSpeak(url, pacer=Pacer(rate_limit_delay))
        self._is_own = server is None

    def __repr__(self) -> str:
        return f"ThingSpeakClient({self.channel_id!r})"

    def __enter__(self) -> "ThingSpeakClient":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close its connections; a second time is a no-op, and another question opens one again.

        A ``server`` that it was given is its owner's to close.
        """
        if self._is_own:
            self._server.close()

    def get_channel_feed(self, results: int = 100) -> dict[str, Any] | None:
        """The newest ``results`` entries (0 to 8,000): ``{"channel": {…}, "feeds": [{…}, …]}``."""
        return self._results("/feeds.json", results)

    def get_channel_info(self) -> dict[str, Any] | None:
        """The channel itself, without the fields' labels: ThingSpeak has those in a feed only."""
        return self._get(".json")

    def get_last_entry(self) -> dict[str, Any] | None:
        """The entry with the highest id."""
        return self._get("/feeds/last.json", kind="entry")

    def get_field_data(self, field_number: int, results: int = 100) -> dict[str, Any] | None:
        """The newest ``results`` entries of one field (1 to 8), nulls included."""
        if field_number not in range(1, 9):
            self._complain(f"field_number must be 1 to 8, not {field_number!r}")
            return None
        return self._results(f"/fields/{field_number}.json", results)

    def _results(self, path: str, results: int) -> dict[str, Any] | None:
        if not isinstance(results, int) or not 0 <= results <= 8000:
            self._complain(f"results must be 0 to 8000, not {results!r}")
            return None
        return self._get(path, {"results": results})

    def _get(
        self, path: str, parameters: dict[str, str | int] | None = None, kind: Kind = "feed"
    ) -> dict[str, Any] | None:
        number = str(self.channel_id)
        if not (number.isascii() and number.isdecimal()):
            self._complain(f"channel_id must be a whole number, not {self.channel_id!r}")
            return None
        try:
            channel = self._server.channel(int(number), self._api_key)
            decoded: Any = channel.get(path, parameters, kind).content
        except FieldhouseError as error:
            self._complain(str(error))
            return None
        if not isinstance(decoded, dict):
            self._complain("no entry there: the channel is empty, or private and wants its key")
            return None
        return decoded

    def _complain(self, reason: str) -> None:
        logger.error("Error fetching channel %s: %s", self.channel_id, reason)
