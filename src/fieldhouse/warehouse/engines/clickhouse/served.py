"""A ClickHouse server, by clickhouse-connect over HTTP."""

from collections.abc import Iterator, Mapping
from typing import Any

import clickhouse_connect
import pyarrow as pa
from clickhouse_connect.driver.httputil import get_pool_manager

from fieldhouse.settings.clickhouse import ClickHouseAddress
from fieldhouse.warehouse.engines.clickhouse.binding import Bound
from fieldhouse.warehouse.engines.clickhouse.cluster import settings_of
from fieldhouse.warehouse.engines.clickhouse.transport import INSERTS, SETTINGS, Answer, stream_of

__all__ = ["Served"]

_CONNECTIONS = 16


class _Text:
    """A value that is bound as it is written here: the driver would escape a text once more."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __str__(self) -> str:
        return self._text


class Served:
    """A pool of connections to a server."""

    is_exclusive = False

    def __init__(self, address: ClickHouseAddress, password: str | None) -> None:
        self.where = address.where
        self._client = clickhouse_connect.get_client(
            host=address.host,
            port=address.port,
            username=address.username,
            password=password or "",
            secure=address.secure,
            verify=address.verify,
            connect_timeout=address.connect_timeout,
            send_receive_timeout=address.timeout,
            autogenerate_session_id=False,  # statements of many threads share the client
            pool_mgr=get_pool_manager(maxsize=_CONNECTIONS, num_pools=1, verify=address.verify),
            query_limit=0,
            settings=dict(settings_of(address)),
        )

    def ask(self, statement: str, parameters: Bound, *, guarded: bool = False) -> pa.Table:
        held = self._client.raw_query(
            statement, _texts(parameters), settings=_settings(guarded), fmt="ArrowStream"
        )
        return pa.ipc.open_stream(held).read_all() if held else pa.table({})

    def stream(self, statement: str, parameters: Bound, *, guarded: bool = False) -> Answer:
        held: Any = self._client.raw_stream(
            statement, _texts(parameters), settings=_settings(guarded), fmt="ArrowStream"
        )
        reader = pa.ipc.open_stream(pa.PythonFile(held, mode="r"))
        return Answer(reader.schema, _read(reader, held))

    def do(self, statement: str, parameters: Bound) -> None:
        self._client.command(statement, _texts(parameters), settings=_settings(guarded=False))

    def insert(self, table: str, rows: pa.Table, settings: Mapping[str, str]) -> None:
        self._client.raw_insert(
            table,
            rows.column_names,
            stream_of(rows),
            settings={**INSERTS, **settings},
            fmt="ArrowStream",
        )

    def close(self) -> None:
        self._client.close()


def _settings(guarded: bool) -> dict[str, str]:
    return {**SETTINGS, "readonly": "1"} if guarded else dict(SETTINGS)


def _texts(parameters: Bound) -> dict[str, _Text]:
    return {name: _Text(text) for name, text in parameters.items()}


def _read(reader: Any, held: Any) -> Iterator[pa.RecordBatch]:
    try:
        yield from reader
    finally:
        held.close()
