"""The process that serves: a warehouse, what keeps it current, and a server of HTTP."""

import asyncio
import logging
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from types import FrameType

import uvicorn

from fieldhouse.errors import ConfigurationError
from fieldhouse.parts import built_on, warehouse_of
from fieldhouse.settings import Settings
from fieldhouse.times import utc_now
from fieldhouse.watch.metrics import Metrics
from fieldhouse.watch.tracing import spans_to
from fieldhouse.watch.watching import Watching
from fieldhouse.web.access import Tokens
from fieldhouse.web.app import create_app
from fieldhouse.web.broadcast import Broadcast
from fieldhouse.web.jobs import Jobs
from fieldhouse.web.kept import Uploads
from fieldhouse.web.limits.bounded import Bounded
from fieldhouse.web.limits.patience import PatientProtocol
from fieldhouse.web.limits.shared import Shared
from fieldhouse.web.listening import listening
from fieldhouse.web.owning import owned
from fieldhouse.web.served import Rules, Served

__all__ = ["Address", "Server", "serve", "served_with"]

logger = logging.getLogger(__name__)

_GRACE = 0.5
"""Seconds that answers which have begun have to end when we are to stop."""
_FILES = 4_096
_ENDS = (
    "ASGI callable returned without completing response.",
    "ASGI callable returned without starting response.",
    "Cancel %s running task(s), timeout graceful shutdown exceeded",
)
"""What uvicorn calls errors, and is how an answer ends that nobody waits for, or can."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where to listen, and with which certificate (files, PEM)."""

    host: str = "127.0.0.1"
    port: int = 8321
    certificate: Path | None = None
    key: Path | None = None

    def listening(self) -> socket.socket:
        """A socket that listens there. Raises ConfigurationError for an address that is none."""
        made = None
        try:
            found = socket.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM)
            family, kind, protocol, _, where = found[0]
            made = socket.socket(family, kind, protocol)
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            made.bind(where)
            made.listen(512)
        except OSError as error:
            if made:
                made.close()
            raise ConfigurationError(
                f"{self.host} port {self.port} cannot be listened at: {error.strerror};"
                " choose another with --host and --port"
            ) from None
        return made

    def url(self, port: int) -> str:
        """The address as a browser takes it."""
        scheme = "https" if self.certificate else "http"
        host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(self.host, self.host)  # noqa: S104
        host = f"[{host}]" if ":" in host and not host.startswith("[") else host
        return f"{scheme}://{host}:{port}"

    def check_certificate(self) -> None:
        """Raise ConfigurationError for files that are no certificate and its key."""
        if self.key and not self.certificate:
            raise ConfigurationError("--key is a certificate's: give --certificate as well")
        if not self.certificate:
            return
        try:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(self.certificate, self.key)
        except (OSError, ssl.SSLError) as error:
            why = getattr(error, "strerror", None) or error
            raise ConfigurationError(
                f"{self.certificate} is no certificate with its key, as PEM: {why}"
            ) from None


@contextmanager
def served_with(
    settings: Settings,
    rules: Rules,
    *,
    every: timedelta | None,
    clock: Callable[[], datetime] = utc_now,
    watched: bool = False,
) -> Iterator[Served]:
    """The warehouse of the settings, kept current every so often; closed at the end.

    ``watched``: whether alerts are judged and told meanwhile.
    """
    heard, metrics, ending = Broadcast(), Metrics(settings.metrics), threading.Event()
    with (
        closing(Uploads()) as uploads,
        heard.heard_by(metrics.observe),
        warehouse_of(settings, own=True, observe=heard) as opened,
        built_on(Shared(opened), settings, observe=heard, clock=clock) as parts,
        ExitStack() as watch,
        Jobs(parts, every=every) as jobs,
        ExitStack() as stack,
    ):
        if settings.mqtt:
            stack.enter_context(listening(parts, jobs, heard))
        if settings.metrics.traces:
            watch.enter_context(heard.heard_by(watch.enter_context(spans_to()).observe))
        if watched:
            watching = watch.enter_context(Watching.over(parts))
            watch.enter_context(heard.heard_by(watching.observe))
        yield Served(
            settings,
            parts.warehouse,
            jobs,
            heard,
            rules,
            Tokens(Bounded(parts.warehouse, rules.seconds, ending)),
            uploads=uploads,
            metrics=metrics,
            clock=parts.clock,
            ending=ending,
        )


def serve(
    settings: Settings,
    rules: Rules,
    address: Address,
    *,
    every: timedelta | None = None,
    ready: Callable[[str], object] = lambda url: None,
) -> None:
    """Serve until told to stop (Ctrl-C, the signal TERM); ``ready`` is told the address.

    Raises ConfigurationError for an address or a certificate that will not do, whatever opening the
    warehouse raises, and the error of a writer that has died: whoever began this begins it anew.
    """
    _quieten()
    _allow_files()
    address.check_certificate()
    listening = address.listening()
    with listening, served_with(settings, rules, every=every, watched=True) as served:
        url = address.url(listening.getsockname()[1])
        with owned(served.whole, settings.warehouse_url, served.jobs):
            Server(served, address, ready=lambda: ready(url)).run(sockets=[listening])
        if failed := served.jobs.failed:
            raise failed


def _allow_files() -> None:
    """Have a file for each connection, as far as the system lets us: it begins with a thousand."""
    try:
        import resource
    except ModuleNotFoundError:  # Windows has no such limit
        return
    held, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _FILES if most == resource.RLIM_INFINITY else min(_FILES, most)
    if held != resource.RLIM_INFINITY and held < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))


def _quieten() -> None:
    """Have uvicorn log what is wrong with us, and not what strangers send."""
    log = logging.getLogger("uvicorn.error")
    log.setLevel(logging.ERROR)
    log.addFilter(lambda record: record.msg not in _ENDS)


class Server(uvicorn.Server):
    """Serves a warehouse; says when it listens, and stops the work when it is to stop."""

    def __init__(
        self, served: Served, address: Address, *, ready: Callable[[], object] = lambda: None
    ) -> None:
        super().__init__(_config(served, address))
        self._served, self._ready = served, ready

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Stop, at once if told so twice; what is around this closes in its order, and says so."""
        self.force_exit = self.should_exit
        self.should_exit = True

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._ready()

    async def on_tick(self, counter: int) -> bool:
        if self._served.jobs.failed:
            self.should_exit = True
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._served.jobs.stop()
        asyncio.get_running_loop().call_later(_GRACE, self._served.ending.set)
        await super().shutdown(sockets)


def _config(served: Served, address: Address) -> uvicorn.Config:
    return uvicorn.Config(
        create_app(served),
        http=partial(PatientProtocol, seconds=served.rules.seconds),  # type: ignore[arg-type]
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        ssl_certfile=address.certificate,
        ssl_keyfile=address.key,
        limit_concurrency=PatientProtocol.most_connections,
        timeout_keep_alive=20,
        timeout_graceful_shutdown=2,
        h11_max_incomplete_event_size=32_768,
    )
