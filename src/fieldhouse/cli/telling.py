"""Each step of a run as a line of the log, for ``--verbose``."""

import logging
import time
from collections.abc import Callable

from fieldhouse import events

__all__ = ["Steps", "both"]

logger = logging.getLogger("fieldhouse.steps")


class Steps:
    """Logs what happens, with how long a channel took; ``now`` is a clock in seconds."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._began: dict[int, float] = {}

    def observe(self, event: events.Event) -> None:
        """Log an event, if there is something to say of it."""
        if isinstance(event, events.RunStarted):
            self._began[event.channel_id] = self._now()
        if line := self._said(event):
            logger.info("%s", line)

    def _said(self, event: events.Event) -> str | None:  # noqa: PLR0911 (an event, a line)
        match event:
            case events.FleetStarted(channels):
                return f"{channels} channels to bring up to date"
            case events.RunStarted(channel_id):
                return f"channel {channel_id}: begins"
            case events.RequestMade(channel_id, outcome, seconds, size):
                whose = f"channel {channel_id}: " if channel_id else ""
                return f"{whose}answered {outcome} in {seconds:.2f} s, {size:,} bytes"
            case events.PageRead(channel_id, entries, oldest, remaining):
                back = f" back to {oldest:%Y-%m-%d %H:%M} UTC" if oldest else ""
                left = f", {remaining:,} to come" if remaining else ""
                return f"channel {channel_id}: {entries:,} entries read{back}{left}"
            case events.RowsLoaded(channel_id, inserted, updated, duplicates):
                return (
                    f"channel {channel_id}: stored, {inserted:,} new, {updated:,} updated, "
                    f"{duplicates:,} known"
                )
            case events.Noticed(_, _, text) | events.WarehouseAwaited(text):
                return text
            case events.AnalysisStarted(channel_ids):
                return f"aggregating and scoring {len(channel_ids)} channels"
            case events.RunEnded(run):
                took = self._now() - self._began.pop(run.channel_id, self._now())
                why = f" ({run.error})" if run.error else ""
                return f"channel {run.channel_id}: {run.outcome}{why} in {took:.2f} s"
        return None


def both(first: events.Observer, second: events.Observer) -> events.Observer:
    """An observer that is two."""

    def observe(event: events.Event) -> None:
        first(event)
        second(event)

    return observe
