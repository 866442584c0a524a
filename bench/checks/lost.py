"""Check 9: sessions that are lost between a commit and its answer."""

from collections.abc import Callable, Iterator
from typing import Any

from sqlserver_kit import PASSWORD, run_on
from tcp_proxy import Cut, Proxy
from warehouse_kit import T0, batch, row

from bench.checks.kit import Check, Finding, Held, number, verdict
from fieldhouse.errors import FieldhouseError
from fieldhouse.settings.sqlserver import SqlServerAddress
from fieldhouse.warehouse.engines.sqlserver.warehouse import SQLServerWarehouse
from fieldhouse.warehouse.registry import Opening

_READINGS = "SELECT COUNT(*) AS n FROM iot.SensorReadings"
_EPOCHS = "SELECT COUNT(*) AS n FROM iot.Epochs"
_OWN = "SELECT Calls AS n FROM dbo.Own"


def lost(check: Check) -> Iterator[Finding]:
    """Each call's answer is cut off; afterwards its work must be done once, and told as done."""
    url = check.place.empty(90)
    run_on(
        url,
        "CREATE TABLE dbo.Own (Calls INT NOT NULL)",
        "INSERT INTO dbo.Own (Calls) VALUES (0)",
        "CREATE PROCEDURE dbo.usp_Own AS UPDATE dbo.Own SET Calls = Calls + 1",
    )
    large = batch(row(n, Field1=n) for n in range(1, 6001))
    epoch = {"channel_id": 9, "number": 2, "started_at": T0}
    yield _cut(url, "usp_LoadReadings", lambda w: w.load([batch([row(1)])]), _READINGS, 1)
    yield _cut(url, "usp_LoadReadings", lambda w: w.load([large]), _READINGS, 6000)
    yield _cut(url, "usp_OpenEpoch", lambda w: w.call("open_epoch", **epoch), _EPOCHS, 2)
    yield _cut(url, "usp_Own", lambda w: w.execute("dbo.usp_Own"), _OWN, 1)


def _cut(
    url: str, name: str, work: Callable[[SQLServerWarehouse], Any], counted: str, expected: int
) -> Finding:
    what = f"the answer of {name} is lost ({expected:,})"
    to = SqlServerAddress.parse(url)
    with Proxy(to.host, to.port or 1433) as proxy:
        address = f"sqlserver://{to.username}@127.0.0.1:{proxy.port}/{to.database}"
        plain = f"{address}?trust_server_certificate=yes&encrypt=no&login_timeout=5"
        try:
            warehouse = SQLServerWarehouse.open(Opening(plain, PASSWORD))
            proxy.cut_at = Cut(answer_to=name.encode("utf-16-le"))
            work(warehouse)
        except FieldhouseError as error:
            return Finding(what, Held.NO, str(error)[:300])
        if not proxy.cuts:
            return Finding(what, Held.NOT_HERE, "the server insists on encryption: nothing was cut")
    held = number(url, counted)
    return Finding(what, verdict(held == expected), f"cut once, then {held:,}")
