"""What is written to a world, told to a real broker, as ThingSpeak tells its own.

Each entry that is written by itself is a message on `channels/ID/subscribe`, the object of
`/update.json`, and one on `channels/ID/subscribe/fields/fieldN` for each value. Nothing is kept or
repeated, and a bulk write is not told.
"""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING, Self

from fieldhouse.protocol import Entry
from fieldhouse.protocol.writing import message

if TYPE_CHECKING:
    from paho.mqtt.client import Client


class Publisher:
    """Tells the broker at an address, for the length of a `with`: a listener of a `World`.

    A broker that goes away is found again; what is written meanwhile is told to nobody.
    """

    def __init__(
        self,
        host: str,
        port: int = 1883,
        *,
        username: str | None = None,
        password: str | None = None,
    ) -> None:
        self._address, self._login = (host, port), (username, password)
        self._client: Client | None = None

    def __enter__(self) -> Self:
        """Connect. Raises OSError where no broker is, ModuleNotFoundError without paho-mqtt."""
        from paho.mqtt.client import Client
        from paho.mqtt.enums import CallbackAPIVersion

        self._client = client = Client(CallbackAPIVersion.VERSION2)
        client.reconnect_delay_set(1, 5)
        if self._login[0] is not None:
            client.username_pw_set(*self._login)
        client.connect(*self._address)
        client.loop_start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._client is not None:
            self._client.disconnect()
            self._client.loop_stop()

    def __call__(self, channel_id: int, entry: Entry) -> None:
        """Publish an entry of a channel."""
        if self._client is None:
            return
        topic = f"channels/{channel_id}/subscribe"
        self._client.publish(topic, message(channel_id, entry))
        for number, value in enumerate(entry.fields, 1):
            if value is not None:
                text = str(value).encode(errors="replace")
                self._client.publish(f"{topic}/fields/field{number}", text)
