"""Waiting for a file that another process holds: DuckDB itself gives up at once."""

import time
from collections.abc import Callable
from typing import Any

from fieldhouse import events
from fieldhouse.errors import WarehouseLocked

__all__ = ["when_free"]

_LOOK = 0.1
"""Seconds between two tries."""
_TOLD_AFTER = 1.0


def when_free(
    opened: Callable[[], Any],
    file: str,
    *,
    wait: float,
    observe: events.Observer | None,
    elsewhere: Callable[[str], Any] | None = None,
) -> Any:
    """What ``opened`` returns, tried for ``wait`` seconds as long as it raises WarehouseLocked.

    While it does, ``elsewhere`` is asked as well, which may give None: owners come and go. After a
    second the observer is told who holds the file, once for each holder.
    """
    began, told = time.monotonic(), None
    while True:
        try:
            return opened()
        except WarehouseLocked as error:
            if elsewhere and (found := elsewhere(file)) is not None:
                return found
            waited = time.monotonic() - began
            if waited >= wait:
                raise
            if waited >= _TOLD_AFTER and told != error.holder:
                told = error.holder
                line = f"waiting for {told}, which holds {file}"
                events.tell(observe, events.WarehouseAwaited(line))
        time.sleep(min(_LOOK, max(0.0, wait - waited)))
