"""What lets other processes of this machine use the file that this one owns.

They have a listener of their own, apart from that of the pages: on the loopback, whatever address
and certificate the pages have, and in a thread of its own, so that neither waits for the other.
"""

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from starlette.applications import Starlette

from fieldhouse.warehouse import Warehouse, owner
from fieldhouse.web.seam import Jobs, routes

__all__ = ["owned"]

_KEEP_ALIVE = 60
"""Seconds; longer than clients keep a connection that is idle, so that none is cut in use."""
_GRACE = 1
"""Seconds that answers which have begun have to end when we are to stop."""


@contextmanager
def owned(house: Warehouse, url: str, jobs: Jobs | None = None) -> Iterator[None]:
    """Let other processes work through this one for the time of a ``with``; ``url`` is the house's.

    A warehouse on a server has no owner: there nothing is done. Raises WarehouseUnusable where no
    note can be left.
    """
    file = owner.file_of(url)
    if file is None:
        yield
        return
    secret = owner.new_secret()
    with _listening() as listening:
        port = listening.getsockname()[1]
        server = uvicorn.Server(
            uvicorn.Config(
                Starlette(routes=routes(house, secret, jobs)),
                http="h11",
                ws="none",
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,
                timeout_keep_alive=_KEEP_ALIVE,
                timeout_graceful_shutdown=_GRACE,
            )
        )
        serving = threading.Thread(
            target=server.run, kwargs={"sockets": [listening]}, name="seam", daemon=True
        )
        serving.start()
        try:
            with owner.left(file, owner.Note(f"http://127.0.0.1:{port}", secret, os.getpid())):
                yield
        finally:
            server.should_exit = True
            serving.join(_GRACE + 1)  # a write that takes longer is not ours to wait for


def _listening() -> socket.socket:
    """A socket at a port that is free. Named as TCP's: only then asyncio sends without delay."""
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.bind(("127.0.0.1", 0))
    listening.listen(512)
    return listening
