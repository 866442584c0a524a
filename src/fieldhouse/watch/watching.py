"""Watching as long as a process goes on: a thread that looks, tells, and counts requests."""

import logging
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime

from fieldhouse import events
from fieldhouse.errors import ConfigurationError, FieldhouseError
from fieldhouse.parts import Parts
from fieldhouse.settings import Settings
from fieldhouse.warehouse import Warehouse
from fieldhouse.watch import notices
from fieldhouse.watch.alerts import deliver, look
from fieldhouse.watch.survey import survey

__all__ = ["Calls", "Watching"]

logger = logging.getLogger(__name__)

_PATIENCE = 3
"""Looks that fail in a row until that is told by itself."""
_TICK = 1.0


class Calls:
    """Counts requests and failures, and hands them to the warehouse minute by minute.

    Safe between threads. What a process that is killed has not handed over is not counted.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._requests = self._failed = 0

    def observe(self, event: events.Event) -> None:
        """Count a request that was made."""
        if isinstance(event, events.RequestMade) and event.made:
            with self._lock:
                self._requests += 1
                self._failed += event.error is not None

    def hand_over(self, warehouse: Warehouse, now: datetime) -> None:
        """Add to the warehouse what was counted since; kept for later where that fails."""
        with self._lock:
            requests, failed = self._requests, self._failed
            self._requests = self._failed = 0
        if not requests:
            return
        minute = now.replace(second=0, microsecond=0)
        try:
            warehouse.call("count_calls", counted_at=minute, requests=requests, failed=failed)
        except FieldhouseError:
            with self._lock:
                self._requests, self._failed = self._requests + requests, self._failed + failed
            raise


class Watching(AbstractContextManager["Watching"]):
    """Looks once in ``alerts.every`` and soon after a turn; what goes wrong is logged.

    An observer: give it what happens. Where the warehouse itself cannot be asked, so that no alert
    can be kept, the receivers are told so directly, once, and when it is over.
    """

    def __init__(
        self,
        warehouse: Warehouse,
        settings: Settings,
        clock: Callable[[], datetime],
        *,
        send: notices.Send = notices.send,
        tell: events.Observer | None = None,
    ) -> None:
        self._warehouse, self._settings, self._clock = warehouse, settings, clock
        self._send, self._tell = send, tell
        self._calls = Calls()
        self._stopping, self._turned = threading.Event(), threading.Event()
        self._failed = 0
        self._is_told = False
        self._said = ""
        self._thread = threading.Thread(target=self._go_on, name="watching", daemon=True)

    @classmethod
    def over(cls, parts: Parts) -> "Watching":
        """Over what the parts of a process work with."""
        return cls(parts.warehouse, parts.settings, parts.clock, tell=parts.observe)

    def __enter__(self) -> "Watching":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._turned.set()
        self._thread.join()
        self._attempt("Requests are not counted", self._hand_over)

    def observe(self, event: events.Event) -> None:
        """Count requests; a run that has ended is a reason to look."""
        self._calls.observe(event)
        if isinstance(event, events.RunEnded):
            self._turned.set()

    def look(self) -> None:
        """Look once, and send what is due."""
        if self._attempt("Alerts cannot be judged", self._judge):
            self._failed = 0
            self._tell_warehouse(None)
        self._attempt("Messages cannot be sent", self._deliver)

    def _go_on(self) -> None:
        pause = self._settings.alerts.every
        while not self._stopping.wait(_TICK):
            self._turned.clear()
            if self._stopping.is_set():  # set, perhaps, with what was cleared
                return
            self.look()
            self._turned.wait(pause)
            if self._turned.is_set():  # let the others of a turn end, and be judged with it
                self._stopping.wait(min(pause, 5 * _TICK))

    def _judge(self) -> None:
        now = self._clock()
        self._hand_over()
        if self._settings.alerts.enabled:
            came = look(self._warehouse, self._settings, now)
            events.tell(self._tell, events.Looked(came.opened, came.ended))
        if self._tell:
            events.tell(self._tell, survey(self._warehouse, self._settings, now))

    def _hand_over(self) -> None:
        self._calls.hand_over(self._warehouse, self._clock())

    def _deliver(self) -> None:
        if self._settings.alerts.enabled and self._settings.alerts.receivers:
            deliver(self._warehouse, self._settings, self._clock, self._send)

    def _attempt(self, otherwise: str, work: Callable[[], None]) -> bool:
        """Whether it was done; why not, the log says."""
        try:
            work()
        except ConfigurationError as error:  # it stays so: once is enough
            line = f"{otherwise}: {error}"
            if line != self._said:
                logger.warning("%s", line)
            self._said = line
        except FieldhouseError as error:
            logger.warning("%s: %s", otherwise, error)
            self._failed += 1
            if self._failed >= _PATIENCE:
                self._tell_warehouse(str(error))
        except Exception:
            logger.exception(otherwise)
        else:
            return True
        return False

    def _tell_warehouse(self, error: str | None) -> None:
        """Tell that the warehouse cannot be asked, or can be again: no alert could be kept."""
        if (error is None) is not self._is_told:
            return
        text = error or "Alerts are judged again."
        title = "Critical: the warehouse cannot be used" if error else "Over: the warehouse is back"
        message = notices.Message(title, text, "critical" if error else "ended")
        for receiver in self._settings.alerts.receivers.values():
            if receiver.url:
                try:
                    self._send(receiver, message)
                except FieldhouseError as failed:
                    logger.warning("A message to %s was not sent: %s", receiver.name, failed)
        self._is_told = error is not None
