"""Channels' locks: in this process, and on a server a table whose making only one can win.

They keep planners out of each other's way; that loads lose nothing does not rest on them. A holder
says every few seconds that it lives; the lock of one that was killed is taken after a while.
"""

import math
import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from fieldhouse.errors import WarehouseError, WarehouseLocked
from fieldhouse.warehouse.engines.clickhouse.errors import translated
from fieldhouse.warehouse.engines.clickhouse.session import Session

__all__ = ["ChannelLock", "lock_of"]

_LOOK = 0.1
_BEAT = 10.0
_DEAD_AFTER = 60
"""Seconds: between two looks, between two signs of life, and without one until it is taken."""


class ChannelLock:
    """A channel's lock, which the thread that holds it may take again."""

    def __init__(self) -> None:
        self._here = threading.RLock()
        self._depth = 0

    @contextmanager
    def held(self, session: Session, channel_id: int, wait: float | None) -> Iterator[None]:
        """Hold it; other holders wait, in any process, up to ``wait`` seconds: WarehouseLocked."""
        until = math.inf if wait is None else time.monotonic() + wait
        if not self._here.acquire(timeout=-1 if wait is None else wait):
            raise _refusal(channel_id)
        try:
            self._depth += 1
            try:
                if self._depth > 1 or session.transport.is_exclusive:
                    yield
                else:
                    with _on_server(session, channel_id, until):
                        yield
            finally:
                self._depth -= 1
        finally:
            self._here.release()


_locks: dict[tuple[str, int], ChannelLock] = {}
_change = threading.Lock()


def lock_of(place: str, channel_id: int) -> ChannelLock:
    """A channel's lock; one for however often a warehouse is open."""
    with _change:
        return _locks.setdefault((place, channel_id), ChannelLock())


def _refusal(channel_id: int) -> WarehouseLocked:
    return WarehouseLocked(f"channel {channel_id} is being read or written by another job")


@contextmanager
def _on_server(session: Session, channel_id: int, until: float) -> Iterator[None]:
    values = {"table": f"Lock_{channel_id}", "database": session.database}
    values["holder"] = f"{socket.gethostname()} {os.getpid()} {threading.get_ident()}"
    while not _made(session, values):
        taken = session.ask("locks", "dead", **values, seconds=_DEAD_AFTER)
        if taken.num_rows:
            session.run("locks", "drop", **values)
        if time.monotonic() >= until:
            raise _refusal(channel_id)
        time.sleep(_LOOK)
    done = threading.Event()
    beat = threading.Thread(target=_beat, args=(session, values, done), daemon=True)
    beat.start()
    try:
        yield
    finally:
        done.set()
        beat.join()
        with suppress(Exception), translated(session.transport.where):  # it dies by itself, too
            session.run("locks", "drop", **values)


def _made(session: Session, values: dict[str, str]) -> bool:
    try:
        with translated(session.transport.where):
            session.run("locks", "make", **values)
    except WarehouseError as error:
        if "already exists" not in str(error):
            raise
        return False
    return True


def _beat(session: Session, values: dict[str, str], done: threading.Event) -> None:
    while not done.wait(_BEAT):
        with suppress(Exception), translated(session.transport.where):  # the next one may arrive
            session.run("locks", "beat", **values)
