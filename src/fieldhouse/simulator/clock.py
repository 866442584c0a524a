"""The server's clock, which tests may move."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


class Clock:
    """Real UTC time plus an offset, or a frozen instant that only moves when told to."""

    def __init__(self, frozen: datetime | None = None) -> None:
        self._frozen = None if frozen is None else _utc(frozen)
        self._offset = timedelta()

    def now(self) -> datetime:
        """Return the server's time, aware, in UTC."""
        return (datetime.now(UTC) if self._frozen is None else self._frozen) + self._offset

    def unix(self) -> int:
        """Return the same in whole seconds since 1970-01-01T00:00:00Z."""
        return int(self.now().timestamp())

    def advance(self, seconds: float) -> None:
        self._offset += timedelta(seconds=seconds)

    def set(self, instant: datetime) -> None:
        """Make it *instant* now; a clock that runs keeps running from there."""
        self._offset += _utc(instant) - self.now()


def _utc(instant: datetime) -> datetime:
    """*instant* in UTC; a naive one is taken to be UTC already."""
    return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)
