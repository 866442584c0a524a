"""Channels and fields as people call them: by number, range, tag, address, or label."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from fieldhouse.errors import ConfigurationError

if TYPE_CHECKING:
    from fieldhouse.warehouse import Warehouse

__all__ = [
    "NoSuchField",
    "all_labels",
    "channel_number",
    "channel_range",
    "field_named",
    "fields_of_each",
    "find_channels",
    "find_field",
    "labels_of",
    "lacking",
    "unit_in",
    "without_unit",
]

_NUMBER = re.compile(r"-?[0-9]{1,10}", re.ASCII)
_RANGE = re.compile(r"(-?[0-9]{1,10})-(-?[0-9]{1,10})", re.ASCII)
_PATH = re.compile(r"/channels/([0-9]{1,10})(?:[/.].*)?", re.ASCII)
_FIELD = re.compile(r"(?:field ?)?([1-8])", re.IGNORECASE | re.ASCII)
_UNIT = re.compile(r"\s*(?:\([^()]*\)|\[[^\[\]]*\])\s*\Z")
_LARGEST = 2**31 - 1
_SHOWN = 60
_FEW = 5


class NoSuchField(ConfigurationError):
    """No field is called so."""


def channel_number(word: str | int) -> int | None:
    """The channel that a number or a ThingSpeak address names; None if it is neither.

    >>> channel_number("https://thingspeak.com/channels/9/charts/1")
    9
    """
    text = str(word).strip().replace("\N{MINUS SIGN}", "-")
    if "://" in text or text.lower().startswith(("thingspeak.com/", "api.thingspeak.com/")):
        text = _in_address(text)
    if not _NUMBER.fullmatch(text) or not -_LARGEST <= int(text) <= _LARGEST:
        return None
    return int(text) or None


def _in_address(text: str) -> str:
    try:
        path = urlsplit(text if "://" in text else f"https://{text}").path
    except ValueError:
        return ""
    found = _PATH.fullmatch(path)
    return found[1] if found else ""


def channel_range(word: str | int) -> range | None:
    """The numbers that a range as ``20001-20200`` names, both ends included; None if it is none.

    Raises ConfigurationError, in one line, for one that runs backwards.
    """
    if not (found := _RANGE.fullmatch(str(word).strip())):
        return None
    first, last = int(found[1]), int(found[2])
    if first > last:
        raise ConfigurationError(f"{first}-{last} is no range: write {last}-{first}")
    return range(first, last + 1)


def find_channels(
    warehouse: "Warehouse", words: Sequence[str | int], held: Collection[int] | None = None
) -> tuple[int, ...]:
    """The channels that words name, of those that the warehouse holds, each once, in their order.

    A word is a number, a range (``20001-20200``: those of it that are held), a ThingSpeak address,
    or a tag. ``held``: which those are, for who knows it. Raises ConfigurationError, in one line,
    for a word that names no channel that is held.
    """
    if held is None:
        held = set(warehouse.query("channels")["ChannelID"].to_pylist())
    found = (number for word in words for number in _named(warehouse, held, word))
    return tuple(dict.fromkeys(found))


def _named(warehouse: "Warehouse", held: Collection[int], word: str | int) -> Iterable[int]:
    if (number := channel_number(word)) is not None:
        if number not in held:
            raise ConfigurationError(
                f"channel {number} is not in the warehouse"
                + (f": fieldhouse run {number}" if number > 0 else "")
            )
        return (number,)
    if among := channel_range(word):
        if within := sorted(number for number in held if number in among):
            return within
        first, last = among[0], among[-1]
        raise ConfigurationError(
            f"no channel from {first} to {last} is in the warehouse: fieldhouse channels add"
        )
    return _tagged(warehouse, str(word))


def _tagged(warehouse: "Warehouse", word: str) -> list[int]:
    from fieldhouse.warehouse.questions import QUERIES

    tag, tags = word.strip(), dict[str, list[int]]()
    if "channel_tags" in QUERIES:
        for row in warehouse.query("channel_tags").to_pylist():
            tags.setdefault(row["Tag"].casefold(), []).append(row["ChannelID"])
    if numbers := tags.get(tag.casefold()):
        return sorted(numbers)
    close = get_close_matches(tag.casefold(), tags, 1)
    hint = f"did you mean {close[0]}?" if close else "write a number, 20001-20200, or a tag"
    raise ConfigurationError(f"{_quoted(word)} is no channel: {hint}")


def labels_of(warehouse: "Warehouse", channel_id: int) -> dict[int, str]:
    """A channel's fields that have a label, by number, each as its source wrote it."""
    return all_labels(warehouse).get(channel_id, {})


def all_labels(warehouse: "Warehouse") -> dict[int, dict[int, str]]:
    """The labels of every channel that is held, by its number."""
    return {
        row["ChannelID"]: {
            n: label
            for n in range(1, 9)
            if (label := row[f"Field{n}Name"]) is not None and label.strip()
        }
        for row in warehouse.query("channels").to_pylist()
    }


def find_field(warehouse: "Warehouse", channel_id: int, word: str | int) -> int:
    """The number, 1 to 8, of the field that a word names: its number, ``field3``, or its label.

    A label counts whatever its case, the blanks in and around it, and a unit in brackets behind it.
    A number is always the field of that number, whatever labels say. Raises ConfigurationError, in
    one line with the choices, for a word that names none or several.
    """
    return field_named(labels_of(warehouse, channel_id), word, f"channel {channel_id}")


def field_named(labels: Mapping[int, str], word: str | int, whose: str) -> int:
    """As `find_field`, of labels that are at hand; ``whose`` they are, for the line of an error."""
    text = str(word).strip()
    if number := _FIELD.fullmatch(text):
        return int(number[1])
    for form in (str.strip, _folded, _unitless):  # from to the letter to what it is called
        same = [n for n, label in labels.items() if form(label) == form(text)]
        if len(same) == 1:
            return same[0]
        if same:
            raise ConfigurationError(
                f"{whose} has {len(same)} fields called {_quoted(text)}: write "
                f"{' or '.join(str(n) for n in same)}"
            )
    raise NoSuchField(f"{whose} has no field {_quoted(text)}: {_choices(labels)}")


def fields_of_each(
    known: Mapping[int, Mapping[int, str]], channels: Sequence[int], words: Sequence[str | int]
) -> tuple[dict[int, list[int]], dict[int, list[str]]]:
    """Of each channel the fields that words name, and the words that name none of its fields.

    ``known`` has the channels' labels. Raises NoSuchField for a word that names none of any, and
    ConfigurationError for one that names several of one channel.
    """
    found: dict[int, list[int]] = {number: [] for number in channels}
    lacks: dict[int, list[str]] = {number: [] for number in channels}
    for word in words:
        unknown = []
        for number in channels:
            try:
                own = field_named(known.get(number, {}), word, f"channel {number}")
            except NoSuchField as error:
                lacks[number].append(str(word))
                unknown.append(error)
            else:
                found[number] += [] if own in found[number] else [own]
        if len(unknown) == len(channels):
            raise unknown[0]
    return found, lacks


def lacking(lacks: Mapping[int, Sequence[str]]) -> str | None:
    """A line on the fields that some channels lack; None where each has all."""
    said = []
    for word in dict.fromkeys(word for words in lacks.values() for word in words):
        numbers = [number for number, words in lacks.items() if word in words]
        few = ", ".join(map(str, numbers[:_FEW])) + (" and others" if numbers[_FEW:] else "")
        said.append(f"{_quoted(word)} in channel{'s' if numbers[1:] else ''} {few}")
    return f"there is no {', no '.join(said)}" if said else None


def _choices(labels: Mapping[int, str]) -> str:
    if not labels:
        return "its fields have no labels; write 1 to 8"
    return "there is " + ", ".join(f"{n} {_quoted(label)}" for n, label in sorted(labels.items()))


def _folded(label: str) -> str:
    return " ".join(label.casefold().split())


def _unitless(label: str) -> str:
    """A label without the unit behind it: ``temperature`` is found in ``Temperature (°C)``."""
    return _folded(_UNIT.sub("", label))


def without_unit(label: str) -> str:
    """What a label calls a field, whatever its case, its blanks, and a unit in brackets behind."""
    return _unitless(label)


def unit_in(label: str) -> str:
    """The unit in brackets behind a label; nothing where there is none."""
    found = _UNIT.search(label)
    return "".join(found[0].split())[1:-1] if found else ""


def _quoted(text: str) -> str:
    """In quotes, of one line, whatever is in it."""
    return repr(text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…")
