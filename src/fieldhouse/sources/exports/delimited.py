"""CSV: a stream of text cut into whole records, checked, and read column by column.

An unquoted empty cell is null, a quoted one is an empty text; a quoted cell may hold line breaks.
Where records end, how many cells each has and in which line it begins is found by the bytes; what
then stands in the cells is left to Arrow.
"""

import csv
import io
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv

from fieldhouse.errors import ConfigurationError
from fieldhouse.sources.exports.chunk import Chunk, Ints, Rejected, made
from fieldhouse.sources.exports.header import Header, read_header
from fieldhouse.sources.exports.options import Options
from fieldhouse.sources.exports.times import Clock
from fieldhouse.sources.exports.torn import rejoined

__all__ = ["read"]

_LONGEST = 1 << 24
"""Bytes of one record; a quote that is never closed would make all the rest one."""
_CUT = 1 << 16
"""A last record of up to so many bytes may lack its end, because the file is cut."""
_LOOK_BACK = 10
_SEPARATOR = re.compile("sep=.\\s*")
"""What spreadsheets set above a header."""
_QUOTE, _LF, _CR = ord('"'), ord("\n"), ord("\r")

Flags = np.ndarray[Any, np.dtype[np.bool_]]


def read(pieces: Iterator[bytes], name: str, options: Options) -> tuple[Header, Iterator[Chunk]]:
    """The header of a CSV text, and its entries chunk by chunk; places are lines.

    Raises ConfigurationError for what cannot be read, also out of the iterator.
    """
    first, line, rest = _first_line(pieces, name)
    if _SEPARATOR.fullmatch(first):
        before = line
        first, line, rest = _first_line(rest, name)
        line += before
    record, rest = _peeked(rest)
    header = read_header(first, f"{name}, line {line}", options, record)
    reader = _Reader(header, name, options, line + 1 + first.count("\n"))
    return header, reader.chunks(rest)


def _first_line(pieces: Iterator[bytes], name: str) -> tuple[str, int, Iterator[bytes]]:
    """The first line in which something stands, its number, and what comes after it."""
    head = b""
    for piece in pieces:
        head += piece
        if (text := head.lstrip(b"\r\n")) and (b"\n" in text or len(head) > _LONGEST):
            break
    if b"\r" in head and b"\n" not in head:  # line ends as they once were
        head, pieces = head.replace(b"\r", b"\n"), (p.replace(b"\r", b"\n") for p in pieces)
    text = head.lstrip(b"\r\n")
    blank = head[: len(head) - len(text)].count(b"\n")
    if not text.strip():
        raise ConfigurationError(f"{name} is empty")
    end = _Block(text, 0, ",").first_end
    first, rest = (text, b"") if end is None else (text[:end], text[end + 1 :])
    if len(first) > _CUT:
        raise ConfigurationError(f"{name}: its first line is longer than any header of a CSV file")
    return first.decode().rstrip("\r"), blank + 1, chain([rest], pieces)


def _peeked(pieces: Iterator[bytes]) -> tuple[str, Iterator[bytes]]:
    """The first record, and the text that it is the first of; nothing where it is too long."""
    head, end = b"", None
    for piece in pieces:
        head += piece
        if (end := _Block(head, 0, ",").first_end) is not None or len(head) > _CUT:
            break
    return head[:end].decode() if len(head[:end]) <= _CUT else "", chain([head], pieces)


class _Block:
    """Text of whole records, and where in it they begin and end."""

    def __init__(self, data: bytes, line: int, delimiter: str) -> None:
        self.data, self.line, self.delimiter = data, line, delimiter
        self.bytes = np.frombuffer(data, np.uint8)
        is_outside = np.cumsum(self.bytes == _QUOTE, dtype=np.uint8) & 1 == 0
        self.line_ends = self.bytes == _LF
        self.ends: Ints = np.flatnonzero(self.line_ends & is_outside)
        self.is_closed = bool(is_outside[-1]) if len(is_outside) else True
        self._is_outside = is_outside

    @property
    def first_end(self) -> int | None:
        return int(self.ends[0]) if len(self.ends) else None

    @cached_property
    def starts(self) -> Ints:
        return np.concatenate([np.zeros(1, np.int64), self.ends[:-1] + 1])[: len(self.ends)]

    @cached_property
    def lines(self) -> Ints:
        """The line that each record begins in."""
        before = np.concatenate([np.zeros(1, np.int64), np.cumsum(self.line_ends, dtype=np.int64)])
        return self.line + before[self.starts]

    @cached_property
    def cells(self) -> Ints:
        """How many cells each record has; none where its line is blank."""
        marks = (self.bytes == ord(self.delimiter)) & self._is_outside
        before = np.concatenate([np.zeros(1, np.int64), np.cumsum(marks, dtype=np.int64)])
        last = self.bytes[np.maximum(self.ends - 1, 0)]
        length = self.ends - self.starts - (last == _CR)
        return np.where(length <= 0, 0, before[self.ends] - before[self.starts] + 1)

    def record(self, number: int) -> str:
        return self.data[self.starts[number] : self.ends[number]].decode().rstrip("\r")


@dataclass(slots=True)
class _Reader:
    header: Header
    name: str
    options: Options
    line: int

    def chunks(self, pieces: Iterator[bytes]) -> Iterator[Chunk]:
        zone = self.header.zone or self.options.zone
        clock = Clock(zone, self.options.time_format, self.name, self._time_column())
        rest, last = b"", b""
        for piece in pieces:
            rest += piece
            block = _Block(rest, self.line, self.header.delimiter)
            if not len(block.ends):
                self._refuse_long(block)
                continue
            end = int(block.ends[-1]) + 1
            if end < len(rest):
                block = _Block(rest[:end], self.line, self.header.delimiter)
            yield self._chunk(block, clock)
            self.line += int(block.line_ends.sum())
            last, rest = rest[max(0, end - _CUT) : end], rest[end:]
        if rest.strip():
            yield self._tail(rest, last, clock)
        if self.header.rows and (left := self.header.rows.rest()):
            yield self._made(*left, clock)

    def _time_column(self) -> str:
        return self.header.cells[self.header.keys.index("created_at")]

    def _refuse_long(self, block: _Block) -> None:
        if len(block.data) > _LONGEST:
            what = "has no end" if block.is_closed else "has a quote that is never closed"
            raise ConfigurationError(
                f"{self.name}: the record that begins in line {self.line} {what}"
            )

    def _chunk(self, block: _Block, clock: Clock, rejected: tuple[Rejected, ...] = ()) -> Chunk:
        is_good = block.cells == len(self.header.cells)
        is_torn = ~is_good & (block.cells > 0)
        data, lines = block.data, block.lines[is_good]
        if is_torn.any():
            mended, more = self._mend(block, is_torn)
            self._refuse_torn(block, is_torn, len(mended))
            data, lines = _spliced(block, is_good, mended)
            rejected += more
        elif not is_good.all():
            data, _ = _spliced(block, is_good, {})
        columns = self._columns(data, lines)
        if self.header.rows:
            columns, lines = self.header.rows.entries(columns, lines)
        return self._made(columns, lines, clock, rejected)

    def _made(
        self,
        columns: dict[str, pa.Array],
        lines: Ints,
        clock: Clock,
        rejected: tuple[Rejected, ...] = (),
    ) -> Chunk:
        times, comma = clock.read(columns["created_at"]), self.options.decimal_comma
        chunk = made(columns, times, lines, decimal_comma=comma, rejected=rejected)
        labels = self.header.rows.labels if self.header.rows else {}
        return replace(chunk, has_bare_times=clock.has_bare, labels=labels)

    def _mend(self, block: _Block, is_torn: Flags) -> tuple[dict[int, bytes], tuple[Rejected, ...]]:
        """Records with too many or too few cells: those that can be put together, and the rest."""
        mended, rejected = {}, []
        for number in np.flatnonzero(is_torn).tolist():
            text = block.record(number)
            if self.options.decimal_comma and (whole := rejoined(text, self.header)):
                mended[number] = whole.encode()
                continue
            reason = f"{block.cells[number]} cells, the header has {len(self.header.cells)}"
            rejected.append(Rejected(int(block.lines[number]), _as_json(text), reason))
        return mended, tuple(rejected)

    def _refuse_torn(self, block: _Block, is_torn: Flags, mended: int) -> None:
        """Where most records do not fit the header, it is not the records that are wrong."""
        if 2 * (int(is_torn.sum()) - mended) <= int((block.cells > 0).sum()):
            return
        number = int(np.flatnonzero(is_torn)[0])
        says = f"{self.name}, line {block.lines[number]} has {block.cells[number]} cells"
        hint = "cells with a comma in them need quotes"
        if self.header.delimiter == "," and block.cells[number] > len(self.header.cells):
            hint += "; --decimal-comma puts numbers such as 12,5 together"
        raise ConfigurationError(
            f"{says} and the header {len(self.header.cells)}, and so most lines: {hint}"
        )

    def _columns(self, data: bytes, lines: Ints) -> dict[str, pa.Array]:
        names = [str(place) for place in range(len(self.header.cells))]
        table = _parsed(data, names, self.header.delimiter) if data else None
        if table is None or table.num_rows != len(lines):
            if len(lines):
                raise ConfigurationError(
                    f"{self.name}: a quote or a line end within a cell that is not quoted, in lines"
                    f" {lines[0]} to {lines[-1]}: put such cells in quotes"
                )
            return {key: pa.array([], pa.string()) for key in self.header.keys if key}
        return {
            key: table[name].combine_chunks()
            for name, key in zip(names, self.header.keys, strict=True)
            if key
        }

    def _tail(self, rest: bytes, last: bytes, clock: Clock) -> Chunk:
        """What stands after the last line end; it is rejected where it may be cut."""
        text = rest.decode().rstrip("\r")
        block = _Block(rest.rstrip(b"\r") + b"\n", self.line, self.header.delimiter)
        if not block.is_closed and len(rest) > _CUT:
            raise ConfigurationError(
                f"{self.name}, line {self.line}: a quote in the record that begins here has no end"
            )
        if block.is_closed and (self.options.whole or self._is_whole(text, last)):
            return self._chunk(block, clock)
        nothing = _Block(b"\n", self.line, self.header.delimiter)
        cut = Rejected(self.line, _as_json(text), "cut: it has no line end (--whole takes it so)")
        if not block.is_closed:
            cut = Rejected(self.line, _as_json(text), "cut: a quote in it is never closed")
        return self._chunk(nothing, clock, (cut,))

    def _is_whole(self, text: str, last: bytes) -> bool:
        """Whether the last value has its last digit: as many as those in the lines before it."""
        before = last.decode(errors="replace").splitlines()[1:][-_LOOK_BACK:]
        shapes = {self._shape(line) for line in before}
        return shapes == {self._shape(text)} and None not in shapes

    def _shape(self, line: str) -> int | str | None:
        """How a line ends: with a quote, or a number of so many decimals."""
        cells = line.rsplit(self.header.delimiter, 1)
        if len(next(csv.reader([line], delimiter=self.header.delimiter), [])) != len(
            self.header.cells
        ):
            return None
        if cells[-1].endswith('"'):
            return '"'
        found = re.fullmatch(r"-?\d+\.(\d+)", cells[-1])
        return len(found[1]) if found else None


def _spliced(block: _Block, is_good: Flags, mended: dict[int, bytes]) -> tuple[bytes, Ints]:
    """The good records and the mended ones in their order, and the lines they begin in."""
    taken = is_good.copy()
    taken[list(mended)] = True
    if not mended:
        keep = np.repeat(is_good, np.diff(np.concatenate([[0], block.ends + 1])))
        return block.bytes[keep].tobytes(), block.lines[taken]
    parts = [
        mended.get(int(n)) or block.data[block.starts[n] : block.ends[n]]
        for n in np.flatnonzero(taken)
    ]
    return b"\n".join(parts) + b"\n", block.lines[taken]


def _parsed(data: bytes, names: Sequence[str], delimiter: str) -> pa.Table | None:
    """The cells of records that all have so many; None where Arrow does not see the same."""
    try:
        return pa.csv.read_csv(
            io.BytesIO(data),
            pa.csv.ReadOptions(
                column_names=names, use_threads=False, block_size=max(len(data) + 1, 1024)
            ),
            pa.csv.ParseOptions(delimiter=delimiter, newlines_in_values=True),
            pa.csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()),
                strings_can_be_null=True,
                null_values=[""],
                quoted_strings_can_be_null=False,
                check_utf8=False,
            ),
        )
    except pa.ArrowInvalid:
        return None


def _as_json(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
