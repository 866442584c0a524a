"""Cells that a decimal comma has torn apart, put together where there is only one way (pure)."""

import csv
import re
from collections.abc import Iterator, Sequence
from itertools import combinations

from fieldhouse.sources.exports.header import Header

__all__ = ["rejoined"]

_WHOLE, _DECIMALS = re.compile(r"\s*[+-]?\d+"), re.compile(r"\d+\s*")
_MOST = 24
"""Cells of a record; of one with more nobody wants to try all ways."""


def rejoined(record: str, header: Header) -> str | None:
    """A record with too many cells as one with as many as the header, or None.

    Two cells are one where the first is a whole number and the second digits, ``26,5``, and the
    header has a field there. A record that has several such readings has none.
    """
    cells = next(csv.reader([record], delimiter=header.delimiter), [])
    if '"' in record or not len(header.cells) < len(cells) <= _MOST:
        return None
    found = [row for row in _readings(cells, header) if _fits(row, header)]
    if len(found) != 1:
        return None
    return header.delimiter.join(
        f'"{",".join(cell)}"' if cell[1:] else cell[0] for cell in found[0]
    )


def _readings(cells: Sequence[str], header: Header) -> Iterator[list[tuple[str, ...]]]:
    """Every way to put neighbours together so that as many cells remain as the header has."""
    pairs = [
        place
        for place in range(len(cells) - 1)
        if _WHOLE.fullmatch(cells[place]) and _DECIMALS.fullmatch(cells[place + 1])
    ]
    for chosen in combinations(pairs, len(cells) - len(header.cells)):
        if all(place + 1 not in chosen for place in chosen):
            taken = {place + 1 for place in chosen}
            yield [
                (cells[place], cells[place + 1]) if place in chosen else (cells[place],)
                for place in range(len(cells))
                if place not in taken
            ]


def _fits(row: Sequence[tuple[str, ...]], header: Header) -> bool:
    """Whether only fields were put together."""
    return all(
        len(cell) == 1 or (key is not None and key.startswith("field"))
        for cell, key in zip(row, header.keys, strict=True)
    )
