"""Exclude and correct, as a person types them, and the mistakes that a person makes."""

import json
import os
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from warehouse_kit import T0, batch, row

from command_kit import run_command
from fieldhouse.warehouse import open_warehouse

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a warehouse of one channel: a reading an hour, two fields."""
    folder = tmp_path_factory.mktemp("correcting")
    warehouse = open_warehouse(f"duckdb:///{folder / 'fieldhouse.duckdb'}")
    warehouse.migrate()
    rows = [row(n, T0 + n * timedelta(hours=1), Field1=n, Field2=-n) for n in range(48)]
    warehouse.load([batch(rows)])
    warehouse.call("upsert_channel", channel_id=9, field1="Temperature", field2="Door 'x' 🚪")
    warehouse.close()
    return folder


@pytest.fixture
def fieldhouse(folder: Path) -> Run:
    """Run the command line in a process of its own."""

    def run(*arguments: str) -> "subprocess.CompletedProcess[str]":
        environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "USER": "ada"}
        return run_command(*arguments, env=environment, cwd=folder)

    return run


def values(folder: Path, name: str) -> list[Decimal | None]:
    warehouse = open_warehouse(f"duckdb:///{folder / 'fieldhouse.duckdb'}", read_only=True)
    try:
        return warehouse.query("readings", channel_id=9)[name].to_pylist()
    finally:
        warehouse.close()


def test_rules_from_the_command_line(fieldhouse: Run, folder: Path) -> None:
    """Tried, made by label and in a zone, listed with who and why, and undone."""
    options = ["9", "temperature", "--where", "value between 3 and 5", "--to", "2024-01-01"]
    tried = fieldhouse("exclude", *options, "--dry-run", "--json")
    assert json.loads(tried.stdout)["readings"] == 3
    assert json.loads(tried.stdout)["sample"][0] == {
        "entry_id": 3, "created_at": "2024-01-01T03:00:00Z", "field": 1, "now": 3, "then": None
    }  # fmt: skip
    assert "3 readings would be covered" in fieldhouse("exclude", *options, "--dry-run").stdout
    before = values(folder, "Field1")
    made = fieldhouse("exclude", *options, "--reason", 'it\'s "off"; 🌡')
    assert made.returncode == 0 and not made.stderr
    assert "3 readings changed" in made.stdout
    number = made.stdout.split()[1]
    assert values(folder, "Field1")[3:6] == [None] * 3
    scaled = fieldhouse(
        *("correct", "9", "Door 'x' 🚪", "--scale", "-0.5", "--offset", "1", "--by", "Ada"),
        *("--from", "2024-01-01T02:00", "--tz", "Europe/Zurich", "--reason", "r", "--json"),
    )
    assert json.loads(scaled.stdout)["readings"] == 47
    assert values(folder, "Field2")[:3] == [Decimal(0), Decimal("1.5"), Decimal(2)]
    moved = fieldhouse("correct", "9", "--shift-time", "-1d1h", "--reason", "r", "--json")
    rules = json.loads(fieldhouse("corrections", "list", "9", "--json").stdout)
    assert [r["Kind"] for r in rules] == ["EXCLUDE", "SCALE", "SHIFT"]
    assert rules[0]["Reason"] == 'it\'s "off"; 🌡' and rules[0]["MadeBy"].startswith("ada@")
    assert rules[1]["MadeBy"] == "Ada" and rules[1]["SpanStart"] == "2024-01-01T01:00:00Z"
    assert rules[2]["ShiftSeconds"] == -90_000 and rules[2]["SpanStart"] is None
    made_at = datetime.fromisoformat(rules[0]["MadeAt"])
    assert abs(datetime.now(UTC) - made_at) < timedelta(hours=1)
    shown = fieldhouse("corrections", "list").stdout
    assert "value between 3 and 5" in shown and "1 day, 1:00:00 earlier" in shown
    assert "value * -0.5 + 1" in shown
    exported = fieldhouse("export", "9", "-o", "-", "--original")
    assert exported.stdout.splitlines()[4].split(",")[4] == '"2024-01-01T03:00:00Z"'
    for each in (number, json.loads(scaled.stdout)["correction_id"]):
        assert fieldhouse("corrections", "remove", str(each), "--by", "Bob").returncode == 0
    left = json.loads(moved.stdout)["correction_id"]
    done = fieldhouse("corrections", "remove", str(left), "--json")
    assert json.loads(done.stdout)["readings"] == 48
    assert values(folder, "Field1") == before
    assert "no rule" in fieldhouse("corrections", "list").stdout
    removed = json.loads(fieldhouse("corrections", "list", "--all", "--json").stdout)
    assert [r["RemovedBy"] for r in removed][:2] == ["Bob", "Bob"]
    again = fieldhouse("corrections", "remove", number)
    assert again.returncode == 2 and "was removed already" in again.stderr


WHY = ("--reason", "why")


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (("exclude", "9", "1"), "say why: --reason"),
        (("exclude", "9", *WHY), "would exclude all of channel 9"),
        (("exclude", "9", "1", "--where", "> 3"), "say why: --reason"),
        (("exclude", "9", "1", "--where", "> 3", "--reason", " "), "a reason is missing"),
        (("exclude", "9", "1", "--where", "hot", *WHY), "'hot' is no condition"),
        (("exclude", "9", "1", "--where", "", *WHY), "is no condition"),
        (("exclude", "9", "humidity", "--where", "> 3", *WHY), "no field 'humidity'"),
        (("exclude", "9", "0", "--where", "> 3", *WHY), "no field '0'"),
        (("exclude", "12", "1", "--where", "> 3", *WHY), "channel 12 is not in the warehouse"),
        (("exclude", "x", "1", *WHY), "'x' is no channel's number"),
        (("exclude", "9", "--from", "soon", *WHY), "'soon' is no time"),
        (("exclude", "9", "--from", "2024-02", "--to", "2024-01", *WHY), "nothing lies between"),
        (("exclude", "9", "--from", "2024", "--tz", "Mars", *WHY), "'Mars' is no time zone"),
        (("correct", "9", "1", *WHY), "a --scale, an --offset or both; or a --shift-time"),
        (("correct", "9", "1", "--scale", "2", "--shift-time", "1h", *WHY), "or a --shift-time"),
        (("correct", "9", "--scale", "2", *WHY), "of one field: name it"),
        (("correct", "9", "1", "--scale", "1,5", *WHY), "'1,5' is no number below 10^7"),
        (("correct", "9", "1", "--scale", "1e7", *WHY), "'1e7' is no number below 10^7"),
        (("correct", "9", "1", "--scale", "0.1234567890123", *WHY), "at most 12 decimals"),
        (("correct", "9", "1", "--scale", "nan", *WHY), "'nan' is no number"),
        (("correct", "9", "1", "--scale", "0", *WHY), "leaves nothing"),
        (("correct", "9", "1", "--offset", "0", *WHY), "change nothing"),
        (("correct", "9", "1", "--offset", "0.0000001", *WHY), "at most 6 decimals"),
        (("correct", "9", "1", "--shift-time", "1h", *WHY), "takes no field"),
        (("correct", "9", "--shift-time", "1h", "--where", "> 1", *WHY), "no condition"),
        (("correct", "9", "--shift-time", "1", *WHY), "'1' is no length of time"),
        (("correct", "9", "--shift-time", "0s", *WHY), "not of none"),
        (("correct", "9", "--shift-time", "999999999w", *WHY), "a hundred years"),
        (("corrections", "remove", "77"), "there is no correction 77"),
        (("corrections", "remove", "x"), "parse string as an integer"),
        (("corrections", "list", "x"), "'x' is no channel's number"),
        (
            ("export", "9", "-o", "x.csv", "--original", "--every", "1h"),
            "--original is of readings",
        ),
    ],
)
def test_a_mistake_is_one_line(
    arguments: tuple[str, ...], line: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It says what is wrong, ends with 2, and changes nothing."""
    from typer.testing import CliRunner

    from fieldhouse.cli import app
    from fieldhouse.errors import ConfigurationError

    monkeypatch.chdir(folder)
    done = CliRunner().invoke(app, [*arguments, "-w", "fieldhouse.duckdb"])
    assert done.exit_code == 2 or isinstance(done.exception, ConfigurationError)
    told = str(done.exception) if done.exit_code == 1 else done.stderr
    assert line in " ".join(told.replace("│", " ").split())
