"""How all channels stand, in a few questions; metrics are told of it as an event."""

from collections import Counter
from datetime import datetime

from fieldhouse.events import ChannelSeen, Surveyed
from fieldhouse.polled import polled_channels
from fieldhouse.settings import Settings
from fieldhouse.warehouse import Warehouse
from fieldhouse.watch.alerts import open_alerts

__all__ = ["survey"]


def survey(warehouse: Warehouse, settings: Settings, now: datetime) -> Surveyed:
    """The polled channels as the warehouse holds them; ``now`` is naive UTC."""
    ids = polled_channels(settings, warehouse)
    gaps = {
        row["ChannelID"]: int(row["Figure"])
        for row in warehouse.query("alarm_gaps", channel_ids=ids, as_of=now).to_pylist()
    }
    channels = tuple(
        ChannelSeen(
            row["ChannelID"],
            row["NewestReading"],
            row["LastSuccessAt"],
            row["CadenceSeconds"],
            gaps.get(row["ChannelID"], 0),
            row["QualityScore"],
        )
        for row in warehouse.query("overview", channel_ids=ids, as_of=now).to_pylist()
    )
    waiting = warehouse.query("notices_waiting").to_pylist()
    return Surveyed(
        channels,
        dict(Counter(alert["Severity"] for alert in open_alerts(warehouse, now))),
        sum(row["Notices"] for row in waiting),
        _budget_left(warehouse, settings, now),
    )


def _budget_left(warehouse: Warehouse, settings: Settings, now: datetime) -> int | None:
    if settings.daily_budget is None:
        return None
    used = warehouse.query("requests_on", day=now.date())["Requests"][0].as_py() or 0
    return max(0, settings.daily_budget - used)
