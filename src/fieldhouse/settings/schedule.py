"""``[schedule]``: how often channels are asked, and how workers share them."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    model_validator,
)
from pydantic_core import PydanticCustomError

from fieldhouse.errors import ConfigurationError
from fieldhouse.settings.given import port_ok
from fieldhouse.settings.kinds import OWN_LINE, Key
from fieldhouse.times import length_of

__all__ = ["KEYS", "RIGHT", "SECRETS", "ScheduleSettings"]

KEYS = ("shortest", "longest", "hands", "leases", "lease", "redis_password")
SECRETS = ("redis_password",)
_LENGTH = "a number of seconds, or a time as 90s, 5min, 2h or 1d"
RIGHT = {
    "schedule.shortest": _LENGTH,
    "schedule.longest": _LENGTH,
    "schedule.hands": "a whole number from 2 to 256",
    "schedule.leases": '"warehouse", or an address as "redis://host:6379/0", without a password',
    "schedule.lease": _LENGTH,
}
"""What would be right, by section and key."""


def _length(value: object) -> object:
    """A length of time, of seconds or of a text with a unit."""
    if isinstance(value, timedelta):
        return value
    if isinstance(value, str):
        try:
            length = length_of(value)
        except ConfigurationError as error:
            raise ValueError("no length") from error
        if length.months:
            raise ValueError("months")
        return timedelta(days=length.days, seconds=length.seconds)
    if isinstance(value, bool) or not isinstance(value, (int, float, Decimal)):
        raise ValueError("no number")
    try:
        return timedelta(seconds=float(value))
    except OverflowError as error:
        raise ValueError("out of range") from error


def _place(value: str) -> str:
    """Where leases are kept; a password has a key of its own."""
    parts = urlsplit(value)
    is_redis = parts.scheme in ("redis", "rediss") and parts.hostname and port_ok(value)
    if value == "warehouse" or (is_redis and parts.password is None):
        return value
    raise ValueError("no place for leases")


def _line(text: str) -> PydanticCustomError:
    return PydanticCustomError(OWN_LINE, "{line}", {"line": text})


Length = Annotated[timedelta, BeforeValidator(_length)]


class ScheduleSettings(BaseModel):
    """How often each channel is asked, and how the workers of a fleet share the channels.

    ``shortest`` and ``longest`` bound the time between two polls of a channel; within them it is
    the usual distance of its readings. ``hands`` is how many channels one process reads side by
    side; None: as many as serve its pace. ``leases`` is where workers that come and go note who has
    which channel: ``warehouse``, or a Redis; None: nowhere, a worker has all of them, or its shard.
    ``lease`` is how long a worker that is gone keeps its channels. ``missing_key`` says why a
    password that is referred to isn't there.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    shortest: Length = timedelta(minutes=5)
    longest: Length = timedelta(days=1)
    hands: Annotated[int, Field(ge=2, le=256)] | None = None
    leases: Annotated[str, AfterValidator(_place)] | None = None
    lease: Length = timedelta(seconds=60)
    redis_password: Key | None = None
    missing_key: str | None = None

    @model_validator(mode="after")
    def _in_order(self) -> "ScheduleSettings":
        if not timedelta(seconds=1) <= self.shortest <= self.longest <= timedelta(days=366):
            raise _line("shortest must be 1 second or more, longest no shorter, up to a year")
        if not timedelta(seconds=3) <= self.lease <= timedelta(hours=1):
            raise _line("lease must be from 3 seconds to an hour")
        return self

    @property
    def password(self) -> str | None:
        """Redis's password, in clear. Raises ConfigurationError if a reference leads nowhere."""
        if self.missing_key:
            raise ConfigurationError(self.missing_key)
        return self.redis_password.get_secret_value() if self.redis_password else None

    def described(self) -> Iterator[tuple[str, str]]:
        """Every setting and its value as text; a secret is ``set`` or ``not set``."""
        for key in KEYS:
            value = getattr(self, key)
            if isinstance(value, timedelta):
                value = f"{value.total_seconds():g}"
            shown = "set" if isinstance(value, SecretStr) else value
            yield f"schedule.{key}", "not set" if shown is None else str(shown)
