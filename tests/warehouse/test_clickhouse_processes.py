"""ClickHouse's own: loads of several processes at once, over HTTP, and processes killed amid them.

A process that a test starts is this file with a work's name; the server is another (see
``clickhouse_server``). `FIELDHOUSE_KILLS` says how many kills there are (60 in `make test-long`).
"""

import os
import random
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from datetime import datetime, timedelta
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


def test_a_channel_is_held_by_one(tmp_path: Path) -> None:
    """Whoever is at the server by another name waits for a channel's lock, and for no other's."""
    with served(tmp_path / "house") as (url, _), closing(opened(url)) as here:
        here.migrate()
        with closing(opened(url.replace("127.0.0.1", "localhost"))) as there:
            inside, most = 0, 0

            def work(warehouse: Warehouse) -> None:
                nonlocal inside, most
                for _ in range(3):
                    with warehouse.lock(9), warehouse.lock(9):
                        inside += 1
                        most = max(most, inside)
                        warehouse.query("channels")
                        inside -= 1

            threads = [threading.Thread(target=work, args=(each,)) for each in (here, there)]
            with there.lock(10):
                for thread in threads:
                    thread.start()
                for thread in threads:
                    thread.join()
            assert most == 1
            locks = "SELECT name FROM system.tables WHERE startsWith(name, 'Lock_')"
            assert rows_of(here, locks) == []


def test_of_several_one_takes_and_one_tells(tmp_path: Path) -> None:
    """Two who come to the server at the same moment: each channel is given to one of them.

    An incident is opened once and told once, and its message is claimed by one.
    """
    names = ("127.0.0.1", "localhost")
    with served(tmp_path / "house") as (url, _), ExitStack() as stack:
        houses = [
            stack.enter_context(closing(opened(url.replace(names[0], name)))) for name in names
        ]
        houses[0].migrate()
        pool = stack.enter_context(ThreadPoolExecutor(len(houses)))
        together = threading.Barrier(len(houses))

        def work(number: int) -> tuple[list[int], list[int], int]:
            house, me = houses[number], str(number)
            taken, told, made = [], [], 0
            for turn in range(3):
                together.wait()
                asked = list(range(10 * turn, 10 * turn + 10))
                leases = house.call("take_leases", worker=me, channel_ids=asked, seconds=3600)
                taken += leases["ChannelID"].to_pylist()
                at = T0 + turn * HOUR
                made += settle(house, turn, at)
                until = at + 100 * HOUR
                claim = {"claimed_by": me, "as_of": at, "claimed_until": until, "limit": 20}
                told += house.call("claim_notices", **claim)["NoticeID"].to_pylist()
            return taken, told, made

        found = list(pool.map(work, range(len(houses))))
        assert sorted(n for taken, _, _ in found for n in taken) == list(range(30))
        assert sorted(n for _, told, _ in found for n in told) == [1, 2, 3]
        assert sum(made for *_, made in found) == 3
        assert houses[0].query("alerts", as_of=T0).num_rows == 3


def settle(house: Warehouse, turn: int, at: datetime) -> int:
    """Channel ``turn`` fires as well, by a rule of its own; how many messages were made."""
    rules = [f"rule {n}" for n in range(turn + 1)]
    firing = [
        {
            "rule_name": rule,
            "severity": "warning",
            "level": 1,
            "channel_id": number,
            "field_number": 0,
            "since_at": at,
            "figure": None,
            "summary": rule,
            "for_seconds": 0.0,
        }
        for number, rule in enumerate(rules)
    ]
    said = {"judged": rules, "configured": rules, "receivers": ["me"], "levels": [0]}
    times = {"calm": 600, "gather": 0, "pause": 0}
    done = house.call("settle_alerts", firing=firing, as_of=at, **said, **times)
    return int(done["Notices"][0].as_py())


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
