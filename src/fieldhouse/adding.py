"""Adding channels to those that are copied, and the words of a person that sort them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from typing import Any

from fieldhouse.errors import ConfigurationError, FieldhouseError
from fieldhouse.names import channel_number, channel_range
from fieldhouse.parts import Parts
from fieldhouse.sources.thingspeak.api import ThingSpeak
from fieldhouse.sync import sync_metadata

__all__ = ["Added", "added", "listed", "numbers_of", "tag_of"]

_MOST = 10_000
"""Channels that a range may name: more of them are a slip."""
_LONGEST = 64
_PAGE = 15
"""Channels that ThingSpeak lists at a time."""
_SHOWN = 60


@dataclass(frozen=True, slots=True)
class Added:
    """What became of a channel that was to be added: its name, or in one line why it was not."""

    number: int
    name: str | None = None
    error: str | None = None


def numbers_of(word: str) -> Sequence[int]:
    """The channels of ThingSpeak's that a word names: one, or those of a range.

    Raises ConfigurationError, in one line.
    """
    among = channel_range(word)
    if among is None or among[0] < 1:
        return [_number(word)]
    if len(among) > _MOST:
        raise ConfigurationError(f"{word} are {len(among):,} channels, and at most {_MOST:,} do")
    return among


def _number(word: str) -> int:
    if (number := channel_number(word)) is not None and number < 0:
        raise ConfigurationError(
            f"{number} is a channel of files, of which ThingSpeak has nothing: fieldhouse import"
        )
    if number is None:
        raise ConfigurationError(
            f"{word[:_SHOWN]!r} is no channel's number, as 9 is one; those of a tag of "
            "ThingSpeak's: --tag"
        )
    return number


def tag_of(word: str) -> str:
    """A tag as it is kept: a word that can be no number, range or address, in small letters.

    Raises ConfigurationError, in one line.
    """
    tag = word.strip().casefold()
    is_word = tag[:1].isalpha() and all(sign.isalnum() or sign in "_.-" for sign in tag)
    if not is_word or len(tag) > _LONGEST:
        raise ConfigurationError(
            f"{word[:_SHOWN]!r} is no tag: write a word that begins with a letter, as farm"
        )
    return tag


def added(parts: Parts, numbers: Sequence[int], tag: str | None = None) -> Iterator[Added]:
    """Ask ThingSpeak for each channel, and have every run take it along; what becomes of each.

    One that was removed or paused is active again. Ends early where the job is stopped.
    """
    for number in dict.fromkeys(numbers):
        if parts.stop.is_set():
            return
        try:
            sync_metadata(parts.channel(number), parts.warehouse, parts.clock(), timedelta(0))
        except FieldhouseError as error:
            yield Added(number, error=str(error))
            continue
        parts.warehouse.call("set_polled", channel_ids=[number], is_active=True)
        if tag:
            parts.warehouse.call("tag_channels", channel_ids=[number], tags=[tag])
        known = {row["ChannelID"]: row for row in parts.warehouse.query("channels").to_pylist()}
        yield Added(number, name=known[number]["ChannelName"])


def listed(server: ThingSpeak, user: str | None, tag: str | None) -> Iterator[dict[str, Any]]:
    """What ThingSpeak lists of a user's public channels, or of all with a tag, page by page."""
    if user:
        yield from server.user_channels(user, tag)
        return
    for page in count(1):
        channels = server.public_channels(page, tag)["channels"]
        yield from channels
        if len(channels) < _PAGE:
            return
