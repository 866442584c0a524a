"""What an ear hears, made into jobs: a channel of which there is a hint is read at once.

A hint is worth one request, and no more. Of many that come together one reading is made, of many
channels one job; a channel that speaks all the time is read every few seconds. Where a hint comes
while its channel is being read, that is read once more, since the answer may have been made before.
A channel that is listened to is polled more rarely, as long as nothing is doubtful.
"""

import logging
import threading
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from fieldhouse import events
from fieldhouse.errors import ConfigurationError, FieldhouseError, WarehouseUnavailable
from fieldhouse.parts import Parts
from fieldhouse.polled import polled_channels
from fieldhouse.settings.mqtt import BROKER, SECRETS, MqttSettings, broker_of
from fieldhouse.sources.thingspeak.stream import Device, Ear
from fieldhouse.state import Run
from fieldhouse.web.broadcast import Broadcast
from fieldhouse.web.jobs import Jobs

__all__ = ["Hints", "ear_of", "listening"]

logger = logging.getLogger(__name__)

_GATHERED = 0.2
"""Seconds that the first hint waits for others."""
_GLANCE = 0.2
_MOST = 2
"""Jobs of hints that go on at a time; the others gather."""


class Hints:
    """Has channels read of which it is told, in a thread of its own, for the time of a ``with``.

    It must hear what the jobs tell. ``spacing`` are the seconds between two readings of a channel.
    """

    def __init__(self, jobs: Jobs, spacing: float) -> None:
        self._jobs, self._spacing = jobs, spacing
        self._told = threading.Condition()
        self._waiting: set[int] = set()
        self._begun: dict[int, float] = {}
        self._reading: set[int] = set()
        self._hinted: set[int] = set()
        self._doubtful: set[int] = set()
        self._is_stopping = False
        self._thread = threading.Thread(target=self._go_on, name="hints", daemon=True)

    def __call__(self, channel_id: int) -> None:
        """There may be something new in a channel; returns at once."""
        with self._told:
            self._waiting.add(channel_id)
            self._told.notify()

    def __enter__(self) -> "Hints":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        with self._told:
            self._is_stopping = True
            self._told.notify()
        self._thread.join()

    def is_settled(self, channel_id: int) -> bool:
        """Whether the last reading did what it was to: it succeeded, and a hint was not in vain."""
        return channel_id not in self._doubtful

    def observe(self, event: events.Event) -> None:
        """Hear which channels are being read, and what came of it."""
        if not isinstance(event, events.RunStarted | events.RunEnded):
            return
        with self._told:
            if isinstance(event, events.RunStarted):
                self._reading.add(event.channel_id)
            else:
                self._ended(event.run)

    def _ended(self, run: Run) -> None:
        number = run.channel_id
        in_vain = number in self._hinted and not run.inserted + run.updated
        self._reading.discard(number)
        self._hinted.discard(number)
        if in_vain or run.outcome != "success":
            self._doubtful.add(number)
        else:
            self._doubtful.discard(number)

    def _go_on(self) -> None:
        while self._wait(None, lambda: bool(self._waiting)):
            if not self._wait(_GATHERED, lambda: False):
                return
            while self._waiting:
                self._begin()
                if not self._wait(_GLANCE, lambda: not self._waiting):
                    return

    def _wait(self, seconds: float | None, enough: Callable[[], bool]) -> bool:
        """Wait so long, or until it is enough; whether to go on."""
        with self._told:
            self._told.wait_for(lambda: self._is_stopping or enough(), seconds)
            return not self._is_stopping

    def _begin(self) -> None:
        """Begin to read those whose time has come."""
        now, busy = time.monotonic(), self._jobs.busy()
        self._begun = {n: at for n, at in self._begun.items() if now - at < self._spacing}
        with self._told:
            due = sorted(self._waiting - self._begun.keys() - (self._reading & busy))
            self._waiting -= set(due)
        if not due:
            return
        try:
            self._start(due)
        except FieldhouseError as error:
            logger.debug("Hints wait: %s", error)
            with self._told:
                self._waiting |= set(due)
        else:
            self._begun |= dict.fromkeys(due, now)

    def _start(self, due: list[int]) -> None:
        going_on = [job for job in self._jobs.all() if job.kind == "hint" and not job.ended_at]
        if len(going_on) >= _MOST:
            raise WarehouseUnavailable("hints are being followed already")
        with self._told:
            self._hinted |= set(due)
        self._jobs.start(due, kind="hint")


@contextmanager
def listening(parts: Parts, jobs: Jobs, heard: Broadcast) -> Iterator[Ear]:
    """Listen to the broker of ``[mqtt]``, for the time of a ``with``, and read what it tells of.

    Raises ConfigurationError where ``[mqtt]`` is not complete.
    """
    own = parts.settings.mqtt or MqttSettings()
    hints = Hints(jobs, own.spacing)

    def channels() -> list[int]:
        return polled_channels(parts.settings, parts.warehouse)

    ear = ear_of(own, channels, hints, parts.clock)

    def rarely(number: int, begun: datetime) -> timedelta:
        since = ear.since(number)
        is_calm = since is not None and begun > since and hints.is_settled(number)
        return timedelta(seconds=own.poll if is_calm else 0)

    jobs.poll_rarely(rarely)
    with heard.heard_by(hints.observe), hints, ear:
        yield ear


def ear_of(
    own: MqttSettings,
    channels: Callable[[], Collection[int]],
    hear: Callable[[int], object],
    clock: Callable[[], datetime],
) -> Ear:
    """The ear that the settings describe. Raises ConfigurationError where they are not complete."""
    device = _device(own)
    return Ear(broker_of(own.broker), device, channels, hear, clock=clock, topic=own.topic)


def _device(own: MqttSettings) -> Device:
    secrets = {name: own.secret(name) for name in SECRETS}
    if own.broker == BROKER and not all(secrets.values()):
        missing = ", ".join(name for name, secret in secrets.items() if not secret)
        raise ConfigurationError(
            f"[mqtt] needs {missing} of ThingSpeak's MQTT device, each by reference to a secret"
        )
    return Device(**secrets)
