"""Checksums of rows, whatever their order is and whichever engine answers them (pure)."""

from hashlib import blake2b
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

__all__ = ["row_hashes"]

Hashes = npt.NDArray[np.uint64]

_FACTOR = np.uint64(0x9E3779B97F4A7C15)
_NOTHING = np.uint64(0xD1B54A32D192ED03)
_SHIFT = np.uint64(29)


def row_hashes(rows: pa.RecordBatch) -> Hashes:
    """A hash of 64 bits of each row: every value of every column, no value told from any.

    Their sums tell sets of rows apart. Numbers and times go by their value; texts by their UTF-8;
    floats by their bits, of which a zero has one kind.
    """
    hashes = np.full(rows.num_rows, _NOTHING, np.uint64)
    for column in rows.columns:
        for words in _words(column):
            hashes = (hashes ^ words) * _FACTOR
            hashes ^= hashes >> _SHIFT
    return hashes


def _words(column: pa.Array) -> list[Hashes]:
    """Each value in one or two words of 64 bits."""
    kind = column.type
    if pa.types.is_string(kind):
        words = [_texts(column)]
    elif pa.types.is_decimal(kind):
        raw = np.frombuffer(column.buffers()[1] or b"", np.uint64).reshape(-1, 2)
        raw = raw[column.offset : column.offset + len(column)]
        words = [raw[:, 0], raw[:, 1]]
    elif pa.types.is_floating(kind):
        words = [(pc.fill_null(column, 0.0).to_numpy(zero_copy_only=False) + 0.0).view(np.uint64)]
    else:
        words = [_whole(column).view(np.uint64)]
    if not column.null_count:
        return words
    is_there = column.is_valid().to_numpy(zero_copy_only=False)
    return [np.where(is_there, each, _NOTHING) for each in words]


def _whole(column: pa.Array) -> Any:
    number = column.cast(pa.int32()) if pa.types.is_date(column.type) else column
    whole = number.cast(pa.int64())
    return pc.fill_null(whole, 0).to_numpy(zero_copy_only=False)


def _texts(column: pa.Array) -> Hashes:
    """By a hash of each text, taken once of those that are alike."""
    known = column.dictionary_encode()
    hashed = [
        int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "little")
        for text in known.dictionary.to_pylist()
    ]
    places = pc.fill_null(known.indices, len(hashed)).to_numpy(zero_copy_only=False)
    found: Hashes = np.array([*hashed, 0], np.uint64)[places]
    return found
