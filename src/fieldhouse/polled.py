"""Which channels a run that names none takes along."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from fieldhouse.errors import ConfigurationError

if TYPE_CHECKING:
    from fieldhouse.settings import Settings
    from fieldhouse.warehouse import Warehouse

__all__ = ["SIMULATED", "STATION", "polled_channels", "require_polled"]

SIMULATED = 900001
"""The weather channel of the simulated run, which no other run asks for."""
STATION = "Weather station on the hill"


def polled_channels(settings: "Settings", warehouse: "Warehouse") -> list[int]:
    """The channels that the settings name, and those that were read before; less what is paused."""
    rows = _held(warehouse)
    return [n for n in _every(settings, rows) if _is_polled(rows.get(n))]


def require_polled(settings: "Settings", warehouse: "Warehouse") -> list[int]:
    """The same; raises ConfigurationError, with what to do, where there is none."""
    rows = _held(warehouse)
    every = _every(settings, rows)
    if ids := [n for n in every if _is_polled(rows.get(n))]:
        return ids
    if every:
        raise ConfigurationError(
            f"every channel is paused or removed: fieldhouse channels resume {every[0]}"
        )
    raise ConfigurationError(
        "no channel is named: fieldhouse run 9, or set THINGSPEAK_CHANNEL_ID, "
        "or fieldhouse channels add 9"
    )


def _held(warehouse: "Warehouse") -> dict[int, dict[str, Any]]:
    return {row["ChannelID"]: row for row in warehouse.query("channels").to_pylist()}


def _every(settings: "Settings", rows: Mapping[int, Mapping[str, Any]]) -> list[int]:
    own = [settings.channel_id] if settings.channel_id else []
    added = [number for number, row in rows.items() if _was_read(row) and not _is_simulated(row)]
    return list(dict.fromkeys([*own, *settings.channels, *added]))


def _was_read(row: Mapping[str, Any]) -> bool:
    """Whether ThingSpeak was ever asked for it: what only files brought in is left alone."""
    return row["ChannelID"] > 0 and row["RefreshedAt"] is not None


def _is_polled(row: Mapping[str, Any] | None) -> bool:
    return row is None or bool(row["IsActive"] and row["PausedAt"] is None)


def _is_simulated(row: Mapping[str, Any]) -> bool:
    return bool(row["ChannelID"] == SIMULATED and row["ChannelName"] == STATION)
