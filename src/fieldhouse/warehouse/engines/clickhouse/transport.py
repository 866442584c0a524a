"""What carries statements to ClickHouse: a server by HTTP, or the engine in this process."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Protocol

import pyarrow as pa

from fieldhouse.warehouse.engines.clickhouse.binding import Bound

__all__ = ["INSERTS", "SETTINGS", "Answer", "Transport", "stream_of"]

SETTINGS: Final[Mapping[str, str]] = {
    "join_use_nulls": "1",  # what a join does not find is NULL, as everywhere else
    "session_timezone": "UTC",
    "enable_extended_results_for_datetime_functions": "1",  # years before 1970 and after 2149
    "output_format_arrow_string_as_string": "1",
    "output_format_arrow_low_cardinality_as_dictionary": "0",
    "cast_keep_nullable": "1",
    "allow_experimental_analyzer": "1",
    # a statement that orders its rows is one of ours within another, too
    "query_plan_remove_redundant_sorting": "0",
    "optimize_duplicate_order_by_and_distinct": "0",
    # each compares conditions by all that their columns come from: a quarter of the planning
    "optimize_and_compare_chain": "0",
    "optimize_extract_common_expressions": "0",
    "output_format_json_quote_decimals": "1",  # State holds them exactly
    "insert_deduplicate": "0",  # the same said twice is said twice; a load has a number
    "mutations_sync": "2",
    "lightweight_deletes_sync": "2",
}
"""What every statement is asked with."""

INSERTS: Final[Mapping[str, str]] = {
    "async_insert": "0",
    "max_insert_threads": "1",
    "min_insert_block_size_rows": "10000000",
    "min_insert_block_size_bytes": "0",
    "max_insert_block_size": "10000000",
    "input_format_null_as_default": "1",
    "insert_deduplicate": "1",
}
"""One insert is one block: what a load writes is visible whole or not at all."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer that is read batch by batch; ``batches`` gives its connection back at its end."""

    schema: pa.Schema
    batches: Iterator[pa.RecordBatch]


class Transport(Protocol):
    """A ClickHouse, however it is reached. Safe to share between threads."""

    where: str
    """How errors call it."""
    is_exclusive: bool
    """Whether no other process can write."""

    def ask(self, statement: str, parameters: Bound, *, guarded: bool = False) -> pa.Table:
        """Answer a statement whole; ``guarded``, where nothing can be written or left."""
        ...

    def stream(self, statement: str, parameters: Bound, *, guarded: bool = False) -> Answer:
        """Answer batch by batch."""
        ...

    def do(self, statement: str, parameters: Bound) -> None:
        """Carry out a statement that answers nothing."""
        ...

    def insert(self, table: str, rows: pa.Table, settings: Mapping[str, str]) -> None:
        """Insert rows into a table, in one block."""
        ...

    def close(self) -> None:
        """Give all connections back."""
        ...


def stream_of(rows: pa.Table) -> bytes:
    """An Arrow stream of one batch."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, rows.schema) as writer:
        writer.write_table(rows.combine_chunks())
    return bytes(sink.getvalue())
