"""The way to the process that owns a file: frames that ask, and frames that answer as they come."""

import secrets
import socket
import threading
import weakref
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import TypeVar

import httpx2
import msgspec

from fieldhouse.errors import WarehouseUnavailable, WarehouseUnusable
from fieldhouse.warehouse import owner, wire
from fieldhouse.warehouse.limits import NO_LIMITS, Limits
from fieldhouse.warehouse.wire import END, PULSE, Frame, Kind

__all__ = ["Answer", "Connection"]

T = TypeVar("T")

_CONNECT = 5.0
"""Seconds within which an owner takes a connection, and says that it is one."""
_SILENCE = 12 * wire.PULSE_SECONDS
"""Seconds without a sign of it after which an owner is given up."""
_LATE = 2.0
"""Seconds that an owner has beyond a deadline to say itself that it has passed."""
_KEPT_SECONDS = 3.0
"""For which an idle connection is kept; the owner keeps it for longer, so that none dies in use."""
_GONE = (httpx2.TransportError, httpx2.StreamError, OSError)


class Welcome(msgspec.Struct):
    """What an owner says to whoever asks whether it is one."""

    proof: str
    program: str
    ranges: str | None = None


class Connection:
    """Requests to one owner, for any number of threads; ``file`` is what they are about."""

    def __init__(self, note: owner.Note, file: str) -> None:
        self.file, self._note, self._closed = file, note, False
        self._client = httpx2.Client(
            base_url=note.address,
            headers={"Fieldhouse": wire.PROGRAM},
            timeout=httpx2.Timeout(_SILENCE, connect=_CONNECT, pool=None),
            limits=httpx2.Limits(max_connections=None, keepalive_expiry=_KEPT_SECONDS),
            trust_env=False,  # a proxy has no business with an address of this machine
        )
        self._answers: weakref.WeakSet[Answer] = weakref.WeakSet()

    def meet(self) -> Welcome | None:
        """What the owner says of itself, once it has shown that it wrote the note; None otherwise.

        The secret is not sent before. Raises WarehouseUnusable for one of another version.
        """
        challenge = secrets.token_hex(16)
        try:
            answer = self._client.get(
                "/seam/owner", headers={"Challenge": challenge}, timeout=_CONNECT
            )
            said = msgspec.json.decode(answer.content, type=Welcome)
        except (*_GONE, msgspec.MsgspecError):
            return None
        if not secrets.compare_digest(said.proof, owner.proof(self._note.secret, challenge)):
            return None
        if said.program != wire.PROGRAM:
            theirs, ours = (program.partition("/")[0] for program in (said.program, wire.PROGRAM))
            raise WarehouseUnusable(
                f"{self.file} is served by process {self._note.pid}, of another Fieldhouse"
                f" ({theirs}, this is {ours}): bring both to one version, or stop that process"
            )
        return said

    def ask(self, what: str, frames: Iterable[Frame], limits: Limits = NO_LIMITS) -> "Answer":
        """Ask the owner for something; what it answers, frame by frame.

        Raises the owner's errors as its own, and WarehouseUnavailable where it is gone.
        """
        self.check_open()
        body = [bytes(part) for frame in frames for part in (frame.head(), frame.data) if part]
        request = self._client.build_request(
            "POST",
            f"/seam/{what}",
            content=iter(body),
            headers={
                "Authorization": f"Bearer {self._note.secret}",
                "Content-Length": str(sum(map(len, body))),
            },
            timeout=httpx2.Timeout(min(_SILENCE, limits.left + _LATE), connect=_CONNECT, pool=None),
        )
        with self.told():
            response = self._client.send(request, stream=True)
            if response.status_code != 200:
                response.read()
                raise self._refused(response.text)
        answer = Answer(self, response)
        self._answers.add(answer)
        return answer

    def said(self, what: str, kind: type[T], frames: Iterable[Frame] = ()) -> T:
        """Ask for something that is answered with one thing, said in JSON."""
        with self.ask(what, frames) as answer:
            return wire.json_from(answer.only(), kind)

    def check_open(self) -> None:
        """Raise WarehouseUnusable once this is closed."""
        if self._closed:
            raise WarehouseUnusable(f"{self.file}: closed: open it again")

    @contextmanager
    def told(self) -> Iterator[None]:
        """Raise ours for what the library raises where the owner is gone."""
        try:
            yield
        except httpx2.TimeoutException as error:
            raise self._unavailable("does not answer") from error
        except (*_GONE, RuntimeError) as error:  # RuntimeError: closed by another thread meanwhile
            self.check_open()
            if isinstance(error, RuntimeError) and not isinstance(error, _GONE):
                raise
            raise self._unavailable("is gone") from error

    def close(self) -> None:
        """Close all connections; whoever reads from one, in another thread, is told."""
        self._closed = True
        for answer in [*self._answers]:
            answer.close()
        self._client.close()

    def cut(self) -> WarehouseUnavailable:
        """The error of an answer that ends before its end."""
        return self._unavailable("is gone")

    def _unavailable(self, what: str) -> WarehouseUnavailable:
        return WarehouseUnavailable(
            f"{self.file}: process {self._note.pid}, which serves it, {what}; try again"
        )

    def _refused(self, text: str) -> Exception:
        line = " ".join(text.split())[:200]
        return WarehouseUnavailable(
            f"{self.file}: process {self._note.pid}, which serves it, refuses: {line}"
        )


class Answer:
    """The frames of an answer, as they come; closed early, the owner gives up the work.

    Raises the owner's error where there is one in it, and WarehouseUnavailable where it is cut.
    """

    def __init__(self, connection: Connection, response: httpx2.Response) -> None:
        self._connection, self._response = connection, response
        self._chunks = response.iter_raw()
        self._rest = memoryview(b"")
        self._is_whole = self._ended = False
        self._closing = threading.Lock()

    def __iter__(self) -> "Answer":
        return self

    def __next__(self) -> Frame:
        if self._is_whole:
            raise StopIteration
        try:
            while (frame := self._next()).kind == PULSE.kind:
                pass
            if frame.kind == Kind.ERROR:
                raise wire.error_from(frame)
        except BaseException:
            self.close()
            raise
        if frame.kind != END.kind:
            return frame
        self._is_whole = self._ended = True
        raise StopIteration

    def __enter__(self) -> "Answer":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __del__(self) -> None:
        self.close()

    def only(self) -> Frame:
        """The answer's one frame, the end of which is awaited as well."""
        frames = list(self)
        if len(frames) != 1:
            raise self._connection.cut()
        return frames[0]

    def close(self) -> None:
        """Read no more; a second time is a no-op."""
        with self._closing:
            ended, self._ended = self._ended, True
        if not ended:
            with suppress(Exception):  # it is thrown away: what it has to say concerns nobody
                self._hang_up()
            with suppress(Exception):
                self._response.close()

    def _hang_up(self) -> None:
        """Wake who reads, and have the owner learn of it at once: closing alone does neither."""
        stream = self._response.extensions["network_stream"]
        stream.get_extra_info("socket").shutdown(socket.SHUT_RDWR)

    def _next(self) -> Frame:
        kind, size = wire.HEAD.unpack(self._take(wire.HEAD.size))
        frame = Frame(kind, self._take(size))
        if kind == END.kind:
            self._to_the_end()
        return frame

    def _take(self, size: int) -> bytearray:
        """So many bytes, once they are there."""
        taken, place = bytearray(size), 0
        while place < size:
            if not self._rest:
                self._rest = memoryview(self._chunk())
            piece = self._rest[: size - place]
            taken[place : place + len(piece)] = piece
            place += len(piece)
            self._rest = self._rest[len(piece) :]
        return taken

    def _chunk(self) -> bytes:
        with self._connection.told():
            chunk = next(self._chunks, None)
        if chunk is None:
            raise self._connection.cut()
        return chunk

    def _to_the_end(self) -> None:
        """Read what ends the answer, so that its connection serves the next."""
        with self._connection.told():
            for _ in self._chunks:
                pass
