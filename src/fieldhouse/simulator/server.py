"""The HTTP server: asyncio streams, with h11 to read requests.

Answers are written to the transport by hand, because a server framework forbids what the faults
need: resets, broken framing, silence.
"""

from __future__ import annotations

import asyncio
import socket
import struct
import threading
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from types import TracebackType
from typing import Self, cast
from urllib.parse import unquote

import h11

from fieldhouse.protocol import Request
from fieldhouse.protocol.exchange import error

from . import wire
from .faults import Fault, Faults
from .service import Seen, Service
from .world import World

_RESET = struct.pack("ii", 1, 0)  # SO_LINGER on, 0 s: closing sends RST
_READ = 65_536
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class _Hangup(Exception):
    """The connection is to be reset."""


class _Server:
    """Serves one world on whatever event loop runs it."""

    def __init__(self, world: World, faults: Faults, seen: list[Seen], *, gzip: bool) -> None:
        self._world, self._gzip = world, gzip
        self._service = Service(world, faults, seen)
        self.at_once = self._service.at_once
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(
        self, host: str, port: int, stop: asyncio.Event, ready: Callable[[str], object]
    ) -> None:
        """Serve until *stop* is set; calls *ready* with the base URL once listening."""
        server = await asyncio.start_server(self._connected, host, port, backlog=512)
        address = server.sockets[0].getsockname()
        shown = f"[{address[0]}]" if ":" in address[0] else address[0]
        ready(f"http://{shown}:{address[1]}")
        await stop.wait()
        server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = cast("asyncio.Task[None]", asyncio.current_task())
        self._tasks.add(task)
        try:
            await self._converse(reader, writer)
        except _Hangup:
            _reset(writer)
        except (ConnectionError, asyncio.CancelledError):
            writer.transport.abort()
        finally:
            self._tasks.discard(task)
            writer.close()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Request after request until one side closes."""
        http = h11.Connection(h11.SERVER)
        while True:
            try:
                request = await _receive(http, reader, writer)
            except h11.RemoteProtocolError:
                sent = wire.encode(Request("GET", ""), error(400), [], self._now(), gzip_on=False)
                writer.write(sent.data)
                return
            if request is None:
                return
            with self._service.under_way(request):
                sent = await self._answer(request)
                await _send(sent, writer)
            if sent.close:
                return
            _next_cycle(http)

    def _now(self) -> datetime:
        return self._world.clock.now()

    async def _answer(self, request: Request) -> wire.Sent:
        faults = self._service.admit(request)
        for fault in faults:
            await self._before(fault)
        response = self._service.respond(request, faults)
        return wire.encode(request, response, faults, self._now(), gzip_on=self._gzip)

    async def _before(self, fault: Fault) -> None:
        if fault.kind == "stall":
            await asyncio.sleep(fault.seconds)
        elif fault.kind == "reset":
            raise _Hangup
        elif fault.kind == "call" and fault.action is not None:
            await asyncio.to_thread(fault.action, self._world)


async def _receive(
    http: h11.Connection, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> Request | None:
    """Read the next request with its body, or None when the client has closed."""
    head: h11.Request | None = None
    body: list[bytes] = []
    while True:
        event = http.next_event()
        if event is h11.NEED_DATA:
            if http.they_are_waiting_for_100_continue:
                writer.write(_CONTINUE)
                http.send(h11.InformationalResponse(status_code=100, headers=[]))
            http.receive_data(await reader.read(_READ))
        elif isinstance(event, h11.Request):
            head = event
        elif isinstance(event, h11.Data):
            body.append(bytes(event.data))
        elif isinstance(event, h11.EndOfMessage) and head is not None:
            return _request(head, b"".join(body))
        else:
            return None


def _request(head: h11.Request, body: bytes) -> Request:
    path, _, query = head.target.decode("latin-1").partition("?")
    headers = {name.decode(): value.decode("latin-1") for name, value in head.headers}
    last = head.http_version < b"1.1" or "close" in headers.get("connection", "").lower()
    return Request(head.method.decode(), unquote(path), query, headers, body, last)


async def _send(sent: wire.Sent, writer: asyncio.StreamWriter) -> None:
    at_once = int(len(sent.data) * sent.drip.fraction) if sent.drip else len(sent.data)
    writer.write(sent.data[:at_once])
    await writer.drain()
    for place in range(at_once, len(sent.data)):
        await asyncio.sleep(sent.drip.seconds if sent.drip else 0)
        writer.write(sent.data[place : place + 1])
        await writer.drain()


def _next_cycle(http: h11.Connection) -> None:
    """Tell h11 that the answer, which it never saw, is complete."""
    http.send(h11.Response(status_code=200, headers=[("Content-Length", "0")]))
    http.send(h11.EndOfMessage())
    http.start_next_cycle()


def _reset(writer: asyncio.StreamWriter) -> None:
    connection = writer.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    writer.transport.abort()


class Simulator:
    """A ThingSpeak of your own in a background thread, for the length of a `with`."""

    def __init__(
        self, world: World, host: str = "127.0.0.1", port: int = 0, gzip: bool = False
    ) -> None:
        self.world = world
        self.faults = Faults()
        self.requests: list[Seen] = []
        """Every request that came in, in order."""
        self.at_once = Counter[int]()
        """The most requests of each channel that were under way at a time."""
        self.url = ""
        """The base URL, once started: `http://127.0.0.1:49152`."""
        self._address, self._gzip = (host, port), gzip
        self._ready = threading.Event()
        self._thread: threading.Thread | None = None
        self._failure: BaseException | None = None

    def start(self) -> None:
        """Listen; returns once requests are served. Raises OSError when the port is taken."""
        self._thread = threading.Thread(target=self._run, name="simulator", daemon=True)
        self._thread.start()
        self._ready.wait()
        if self._failure is not None:
            self._thread.join()
            raise self._failure

    def stop(self) -> None:
        """Cut all connections and free the port."""
        if self._thread is not None and self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stop.set)
            self._thread.join()

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except OSError as error:
            self._failure = error
        finally:
            self._ready.set()

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        server = _Server(self.world, self.faults, self.requests, gzip=self._gzip)
        self.at_once = server.at_once
        await server.run(*self._address, self._stop, self._started)

    def _started(self, url: str) -> None:
        self.url = url
        self._ready.set()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
