"""ThingSpeak over MQTT: a message on a channel's topic hints that the channel has something new.

It is no more than a hint. The broker repeats nothing that was missed, and says nothing of what is
written in bulk, so that no value is taken from a message: what is new is asked for over HTTP, as
ever. One connection listens to the topics of all channels, for as long as it lasts; then another
one is tried, after pauses that grow, each drawn at random, so that many listeners do not come back
in the same second.
"""

import logging
import os
import random
import selectors
import ssl
import threading
import time
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any, NamedTuple

from fieldhouse.errors import ConfigurationError, FieldhouseError, SourceUnavailable
from fieldhouse.settings.mqtt import TOPIC, Broker
from fieldhouse.sources.thingspeak.certificates import Trust, distrusted, trust

__all__ = ["Device", "Ear"]

logger = logging.getLogger(__name__)

_TOGETHER = 100
"""Topics that one packet asks for, at the most."""
_PATIENCE = 10.0
"""Seconds that a broker has to answer."""
_KEEPALIVE = 30
"""Seconds of silence after which a broker is asked whether it is still there."""
_STEADY = 60.0
"""Seconds that a connection must have lasted for the next pause to be a short one again."""
_REFUSED_FOR = 3600.0
"""Seconds until a topic that was refused is asked for again."""
_GLANCE = 0.25


class Device(NamedTuple):
    """As whom a broker is asked; one's own broker may ask for none of it."""

    client_id: str | None = None
    username: str | None = None
    password: str | None = None


class _Ended(Exception):
    """A connection has ended; the text says how."""


class Ear:
    """Listens to channels in a thread of its own, for the time of a ``with``.

    ``channels`` says to which ones, and is asked again every ``look`` seconds; ``topic`` has
    ``{channel}`` where a channel's number stands. ``hear`` is told the number of a channel at each
    of its messages, and must be quick. The pauses between connections grow from ``backoff`` to
    ``widest`` seconds. ``clock`` is that of `since`.

    Raises ConfigurationError where the library for MQTT is missing, or a variable that names
    certificates is wrong. What is wrong with the broker stands in the log, and ends nothing.
    """

    def __init__(
        self,
        broker: Broker,
        device: Device,
        channels: Callable[[], Collection[int]],
        hear: Callable[[int], object],
        *,
        clock: Callable[[], datetime],
        topic: str = TOPIC,
        look: float = 30.0,
        backoff: float = 1.0,
        widest: float = 300.0,
    ) -> None:
        _require_extra()
        self.broker, self.device, self.topic, self.look = broker, device, topic, look
        self.channels, self.hear, self.clock = channels, hear, clock
        self.trusting = trust(os.environ) if broker.has_tls else None
        self.heard: dict[int, datetime] = {}
        """Since when each channel is listened to without a break."""
        self.doubts: Counter[int] = Counter()
        """How often a connection ended after each was asked for, and before it was answered."""
        self.refused: dict[int, float] = {}
        """When each topic was refused, on the monotonic clock."""
        self._backoff, self._widest = backoff, widest
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._listen, name="ear", daemon=True)

    def __enter__(self) -> "Ear":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(timeout=1.0)  # one that is still connecting ends by itself

    def since(self, channel_id: int) -> datetime | None:
        """Since when a channel is listened to without a break; None if it is not."""
        return self.heard.get(channel_id)

    def _listen(self) -> None:
        failures = 0
        while not self._stop.is_set():
            began = time.monotonic()
            why = self._converse(_Conversation(self), self._stop.is_set)
            self.heard.clear()
            if why is None or self._stop.is_set():
                return
            failures = 0 if time.monotonic() - began >= _STEADY else failures + 1
            longest = min(self._widest, self._backoff * 2 ** min(failures, 30))
            pause = random.uniform(longest / 2, longest)  # noqa: S311 (no secret)
            logger.warning("MQTT: %s; trying again in %.0f s", why, pause)
            self._stop.wait(pause)

    def try_once(self) -> None:
        """Connect, and leave again. Raises SourceUnavailable, with the reason, where that fails."""
        conversation = _Conversation(self)
        if why := self._converse(conversation, lambda: conversation.is_connected):
            raise SourceUnavailable(f"MQTT: {why}")

    def _converse(self, conversation: "_Conversation", enough: Callable[[], bool]) -> str | None:
        """One connection, to its end; why it ended before it was enough."""
        place = f"{self.broker.host}:{self.broker.port}"
        try:
            conversation.go_on_until(enough)
        except _Ended as ended:
            return f"{place} {ended}"
        except (OSError, ValueError) as error:
            return f"{place} {_told(error, self.trusting)}"
        except Exception as error:
            logger.exception("MQTT: %s", place)
            return f"{place}: unexpected {type(error).__name__}"
        return None


class _Conversation:
    """One connection to a broker; all of it happens in the thread that has it go on."""

    def __init__(self, ear: Ear) -> None:
        self._ear = ear
        self._client = _client(ear)
        self._client.on_connect = self._connected
        self._client.on_subscribe = self._answered
        self._client.on_message = self._told
        self.is_connected = False
        self._why = "hangs up"
        self._seen = 0
        self._wanted: set[int] = set()
        self._numbers: dict[str, int] = {}
        self._asked: list[int] = []
        """Whom the packet is about that is not answered yet."""
        self._until = time.monotonic() + _PATIENCE
        self._looked = -float("inf")

    def go_on_until(self, enough: Callable[[], bool]) -> None:
        """Listen until it is enough; raises _Ended, or what connecting raises, for another end."""
        broker = self._ear.broker
        self._client.connect(broker.host, broker.port, keepalive=_KEEPALIVE)
        try:
            with selectors.DefaultSelector() as selector:
                selector.register(self._client.socket(), selectors.EVENT_READ)
                while not enough():
                    self._turn(selector)
        finally:
            self._doubt()
            with suppress(Exception):
                self._client.disconnect()
                self._client.loop_write()

    def _turn(self, selector: selectors.BaseSelector) -> None:
        if (socket := self._client.socket()) is None:
            raise _Ended(self._why)
        writing = selectors.EVENT_WRITE if self._client.want_write() else 0
        selector.modify(socket, selectors.EVENT_READ | writing)
        for _, ready in selector.select(_GLANCE):
            if ready & selectors.EVENT_READ:
                self._read()
            if ready & selectors.EVENT_WRITE:
                self._client.loop_write()
        self._client.loop_misc()
        if self.is_connected:
            self._look()
            self._ask()
        if (self._asked or not self.is_connected) and time.monotonic() > self._until:
            raise _Ended(f"has not answered for {_PATIENCE:.0f} s")

    def _read(self) -> None:
        """Take all that is there: of TLS and WebSockets a part may wait where no selector sees."""
        while True:
            seen = self._seen
            self._client.loop_read()
            waiting = getattr(self._client.socket(), "pending", None)
            if self._seen == seen and not (waiting and waiting()):
                return

    def _look(self) -> None:
        """Find out, now and then, to whom to listen; who is no longer wanted is let go."""
        now = time.monotonic()
        if now - self._looked < self._ear.look:
            return
        self._looked = now
        try:
            self._wanted = set(self._ear.channels())
        except FieldhouseError as error:
            logger.debug("MQTT: the channels are not known: %s", error)
            return
        if gone := [number for number in self._ear.heard if number not in self._wanted]:
            self._client.unsubscribe([self._topic(number) for number in gone])
            for number in gone:
                self._ear.heard.pop(number)
        self._ear.refused = {
            number: at for number, at in self._ear.refused.items() if now - at < _REFUSED_FOR
        }

    def _ask(self) -> None:
        """Ask for some of the topics that are still missing, one packet at a time.

        Some brokers hang up where a topic is not allowed, and do not say which. Those that were
        asked for together are doubted then: they come last the next time, and in half as many.
        """
        missing = self._wanted - self._ear.heard.keys() - self._ear.refused.keys()
        if self._asked or not missing:
            return
        doubts = self._ear.doubts
        least = min(doubts[number] for number in missing)
        alike = sorted(number for number in missing if doubts[number] == least)
        self._asked = alike[: max(1, _TOGETHER >> least)]
        topics = {self._topic(number): number for number in self._asked}
        self._numbers |= topics
        self._until = time.monotonic() + _PATIENCE
        self._client.subscribe([(topic, 0) for topic in topics])

    def _doubt(self) -> None:
        """At the end: of those that were asked for and not answered one may be to blame."""
        self._ear.doubts.update(self._asked)
        if len(self._asked) == 1:
            self._refuse(self._asked)

    def _refuse(self, numbers: Sequence[int]) -> None:
        self._ear.refused |= dict.fromkeys(numbers, time.monotonic())
        shown = ", ".join(map(str, numbers[:5]))
        more = f" and {len(numbers) - 5} more" if len(numbers) > 5 else ""
        logger.warning(
            "MQTT: %s does not let us listen to %s%s: polled as before; is the device allowed to"
            " subscribe there?",
            self._ear.broker.host,
            shown,
            more,
        )

    def _topic(self, number: int) -> str:
        return self._ear.topic.replace("{channel}", str(number))

    # What the client calls

    def _connected(self, *given: Any) -> None:
        reason = given[3]
        self._seen += 1
        self.is_connected = not reason.is_failure
        if reason.is_failure:
            self._why = f"refuses us: {str(reason).lower()}"

    def _answered(self, *given: Any) -> None:
        codes, now = given[3], self._ear.clock()
        self._seen += 1
        asked, self._asked = self._asked, []
        refused = [n for n, code in zip(asked, codes, strict=False) if code.is_failure]
        for number in asked:
            self._ear.doubts.pop(number, None)
        self._ear.heard |= dict.fromkeys((n for n in asked if n not in refused), now)
        if refused:
            self._refuse(refused)
        if not (self._wanted - self._ear.heard.keys() - self._ear.refused.keys()):
            logger.info("MQTT: listening to %d channels", len(self._ear.heard))

    def _told(self, *given: Any) -> None:
        message = given[2]
        self._seen += 1
        number = self._numbers.get(message.topic)
        if number is not None and not message.retain:  # what is kept is repeated, and not new
            self._ear.hear(number)


def _require_extra() -> None:
    try:
        import paho.mqtt.client  # noqa: F401
    except ModuleNotFoundError:
        raise ConfigurationError(
            "[mqtt] needs paho-mqtt: pip install '.[mqtt]' in a checkout"
        ) from None


def _client(ear: Ear) -> Any:
    """A client of MQTT 3.1.1 for one connection, which nothing of an earlier one survives."""
    from paho.mqtt.client import Client, MQTTv311
    from paho.mqtt.enums import CallbackAPIVersion

    client = Client(
        CallbackAPIVersion.VERSION2,
        client_id=ear.device.client_id or "",
        clean_session=True,  # ThingSpeak refuses another one
        protocol=MQTTv311,
        transport="websockets" if ear.broker.is_websocket else "tcp",
        reconnect_on_failure=False,
    )
    client.connect_timeout = _PATIENCE
    if ear.broker.is_websocket:
        client.ws_set_options(path=ear.broker.path)
    if ear.trusting:
        client.tls_set_context(ear.trusting.context)
    if ear.device.username:
        client.username_pw_set(ear.device.username, ear.device.password)
    return client


def _told(error: Exception, trusting: Trust | None) -> str:
    """What failed on the way, after the broker's name."""
    if isinstance(error, ssl.SSLCertVerificationError) and trusting:
        return distrusted(error, trusting)
    if isinstance(error, TimeoutError):
        return f"does not answer within {_PATIENCE:.0f} s"
    if isinstance(error, OSError) and error.strerror:
        return f"cannot be reached: {error.strerror}"
    return f"cannot be spoken to: {error or type(error).__name__}"
