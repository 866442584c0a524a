"""`fieldhouse import` as a person types it."""

import gzip
import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from command_kit import run_command

Run = Callable[..., "subprocess.CompletedProcess[str]"]

FEEDS = "created_at,entry_id,field1\n2026-01-05 00:01:00 UTC,1,1.5\n2026-01-05 00:02:00 UTC,x,2\n"


@pytest.fixture
def fieldhouse(tmp_path: Path) -> Run:
    """Run the command line in a process of its own; there is no network."""

    def run(*arguments: str, code: int = 0) -> "subprocess.CompletedProcess[str]":
        environment = {"PATH": os.environ["PATH"], "THINGSPEAK_BASE_URL": "http://127.0.0.1:9"}
        done = run_command(*arguments, env=environment, cwd=tmp_path)
        assert done.returncode == code, done.stdout + done.stderr
        return done

    return run


def test_a_dry_run_says_it_and_leaves_nothing(fieldhouse: Run, tmp_path: Path) -> None:
    """Its numbers are those of the import after it; a warehouse that is not there is not made."""
    (tmp_path / "feeds.csv").write_text(FEEDS)
    dry = fieldhouse("import", "feeds.csv", "--channel", "9", "--dry-run").stdout
    assert [path.name for path in tmp_path.iterdir()] == ["feeds.csv"]
    done = fieldhouse("import", "feeds.csv", "--channel", "9").stdout
    lines = dry.splitlines()
    assert lines[:3] == [
        "channel 9, epoch 1: feeds.csv",
        "  from 2026-01-05 00:01:00 to 2026-01-05 00:01:00 UTC",
        "  1 new, 0 known, of which 0 differ, 1 rejected",
    ]
    assert lines[3].startswith("    feeds.csv, line 3: no usable entry_id: {")
    assert lines[4:] == ["Nothing was written (--dry-run)."]
    assert done.splitlines()[:4] == lines[:4]
    said = json.loads(
        fieldhouse("import", "feeds.csv", "--channel", "9", "--dry-run", "--json").stdout
    )
    assert (said["new"], said["known"], said["rejected"], said["written"]) == (0, 1, 1, False)


def test_a_difference_is_shown_old_and_new(fieldhouse: Run, tmp_path: Path) -> None:
    """Which entry, which column, what we hold and what the file has."""
    (tmp_path / "a.csv").write_text(FEEDS)
    (tmp_path / "b.csv").write_text(
        "created_at,entry_id,field1,field2\n2026-01-05 00:01:00 UTC,1,1.75,3\n"
    )
    fieldhouse("import", "a.csv", "--channel", "9")
    said = fieldhouse("import", "b.csv", "--channel", "9", "--dry-run").stdout
    entry = "    b.csv, line 2: entry 1 of 2026-01-05 00:01:00, "
    assert f"{entry}Field1: 1.500000 → 1.750000\n" in said
    assert f"{entry}Field2: nothing → 3.000000\n" in said
    assert "0 new, 1 known, of which 1 differ, 0 rejected" in said


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (("1.23456789", "0.1234567"), "2 rounded to six decimals."),
        (("1e12", "ON"), "1 out of a column's range, 1 no numbers."),
        (("12,5", '""'), "1 no numbers, 1 empty (12,5 is a number with --decimal-comma)."),
    ],
)
def test_why_texts_are_kept_is_said_of_each_reason(
    values: tuple[str, str], said: str, fieldhouse: Run, tmp_path: Path
) -> None:
    """Digits that were lost are no words; a comma is advised on only where there is one."""
    one, two = (f'"{value}"' if "," in value else value for value in values)
    (tmp_path / "a.csv").write_text(
        "created_at,entry_id,field1\n"
        f"2026-01-05 00:01:00 UTC,1,{one}\n2026-01-05 00:02:00 UTC,2,{two}\n"
    )
    *_, last = fieldhouse("import", "a.csv", "--channel", "9").stdout.splitlines()
    words = last.removeprefix("Texts of values are in iot.RawValues: ")
    hint = said.partition(" (")[2]
    assert sorted(words.removesuffix(f" ({hint}").rstrip(".").split(", ")) == sorted(
        said.removesuffix(f" ({hint}").rstrip(".").split(", ")
    )
    assert ("--decimal-comma" in last) == bool(hint)


def test_a_log_is_asked_for_by_its_number_below_zero(fieldhouse: Run, tmp_path: Path) -> None:
    """-1 stands where a channel does; where ThingSpeak is asked, it is one line and exit code 2."""
    (tmp_path / "log.csv.gz").write_bytes(gzip.compress(b"t;T\n05.01.2026 10:00;-3,5\n"))
    options = ["--time", "t", "--field1", "T", "--label1", "Temperature", "--decimal-comma"]
    options += ["--tz", "Europe/Zurich"]
    form = ("--time-format", "%d.%m.%Y %H:%M")
    said = fieldhouse("import", "log.csv.gz", *options, *form, "--name", "Shed").stdout
    assert said.startswith("channel -1 (Shed), epoch 1: log.csv.gz\n  from 2026-01-05 09:00:00")
    asked = fieldhouse("anomalies", "-1", "temperature", "--as-of", "latest").stdout
    assert "no anomaly" in asked
    assert "Lives of channel -1" in fieldhouse("lives", "-1").stdout
    fieldhouse("export", "-1", "-o", "shed.csv")
    assert "-3.500000" in (tmp_path / "shed.csv").read_text()
    fieldhouse("import", "log.csv.gz", "--channel", "-1", *options, *form)
    for command in (("run", "-1"), ("backfill", "-1"), ("channels", "add", "-1")):
        refused = fieldhouse(*command, code=2).stderr
        assert "channel of files" in refused and len(refused.splitlines()) == 1
    (tmp_path / "nine.csv").write_text("created_at,entry_id,field1\n2024-01-01 00:00:00 UTC,1,5\n")
    fieldhouse("import", "nine.csv", "--channel", "9")
    everything = fieldhouse("run", code=2).stderr
    assert "no channel is named" in everything  # of 9 too there are only files


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("none.csv", "--channel", "9"), "none.csv cannot be read: No such file"),
        ((".", "--channel", "9"), ". is a folder"),
        (("page.csv", "--channel", "9"), "page.csv is a web page"),
        (("feeds.csv",), "does not say whose it is: name the channel, as --channel 9"),
        (("feeds.csv", "--channel", "x"), "'x' is no channel's number"),
        (("feeds.csv", "--channel", "9", "--epoch", "old"), "'old' is no epoch"),
        (("feeds.csv", "--channel", "9", "--tz", "CET5"), "no time zone"),
    ],
)
def test_a_mistake_is_one_line_and_exit_code_2(
    fieldhouse: Run, tmp_path: Path, arguments: tuple[str, ...], words: str
) -> None:
    """No traceback, no warehouse, nothing on standard output."""
    (tmp_path / "feeds.csv").write_text(FEEDS)
    (tmp_path / "page.csv").write_text("\n<!DOCTYPE html>\n<html><title>Sign In</title></html>")
    done = fieldhouse("import", *arguments, code=2)
    assert words in done.stderr and len(done.stderr.splitlines()) == 1
    assert not done.stdout
