"""A value that somebody gave, where it came from, and how to speak of it in one line."""

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import SplitResult, urlsplit

from fieldhouse.errors import ConfigurationError

__all__ = [
    "Given",
    "Layer",
    "channel_number",
    "error_line",
    "filled",
    "meant_by",
    "parted",
    "port_ok",
    "read_text",
    "wrong",
]


class Given(NamedTuple):
    """A value, its ``source`` for `Settings.source_of`, and its ``place`` for a line about it."""

    value: Any
    source: str
    place: str


Layer = dict[str, Given]


def error_line(text: str) -> ConfigurationError:
    """One line, whatever a file's names hold."""
    return ConfigurationError("".join(c if c.isprintable() else "?" for c in text))


def wrong(place: str, right: str) -> ConfigurationError:
    return error_line(f"{place} must be {right}")


def filled(variables: Mapping[str, str | None]) -> dict[str, str]:
    """The variables that hold something: an empty one, as ``.env.example`` has them, is not set."""
    return {name: value for name, value in variables.items() if value and value.strip()}


def meant_by(name: str, known: Iterable[str], cutoff: float = 0.6) -> str:
    close = get_close_matches(name, known, 1, cutoff)
    return f"; did you mean {close[0]}?" if close else ""


def read_text(path: Path, label: str) -> str | None:
    """A file's text, UTF-8 with or without a byte order mark; None if there is no such file."""
    try:
        return path.read_text("utf-8-sig")
    except FileNotFoundError:
        return None
    except UnicodeDecodeError as error:
        raise error_line(f"{label}: not UTF-8 at byte {error.start + 1}") from None
    except OSError as error:
        raise error_line(f"{label}: cannot be read: {error.strerror}") from None
    except ValueError:
        raise error_line(f"{label}: cannot be read: no path can be so") from None


def parted(url: object) -> SplitResult | None:
    try:
        return urlsplit(url) if isinstance(url, str) and "://" in url else None
    except ValueError:
        return None


def port_ok(url: str) -> bool:
    try:
        return urlsplit(url).port != 0
    except ValueError:
        return False


def channel_number(value: object) -> int:
    """A channel's number, given as a number or as text. Raises ConfigurationError."""
    text = str(value).strip()
    if not (text.isascii() and text.isdecimal() and 1 <= int(text[:11]) < 2**31):
        raise error_line(
            f"a channel's number is a whole number from 1 to {2**31 - 1}, not {value!r}"
        )
    return int(text)
