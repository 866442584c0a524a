"""The alerts that are open, as pages show them."""

from typing import Any

from fieldhouse.web.served import Served

__all__ = ["open_on"]

_MOST = 20


def open_on(served: Served, channel_id: int | None = None) -> list[dict[str, Any]]:
    """The open alerts of a channel, or of all, the worst first."""
    if not served.settings.alerts.enabled:
        return []
    found = served.warehouse.query(
        "alerts", served.limits(), as_of=served.as_of, channel_id=channel_id, limit=_MOST
    )
    rows: list[dict[str, Any]] = found.to_pylist()
    return rows
