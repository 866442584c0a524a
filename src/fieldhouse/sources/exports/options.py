"""How a file is to be read, where it does not say so itself."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import tzinfo

__all__ = ["Options"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How to read a file.

    ``encoding``: of text without a mark; None is UTF-8. ``zone``: of times that name none; None is
    UTC. ``time_format``: None for ISO and ThingSpeak's forms, ``unix``, ``unix-ms``, or strptime's.
    ``decimal_comma`` reads ``12,5`` as 12.5, and puts cells together that it has torn apart.
    ``time`` and ``fields`` (by number) name the columns of a CSV file of another make; with
    ``time`` those that nothing names are left out. ``skip`` names columns to be left out.
    ``labels`` are those of the channel's fields, by which a header may name them; ``labels_of``
    knows those of a channel that only the file names. ``whole``: a last line without a line end is
    taken as it stands.
    """

    encoding: str | None = None
    zone: tzinfo | None = None
    time_format: str | None = None
    decimal_comma: bool = False
    time: str | None = None
    fields: Mapping[int, str] = field(default_factory=dict)
    skip: tuple[str, ...] = ()
    labels: Mapping[int, str] = field(default_factory=dict)
    labels_of: Callable[[int], Mapping[int, str]] | None = None
    whole: bool = False
