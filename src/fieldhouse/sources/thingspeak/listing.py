"""What ThingSpeak lists of channels, looked at before anybody believes it (pure)."""

from collections.abc import Callable
from typing import Any

import msgspec

from fieldhouse.errors import SourceUnavailable
from fieldhouse.sources.thingspeak.judging import decoded

__all__ = ["channels", "mine", "page"]


class _Tag(msgspec.Struct):
    name: str


class _Channel(msgspec.Struct):
    id: int
    tags: list[_Tag] | None = None


class _Channels(msgspec.Struct):
    channels: list[_Channel]


class _Pagination(msgspec.Struct):
    total_entries: int


class _Page(_Channels):
    pagination: _Pagination


def _of_form(form: Any) -> Callable[[bytes], Any]:
    def read(body: bytes) -> Any:
        content = decoded(body)
        try:
            msgspec.convert(content, form)
        except msgspec.ValidationError as error:
            raise SourceUnavailable(f"the answer is no list of channels ({error})") from error
        return content

    return read


mine = _of_form(list[_Channel])
"""An account's: a list. Raises SourceUnavailable for what is none, as the others."""
channels = _of_form(_Channels)
"""A user's, under ``channels``."""
page = _of_form(_Page)
"""A page of all, with how many there are under ``pagination``."""
