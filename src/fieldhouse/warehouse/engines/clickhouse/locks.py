"""Locks, of channels and of calls: in this process, and on a server a table that only one can make.

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

__all__ = ["Lock", "lock_of"]

_LOOK = 0.1
_BEAT = 10.0
_DEAD_AFTER = 60
"""Seconds: between two looks, between two signs of life, and without one until it is taken."""


class Lock:
    """A lock of a channel or of some calls, which the thread that holds it may take again."""

    def __init__(self) -> None:
        self._here = threading.RLock()
        self._depth = 0

    @contextmanager
    def held(self, session: Session, of: int | str, wait: float | None) -> Iterator[None]:
        """Hold it; other holders wait, in any process, up to ``wait`` seconds: WarehouseLocked."""
        until = math.inf if wait is None else time.monotonic() + wait
        if not self._here.acquire(timeout=-1 if wait is None else wait):
            raise _refusal(of)
        try:
            self._depth += 1
            try:
                if self._depth > 1 or session.transport.is_exclusive:
                    yield
                else:
                    with _on_server(session, of, until):
                        yield
            finally:
                self._depth -= 1
        finally:
            self._here.release()


_locks: dict[tuple[str, int | str], Lock] = {}
_change = threading.Lock()


def lock_of(place: str, of: int | str) -> Lock:
    """A channel's lock, or that of some calls; one for however often a warehouse is open."""
    with _change:
        return _locks.setdefault((place, of), Lock())


def _refusal(of: int | str) -> WarehouseLocked:
    what = f"channel {of}" if isinstance(of, int) else f"what is kept of {of}"
    return WarehouseLocked(f"{what} is being read or written by another job")


@contextmanager
def _on_server(session: Session, of: int | str, until: float) -> Iterator[None]:
    values = {"table": f"Lock_{of}", "database": session.database}
    values["holder"] = f"{socket.gethostname()} {os.getpid()} {threading.get_ident()}"
    while not _made(session, values):
        taken = session.ask("locks", "dead", **values, seconds=_DEAD_AFTER)
        if taken.num_rows:
            session.run("locks", "drop", **values)
        if time.monotonic() >= until:
            raise _refusal(of)
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
