"""Tables that fit: no number and no header is cut; what has no room is named below (pure).

A table that is too wide first shortens its texts, then leaves out its least important columns. A
single row that is too wide stands on end.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from decimal import Decimal
from typing import Any

from rich.cells import cell_len, set_cell_size

from fieldhouse.cli.values import Whole, text

__all__ = ["Layout", "laid_out", "on_end", "planned"]

_GAP = "  "
_LEAST_TEXT = 12
"""A text keeps so many cells before a column is left out."""
_MANY = 12
"""A single row with more columns than this is easier to read on end, however wide a screen is."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Which columns are shown, how wide each is, and which are left out."""

    names: tuple[str, ...]
    places: tuple[int, ...]
    widths: tuple[int, ...]
    right: tuple[bool, ...]
    cut: tuple[bool, ...]
    left_out: tuple[str, ...]

    def head(self) -> Iterator[str]:
        """The header and the line below it."""
        yield self._line([self.names[place] for place in self.places])
        yield _GAP.join("─" * width for width in self.widths)

    def row(self, values: Sequence[Any], zone: tzinfo | None = None) -> str:
        """A row's line."""
        cells = (text(values[place], zone) for place in self.places)
        shown = zip(cells, self.widths, self.cut, strict=True)
        return self._line([_cut(cell, width) if cut else cell for cell, width, cut in shown])

    def _line(self, cells: Sequence[str]) -> str:
        padded = zip(cells, self.widths, self.right, strict=True)
        return _GAP.join(_padded(*each) for each in padded).rstrip()


def planned(
    names: Sequence[str],
    rows: Sequence[Sequence[Any]],
    width: int | None,
    *,
    spare: Sequence[str] = (),
    zone: tzinfo | None = None,
) -> Layout:
    """How to show rows like these in so many cells; None is any number.

    ``spare`` are the columns that are left out first, in that order; then those at the right.
    """
    names = [text(name) for name in names]
    columns = [[row[place] for row in rows] for place in range(len(names))]
    full = [
        max([cell_len(name), *(cell_len(text(value, zone)) for value in column)])
        for name, column in zip(names, columns, strict=True)
    ]
    cut = [any(_is_text(value) for value in column) for column in columns]
    least = [
        max(cell_len(names[place]), min(full[place], _LEAST_TEXT)) if cut[place] else full[place]
        for place in range(len(names))
    ]
    places = _kept(names, least, width, spare)
    widths = _shared(full, least, places, width)
    return Layout(
        tuple(names),
        tuple(places),
        tuple(widths),
        tuple(all(_is_number(value) for value in columns[place]) for place in places),
        tuple(cut[place] and width is not None for place in places),
        tuple(name for place, name in enumerate(names) if place not in places),
    )


def _kept(
    names: Sequence[str], least: Sequence[int], width: int | None, spare: Sequence[str]
) -> list[int]:
    """The places of the columns for which there is room; one at the least."""
    places = list(range(len(names)))
    goes_first = [names.index(name) for name in spare if name in names]
    order = [*goes_first, *(place for place in reversed(places) if place not in goes_first)]
    while width is not None and len(places) > 1 and _total(least, places) > width:
        places.remove(order.pop(0))
    return places


def _shared(
    full: Sequence[int], least: Sequence[int], places: Sequence[int], width: int | None
) -> list[int]:
    """The columns' widths: what the texts may have beyond the least goes to the first ones."""
    widths = [least[place] for place in places]
    room = float("inf") if width is None else max(0, width - _total(least, places))
    for column, place in enumerate(places):
        more = int(min(full[place] - least[place], room))
        widths[column] += more
        room -= more
    return widths


def _total(widths: Sequence[int], places: Sequence[int]) -> int:
    return sum(widths[place] for place in places) + len(_GAP) * (len(places) - 1)


def on_end(names: Sequence[str], row: Sequence[Any], zone: tzinfo | None = None) -> Iterator[str]:
    """A row's values below one another, whole, each after its name."""
    shown = [text(name) for name in names]
    widest = max(map(cell_len, shown), default=0)
    for name, value in zip(shown, row, strict=True):
        yield f"{_padded(name, widest, False)}{_GAP}{text(value, zone)}".rstrip()


def laid_out(
    names: Sequence[str],
    rows: Sequence[Sequence[Any]],
    width: int | None,
    *,
    spare: Sequence[str] = (),
    zone: tzinfo | None = None,
) -> Iterator[str]:
    """The lines of a whole table, and one that names what had no room."""
    layout = planned(names, rows, width, spare=spare, zone=zone)
    if len(rows) == 1 and width is not None and (layout.left_out or len(names) > _MANY):
        yield from on_end(names, rows[0], zone)
        return
    yield from layout.head()
    yield from (layout.row(row, zone) for row in rows)
    if layout.left_out:
        yield from left_out(layout.left_out)


def left_out(names: Iterable[str]) -> Iterator[str]:
    """What had no room, by name."""
    yield f"no room for: {', '.join(names)} (--json has all)"


def _is_number(value: object) -> bool:
    return value is None or (
        isinstance(value, (int, float, Decimal)) and not isinstance(value, bool)
    )


def _is_text(value: object) -> bool:
    """Whether it may be shortened; a number, a time or what is written as one may not."""
    return isinstance(value, (str, list, dict)) and not isinstance(value, Whole)


def _padded(cell: str, width: int, right: bool) -> str:
    blank = " " * (width - cell_len(cell))
    return f"{blank}{cell}" if right else f"{cell}{blank}"


def _cut(cell: str, width: int) -> str:
    """A text in no more than so many cells; a number that has no room in it is left out whole."""
    if cell_len(cell) <= width:
        return cell
    kept = set_cell_size(cell, width - 1).rstrip()
    if re.match(r"[-.,:]?[0-9]", cell[len(kept) :]):
        kept = re.sub(r"[-+]?[0-9][-0-9.,:]*$", "", kept)
    return f"{kept.rstrip()}…"
