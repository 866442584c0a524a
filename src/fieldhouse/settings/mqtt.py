"""The section ``[mqtt]``: which broker tells of new entries, and as whom it is asked (pure)."""

from collections.abc import Iterator
from typing import Annotated, NamedTuple
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, SecretStr

from fieldhouse.errors import ConfigurationError
from fieldhouse.settings.given import port_ok
from fieldhouse.settings.kinds import Key, Wait

__all__ = ["BROKER", "KEYS", "RIGHT", "SECRETS", "TOPIC", "Broker", "MqttSettings", "broker_of"]

BROKER = "mqtts://mqtt3.thingspeak.com"
TOPIC = "channels/{channel}/subscribe"
SECRETS = ("client_id", "username", "password")
"""What names an MQTT device of ThingSpeak's: three references, all of them made by ThingSpeak."""
KEYS = ("broker", *SECRETS, "topic", "poll", "spacing")
RIGHT = {
    "mqtt.broker": "an address as mqtts://mqtt3.thingspeak.com; mqtt, mqtts, ws or wss, with a "
    "port if it is another, without a user, a password, ? or #",
    "mqtt.topic": "a topic with {channel} once, without + and #",
    "mqtt.poll": "a number of seconds, 0 or more, or a time as 60s or 1h",
    "mqtt.spacing": "a number of seconds, 0 or more, or a time as 15s or 1m",
}
_PORTS = {"mqtt": 1883, "mqtts": 8883, "ws": 80, "wss": 443}


class Broker(NamedTuple):
    """Where a broker listens, and how it is spoken to; ``path`` is a WebSocket's."""

    host: str
    port: int
    has_tls: bool
    is_websocket: bool
    path: str


def broker_of(url: str) -> Broker:
    """The broker that a URL names. Raises ValueError for a URL that names none."""
    parts = urlsplit(url)
    is_bare = not (parts.query or parts.fragment or "@" in parts.netloc)
    if parts.scheme not in _PORTS or not parts.hostname or not port_ok(url) or not is_bare:
        raise ValueError("no broker")
    is_websocket = parts.scheme in ("ws", "wss")
    if parts.path.strip("/") and not is_websocket:
        raise ValueError("a path")
    return Broker(
        parts.hostname,
        parts.port or _PORTS[parts.scheme],
        parts.scheme in ("mqtts", "wss"),
        is_websocket,
        parts.path if parts.path.strip("/") else "/mqtt",
    )


def _broker(url: str) -> str:
    broker_of(url)
    return url


def _topic(text: str) -> str:
    if text.count("{channel}") != 1 or set(text.replace("{channel}", "")) & set("+#{}\0"):
        raise ValueError("no topic of a channel")
    return text


class MqttSettings(BaseModel):
    """What is set of MQTT.

    ``poll`` is after how many seconds a channel that is listened to is asked all the same;
    ``spacing`` how many pass at least between two readings of a channel that messages ask for.
    ``missing_key`` says why a secret that is referred to isn't there.
    """

    model_config = ConfigDict(
        frozen=True, extra="forbid", hide_input_in_errors=True, str_strip_whitespace=True
    )

    broker: Annotated[str, AfterValidator(_broker)] = BROKER
    client_id: Key | None = None
    username: Key | None = None
    password: Key | None = None
    topic: Annotated[str, AfterValidator(_topic)] = TOPIC
    poll: Wait = 3600.0
    spacing: Wait = 5.0
    missing_key: str | None = None

    def secret(self, name: str) -> str | None:
        """One of the device's three, in clear. Raises ConfigurationError if it is not there."""
        if self.missing_key:
            raise ConfigurationError(self.missing_key)
        found: SecretStr | None = getattr(self, name)
        return found.get_secret_value() if found else None

    def described(self) -> Iterator[tuple[str, str]]:
        """Each key as (name, value as text); a secret is ``set`` or ``not set``."""
        yield "mqtt.broker", self.broker
        for name in SECRETS:
            yield f"mqtt.{name}", "set" if getattr(self, name) else "not set"
        yield "mqtt.topic", self.topic
        yield "mqtt.poll", f"{self.poll:g}"
        yield "mqtt.spacing", f"{self.spacing:g}"
