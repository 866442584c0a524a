"""The simulator as a program of its own."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from types import FrameType

from .server import Simulator
from .world import World


def serve(
    world: World,
    host: str = "127.0.0.1",
    port: int = 8900,
    *,
    ready: Callable[[str], object] | None = None,
    gzip: bool = False,
    tick: Callable[[], object] | None = None,
) -> None:
    """Serve until Ctrl-C or SIGTERM; calls *ready* with the base URL once listening.

    *tick* is called about once a second, for a world that lives on.
    Prints nothing. Raises OSError when the port is taken.
    """
    stop = threading.Event()
    before = _on_terminate(lambda *_: stop.set())
    try:
        with Simulator(world, host, port, gzip) as simulator:
            if ready is not None:
                ready(simulator.url)
            while not stop.wait(1.0):
                if tick is not None:
                    tick()
    except KeyboardInterrupt:
        return
    finally:
        if before is not None:
            signal.signal(signal.SIGTERM, before)


def _on_terminate(
    handler: Callable[[int, FrameType | None], object],
) -> signal._HANDLER:
    """Install a SIGTERM handler where Python allows it, and say which one it replaced."""
    if threading.current_thread() is not threading.main_thread():
        return None
    return signal.signal(signal.SIGTERM, handler)
