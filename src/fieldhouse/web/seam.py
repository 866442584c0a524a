"""The seam over HTTP: what other processes of this machine ask of the warehouse that this one owns.

Every request is a POST of frames under ``/seam/``, answered with frames as they come (see
``warehouse.wire``). It needs the secret of the note beside the file, and comes from this machine.
What blocks runs in threads, writes and reads and jobs apart, so that none of them waits for all the
others; whoever hangs up is not worked for any longer.
"""

import asyncio
import logging
import secrets
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import asdict
from functools import partial
from typing import Protocol

import anyio
import pyarrow as pa
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from fieldhouse import events
from fieldhouse.errors import FieldhouseError, WarehouseError, WarehouseUnavailable
from fieldhouse.settings import Settings, digests
from fieldhouse.state import Run, Span
from fieldhouse.warehouse import Order, Part, Warehouse, owner, wire
from fieldhouse.warehouse.wire import Frame
from fieldhouse.web.limits.framed import Framed, in_threads
from fieldhouse.web.limits.heard import Heard

__all__ = ["Job", "Jobs", "routes"]

logger = logging.getLogger(__name__)

_MOST = {"reads": 32, "writes": 16, "jobs": 16, "locks": 512}
"""What goes on at a time of each; a lock that is waited for or held has a thread of its own."""
_ROWS = 65_536
_BODY = 1 << 31
_UNWANTED = ("forwarded", "x-forwarded-for", "origin")
"""Headers of what comes through a proxy, or from a browser's page; no program of ours sends any."""

Asked = Iterator[Frame]
Work = Callable[[Asked, threading.Event], Iterator[Frame]]
Frames = Callable[[Asked, threading.Event], AsyncIterator[Frame]]


class Job(Protocol):
    """A turn over some channels, which has begun."""

    @property
    def runs(self) -> list[Run]:
        """What came of it, once it has ended."""
        ...

    @property
    def error(self) -> str | None:
        """Why it could not be done at all, in one line."""
        ...

    def stop(self) -> None:
        """Have it end soon."""
        ...

    def wait(self, seconds: float | None = None) -> bool:
        """Wait for its end; whether it has come."""
        ...


class Jobs(Protocol):
    """What starts jobs, and with which settings."""

    @property
    def settings(self) -> Settings:
        """With which the jobs are done."""
        ...

    def start(
        self,
        channel_ids: Sequence[int],
        *,
        kind: str = "run",
        tail_size: int | None = None,
        again: Span | None = None,
        workers: int | None = None,
        observe: events.Observer | None = None,
    ) -> Job:
        """Begin a turn over some channels. Raises WarehouseUnavailable."""
        ...


def routes(house: Warehouse, secret: str, jobs: Jobs | None = None) -> list[BaseRoute]:
    """The routes of the seam to ``house``, for whoever has the secret."""
    return _Seam(house, secret, jobs).routes()


class _Seam:
    def __init__(self, house: Warehouse, secret: str, jobs: Jobs | None) -> None:
        self._house, self._secret, self._jobs = house, secret, jobs
        self._ranges = digests.of_ranges(jobs.settings) if jobs else None
        self._running: dict[int, Job] = {}
        self._limiters: dict[str, anyio.CapacityLimiter] = {}

    def routes(self) -> list[BaseRoute]:
        works: dict[str, dict[str, Work]] = {
            "reads": {
                "query": self._query,
                "scan": self._scan,
                "stream": self._stream,
                "stop": self._stop,
            },
            "writes": {
                "load": self._load,
                "replace": self._replace,
                "call": self._call,
                "migrate": self._migrate,
                "advice": self._advice,
            },
            "jobs": {"jobs": self._job},
        }
        answers: dict[str, Frames] = {
            name: partial(self._frames, kind, work)
            for kind, named in works.items()
            for name, work in named.items()
        }
        answers["lock"] = self._lock
        return [
            Route("/seam/owner", self._welcome),
            *(
                Route(f"/seam/{name}", partial(self._answer, frames), methods=["POST"])
                for name, frames in answers.items()
            ),
        ]

    async def _welcome(self, request: Request) -> Response:
        """Who this is, shown by the secret without telling it; asked before the secret is sent."""
        if refusal := _refusal(request):
            return refusal
        challenge = request.headers.get("challenge", "")
        if not 16 <= len(challenge) <= 64 or not challenge.isalnum():
            return PlainTextResponse("a challenge of 16 to 64 letters and digits is missing", 400)
        return JSONResponse(
            {
                "proof": owner.proof(self._secret, challenge),
                "program": wire.PROGRAM,
                "ranges": self._ranges,
            }
        )

    async def _answer(self, frames: Frames, request: Request) -> Response:
        if refusal := _refusal(request) or self._stranger(request):
            return refusal
        if int(request.headers.get("content-length") or _BODY) >= _BODY:
            return PlainTextResponse("too much at once", 413)
        stop = threading.Event()
        return Framed(frames(wire.frames_in(await request.body()), stop), stop)

    def _stranger(self, request: Request) -> Response | None:
        """The answer to who does not know the secret, or is of another version."""
        shown = request.headers.get("authorization", "").encode("utf-8", "surrogateescape")
        if not secrets.compare_digest(shown, f"Bearer {self._secret}".encode()):
            return PlainTextResponse("the secret is another", 401)
        if request.headers.get("fieldhouse") != wire.PROGRAM:
            return PlainTextResponse(f"this is Fieldhouse {wire.PROGRAM}", 426)
        return None

    def _frames(
        self, kind: str, work: Work, asked: Asked, stop: threading.Event
    ) -> AsyncIterator[Frame]:
        return in_threads(_told(work, asked, stop), self._limiter(kind))

    def _limiter(self, kind: str) -> anyio.CapacityLimiter:
        """How many of a kind go on at a time; made within the server's loop."""
        return self._limiters.setdefault(kind, anyio.CapacityLimiter(_MOST[kind]))

    # What is asked

    def _query(self, asked: Asked, stop: threading.Event) -> Iterator[Frame]:
        name, limits, values = wire.question_from(asked, stop)
        table = self._house.query(name, limits, **values)
        yield from _rows(table)

    def _scan(self, asked: Asked, stop: threading.Event) -> Iterator[Frame]:
        name, limits, values = wire.question_from(asked, stop)
        yield from _batches(self._house.scan(name, limits, **values))

    def _stream(self, asked: Asked, stop: threading.Event) -> Iterator[Frame]:
        statement, limits, values = wire.question_from(asked, stop)
        given = tuple(values.values())
        yield from _batches(self._house.stream(statement, limits, parameters=given))

    def _call(self, asked: Asked, stop: threading.Event) -> Iterator[Frame]:
        name, _, values = wire.question_from(asked, stop)
        yield from _rows(self._house.call(name, **values))

    def _load(self, asked: Asked, _: threading.Event) -> Iterator[Frame]:
        counts = self._house.load([*wire.batches_from(asked)])
        yield wire.json_frame({str(number): asdict(count) for number, count in counts.items()})

    def _replace(self, asked: Asked, _: threading.Event) -> Iterator[Frame]:
        table, part = wire.json_from(wire.next_of(asked), tuple[str, Part])
        self._house.replace(table, part, wire.rows_from(wire.next_of(asked)))
        yield wire.json_frame(True)

    def _migrate(self, _: Asked, __: threading.Event) -> Iterator[Frame]:
        yield wire.json_frame([*self._house.migrate()])

    def _advice(self, _: Asked, __: threading.Event) -> Iterator[Frame]:
        yield wire.json_frame([*self._house.advice()])

    def _job(self, asked: Asked, stop: threading.Event) -> Iterator[Frame]:
        """A job's number, what happens in it, and its runs; it ends with who hears of it."""
        order = wire.json_from(wire.next_of(asked), Order)
        jobs = self._jobs
        if not jobs or order.configured != digests.of_copying(jobs.settings, order.channel_ids):
            yield wire.json_frame(None)
            return
        heard = Heard(stop)
        job = jobs.start(
            order.channel_ids,
            kind=order.kind,
            tail_size=order.tail_size,
            again=order.again,
            workers=order.workers,
            observe=heard.put,
        )
        self._running[id(job)] = job
        try:
            yield wire.json_frame(id(job))
            yield wire.event_frame(events.FleetStarted(len(set(order.channel_ids))))
            yield from map(wire.event_frame, heard.until(job.wait))
        finally:
            del self._running[id(job)]
            job.stop()
        if job.error:
            raise FieldhouseError(job.error)
        yield wire.json_frame(job.runs)

    def _stop(self, asked: Asked, _: threading.Event) -> Iterator[Frame]:
        if job := self._running.get(wire.json_from(wire.next_of(asked), int)):
            job.stop()
        yield wire.json_frame(job is not None)

    async def _lock(self, asked: Asked, _: threading.Event) -> AsyncIterator[Frame]:
        """A word once the channel is held; it is held until who asked hangs up."""
        limiter = self._limiter("locks")
        try:
            wanted = wire.json_from(wire.next_of(asked), tuple[int, float | None])
            limiter.acquire_on_behalf_of_nowait(asked)
        except WarehouseError as error:
            yield wire.error_frame(error)
            return
        except anyio.WouldBlock:
            yield wire.error_frame(WarehouseUnavailable("too many channels are held at once"))
            return
        holder = _Holder(self._house, *wanted)
        try:
            yield await holder.held()
            await asyncio.Event().wait()
        finally:
            holder.free()
            limiter.release_on_behalf_of(asked)


class _Holder:
    """A thread that holds a channel's lock: what takes one gives it back."""

    def __init__(self, house: Warehouse, channel_id: int, wait: float | None) -> None:
        self._house, self._channel_id, self._wait = house, channel_id, wait
        self._freed = threading.Event()
        self._told: asyncio.Future[Frame] = asyncio.get_running_loop().create_future()
        threading.Thread(target=self._hold, name=f"lock of {channel_id}", daemon=True).start()

    async def held(self) -> Frame:
        """What is said once the lock is held, or can't be."""
        return await self._told

    def free(self) -> None:
        """Give it back, or give up waiting as soon as it is had."""
        self._freed.set()

    def _hold(self) -> None:
        try:
            with self._house.lock(self._channel_id, self._wait):
                self._tell(wire.json_frame(True))
                self._freed.wait()
        except FieldhouseError as error:
            self._tell(wire.error_frame(error))
        except Exception as error:
            logger.exception("Channel %d was not locked", self._channel_id)
            why = WarehouseError(f"unexpected {type(error).__name__}: the server's log has more")
            self._tell(wire.error_frame(why))

    def _tell(self, frame: Frame) -> None:
        def tell() -> None:
            if not self._told.done():
                self._told.set_result(frame)

        if not self._freed.is_set():
            self._told.get_loop().call_soon_threadsafe(tell)


def _refusal(request: Request) -> Response | None:
    """The answer to what comes from elsewhere: another machine, through a proxy, a page."""
    if request.client is None or not owner.is_loopback(request.client.host):
        return PlainTextResponse("only from this machine", 403)
    if any(name in request.headers for name in _UNWANTED):
        return PlainTextResponse("only from this machine, directly", 403)
    return None


def _rows(table: pa.Table) -> Iterator[Frame]:
    """A table in frames, the last rows of one that is small in the first frame."""
    batches = table.to_batches(max_chunksize=_ROWS)
    yield wire.rows_frame(table.schema, batches[:1])
    for batch in batches[1:]:
        yield wire.rows_frame(table.schema, [batch])


def _batches(reader: pa.RecordBatchReader) -> Iterator[Frame]:
    yield wire.rows_frame(reader.schema)
    for batch in reader:
        yield wire.rows_frame(reader.schema, [batch])


def _told(work: Work, asked: Asked, stop: threading.Event) -> Iterator[Frame]:
    """The frames of a piece of work; what goes wrong is told as the last of them."""
    try:
        yield from work(asked, stop)
    except FieldhouseError as error:
        yield wire.error_frame(error)
    except Exception as error:
        if stop.is_set():  # nobody hears of it
            return
        logger.exception("A request of another process failed")
        line = f"the process that serves it failed: unexpected {type(error).__name__}"
        yield wire.error_frame(WarehouseError(line))
