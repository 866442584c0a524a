"""Files into every engine: what planning says is what the loads do, and where each entry goes."""

import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlserver_kit import PASSWORD
from warehouse_kit import DAY, MINUTE, T0, batch, row, tables

from fieldhouse.errors import ConfigurationError
from fieldhouse.importing import Import, Wanted, import_files
from fieldhouse.parts import Parts, build
from fieldhouse.settings import Settings
from fieldhouse.sources.exports import Options
from fieldhouse.warehouse import Warehouse


@pytest.fixture
def parts(url: str, warehouse: Warehouse) -> Iterator[Parts]:
    """A pipeline into the engine's warehouse."""
    password = {"db_password": PASSWORD} if url.startswith("sqlserver:") else {}
    given: dict[str, Any] = {"warehouse_url": url, "rate_limit_delay": 0.0, **password}
    with build(Settings(**given)) as made:
        yield made


def feeds(path: Path, first: int, last: int, *, days: int = 0, value: str = "{n}.5") -> Path:
    """A download of entries of a life, a minute apart; every tenth has a text for a number."""
    lines = ["created_at,entry_id,field1,field2,status"]
    for n in range(first, last + 1):
        at = T0 + days * DAY + n * MINUTE
        text = '"ON, now"' if n % 10 == 0 else '""' if n % 7 == 0 else ""
        lines.append(f"{at} UTC,{n},{value.format(n=n)},{text},")
    path.write_text("\n".join([*lines, ""]))
    return path


def bring(parts: Parts, *paths: Path, **said: Any) -> Import:
    """Import, and hold what was said before against what the loads did."""
    options = said.pop("options", Options())
    done = import_files(parts, paths, Wanted(**{"channel_id": 9, **said}), options)
    counts = done.counts
    assert counts
    assert counts.inserted == done.new
    assert counts.updated == done.differing
    assert counts.inserted + counts.updated + counts.duplicates == done.new + done.known
    return done


def lives(warehouse: Warehouse) -> list[tuple[int, int, int]]:
    """Each epoch of the channel, its readings, and how many of them are superseded."""
    found = warehouse.query("lives", channel_id=9).to_pylist()
    return [(each["Epoch"], each["Readings"], each["Superseded"]) for each in found]


def test_files_go_to_the_lives_that_they_are_of(
    parts: Parts, warehouse: Warehouse, tmp_path: Path
) -> None:
    """Known, new, differing and rejected; an ended life, one before all; once more nothing."""
    file = feeds(tmp_path / "a.csv", 1, 5_100)
    assert bring(parts, file).new == 5_100
    more = f"{T0},,1,,\n{T0 + 5101 * MINUTE} UTC,5101,9,,\n"
    (tmp_path / "b.csv").write_text(file.read_text() + more)
    done = bring(parts, tmp_path / "b.csv")
    assert (done.new, done.known, done.differing, done.rejected) == (1, 5_100, 0, 1)
    done = bring(parts, feeds(tmp_path / "c.csv", 11, 30, value="{n}"))
    assert (done.new, done.known, done.differing) == (0, 20, 20)

    warehouse.call("open_epoch", channel_id=9, number=2, started_at=T0 + 10 * DAY)
    second = [row(n, T0 + 10 * DAY + n * MINUTE) for n in range(1, 9)]
    warehouse.load([batch(second, epoch=2)])
    done = bring(parts, feeds(tmp_path / "d.csv", 5_090, 5_110))
    assert (done.epochs, done.new, done.differing) == ({1: 21}, 9, 1)
    older = feeds(tmp_path / "e.csv", 1, 50, days=-5)
    before = tables(warehouse)
    with pytest.raises(ConfigurationError, match="contradicts the channel in 8 of 50"):
        bring(parts, older)
    assert tables(warehouse) == before
    bring(parts, older, epoch="older")
    assert lives(warehouse) == [(-1, 50, 0), (1, 5_110, 0), (2, 8, 0)]
    again = [tmp_path / f"{name}.csv" for name in "ade"]
    shutil.copy(tmp_path / "c.csv", again[0])
    before = tables(warehouse)
    assert bring(parts, *again).new == 0
    assert tables(warehouse) == before
    assert warehouse.query("duplicate_audit").num_rows == 0


def test_a_log_is_a_channel_that_grows(parts: Parts, warehouse: Warehouse, tmp_path: Path) -> None:
    """Rows without ids keep the ids that they got, wherever new ones stand between them."""
    file = tmp_path / "log.csv"
    options = Options(time="at", fields={1: "v"})
    begin = T0 + timedelta(seconds=0.25)

    def log(*minutes: int) -> Import:
        rows = [f"{begin + m * MINUTE},{m}" for m in minutes]
        file.write_text("\n".join(["at,v", *rows, ""]))
        return bring(parts, file, channel_id=None, options=options)

    assert (log(3, 1, 5).channel_id, log(3, 1, 5).new) == (-1, 0)
    done = log(3, 1, 2, 5, 5, 9)
    assert (done.channel_id, done.new, done.known) == (-1, 3, 3)
    held = warehouse.query("readings", channel_id=-1).to_pylist()
    assert [(r["EntryID"], r["CreatedAt"], r["Field1"]) for r in held] == [
        (n, begin + m * MINUTE, m) for n, m in [(1, 1), (4, 2), (2, 3), (3, 5), (5, 5), (6, 9)]
    ]
    assert log(3, 1, 2, 5, 5, 9).new == 0
