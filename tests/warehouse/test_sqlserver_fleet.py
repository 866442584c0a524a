"""A fleet on a server that goes away in the midst of it, and comes back."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import pytest
import stamina
from sqlserver_kit import ON_SERVER, PASSWORD, Databases
from tcp_proxy import Proxy
from warehouse_kit import opened, rows_of

from fieldhouse.parts import Parts, build
from fieldhouse.readings import Batch
from fieldhouse.scheduling.fleet import run_fleet
from fieldhouse.settings import Settings
from fieldhouse.settings.sqlserver import SqlServerAddress
from fieldhouse.simulator import Entry, Fault, Simulator, World
from fieldhouse.warehouse import Counts, Warehouse
from fieldhouse.writer import Writer

pytestmark = [ON_SERVER, pytest.mark.timeout(900)]
CHANNELS = range(1, 11)


@pytest.fixture(autouse=True)
def channels(world: World) -> None:
    """Channels with five entries each."""
    now = int(world.clock.now().timestamp())
    for number in CHANNELS:
        made = world.add_channel(id=number, name=f"Channel {number}", fields={1: "T"})
        made.write_many(
            Entry(id=n, created_at=now - 600 * (6 - n), fields=(f"{n}", *(None,) * 7))
            for n in range(1, 6)
        )


class Counted:
    """A warehouse that counts its loads."""

    def __init__(self, warehouse: Warehouse) -> None:
        self._warehouse = warehouse
        self.failed = 0

    def load(self, batches: Sequence[Batch]) -> Mapping[int, Counts]:
        """As the warehouse's."""
        try:
            return self._warehouse.load(batches)
        except BaseException:
            self.failed += 1
            raise

    def __getattr__(self, name: str) -> object:
        return getattr(self._warehouse, name)


@pytest.fixture
def url(databases: Databases) -> str:
    """An empty database of this version's schema."""
    return databases.empty(0)


@pytest.fixture
def proxy(url: str) -> Iterator[Proxy]:
    """A proxy before the server."""
    to = SqlServerAddress.parse(url)
    with Proxy(to.host, to.port or 1433) as listening:
        yield listening


@pytest.fixture
def parts(url: str, proxy: Proxy, simulator: Simulator) -> Iterator[Parts]:
    """A process's parts, on the other side of the proxy."""
    port = SqlServerAddress.parse(url).port or 1433
    settings = Settings(
        warehouse_url=url.replace(f":{port}/", f":{proxy.port}/"),
        db_password=PASSWORD,
        base_url=simulator.url,
        rate_limit_delay=0.0,
    )
    with build(settings) as built:
        yield built


def test_a_server_that_goes_away_costs_one_load_and_the_next_run_completes(
    parts: Parts, proxy: Proxy, simulator: Simulator, url: str
) -> None:
    """What was written is told as such; for the others at most one load has failed."""
    counted = Counted(parts.warehouse)

    def go_away(_: World) -> None:
        proxy.refuse()
        proxy.cut()

    simulator.faults.add(Fault("call", after=4, action=go_away))
    quick = stamina.set_testing(True, attempts=2, cap=True)
    with quick, Writer(counted) as writer:  # type: ignore[arg-type]
        runs = run_fleet(replace(parts, writer=writer), CHANNELS, workers=3)
    assert len(runs) == len(CHANNELS)
    failed = [run for run in runs if run.outcome == "failed"]
    assert len(failed) > 3
    assert len({run.error for run in failed}) <= 4
    assert counted.failed <= 1  # none where a look-up was the first to meet it
    proxy.accept()
    again = run_fleet(parts, CHANNELS, workers=3)
    assert {run.outcome for run in again} == {"success"}
    found = rows_of(opened(url), "SELECT COUNT(*) AS n FROM iot.SensorReadings")
    assert found == [{"n": 5 * len(CHANNELS)}]
