"""What the first line of a CSV file says of its columns (pure)."""

import csv
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from zoneinfo import ZoneInfo

from fieldhouse.errors import ConfigurationError
from fieldhouse.readings import parse_time
from fieldhouse.sources.exports import own
from fieldhouse.sources.exports.options import Options
from fieldhouse.times import zone_of

__all__ = ["Header", "own_header", "read_header"]

_FIELDS = tuple(f"field{n}" for n in range(1, 9))
_KEYS = ("created_at", "entry_id", *_FIELDS, "latitude", "longitude", "elevation", "status")
_TIME = re.compile(r"(?:time|timestamp|date|datetime|periodstart)(?: \((?P<zone>.+)\))?", re.I)
"""What others call the time, and exports of periods."""
_DELIMITERS = ",;\t|"


@dataclass(frozen=True, slots=True)
class Header:
    """The cells of the first line, what separates them, and what each is: one of the keys, or None.

    The keys are ThingSpeak's: ``created_at``, ``entry_id``, ``field1`` to ``field8``,
    ``latitude``, ``longitude``, ``elevation``, ``status``; and where ``rows`` make entries of them,
    those of a file of our own (see ``own``). ``zone`` is the one that it names for its times.
    """

    delimiter: str
    cells: tuple[str, ...]
    keys: tuple[str | None, ...]
    rows: own.Rows | None = None
    zone: ZoneInfo | None = None
    named: Mapping[int, str] = field(default_factory=dict)
    """Fields that a person named, where no column is called so."""
    guessed: Mapping[int, str] = field(default_factory=dict)
    """Columns that are fields by their order alone, which is that of the first row's channel."""

    @property
    def left_out(self) -> tuple[str, ...]:
        """The columns that are not read."""
        pairs = zip(self.cells, self.keys, strict=True)
        ours = own.LEFT if self.rows else ()
        return tuple(cell for cell, key in pairs if key is None and own.plain(cell) not in ours)

    @property
    def labels(self) -> dict[int, str]:
        """What the header calls each field, where it has a name of its own."""
        pairs = zip(self.cells, self.keys, strict=True)
        named = {key: cell for cell, key in pairs if key in _FIELDS and cell.lower() != key}
        if self.rows:
            named = {key: own.label(cell, key) for key, cell in named.items()}
        return {**self.named, **{n: named[k] for n, k in enumerate(_FIELDS, 1) if k in named}}


def read_header(line: str, place: str, options: Options, record: str = "") -> Header:
    """Read the first line; ``place`` is how a complaint names it. Raises ConfigurationError.

    ``record`` is the one below it, which says of a file of our own whose it is.
    """
    delimiter = _delimiter(line, options)
    cells = tuple(cell.strip() for cell in next(csv.reader([line], delimiter=delimiter)))
    doubled = [cell for cell, count in Counter(cells).items() if count > 1 and cell]
    if doubled:
        raise ConfigurationError(f"{place}: two columns are called {doubled[0]!r}: rename one")
    if any(parse_time(cell) for cell in cells):
        raise ConfigurationError(
            f"{place} is an entry, no header: let the first line name the columns, as"
            " created_at,entry_id,field1"
        )
    if options.time:
        return Header(delimiter, cells, _mapped(cells, place, options))
    if own.is_own(cells):
        row = next(csv.reader([record], delimiter=delimiter), [])
        return own_header(cells, place, options, delimiter, whose=own.whose(cells, row))
    if "created_at" not in map(str.lower, cells):
        raise ConfigurationError(
            f"{place} has no column created_at among {_listed(cells)}: {_reading(cells, delimiter)}"
        )
    return Header(delimiter, cells, _standard(cells, cells, place, options))


def own_header(
    cells: tuple[str, ...],
    place: str,
    options: Options,
    delimiter: str = ",",
    *,
    whose: int | None = None,
) -> Header:
    """That of a file which `fieldhouse export` wrote, of a channel. Raises ConfigurationError."""
    if whose and options.labels_of and not options.labels:
        options = replace(options, labels=options.labels_of(whose))
    names = _names(options) | {name.casefold(): f"field{n}" for n, name in options.fields.items()}
    called = own.translated(cells, names)
    is_long = "name" in called  # there the rows name fields
    keys = _standard(cells, called, place, replace(options, fields={}) if is_long else options)
    zone = own.zone_in(cells)
    rows = own.Rows(place, has_commas=zone is not None and delimiter != ",", names=names)
    in_zone = zone_of(zone) if zone else None
    guessed = own.guessed(cells, keys, names)
    named = options.fields if is_long else {}
    return Header(delimiter, cells, keys, rows, in_zone, named, guessed)


def _reading(cells: Sequence[str], delimiter: str) -> str:
    """The options that read a file without entries of ThingSpeak's, so far as its header tells."""
    time = next(filter(None, map(_TIME.fullmatch, cells)), None)
    if not time:
        return "--time names the column of the time, --field1 that of the first field"
    if {"channel", "field"} <= set(cells):
        return "rows of one value each have no columns of fields: export them without --long"
    means = [cell for cell in cells if cell.endswith("Avg")] if "ChannelID" in cells else cells
    fields = [cell for cell in means if cell != "channel" and not _TIME.fullmatch(cell)]
    said = [f"--time {own.quoted(time[0])}"]
    said += [f"--field{n} {own.quoted(cell)}" for n, cell in zip(range(1, 9), fields, strict=False)]
    if zone := time["zone"]:
        said += [f"--tz {zone}", *(["--decimal-comma"] if delimiter != "," else [])]
    each = "of one channel, " if {"channel", "ChannelID"} & set(cells) else ""
    return f"{each}{' '.join(said)} read it as a channel of its own"


def _delimiter(line: str, options: Options) -> str:
    """What separates the most cells; of a header that knows of time, where there is one."""
    time = (options.time or "created_at").lower()

    def merit(delimiter: str) -> tuple[bool, int]:
        cells = [cell.strip().lower() for cell in next(csv.reader([line], delimiter=delimiter), [])]
        return time in cells, len(cells)

    return max(_DELIMITERS, key=merit)


def _standard(
    cells: Sequence[str], called: Sequence[str], place: str, options: Options
) -> tuple[str | None, ...]:
    """The columns of a file that ThingSpeak made, its fields by number, label or option.

    ``called`` are the cells in ThingSpeak's words.
    """
    names = _names(options) | {key: key for key in (*_KEYS, *own.KEYS)}
    named = _named(cells, place, options)
    keys = [named.get(at, names.get(cell.casefold())) for at, cell in enumerate(called)]
    unknown = [c for at, c in enumerate(called) if c and keys[at] is None and at not in named]
    if unknown:
        known = ", ".join(options.labels.values())
        raise ConfigurationError(
            f"{place}: the column {unknown[0]!r} is none of field1 to field8"
            + (f" and no label of the channel ({known})" if known else "")
            + f": {_naming(unknown, keys)}, --skip {own.quoted(unknown[0])} leaves it out"
        )
    return _once(keys, cells, place)


def _naming(unknown: Sequence[str], keys: Sequence[str | None]) -> str:
    """The options that say which fields columns are; their numbers are a person's to know."""
    free = [n for n, key in enumerate(_FIELDS, 1) if key not in keys]
    said = [f"--field{n} {own.quoted(cell)}" for n, cell in zip(free, unknown, strict=False)]
    if len(said) == 1:
        return f"{said[0]}, with its own number, says which it is"
    return f"{' '.join(said)}, each with its own number, say which they are"


def _names(options: Options) -> dict[str, str]:
    """The fields by those of their labels that no other has."""
    labels = Counter(label.casefold() for label in options.labels.values())
    return {
        label.casefold(): f"field{n}"
        for n, label in options.labels.items()
        if labels[label.casefold()] == 1
    }


def _mapped(cells: Sequence[str], place: str, options: Options) -> tuple[str | None, ...]:
    """The columns of a file of another make: those that are named, the rest left out."""
    named = _named(cells, place, options)
    is_field = set(_FIELDS) if options.fields else set()
    same = {key: key for key in _KEYS if key not in is_field}
    keys = [named.get(at, same.get(cell.casefold())) for at, cell in enumerate(cells)]
    if not any(key in _FIELDS for key in keys):
        raise ConfigurationError(
            f"{place}: no column is a field: --field1 names that of the first, one of"
            f" {_listed(cells)}"
        )
    return _once(keys, cells, place)


def _named(cells: Sequence[str], place: str, options: Options) -> dict[int, str | None]:
    """The columns that options name, by their place, and what each is; None: left out."""
    named: list[tuple[str, str, str | None]] = [("--skip", name, None) for name in options.skip]
    named += [(f"--field{n}", name, f"field{n}") for n, name in options.fields.items()]
    named += [("--time", options.time, "created_at")] if options.time else []
    return {_place_of(name, option, cells, place): key for option, name, key in named}


def _place_of(name: str, option: str, cells: Sequence[str], place: str) -> int:
    """Where the column of a name is, to the letter or whatever its case."""
    if name in cells:
        return cells.index(name)
    there = {cell.casefold(): at for at, cell in enumerate(cells)}
    if (at := there.get(name.casefold())) is not None:
        return at
    close = get_close_matches(name.casefold(), there, 1)
    hint = f"did you mean {cells[there[close[0]]]!r}?" if close else f"there are {_listed(cells)}"
    raise ConfigurationError(f"{place} has no column {name!r} ({option}): {hint}")


def _once(found: Sequence[str | None], cells: Sequence[str], place: str) -> tuple[str | None, ...]:
    for key, count in Counter(key for key in found if key).items():
        if count > 1:
            both = [cell for cell, one in zip(cells, found, strict=True) if one == key]
            raise ConfigurationError(
                f"{place}: {both[0]!r} and {both[1]!r} are both {key}: --skip leaves one out"
            )
    return tuple(found)


def _listed(cells: Sequence[str]) -> str:
    shown = ", ".join(cell[:40] for cell in cells[:12])
    return f"{shown} and {len(cells) - 12} more" if len(cells) > 12 else shown
