"""Values from a server's bytes to a file, by the command line: what goes in comes out."""

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pyarrow.parquet
import pytest
from export_kit import cells

from command_kit import run_command

Run = Callable[..., "subprocess.CompletedProcess[str]"]

ENTRIES = [
    b'"entry_id":1,"field1":"12,5","field2":"ON","field3":"1e-45"',
    b'"entry_id":2,"field1":"7","field2":"\xff\xfe","field3":"8.13291194599748078677572702809"',
    b'"entry_id":3,"field1":"","field2":"a\\u0000b","field3":"1700000000000"',
    b'"entry_id":4,"field1":null,"field2":"\\ud83d","field3":"1e-2147483647"',
    b'"entry_id":5,"field1":" 8\\r\\n","field2":"say \\"hi\\", you","status":"on\\u0000off"',
    b'"entry_id":9223372036854775808,"field1":"1"',
    b'"entry_id":-7,"field1":"1"',
    b'"entry_id":6.5,"field1":"1"',
    b'"field1":"1"',
]
SENT = {  # field 1, field 2, field 3, status
    "1": ("12,5", "ON", "1e-45", None),
    "2": ("7.000000", r"\udcff\udcfe", "8.13291194599748078677572702809", None),
    "3": ("", r"a\x00b", "1700000000000", None),
    "4": (None, r"\ud83d", "1e-2147483647", None),
    "5": ("8.000000", 'say "hi", you', None, r"on\x00off"),
}
CHANNEL = (
    b'{"id":9,"name":"Odd","field1":"A","field2":"B","field3":"C","latitude":"1e400",'
    b'"longitude":-1e5,"elevation":12.5,"created_at":"2024-01-01T00:00:00Z","updated_at":null,'
    b'"last_entry_id":9223372036854775808}'
)


class Odd(BaseHTTPRequestHandler):
    """A server of one channel with an entry a minute, which knows ``start`` and ``end``."""

    def do_GET(self) -> None:
        asked = dict(parse_qsl(urlsplit(self.path).query))
        start, end = asked.get("start", "0001"), asked.get("end", "9999")
        entries = b",".join(
            b'{"created_at":"2024-01-01T00:%02d:00Z",%s}' % (minute, entry)
            for minute, entry in enumerate(ENTRIES)
            if start <= f"2024-01-01 00:{minute:02}:00" <= end
        )
        is_feed = urlsplit(self.path).path.endswith("/feeds.json")
        body = b'{"channel":%s,"feeds":[%s]}' % (CHANNEL, entries) if is_feed else b'"-1"'
        self.send_response(200 if is_feed else 404)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def fieldhouse(tmp_path: Path) -> Iterator[Run]:
    """The command line in a process of its own, against that server."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Odd) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(tmp_path),
            "THINGSPEAK_BASE_URL": f"http://127.0.0.1:{server.server_port}",
            "THINGSPEAK_RATE_LIMIT_DELAY": "0",
        }

        def run(*arguments: str) -> "subprocess.CompletedProcess[str]":
            return run_command(*arguments, env=environment, cwd=tmp_path)

        yield run
        server.shutdown()


def exported(tmp_path: Path) -> dict[str | None, tuple[str | None, ...]]:
    """By entry id: field 1, field 2, field 3, status."""
    names = ("Field1", "Field2", "Field3", "Status")
    rows = cells(tmp_path / "all.csv")
    return {row["EntryID"]: tuple(row[name] for name in names) for row in rows}


def test_odd_bytes_spoil_neither_page_nor_export(fieldhouse: Run, tmp_path: Path) -> None:
    """Text that no warehouse holds, numbers that no column holds, ids that no entry can have.

    The page is read, what it held is in the file, and both commands say in a line what was odd.
    """
    ran = fieldhouse("run", "9")
    assert (ran.returncode, ran.stderr) == (0, "")
    assert "4 entries could not be readings" in ran.stdout
    done = fieldhouse("export", "9", "-o", "all.csv")
    assert done.stdout == (
        "5 rows in all.csv; values that no number is exactly, as the source wrote them, in their"
        " cells: 12\n"
    )
    assert exported(tmp_path) == SENT
    done = fieldhouse("export", "9", "-o", "all.parquet")
    assert done.stdout.endswith("in Field1Text, Field2Text, Field3Text, StatusText: 12\n")
    table = pyarrow.parquet.read_table(tmp_path / "all.parquet")
    assert table["Field3Text"].to_pylist() == [SENT[n][2] for n in "12345"]
    assert table["Field3"].to_pylist()[:2] == [Decimal(0), Decimal("8.132912")]
    again = fieldhouse("run", "9")
    assert again.returncode == 0 and "could not be readings" not in again.stdout


def test_a_decimal_comma_that_is_declared_later(fieldhouse: Run, tmp_path: Path) -> None:
    """The time is read again, and then nothing says any more that the comma could not be read."""
    fieldhouse("run", "9")
    (tmp_path / "fieldhouse.toml").write_text("[channels.9]\ndecimal_comma = true\n")
    assert fieldhouse("backfill", "9", "--from", "2024-01-01").returncode == 0
    fieldhouse("export", "9", "-o", "all.csv")
    assert exported(tmp_path) == SENT | {"1": ("12.500000", *SENT["1"][1:])}
    asked = "SELECT RawValue, Reason FROM iot.RawValues WHERE EntryID = 1 ORDER BY ColumnName"
    kept = json.loads(fieldhouse("query", asked, "--json").stdout)
    assert [text["RawValue"] for text in kept] == ["ON", "1e-45"]
