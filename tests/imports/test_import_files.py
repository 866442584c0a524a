"""Files of other makes, and recorded ones: channels of their own, and the rows of the API."""

import gzip
import json
from datetime import UTC
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from import_kit import bring, house, readings, run
from test_exports import lexed

from fieldhouse.errors import ConfigurationError
from fieldhouse.readings import parse_time
from fieldhouse.scheduling.fleet import run_fleet
from fieldhouse.simulator import Simulator, World
from fieldhouse.simulator.ordered import Entry
from fieldhouse.sources.exports import Options

LOG = Options(time="When", fields={1: "Temp"}, zone=ZoneInfo("Europe/Zurich"))


def log(path: Path, *rows: str) -> Path:
    """A logger's file."""
    path.write_text("\n".join(["When,Temp,Hum", *rows, ""]))
    return path


def test_a_log_becomes_a_channel_that_grows(tmp_path: Path) -> None:
    """Without entry ids it has a number below zero; grown and imported again, it brings the rest.

    Ids are by time at first; what comes between later gets the next ones. Its name and labels stay.
    """
    file = log(tmp_path / "my log.csv", "2026-01-05 10:00,3,", "2026-01-05 09:00,2,", "never,1,")
    with house(tmp_path / "a.duckdb") as parts:
        done = bring(parts, file, channel_id=None, options=LOG)
        assert (done.channel_id, done.new, done.rejected) == (-1, 2, 1)
        assert done.left_out == {str(file): ("Hum",)}
        log(
            file,
            "2026-01-05 10:00,3,",
            "2026-01-05 09:00,2.5,",
            "2026-01-05 09:30,7,",
            "2026-01-05 10:00,3,",
        )
        again = bring(parts, file, channel_id=None, options=LOG, labels={1: "Temperature"})
        assert (again.channel_id, again.new, again.known, again.differing) == (-1, 2, 2, 1)
        found = parts.warehouse.query("readings", channel_id=-1).to_pylist()
        assert [(r["EntryID"], r["CreatedAt"].hour, r["Field1"]) for r in found] == [
            (1, 8, 2.5),
            (3, 8, 7),
            (2, 9, 3),
            (4, 9, 3),
        ]
        assert bring(parts, file, channel_id=None, options=LOG).known == 4
        other = log(tmp_path / "other.csv", "2026-01-05 10:00,3,")
        named = bring(parts, other, channel_id=None, options=LOG, name="Cellar")
        assert named.channel_id == -2
        channels = parts.warehouse.query("channels").to_pylist()
        assert [(c["ChannelID"], c["ChannelName"], c["Field1Name"]) for c in channels] == [
            (-2, "Cellar", "Temp"),
            (-1, "my log", "Temperature"),
        ]


def test_files_that_overlap_bring_each_row_once(tmp_path: Path) -> None:
    """Several files in one import: a row that two of them have is one."""
    rows = [f"2026-01-05 {hour:02}:00,{hour},1" for hour in range(6)]
    files = [log(tmp_path / f"{n}.csv", *rows[n : n + 4]) for n in range(3)]
    with house(tmp_path / "a.duckdb") as parts:
        done = bring(parts, *files, channel_id=-7, options=LOG)
        assert (done.channel_id, done.new, done.known) == (-7, 6, 6)
        assert parts.warehouse.query("readings", channel_id=-7).num_rows == 6
        assert done.source == ", ".join(map(str, files))


def test_nothing_polls_a_channel_of_files(simulator: Simulator, tmp_path: Path) -> None:
    """It is asked of no server, even by name."""
    with house(tmp_path / "a.duckdb", simulator) as parts:
        bring(parts, log(tmp_path / "a.csv", "2026-01-05 10:00,3,"), channel_id=-1, options=LOG)
        (done,) = run_fleet(parts, [-1])
        assert done.outcome == "failed" and "no channel of ThingSpeak's" in (done.error or "")
        assert done.requests == 0


@pytest.mark.parametrize(
    ("body", "said", "words"),
    [
        ("When,Temp\n2026-01-05,3\n", {"options": LOG}, "no column entry_id"),
        ("created_at,entry_id\n", {"channel_id": None}, "does not say whose it is"),
        ('{"channel":{"id":8},"feeds":[]}', {}, "is of channel 8, not of channel 9"),
        ("When,Temp\n", {"channel_id": None, "options": LOG, "epoch": 1}, "--epoch is for files"),
        (
            "When,Temp\n2026-01-05,3\n",
            {"channel_id": -1, "options": Options(time="Whem", fields={1: "Temp"})},
            "did you mean 'When'",
        ),
        (
            "When,Temp\n2026-01-05,3\n",
            {"channel_id": -1, "options": Options(time="When")},
            "no column is a field: --field1",
        ),
        (
            "When,Temp\n2026-01-05,3\n",
            {"channel_id": -1, "options": Options(time="When", fields={1: "Temp", 2: "Hum"})},
            "no column 'Hum' (--field2)",
        ),
    ],
)
def test_what_cannot_be_told_is_one_line(
    tmp_path: Path, body: str, said: dict[str, Any], words: str
) -> None:
    """Whose entries, which column: where a file does not say, a line says how to."""
    file = tmp_path / "a.csv"
    file.write_text(body)
    with house(tmp_path / "a.duckdb") as parts:
        with pytest.raises(ConfigurationError) as error:
            bring(parts, file, **said)
        assert words in str(error.value) and "\n" not in str(error.value)
        assert parts.warehouse.query("channels").num_rows == 0


def test_a_json_file_says_whose_it_is(tmp_path: Path) -> None:
    """Its channel is the one, with its name until a run knows better; two channels are refused."""
    for number in (8, 9):
        entry = {"entry_id": 1, "created_at": "2026-01-05T00:00:00Z", "field1": "1"}
        channel = {"id": number, "name": f"Hut {number}", "field1": "T", "last_entry_id": 1}
        path = tmp_path / f"{number}.json"
        path.write_text(json.dumps({"channel": channel, "feeds": [entry]}))
    with house(tmp_path / "a.duckdb") as parts:
        assert bring(parts, tmp_path / "8.json", channel_id=None).channel_id == 8
        (row,) = parts.warehouse.query("channels").to_pylist()
        assert (row["ChannelName"], row["Field1Name"], row["RefreshedAt"]) == ("Hut 8", "T", None)
        with pytest.raises(ConfigurationError, match="2 channels"):
            bring(parts, tmp_path / "8.json", tmp_path / "9.json", channel_id=None)
        assert bring(parts, tmp_path / "9.json", channel_id=8, any_channel=True).known == 1


SERVED = ("andersonbui_consumhogar", "ester24_more4water.unwrapped", "flynsky_38629_api")


@pytest.mark.parametrize("name", SERVED)
def test_recorded_exports_import_as_they_would_be_served(
    name: str, recorded: Path, world: World, simulator: Simulator, tmp_path: Path
) -> None:
    """A real export, whose channel is served as well: the import's rows are those of a run.

    Once more, and a run after it, change nothing.
    """
    path = recorded / "csv" / f"{name}.csv.gz"
    with gzip.open(path, "rt", encoding="utf-8", newline="") as lines:
        text = lines.read()
    header, *rows = lexed(text if text.endswith("\n") else text + "\n")
    world.add_channel(id=9, fields={n: f"F{n}" for n in range(1, 9)}).write_many(
        served(dict(zip(header, row, strict=True))) for row in rows
    )
    with house(tmp_path / "served.duckdb", simulator) as parts:
        run(parts)
        wanted = readings(parts.warehouse)
    assert len(wanted) >= len(rows)
    with house(tmp_path / "a.duckdb", simulator) as parts:
        assert bring(parts, path).new == len(rows)
        assert readings(parts.warehouse) == wanted
        run(parts)
        assert bring(parts, path).differing == 0
        assert readings(parts.warehouse) == wanted


def served(row: dict[str | None, str | None]) -> Entry:
    """An exported entry as the channel has it."""
    at = parse_time(row["created_at"] or "")
    assert at
    return Entry(
        int(row["entry_id"] or 0),
        int(at.replace(tzinfo=UTC).timestamp()),
        tuple(row.get(f"field{n}") for n in range(1, 9)),
        row.get("latitude"),
        row.get("longitude"),
        row.get("elevation"),
        row.get("status"),
    )
