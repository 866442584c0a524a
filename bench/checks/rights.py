"""Checks 2 and 7: what the loader's login can do with its few rights."""

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal

from sqlserver_kit import server_of
from warehouse_kit import T0, batch, row

from bench.checks.kit import ROOT, Check, Finding, Held, ask, opened, verdict
from fieldhouse.errors import FieldhouseError
from fieldhouse.readings import Batch
from fieldhouse.settings.sqlserver import SqlServerAddress
from fieldhouse.simulator import Clock, Simulator, World, demo
from fieldhouse.warehouse.engines.sqlserver.load import ONE_CALL, Load
from fieldhouse.warehouse.engines.sqlserver.session import Server

EDGES = (Decimal("999999999999.999999"), Decimal("-999999999999.999999"), Decimal("0.000001"))
TEXTS = ('say "é" \\ \n 🙂 ', "", " ", "x" * 4000, "y" * 8001)


def bulk(check: Check) -> Iterator[Finding]:
    """Bulk copy of every type, by a login that has iot_loader's rights alone."""
    url = check.place.empty(2)
    theirs, word = check.place.member(url, "iot_loader")
    for name, rows in (("numbers", _numbers()), ("texts", _texts())):
        held, note = _copied(url, theirs, word, rows)
        if held is Held.NO and not check.genuine:
            held, note = (
                Held.NOT_HERE,
                f"Babelfish has neither owners' rights nor bulk copy: {note}",
            )
        yield Finding(f"bulk copy as iot_loader, {name}", held, note)


def _copied(url: str, theirs: str, word: str, rows: Batch) -> tuple[Held, str]:
    """Whether bulk copy was trusted to the end: the load's sums and hashes say so."""
    load = Load([rows], bulk=True)
    server = Server(SqlServerAddress.parse(theirs), word)
    try:
        with server.connected() as connection:
            said = load._send_by_bulk(connection)
    except FieldhouseError as error:
        return Held.NO, str(error)[:300]
    if not isinstance(said, dict):
        return Held.NO, f"{said}"[:300]
    held = ask(url, "SELECT COUNT(*) AS n FROM iot.SensorReadings")[0]["n"]
    return verdict(held >= rows.readings.num_rows), f"{held:,} readings, sums and hashes agree"


def _numbers() -> Batch:
    names = [f"Field{n}" for n in range(1, 9)] + ["Latitude", "Longitude", "Elevation"]
    ends = [datetime(1, 1, 1), datetime(9999, 12, 31, 23, 59, 59, 999_999)]
    rows = [
        row(
            n,
            ends[n % 2] if n < 3 else datetime(2024, 1, 1, n % 24, n % 60, n % 60, n),
            **{name: EDGES[(n + k) % 3] if (n + k) % 4 else None for k, name in enumerate(names)},
        )
        for n in range(1, ONE_CALL + 100)
    ]
    return batch(rows)


def _texts() -> Batch:
    rows = [row(n, T0, Status=TEXTS[n % 7] if n % 7 < 5 else None) for n in range(ONE_CALL + 100)]
    return batch(rows, channel_id=8)


def whole_run(check: Check) -> Iterator[Finding]:
    """A run of the command line against the simulator, with EXECUTE alone."""
    url = check.place.empty(7)
    theirs, word = check.place.member(url, "iot_loader")
    world = World(clock=Clock())
    demo.weather(world, id=12001, years=0.1)
    with Simulator(world) as simulator:
        environment = {
            **os.environ,
            "THINGSPEAK_BASE_URL": simulator.url,
            "THINGSPEAK_RATE_LIMIT_DELAY": "0",
            "DB_PASSWORD": word,
        }
        for words in (["run", "12001", "--quiet"], ["run", "12001", "--quiet"], ["status"]):
            command = [sys.executable, "-m", "fieldhouse", *words, "--warehouse", theirs]
            done = subprocess.run(
                command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
            )
            note = (done.stderr.strip().splitlines() or [""])[-1][:300]
            what = f"fieldhouse {words[0]} as iot_loader"
            if done.returncode and not check.genuine:
                yield Finding(what, Held.NOT_HERE, f"a procedure has its caller's rights: {note}")
                return
            yield Finding(what, verdict(done.returncode == 0), note)
    with opened(url) as warehouse:
        (status,) = warehouse.query("status", as_of=None).to_pylist()
    held = len(world.channels[12001].entries)
    yield Finding("what it wrote", verdict(status["Readings"] == held), f"{held:,} readings")
    server_of(url).close()
