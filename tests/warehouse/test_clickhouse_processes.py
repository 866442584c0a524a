"""ClickHouse's own: loads of several processes at once, over HTTP, and processes killed amid them.

A process that a test starts is this file with a work's name; the server is another (see
``clickhouse_server``). `FIELDHOUSE_KILLS` says how many kills there are (60 in `make test-long`).
"""

import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path

import clickhouse_server
import pytest
from warehouse_kit import HOUR, MINUTE, T0, batch, opened, row, rows_of, tables

from fieldhouse.readings import Batch
from fieldhouse.state import Span
from fieldhouse.warehouse import Warehouse

KILLS = int(os.environ.get("FIELDHOUSE_KILLS", "4"))
CHANNELS, PAGES, ROWS = (9, 10, 11), 6, 40
HERE = Path(__file__)


def pages(channel_id: int) -> list[Batch]:
    """A channel's pages, which overlap: each shows some of the last one's entries again, filled.

    What two pages show of an entry, one has in Field1 and the other in Field2.
    """
    return [
        batch(
            [
                row(n, T0 + n * MINUTE, **{f"Field{1 + number % 2}": n * channel_id})
                for n in range(number * ROWS // 2 + 1, number * ROWS // 2 + ROWS + 1)
            ],
            channel_id=channel_id,
            raw=[_text(number * ROWS // 2 + 1)],
            covered=(Span(T0 + number * HOUR, T0 + number * HOUR + timedelta(minutes=90)),),
        )
        for number in range(PAGES)
    ]


def _text(entry_id: int) -> dict[str, object]:
    return {
        "EntryID": entry_id,
        "ColumnName": "Field8",
        "RawValue": "ON",
        "Reason": "unparseable",
    }


def load_all(url: str, seed: str) -> None:
    """A process's work: every page of every channel, in an order of its own, without a lock."""
    chosen = random.Random(seed)
    work = [page for channel_id in CHANNELS for page in pages(channel_id)]
    chosen.shuffle(work)
    with closing(opened(url)) as warehouse:
        sys.stdout.write("begun\n")
        sys.stdout.flush()
        while work:
            size = chosen.randint(1, 3)
            warehouse.load(work[:size])
            del work[:size]
    sys.stdout.write("done\n")


def started(*arguments: str) -> "subprocess.Popen[str]":
    """A process of this file's, or of the server's, with what it says."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)


@contextmanager
def served(folder: Path) -> Iterator[tuple[str, "subprocess.Popen[str]"]]:
    """A server over a folder: its URL, and its process, which may be killed."""
    process = started(str(clickhouse_server.__file__), str(folder))
    try:
        assert process.stdout
        port = process.stdout.readline().strip()
        yield f"clickhouse://default@127.0.0.1:{port}/iot", process
    finally:
        process.kill()
        process.communicate()


def worker(url: str, seed: object) -> "subprocess.Popen[str]":
    return started(str(HERE), url, str(seed))


def expected() -> dict[str, Sequence[object]]:
    """What is held in the end, worked out by hand from the pages."""
    last = (PAGES - 1) * ROWS // 2 + ROWS
    readings = []
    for channel_id in CHANNELS:
        for n in range(1, last + 1):
            shown = [p for p in range(PAGES) if p * ROWS // 2 < n <= p * ROWS // 2 + ROWS]
            value = n * channel_id
            fields = [value if any(p % 2 == f for p in shown) else None for f in (0, 1)]
            readings.append((channel_id, n, *fields))
    covered = [(c, T0, T0 + (PAGES - 1) * HOUR + timedelta(minutes=90)) for c in CHANNELS]
    texts = [(c, p * ROWS // 2 + 1, "ON") for c in CHANNELS for p in range(PAGES)]
    return {"readings": readings, "covered": covered, "texts": texts}


def held(warehouse: Warehouse) -> dict[str, Sequence[object]]:
    """The same, as it is held."""

    def asked(statement: str) -> list[object]:
        return [tuple(row.values()) for row in rows_of(warehouse, statement)]

    return {
        "readings": asked(
            "SELECT ChannelID, EntryID, toInt64(Field1), toInt64(Field2) FROM iot.SensorReadings"
            " ORDER BY ChannelID, EntryID"
        ),
        "covered": asked("SELECT ChannelID, SpanStart, SpanEnd FROM iot.Coverage ORDER BY 1, 2"),
        "texts": asked("SELECT ChannelID, EntryID, RawValue FROM iot.RawValues ORDER BY 1, 2"),
    }


def partial(warehouse: Warehouse) -> list[object]:
    """Pages that are there in part: one brings a field to its entries as no other page does."""
    seen = {
        (channel_id, entry_id): fields
        for channel_id, entry_id, *fields in held(warehouse)["readings"]  # type: ignore[misc]
    }
    torn = []
    for channel_id in CHANNELS:
        for number, page in enumerate(pages(channel_id)):
            shown = [
                seen.get((channel_id, entry_id), [None, None])[number % 2] is not None
                for entry_id in page.readings["EntryID"].to_pylist()
            ]
            if any(shown) and not all(shown):
                torn.append((channel_id, number))
    return torn


def test_three_processes_at_once_are_as_one(tmp_path: Path) -> None:
    """Three processes load the same pages in orders of their own, without locks: nothing is lost.

    Rows, values that fill each other, texts and coverage are as one process had loaded them.
    """
    with served(tmp_path / "house") as (url, _), closing(opened(url)) as warehouse:
        warehouse.migrate()
        workers = [worker(url, seed) for seed in range(3)]
        assert [each.communicate()[0] for each in workers] == ["begun\ndone\n"] * 3
        assert held(warehouse) == expected()
        once = tables(warehouse)
        for channel_id in CHANNELS:
            warehouse.load(pages(channel_id))
        assert tables(warehouse) == once
        assert warehouse.query("duplicate_audit").num_rows == 0


@pytest.mark.parametrize("victim", ["client", "server"])
def test_what_a_kill_leaves_is_whole(tmp_path: Path, victim: str) -> None:
    """Kill -9 of a client, or of the server, at any moment: no page is there in part.

    What was loaded before stays, and loading all again makes it what it should be.
    """
    chosen = random.Random(f"kills of a {victim}")
    folder = tmp_path / "house"
    for turn in range(KILLS // 2):
        with served(folder) as (url, server):
            with closing(opened(url)) as warehouse:
                warehouse.migrate()
            client = worker(url, turn)
            assert client.stdout
            assert client.stdout.readline() == "begun\n"
            time.sleep(chosen.uniform(0, 1.5))  # wherever it is then
            (client if victim == "client" else server).kill()
            client.kill()
            client.communicate()
        with served(folder) as (url, _), closing(opened(url)) as warehouse:
            assert partial(warehouse) == []
    with served(folder) as (url, _), closing(opened(url)) as warehouse:
        for channel_id in CHANNELS:
            warehouse.load(pages(channel_id))
        assert held(warehouse) == expected()


if __name__ == "__main__":
    load_all(*sys.argv[1:])
