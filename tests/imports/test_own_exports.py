"""What `fieldhouse export` wrote comes back: the same readings in another warehouse."""

import re
import shlex
from csv import reader
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from import_kit import bring, house, readings, run

from fieldhouse.cli import app
from fieldhouse.errors import ConfigurationError
from fieldhouse.importing import Import, Wanted, plan
from fieldhouse.names import labels_of
from fieldhouse.parts import Parts
from fieldhouse.simulator import Simulator, World
from fieldhouse.sources.exports import Member, Options, open_export
from fieldhouse.times import utc_now, zone_of

LABELS = {1: "Temperature, inside (°C)", 2: 'Door "A" Text', 4: "Value"}
BEFORE = datetime(2025, 10, 25, 23, 10, tzinfo=UTC)
"""Fifty minutes before Zurich has an hour twice."""
FORMS = {
    "plain": "-o a.csv",
    "labelled": "-o a.csv --labels",
    "european": "-o a.csv --labels --separator ';' --decimal-comma --bom --tz Europe/Zurich",
    "long with tabs": "-o a.csv --long --bom --separator tab --tz Asia/Kolkata",
    "lines": "-o a.jsonl --labels --tz Europe/Zurich",
    "long lines": "-o a.jsonl --long",
    "parquet": "-o a.parquet --labels",
    "arrow": "-o a.arrow --long --tz Europe/Zurich",
    "long labelled": "-o a.csv --long --labels --separator ';' --decimal-comma --bom",
    "long labelled lines": "-o a.jsonl --long --labels --tz Australia/Lord_Howe",
    "long labelled parquet": "-o a.parquet --long --labels",
}


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A warehouse with two channels: values of all kinds, in the hour that comes twice too."""
    file = tmp_path_factory.mktemp("held") / "held.duckdb"
    world = World()
    odd: Any = [" ON ", "", "1.23456789", 'a,b\n"c"', "12,5", "-7", "12.50", "=1+1", None]
    for number in (8, 9):
        channel = world.add_channel(id=number, name=f"Hut {number}", fields=LABELS)
        for n in range(40):
            channel.write(
                BEFORE + n * timedelta(minutes=7),
                {1: f"{n / 10 - number}", 2: odd[n % len(odd)], 4: None if n % 2 else f"{n}"},
                latitude=f"47.{n}" if n % 5 == 0 else None,
                status="" if n % 3 else f"status {n}; fine, \u05d0",
            )
    with Simulator(world) as simulator, house(file, simulator) as parts:
        for number in (8, 9):
            run(parts, number)
    return file


def export(held: Path, words: str, monkeypatch: pytest.MonkeyPatch, folder: Path) -> Path:
    """Write a file by the command line; its path."""
    monkeypatch.chdir(folder)
    app(["export", *shlex.split(words), "-w", str(held)], standalone_mode=False)
    return next(path for path in folder.iterdir() if path.name.startswith("a."))


def named_in(line: str) -> Options:
    """The options that a line names, as a shell and the command line would read them."""
    words = shlex.split(re.findall(r"--(?:time|field).*?(?=, each|, with| say | read )", line)[0])
    said = {
        word: words[at + 1]
        for at, word in enumerate(words)
        if word not in ("--decimal-comma",)
        if word.startswith("--")
    }
    return Options(
        time=said.get("--time"),
        fields={n: said[f"--field{n}"] for n in range(1, 9) if f"--field{n}" in said},
        zone=zone_of(said["--tz"]) if "--tz" in said else None,
        decimal_comma="--decimal-comma" in words,
    )


def planned(parts: Parts, file: Path, options: Options | None = None, **said: Any) -> Import:
    """What an import would do; it writes nothing."""
    return plan(parts.warehouse, [file], Wanted(**said), options or Options(), utc_now())


@pytest.mark.parametrize("form", FORMS)
def test_an_export_comes_back(
    form: str, held: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever its form, it says whose it is, and brings every value and text; once more, nothing.

    A reading without any value has no row in a long file. Labels that its columns have are the
    channel's, as long as its source was not asked.
    """
    file = export(held, f"9 {FORMS[form]}", monkeypatch, tmp_path)
    with house(held) as parts:
        sent = readings(parts.warehouse)
    with house(tmp_path / "back.duckdb") as parts:
        done = bring(parts, file, channel_id=None)
        assert (done.channel_id, done.new, done.rejected, done.left_out) == (9, 40, 0, {})
        assert not done.has_bare_times
        assert readings(parts.warehouse) == sent
        assert labels_of(parts.warehouse, 9) == (LABELS if "labels" in FORMS[form] else {})
        again = planned(parts, file)
        assert (again.new, again.known, again.differing) == (0, 40, 0)


def test_of_several_channels_one_is_taken(
    held: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file of two says so; --channel takes its own entries, and of a third there are none."""
    file = export(held, "8 9 -o a.csv --labels", monkeypatch, tmp_path)
    with house(held) as parts:
        sent = readings(parts.warehouse)
    with house(tmp_path / "back.duckdb") as parts:
        with pytest.raises(ConfigurationError, match=r"of channels 8 and 9.*--channel 8"):
            planned(parts, file)
        with pytest.raises(ConfigurationError, match="no entry of channel 7: its first one is of"):
            planned(parts, file, channel_id=7)
        with pytest.raises(ConfigurationError, match="of channels 8 and 9"):
            planned(parts, file, channel_id=7, any_channel=True)
        with pytest.raises(ConfigurationError, match="in the order of channel 8's fields") as line:
            planned(parts, file, channel_id=9)
        options = named_in(str(line.value))
        assert options.fields == {1: LABELS[1], 2: LABELS[2]}  # Value (field 4) says its number
        assert bring(parts, file, options=options, channel_id=9).new == 40
        assert readings(parts.warehouse) == sent


def test_a_label_is_the_field_that_has_it_in_each_channel(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two channels have two labels the other way round: no value comes back in the other field.

    A long file says each field's number; a wide one, where nothing else tells, is refused.
    """
    file = tmp_path / "held.duckdb"
    world = World()
    for number, labels in ((8, {1: "In", 2: "Out"}), (9, {1: "Out", 2: "In"})):
        world.add_channel(id=number, fields=labels).write(BEFORE, {1: "1", 2: "2"})
    with Simulator(world) as simulator, house(file, simulator) as parts:
        run(parts, 8)
        run(parts, 9)
    with house(file) as parts:
        sent = readings(parts.warehouse)
    for form in ("", "--long"):
        written = export(file, f"8 9 -o a.csv --labels --overwrite {form}", monkeypatch, tmp_path)
        with house(tmp_path / f"new{form}.duckdb") as parts:
            if form:
                bring(parts, written, channel_id=9)
                assert labels_of(parts.warehouse, 9) == {1: "Out", 2: "In"}
                assert readings(parts.warehouse) == sent
            else:
                with pytest.raises(ConfigurationError, match="in the order of channel 8's"):
                    planned(parts, written, channel_id=9)
        with house(file) as parts:
            done = planned(parts, written, channel_id=9)
            assert (done.known, done.new, done.differing) == (1, 0, 0)


def test_labels_are_those_of_the_channel_or_a_persons_word(
    held: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where some fields only were written by their labels, the warehouse that has them knows them.

    Another one has a line that names the options which say what they are.
    """
    for form in ("a.csv", "a.jsonl", "a.arrow"):
        words = f"9 -o {form} --labels --fields 1,2 --overwrite"
        file = export(held, words, monkeypatch, tmp_path)
        with house(held) as parts:
            done = planned(parts, file)
            assert (done.known, done.new, done.differing) == (40, 0, 0)
            assert done.metadata is None  # its source was asked
        with house(tmp_path / f"new{form}.duckdb") as parts:
            with pytest.raises(ConfigurationError, match=r"'Temperature, inside ") as line:
                planned(parts, file)
            named = named_in(str(line.value))
            assert named.fields == {1: LABELS[1], 2: LABELS[2]}
            bring(parts, file, options=named)
            assert labels_of(parts.warehouse, 9) == named.fields
        file.unlink()


@pytest.mark.parametrize(
    "words",
    [
        "--every 1h --labels",
        "--every 30min --separator ';' --decimal-comma --tz Asia/Kathmandu",
        "--table hourly --labels --bom --tz Europe/Zurich",
    ],
)
def test_periods_come_in_as_the_line_that_refuses_them_says(
    words: str, held: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are no entries; with the options that the line names they are a channel of their own."""
    file = export(held, f"9 -o a.csv {words}", monkeypatch, tmp_path)
    with file.open(newline="", encoding="utf-8-sig") as lines:
        periods = sum(1 for _ in lines) - 1
    with house(tmp_path / "back.duckdb") as parts:
        with pytest.raises(ConfigurationError, match="no column created_at") as line:
            planned(parts, file)
        bring(parts, file, options=named_in(str(line.value)), channel_id=None)
        assert len(parts.warehouse.query("readings", channel_id=-1)) == periods
        label = labels_of(parts.warehouse, -1).get(1, "")
        assert label.startswith(LABELS[1]) == ("--labels" in words)


@pytest.mark.parametrize("form", ["a.jsonl", "a.parquet", "a.arrow"])
def test_periods_of_other_formats_are_refused(
    form: str, held: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the format, one line says that there is no entry in it, and what would do."""
    file = export(held, f"9 -o {form} --every 1h", monkeypatch, tmp_path)
    with house(held) as parts, pytest.raises(ConfigurationError, match="as CSV") as line:
        planned(parts, file)
    assert "\n" not in str(line.value)


def test_columns_in_another_order_are_told_by_their_names(
    held: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Turned round they bring the same; labels that nobody knows are not guessed by their place."""
    for labels in ("", "--labels"):
        file = export(held, f"9 -o a.csv --overwrite {labels}", monkeypatch, tmp_path)
        with file.open(newline="") as lines:
            rows = [[f'"{cell}"' if cell else "" for cell in row[::-1]] for row in reader(lines)]
        rows[0] = [cell.replace('Door "A"', 'Door ""A""') for cell in rows[0]]
        odd = [row for row in rows[1:] if any(cell.strip('"').count('"') for cell in row)]
        kept = [row for row in rows if row not in odd]
        file.write_text("".join(",".join(row) + "\n" for row in kept))
        with house(held) as parts:
            done = planned(parts, file)
            assert (done.known, done.new, done.differing) == (len(kept) - 1, 0, 0)
        if labels:
            with (
                house(tmp_path / "new.duckdb") as parts,
                pytest.raises(ConfigurationError, match="is none of field1 to field8"),
            ):
                planned(parts, file)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.jsonl", b'{"EntryID":1,"CreatedAt":"2026-01-05T00:00:00Z"}\n', "line 1: no reading"),
        ("a.parquet", b"PAR1 and no more", "a.parquet is damaged"),
        ("a.arrow", b"ARROW1 and no more", "a.arrow is damaged"),
        ("a.csv", b"ChannelID,EntryID,CreatedAt (Mars)\n9,1,2026-01-05 00:00:00\n", "Mars"),
    ],
)
def test_what_only_looks_like_one_is_a_line(
    name: str, content: bytes, words: str, tmp_path: Path
) -> None:
    """A damaged file, a zone that is none, another program's lines: one line says what is wrong."""
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ConfigurationError) as error:
        open_export(Member(tmp_path / name), Options())
    assert words in str(error.value) and "\n" not in str(error.value)


def test_a_cut_line_is_rejected(
    held: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """JSON lines that end in the middle of one: the whole ones come in, the last is shown. So is
    one that is nested without end."""
    file = export(held, "9 -o a.jsonl", monkeypatch, tmp_path)
    file.write_bytes(file.read_bytes()[:-30] + b"\n" + b"[" * 5000 + b"\n")
    with house(held) as parts:
        done = planned(parts, file)
    assert (done.known, done.rejected) == (39, 2)
    assert all("cut" in rejection[2].reason for rejection in done.rejections)
