"""What the first line of a CSV file says of its columns (pure)."""

import csv
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from fieldhouse.errors import ConfigurationError
from fieldhouse.readings import parse_time
from fieldhouse.sources.exports.options import Options

__all__ = ["Header", "read_header"]

_FIELDS = tuple(f"field{n}" for n in range(1, 9))
_KEYS = ("created_at", "entry_id", *_FIELDS, "latitude", "longitude", "elevation", "status")
_DELIMITERS = ",;\t|"


@dataclass(frozen=True, slots=True)
class Header:
    """The cells of the first line, what separates them, and what each is: one of the keys, or None.

    The keys are ThingSpeak's: ``created_at``, ``entry_id``, ``field1`` to ``field8``,
    ``latitude``, ``longitude``, ``elevation``, ``status``.
    """

    delimiter: str
    cells: tuple[str, ...]
    keys: tuple[str | None, ...]

    @property
    def left_out(self) -> tuple[str, ...]:
        """The columns that are not read."""
        return tuple(cell for cell, key in zip(self.cells, self.keys, strict=True) if key is None)

    @property
    def labels(self) -> dict[int, str]:
        """What the header calls each field, where it has a name of its own."""
        pairs = zip(self.cells, self.keys, strict=True)
        named = {key: cell for cell, key in pairs if key in _FIELDS and cell.lower() != key}
        return {n: named[key] for n, key in enumerate(_FIELDS, 1) if key in named}


def read_header(line: str, place: str, options: Options) -> Header:
    """Read the first line; ``place`` is how a complaint names it. Raises ConfigurationError."""
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
    keys = _mapped(cells, place, options) if options.time else _standard(cells, place, options)
    return Header(delimiter, cells, keys)


def _delimiter(line: str, options: Options) -> str:
    """What separates the most cells; of a header that knows of time, where there is one."""
    time = (options.time or "created_at").lower()

    def merit(delimiter: str) -> tuple[bool, int]:
        cells = [cell.strip().lower() for cell in next(csv.reader([line], delimiter=delimiter), [])]
        return time in cells, len(cells)

    return max(_DELIMITERS, key=merit)


def _standard(cells: Sequence[str], place: str, options: Options) -> tuple[str | None, ...]:
    """The columns of a file that ThingSpeak made, its fields by number, label or option."""
    if "created_at" not in map(str.lower, cells):
        raise ConfigurationError(
            f"{place} has no column created_at among {_listed(cells)}: --time names the column of"
            " the time, --field1 that of the first field"
        )
    labels = Counter(label.casefold() for label in options.labels.values())
    names = {
        label.casefold(): f"field{n}"
        for n, label in options.labels.items()
        if labels[label.casefold()] == 1
    }
    names |= {key: key for key in _KEYS}
    named = _named(cells, place, options)
    keys = [named.get(at, names.get(cell.casefold())) for at, cell in enumerate(cells)]
    lacking = (c for at, c in enumerate(cells) if c and keys[at] is None and at not in named)
    if (unknown := next(lacking, None)) is not None:
        known = ", ".join(options.labels.values())
        raise ConfigurationError(
            f"{place}: the column {unknown!r} is none of field1 to field8"
            + (f" and no label of the channel ({known})" if known else "")
            + f": --field1 {_quoted(unknown)} says which it is, --skip {_quoted(unknown)}"
            " leaves it out"
        )
    return _once(keys, cells, place)


def _mapped(cells: Sequence[str], place: str, options: Options) -> tuple[str | None, ...]:
    """The columns of a file of another make: those that are named, the rest left out."""
    named = _named(cells, place, options)
    is_field = set(_FIELDS) if options.fields else set()
    own = {key: key for key in _KEYS if key not in is_field}
    keys = [named.get(at, own.get(cell.casefold())) for at, cell in enumerate(cells)]
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
            both = [cell for cell, own in zip(cells, found, strict=True) if own == key]
            raise ConfigurationError(
                f"{place}: {both[0]!r} and {both[1]!r} are both {key}: --skip leaves one out"
            )
    return tuple(found)


def _listed(cells: Sequence[str]) -> str:
    shown = ", ".join(cell[:40] for cell in cells[:12])
    return f"{shown} and {len(cells) - 12} more" if len(cells) > 12 else shown


def _quoted(name: str) -> str:
    return f'"{name}"' if " " in name else name
