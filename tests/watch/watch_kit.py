"""A small installation in a world whose clock a test moves, and receivers that are real."""

import json
import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import Envelope

from fieldhouse import events
from fieldhouse.parts import Parts, sync_ranges
from fieldhouse.scheduling.fleet import run_fleet
from fieldhouse.settings import Settings, load_settings
from fieldhouse.simulator import Clock, Simulator, World
from fieldhouse.sources.thingspeak.api import ThingSpeak
from fieldhouse.sources.thingspeak.pacing import Pacer
from fieldhouse.state import Run
from fieldhouse.warehouse import open_warehouse
from fieldhouse.watch import notices
from fieldhouse.watch.alerts import Look, deliver, look
from fieldhouse.watch.metrics import Metrics
from fieldhouse.watch.watching import Calls
from fieldhouse.writer import Writer

NOW = datetime(2024, 3, 4, 12, 0)
STEP = timedelta(minutes=10)


class Installation:
    """Channels of a simulated ThingSpeak, copied every so often, and watched.

    Each channel gets an entry every ten minutes of its clock; ``mute`` holds those that do not.
    """

    def __init__(self, simulator: Simulator, settings: Settings) -> None:
        self.world, self.settings, self.simulator = simulator.world, settings, simulator
        self.mute: set[int] = set()
        self.values: dict[int, float] = {}
        self.told: list[events.Event] = []
        self.metrics, self.calls = Metrics(settings.metrics), Calls()
        self._stack = ExitStack()
        self.warehouse = self._stack.enter_context(closing(open_warehouse(settings.warehouse_url)))
        self.warehouse.migrate()
        sync_ranges(self.warehouse, settings)
        server = self._stack.enter_context(
            ThingSpeak(
                simulator.url, pacer=Pacer(0), attempts=2, backoff=0.001, observe=self._observe
            )
        )
        writer = self._stack.enter_context(Writer(self.warehouse, self._observe))
        self.parts = Parts(
            settings,
            self.warehouse,
            server,
            writer,
            threading.Event(),
            self._observe,
            lambda: self.now,
        )

    def _observe(self, event: events.Event) -> None:
        self.told.append(event)
        self.metrics.observe(event)
        self.calls.observe(event)

    @property
    def now(self) -> datetime:
        return self.world.clock.now().replace(tzinfo=None)

    def channel(self, number: int) -> Any:
        return self.world.channels[number]

    def pass_time(self, steps: int = 1) -> None:
        """Let time pass, ten minutes a step; devices report at its end."""
        for _ in range(steps):
            self.world.clock.advance(STEP.total_seconds())
            for number, channel in self.world.channels.items():
                if number not in self.mute:
                    n = channel.next_id()
                    value = self.values.get(number, 20 + n % 7)
                    channel.write(fields={1: value, 2: n % 11})

    def run(self, *numbers: int) -> list[Run]:
        """One turn over the channels, all of them if none is named."""
        return run_fleet(self.parts, numbers or list(self.world.channels), workers=2)

    def look(self) -> Look:
        self.calls.hand_over(self.warehouse, self.now)
        return look(self.warehouse, self.settings, self.now)

    def turn(self, steps: int = 1, send: notices.Send = notices.send) -> None:
        """Time passes, the channels are copied step by step; then all is judged, and told."""
        for _ in range(steps):
            self.pass_time()
            self.run()
        self.look()
        deliver(self.warehouse, self.settings, lambda: self.now, send)

    def open(self) -> dict[str, int]:
        """How many alerts of each rule are open."""
        found: dict[str, int] = {}
        for alert in self.warehouse.query("alerts", as_of=self.now).to_pylist():
            found[alert["RuleName"]] = found.get(alert["RuleName"], 0) + 1
        return found

    def close(self) -> None:
        self._stack.close()


@contextmanager
def installed(
    folder: Path,
    toml: str = "",
    environ: dict[str, str] | None = None,
    *,
    channels: int = 1,
    world: World | None = None,
) -> Iterator[Installation]:
    """An installation in a folder, with so many channels, numbered from 1, or a world's."""
    world = world or a_world(channels)
    (folder / "fieldhouse.toml").write_text(toml)
    with Simulator(world) as simulator:
        given = {
            "warehouse_url": f"duckdb:///{folder / 'w.duckdb'}",
            "base_url": simulator.url,
            "rate_limit_delay": 0,
            "metadata_ttl": timedelta(days=1),
        }
        settings = load_settings(given, directory=folder, environ=environ or {})
        with closing(Installation(simulator, settings)) as made:
            yield made


def a_world(channels: int) -> World:
    """So many channels without an entry, at a time that stands still."""
    world = World(clock=Clock(NOW))
    for number in range(1, channels + 1):
        world.add_channel(id=number, name=f"Station {number}", fields={1: "Temperature", 2: "X"})
    return world


class Hook:
    """A webhook's receiver; answers 500 while it is ``down``."""

    def __init__(self) -> None:
        self.got: list[dict[str, Any]] = []
        self.down = False
        self.arrived = threading.Condition()
        hook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                with hook.arrived:
                    if not hook.down:
                        hook.got.append(json.loads(body))
                    hook.arrived.notify_all()
                self.send_response(500 if hook.down else 200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            do_PUT = do_POST  # noqa: N815 (the library's name)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))

    @property
    def port(self) -> int:
        return self._server.server_port

    @property
    def url(self) -> str:
        """As apprise takes it."""
        return f"json://127.0.0.1:{self.port}/hook"

    @property
    def titles(self) -> list[str]:
        return [each["title"] for each in self.got]

    def __enter__(self) -> "Hook":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class Mailbox:
    """A mail server that keeps what it is sent."""

    def __init__(self) -> None:
        self.got: list[Envelope] = []
        self._controller = Controller(self, hostname="127.0.0.1", port=free_port())

    async def handle_DATA(self, _: object, __: object, envelope: Envelope) -> str:  # noqa: N802
        self.got.append(envelope)
        return "250 taken"

    @property
    def url(self) -> str:
        port = self._controller.port
        return f"mailto://127.0.0.1:{port}/?from=fieldhouse@example.org&to=team@example.org&mode=insecure"

    def __enter__(self) -> "Mailbox":
        self._controller.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._controller.stop()


def receiver(*names: str) -> str:
    """Receivers of these names, whose addresses are in variables of these names."""
    lines = (f'[alerts.receivers.{name}]\nurl = {{ env = "{name.upper()}_URL" }}' for name in names)
    return "\n".join(lines)


def kinds(titles: Sequence[str]) -> list[str]:
    """What titles begin with."""
    return [title.partition(":")[0] for title in titles]


def free_port() -> int:
    """A port that nobody listens at."""
    with socket.socket() as made:
        made.bind(("127.0.0.1", 0))
        return int(made.getsockname()[1])
