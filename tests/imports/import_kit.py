"""What the tests of imports share: a channel, its downloads, and what the warehouse holds of it."""

import gzip
import json
import urllib.request
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from fieldhouse.importing import Import, Wanted, import_files
from fieldhouse.parts import Parts, build
from fieldhouse.scheduling.fleet import run_fleet
from fieldhouse.settings import Settings
from fieldhouse.simulator import Simulator
from fieldhouse.simulator.channel import Channel
from fieldhouse.sources.exports import Options
from fieldhouse.warehouse import Warehouse

T0 = datetime(2026, 1, 5, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
VALUES = ("Field1", "Field2", "Latitude", "Status")


@contextmanager
def house(path: Path, simulator: Simulator | None = None, **settings: Any) -> Iterator[Parts]:
    """A pipeline into a DuckDB file, from the simulator if there is one."""
    base = {"base_url": simulator.url} if simulator else {}
    url = f"duckdb:///{path}"
    given = Settings(warehouse_url=url, rate_limit_delay=0.0, **base, **settings)
    with build(given) as parts:
        yield parts


def run(parts: Parts, channel_id: int = 9) -> None:
    """Bring the channel up to date; it must succeed."""
    (done,) = run_fleet(parts, [channel_id])
    assert done.outcome == "success", done.error


def bring(parts: Parts, *paths: Path, channel_id: int | None = 9, **said: Any) -> Import:
    """Import files; ``options`` are how to read them, the rest what a person says."""
    options = said.pop("options", Options())
    return import_files(parts, paths, Wanted(channel_id=channel_id, **said), options)


def write(channel: Channel, first: int, last: int, begin: datetime = T0) -> None:
    """Entries first to last of a life, a minute apart, with values of many kinds."""
    for n in range(first, last + 1):
        odd = {0: " ON ", 1: "", 2: "1.23456789", 3: 'a,b\n"c"'}.get(n % 7)
        channel.write(
            begin + n * MINUTE,
            {1: f"{n / 10}", 2: odd},
            latitude=f"47.{n}" if n % 5 == 0 else None,
            status=None if n % 3 else f"status {n}, fine",
        )


def download(simulator: Simulator, path: Path, what: str, channel_id: int = 9) -> Path:
    """Save an answer of the simulator's; by its name it is packed."""
    address = f"{simulator.url}/channels/{channel_id}/{what}"
    if what.startswith("stream"):
        address = f"{simulator.url}/stream/channels/{channel_id}/feeds{what[6:]}"
    with urllib.request.urlopen(address) as answer:
        body = answer.read()
    if path.suffix == ".xml":
        body = as_xml(json.loads(body))
    if path.suffix == ".gz":
        body = gzip.compress(body)
    if path.suffix == ".zip":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("feeds.csv", body)
    else:
        path.write_bytes(body)
    return path


def as_xml(feed: dict[str, Any]) -> bytes:
    """A feed as ThingSpeak writes it in XML, which the simulator does not."""

    def element(key: str, value: object) -> str:
        tag = key.replace("_", "-")
        if value is None:
            return f'<{tag} nil="true"/>'
        kind = ' type="integer"' if isinstance(value, int) else ""
        return f"<{tag}{kind}>{escape(str(value))}</{tag}>"

    entries = (
        f"<feed>{''.join(element(k, v) for k, v in entry.items())}</feed>"
        for entry in feed["feeds"]
    )
    channel = "".join(element(key, value) for key, value in feed["channel"].items())
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<channel>\n'
        f'{channel}<feeds type="array">{"".join(entries)}</feeds></channel>\n'
    ).encode()


def readings(warehouse: Warehouse, channel_id: int = 9) -> list[tuple[Any, ...]]:
    """Every reading that is held, whether it counts, and the texts beside them."""
    found = warehouse.stream(
        "SELECT r.Epoch, r.EntryID, r.CreatedAt, r.Superseded, r.WithdrawnAt IS NOT NULL AS Gone,"
        f" {', '.join('r.' + name for name in VALUES)} FROM iot.AllReadings AS r"
        f" WHERE r.ChannelID = {channel_id} ORDER BY r.Epoch, r.EntryID"
    ).read_all()
    texts = warehouse.stream(
        "SELECT Epoch, EntryID, ColumnName, RawValue, Reason FROM iot.RawValues"
        f" WHERE ChannelID = {channel_id} ORDER BY 1, 2, 3, 4, 5"
    ).read_all()
    return [tuple(row.values()) for row in (*found.to_pylist(), *texts.to_pylist())]


def expected(channel: Channel) -> list[tuple[int, datetime]]:
    """The entries that the channel shows."""
    return [(e.id, datetime.fromtimestamp(e.created_at, UTC)) for e in channel.entries]
