"""The seed's ``DatabaseConnection``: SQL Server, with a log line and False or None for an error."""

import json
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any, TypeVar
from urllib.parse import quote, urlencode

from fieldhouse.errors import ConfigurationError, FieldhouseError
from fieldhouse.readings import Batch
from fieldhouse.settings import channel_number
from fieldhouse.sources.thingspeak.page import parse_page
from fieldhouse.state import Progress
from fieldhouse.sync import channel_row
from fieldhouse.times import utc_now
from fieldhouse.warehouse import HasProcedures, Warehouse, open_warehouse

__all__ = ["DatabaseConnection"]

_FUTURE = timedelta(days=1)
_OPTIONS = frozenset(
    (
        "authentication",
        "encrypt",
        "host_name_in_certificate",
        "login_timeout",
        "multi_subnet_failover",
        "trust_server_certificate",
    )
)

T = TypeVar("T")
logger = logging.getLogger(__name__)


class DatabaseConnection:
    r"""A database on SQL Server; no method raises for what the server does.

    ``server`` is ``host``, ``host,port`` or ``host\instance``. With ``trusted_connection``, or
    without a ``username``, the login is the account that runs Python (Windows, Kerberos).
    ``driver`` is accepted, and not used: the bundled ODBC driver serves. ``options`` are those of a
    ``sqlserver://`` URL: ``encrypt`` (yes, unless told otherwise), ``authentication`` (Entra),
    ``trust_server_certificate``, ``host_name_in_certificate``, ``login_timeout``,
    ``multi_subnet_failover``.

    The tables are made by ``fieldhouse migrate``. For what raises instead, see
    ``fieldhouse.open_warehouse``.
    """

    def __init__(
        self,
        server: str,
        database: str = "IoTSensorDB",
        username: str | None = None,
        password: str | None = None,
        driver: str | None = None,
        trusted_connection: bool = False,
        **options: str | bool,
    ) -> None:
        if unknown := options.keys() - _OPTIONS:
            raise TypeError(f"DatabaseConnection takes no {', '.join(sorted(unknown))}")
        self.server, self.database = server, database
        self.username, self.trusted_connection = username, trusted_connection
        self.driver = driver
        self.connection: Warehouse | None = None
        self._password = password
        self._options = {name: _word(value) for name, value in options.items()}
        if driver:
            logger.warning("The driver %r is not used: the bundled ODBC driver serves", driver)

    def __repr__(self) -> str:
        return f"DatabaseConnection({self.server!r}, {self.database!r})"

    def __enter__(self) -> "DatabaseConnection":
        self.connect()
        return self

    def __exit__(self, *_: object) -> None:
        self.disconnect()

    def connect(self) -> bool:
        """Connect; False, and an ERROR line, if that cannot be."""
        self.disconnect()
        self.connection = self._told("Connection failed", self._open)
        return self.connection is not None

    def disconnect(self) -> None:
        """Give the connection back; a second time is a no-op."""
        if self.connection is not None:
            self.connection.close()
            self.connection = None

    def upsert_channel(self, channel_data: Mapping[str, Any]) -> bool:
        """Store a channel's metadata, ThingSpeak's ``channel`` object; False for an error."""
        return self._told("Upserting channel failed", lambda: self._upsert(channel_data)) or False

    def insert_sensor_readings(
        self, channel_id: int | str, feeds: Iterable[Mapping[str, Any]]
    ) -> int | None:
        """Store entries of a channel, as ThingSpeak's ``feeds`` has them; how many were new.

        What is held already is skipped, or brought up to date where a value came back. All of it in
        one transaction, or None and nothing.
        """
        page = json.dumps({"channel": {"id": channel_id}, "feeds": list(feeds)}, default=str)
        return self._told("Inserting readings failed", lambda: self._insert(channel_id, page))

    def call_stored_procedure(
        self, procedure: str, params: Sequence[Any] | None = None
    ) -> list[dict[str, Any]] | None:
        """Execute a procedure, ``iot.usp_…``, with parameters by position; the rows it answers.

        It is one transaction, done once or not at all; where neither can be told, as when the
        connection is lost while it is committed, it is not done again. None for an error; a
        procedure that answers nothing gives ``[]``.
        """
        rows = self._told(
            f"Executing {procedure} failed",
            lambda: self._procedures().execute(procedure, params or ()).to_pylist(),
        )
        if rows is not None:
            logger.info("Executed stored procedure %s", procedure)
        return rows

    def _open(self) -> Warehouse:
        return open_warehouse(self._url(), password=self._password)

    def _url(self) -> str:
        server = self.server.removeprefix("tcp:")
        if server.count(":") == 1:  # more are an IPv6 address
            server = server.replace(":", ",")
        host, _, port = (part.strip() for part in server.partition(","))
        host = f"[{host.strip('[]')}]" if ":" in host else _safe(host)
        login = "" if self.trusted_connection or not self.username else f"{_safe(self.username)}@"
        address = f"{login}{host}" + (f":{port}" if port else "")
        return f"sqlserver://{address}/{_safe(self.database)}?{urlencode(self._options)}"

    def _warehouse(self) -> Warehouse:
        if self.connection is None:
            raise ConfigurationError("not connected: call connect() first")
        return self.connection

    def _procedures(self) -> HasProcedures:
        warehouse = self._warehouse()
        if not isinstance(warehouse, HasProcedures):
            raise ConfigurationError("this warehouse keeps no stored procedures")
        return warehouse

    def _upsert(self, channel_data: Mapping[str, Any]) -> bool:
        channel_id = channel_number(channel_data.get("id"))
        page = parse_page(json.dumps({"channel": dict(channel_data), "feeds": []}).encode())
        self._warehouse().call("upsert_channel", **channel_row(page, channel_id, utc_now()))
        logger.info("Upserted channel %d", channel_id)
        return True

    def _insert(self, given: object, text: str) -> int:
        page, channel_id = parse_page(text.encode()), channel_number(given)
        batch = Batch(
            channel_id=channel_id,
            epoch=self._epoch(channel_id),
            readings=page.readings,
            raw=page.raw,
            rejected=page.rejected,
            progress=Progress(),
            horizon=utc_now() + _FUTURE,
        )
        counts = self._warehouse().load([batch])[channel_id]
        logger.info("Inserted %d sensor readings for channel %d", counts.inserted, channel_id)
        return counts.inserted

    def _epoch(self, channel_id: int) -> int:
        state = self._warehouse().query("channel_state", channel_ids=[channel_id])
        epoch: int = state["Epoch"][0].as_py() if state.num_rows else 1
        return epoch

    def _told(self, failure: str, work: Callable[[], T]) -> T | None:
        """Do something; an error of ours is one ERROR line, and None."""
        try:
            return work()
        except FieldhouseError as error:
            logger.error("%s: %s", failure, error)
            return None


def _word(value: str | bool) -> str:
    return value if isinstance(value, str) else "yes" if value else "no"


def _safe(text: str) -> str:
    return quote(text, safe="")
