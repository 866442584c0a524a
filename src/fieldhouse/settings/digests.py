"""What two processes must have set alike for one to do the other's work, as digests."""

import hashlib
from collections.abc import Iterable

from fieldhouse.settings.model import ChannelSettings, Settings

__all__ = ["of_copying", "of_ranges"]


def of_copying(settings: Settings, channel_ids: Iterable[int]) -> str:
    """Of which ThingSpeak is asked, how, and with what set for these channels, keys included."""
    said: list[object] = [settings.base_url, settings.proxies]
    for number in sorted(set(channel_ids)):
        own = settings.channels.get(number, ChannelSettings())
        key = own.api_key or (settings.api_key if number == settings.channel_id else None)
        secret = key.get_secret_value() if key else None
        said.append((number, secret, own.missing_key, own.decimal_comma))
    return _digest([*said, of_ranges(settings)])


def of_ranges(settings: Settings) -> str:
    """Of the ranges that qualities are judged by."""
    ranges = {number: settings.ranges_of(number) for number in sorted(settings.channels)}
    return _digest(
        [
            (number, field, [bound if bound is None else f"{bound:f}" for bound in bounds])
            for number, fields in ranges.items()
            for field, bounds in sorted(fields.items())
        ]
    )


def _digest(said: list[object]) -> str:
    return hashlib.sha256(repr(said).encode()).hexdigest()
