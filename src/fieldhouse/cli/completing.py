"""What the shell completes: channels' numbers, tags and fields' labels, as the warehouse has them.

A completion never waits, makes nothing and says nothing: where there is no answer there is none.
"""

from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fieldhouse.warehouse import Warehouse

__all__ = ["complete_channels", "complete_fields", "complete_tags", "complete_words"]

Found = list[tuple[str, str]]


def complete_channels(incomplete: str) -> Found:
    """The numbers of the channels that are held, with their names."""
    return _offered(_channels, incomplete)


def complete_tags(incomplete: str) -> Found:
    """The tags that any channel has."""
    return _offered(_tags, incomplete)


def complete_words(incomplete: str) -> Found:
    """What names channels: their numbers and tags."""
    return [*complete_channels(incomplete), *complete_tags(incomplete)]


def complete_fields(incomplete: str) -> Found:
    """The labels of the fields of all channels."""
    return _offered(_labels, incomplete)


def _offered(ask: "Callable[[Warehouse], Iterator[tuple[str, str]]]", incomplete: str) -> Found:
    """What the warehouse has that begins so; nothing where it has no answer at once."""
    begin = incomplete.casefold()
    with suppress(Exception):
        from fieldhouse.cli.options import opened, settings_from

        with closing(opened(settings_from(wait="0"))) as house:
            found = dict(ask(house))
        return [(word, said) for word, said in found.items() if word.casefold().startswith(begin)]
    return []


def _channels(house: "Warehouse") -> Iterator[tuple[str, str]]:
    for row in house.query("channels").to_pylist():
        yield str(row["ChannelID"]), row["ChannelName"] or ""


def _tags(house: "Warehouse") -> Iterator[tuple[str, str]]:
    for row in house.query("channel_tags").to_pylist():
        yield row["Tag"], "a tag"


def _labels(house: "Warehouse") -> Iterator[tuple[str, str]]:
    for row in house.query("channels").to_pylist():
        for number in range(1, 9):
            if label := row[f"Field{number}Name"]:
                yield label, f"field {number} of channel {row['ChannelID']}"
