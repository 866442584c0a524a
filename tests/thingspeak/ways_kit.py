"""What may stand between us and a server, real and on the loopback: proxies, TLS, a slow line."""

import asyncio
import base64
import ssl
import threading
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

_CHUNK = 65_536

Reader, Writer = asyncio.StreamReader, asyncio.StreamWriter


class Served:
    """A server on a port of its own, in a thread of its own, as long as it is entered."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.port = 0
        self.accepted = 0
        """How many connections there have been."""
        self.problem: str | None = None
        """What went wrong in it, in one line, for a test that fails for no visible reason."""
        self._tls = tls
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), daemon=True)

    async def converse(self, reader: Reader, writer: Writer) -> None:
        """Serve one connection."""
        raise NotImplementedError

    def __enter__(self) -> Self:
        self._thread.start()
        self._ready.wait()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    async def _run(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        self._loop.set_exception_handler(lambda _, context: None)  # connections that are cut
        self._tasks: list[asyncio.Task[None]] = []
        self._writers: list[Writer] = []
        server = await asyncio.start_server(self._accept, "127.0.0.1", 0, ssl=self._tls)
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._stop.wait()
        server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for writer in self._writers:
            writer.transport.abort()
        await asyncio.sleep(0)

    def _accept(self, reader: Reader, writer: Writer) -> None:
        self.accepted += 1
        self._writers.append(writer)
        self._tasks.append(asyncio.ensure_future(self._serve(reader, writer)))

    async def _serve(self, reader: Reader, writer: Writer) -> None:
        try:
            await self.converse(reader, writer)
        except (OSError, asyncio.IncompleteReadError) as error:
            self.problem = repr(error)
        finally:
            writer.close()

    async def dial(self, port: int) -> tuple[Reader, Writer]:
        """Connect to a port of the loopback."""
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        self._writers.append(writer)
        return reader, writer


async def pass_on(one: tuple[Reader, Writer], other: tuple[Reader, Writer]) -> None:
    """Pass on what comes, both ways, until one side closes."""

    async def copy(reader: Reader, writer: Writer) -> None:
        while chunk := await reader.read(_CHUNK):
            writer.write(chunk)
            await writer.drain()

    ways = [
        asyncio.ensure_future(copy(one[0], other[1])),
        asyncio.ensure_future(copy(other[0], one[1])),
    ]
    try:
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for way in ways:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)
        other[1].close()


class Terminator(Served):
    """A server's TLS: what comes in is decrypted and passed on to a port that speaks plainly."""

    def __init__(self, port: int, tls: ssl.SSLContext) -> None:
        super().__init__(tls)
        self._to = port

    async def converse(self, reader: Reader, writer: Writer) -> None:
        server = await self.dial(self._to)
        await pass_on((reader, writer), server)


class HttpProxy(Served):
    """An HTTP proxy: it forwards what is asked by its whole address, and tunnels for CONNECT.

    Whatever host is asked for, ``port`` of the loopback is what it reaches. ``login`` is the
    ``user:password`` that it wants; ``status`` is what it answers instead of working. What is no
    HTTP it answers with 400, or, ``patient``, waits for the rest of.
    """

    def __init__(
        self,
        port: int,
        *,
        login: str | None = None,
        status: str | None = None,
        tls: ssl.SSLContext | None = None,
        patient: bool = False,
    ) -> None:
        super().__init__(tls)
        self._to, self._login, self._status = port, login, status
        self._patient = patient
        self.asked: list[str] = []
        """The first line of every request."""

    async def converse(self, reader: Reader, writer: Writer) -> None:
        while head := await self._head(reader, writer):
            lines = head.decode("latin-1").split("\r\n")
            self.asked.append(lines[0])
            method, target, _ = lines[0].split(" ")
            if refusal := self._refusal(lines):
                writer.write(f"HTTP/1.1 {refusal}\r\nContent-Length: 2\r\n\r\nno".encode())
                await writer.drain()
                continue
            server = await self.dial(self._to)
            if method == "CONNECT":
                writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            else:
                server[1].write(_forwarded(method, target, lines))
            await pass_on((reader, writer), server)
            return

    async def _head(self, reader: Reader, writer: Writer) -> bytes:
        first = await reader.read(1)
        if first and not first.isalpha() and not self._patient:
            writer.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
            await writer.drain()
            return b""
        try:
            return first and first + await reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError:
            return b""

    def _refusal(self, lines: list[str]) -> str | None:
        if self._status:
            return self._status
        wanted = self._login and base64.b64encode(self._login.encode()).decode()
        if wanted and f"proxy-authorization: basic {wanted}".lower() not in map(str.lower, lines):
            return '407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm="x"'
        return None


def _forwarded(method: str, target: str, lines: list[str]) -> bytes:
    parts = urlsplit(target)
    path = f"{parts.path or '/'}{'?' if parts.query else ''}{parts.query}"
    kept = [line for line in lines[1:] if not line.lower().startswith(("proxy-", "connection"))]
    kept = [line for line in kept if line]
    return "\r\n".join([f"{method} {path} HTTP/1.1", *kept, "Connection: close\r\n\r\n"]).encode()


class SocksProxy(Served):
    """A SOCKS 5 proxy; whatever host is asked for, ``port`` of the loopback is what it reaches."""

    def __init__(self, port: int, *, login: str | None = None, reply: int = 0) -> None:
        super().__init__()
        self._to, self._login, self._reply = port, login, reply
        self.asked: list[str] = []
        """The hosts that were asked for."""

    async def converse(self, reader: Reader, writer: Writer) -> None:
        _, methods = await reader.readexactly(2)
        await reader.readexactly(methods)
        writer.write(b"\x05\x02" if self._login else b"\x05\x00")
        if self._login and not await self._logged_in(reader, writer):
            return
        await reader.readexactly(3)
        self.asked.append(await _address(reader))
        writer.write(bytes([5, self._reply, 0, 1, 127, 0, 0, 1, 0, 0]))
        await writer.drain()
        if self._reply == 0:
            server = await self.dial(self._to)
            await pass_on((reader, writer), server)

    async def _logged_in(self, reader: Reader, writer: Writer) -> bool:
        await reader.readexactly(1)
        user = await reader.readexactly((await reader.readexactly(1))[0])
        password = await reader.readexactly((await reader.readexactly(1))[0])
        right = f"{user.decode()}:{password.decode()}" == self._login
        writer.write(b"\x01\x00" if right else b"\x01\x01")
        await writer.drain()
        return right


async def _address(reader: Reader) -> str:
    kind = (await reader.readexactly(1))[0]
    if kind == 3:
        host = (await reader.readexactly((await reader.readexactly(1))[0])).decode()
    else:
        host = ".".join(map(str, await reader.readexactly(4 if kind == 1 else 16)))
    await reader.readexactly(2)
    return host


class Scripted(Served):
    """A server that does what a test says with each connection."""

    def __init__(self, script: Callable[[Reader, Writer], Awaitable[None]]) -> None:
        super().__init__()
        self._script = script

    async def converse(self, reader: Reader, writer: Writer) -> None:
        await self._script(reader, writer)
