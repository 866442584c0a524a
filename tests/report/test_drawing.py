"""``plot`` and ``report`` as a person uses them, and the mistakes a person makes."""

import html
import io
import json
import math
import random
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, redirect_stderr, redirect_stdout
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

import pytest
from test_report_page import data_of, unpacked
from warehouse_kit import DAY, HOUR, MINUTE, T0, Row, batch, refresh, row

from fieldhouse.cli import main
from fieldhouse.report import facts
from fieldhouse.state import Span
from fieldhouse.warehouse import open_warehouse

Run = Callable[..., "Done"]
SVG = "{http://www.w3.org/2000/svg}"
END = T0 + 12 * DAY
SPIKE, SHIFT, SILENT, LEAP = 600, range(700, 730), range(800, 850), 900
"""Hours of what is planted in channel 14."""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a warehouse: twelve days of a channel, another with the same label, none."""
    folder = tmp_path_factory.mktemp("home")
    step, count = 10 * MINUTE, 12 * 144
    with closing(open_warehouse(str(folder / "fieldhouse.duckdb"))) as warehouse:
        warehouse.migrate()
        named = {"field1": "Temperature (°C)", "field2": "<b>Door</b>", "field3": "Never"}
        place = {"latitude": 47.37, "longitude": 8.54, "elevation": "408"}
        warehouse.call("upsert_channel", channel_id=9, name="Weather", **named, **place)
        warehouse.call("upsert_channel", channel_id=10, name="Cellar", field4="temperature (°c)")
        warehouse.call("upsert_channel", channel_id=11, name="Empty", field1="T")
        rows = [
            row(
                n, T0 + n * step, Field1="99.5" if n == 1500 else f"{20 + n % 7 / 10}", Field2=n % 2
            )
            for n in range(count)
            if not 600 < n < 700
        ]
        warehouse.load([batch(rows[1:], covered=(Span(T0, END),))])
        cellar = [row(n, T0 + n * step, Field4=12) for n in range(1, count)]
        warehouse.load([batch(cellar, channel_id=10)])
        warehouse.call("upsert_channel", channel_id=14, name="Odd", field1="Light", field2="Meter")
        warehouse.load([batch(odd_readings(), channel_id=14)])
        refresh(warehouse)
        warehouse.call("refresh_anomalies", as_of=END)
        warehouse.call("refresh_quality", as_of=END)
    return folder


def odd_readings() -> list[Row]:
    """Forty days by the hour of a field and a counter: a spike, a shift, a silence, a leap."""
    rng, meter, rows = random.Random(7), 100.0, []
    for n in range(1, 40 * 24):
        meter += rng.choice([1, 2, 3]) + (90 if n == LEAP else 0)
        value = 50 + 9 * math.sin(math.pi * n / 12) + rng.gauss(0, 0.4)
        value += {SPIKE: 14}.get(n, 10 if n in SHIFT else 0)
        if n not in SILENT:
            at = END - 40 * DAY + n * HOUR
            rows.append(row(n, at, Field1=f"{value:.3f}", Field2=f"{meter:g}"))
    return rows


class Done(NamedTuple):
    """What a command said, and how it ended."""

    returncode: int
    stdout: str
    stderr: str


@pytest.fixture
def fieldhouse(home: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run the command line as ``main`` does, in the folder of the warehouse."""
    monkeypatch.chdir(home)

    def run(*arguments: str, encoding: str = "utf-8", **environment: str) -> Done:
        monkeypatch.setattr(sys, "argv", ["fieldhouse", *arguments])
        for name, value in {"COLUMNS": "80", "TERM": "xterm", **environment}.items():
            monkeypatch.setenv(name, value)
        out, err = io.BytesIO(), io.StringIO()
        stdout = io.TextIOWrapper(out, encoding, write_through=True)
        with redirect_stdout(stdout), redirect_stderr(err), pytest.raises(SystemExit) as ended:
            main()
        return Done(ended.value.code or 0, out.getvalue().decode(encoding), err.getvalue())

    return run


def one_line(done: Done, *words: str) -> None:
    """Wrong usage in one clear line with these words."""
    assert done.returncode == 2, done.stdout
    (line,) = done.stderr.strip().splitlines()
    assert line.startswith("fieldhouse: ") and all(word in line for word in words), line


@pytest.fixture
def target(home: Path) -> Iterator[Path]:
    """Where a file may be written; gone afterwards."""
    yield home / "out"
    for file in home.glob("out*"):
        file.unlink()


def test_a_plot_is_drawn_on_the_terminal(fieldhouse: Run) -> None:
    """Without more than a channel: a week up to the newest reading, fields that have values."""
    done = fieldhouse("plot", "9", COLUMNS="100")
    assert done.returncode == 0 and not done.stderr
    assert (
        "Weather (9)" in done.stdout and "2024-01-05 23:50 to 2024-01-12 23:50, UTC" in done.stdout
    )
    assert "Temperature  °C" in done.stdout and "<b>Door</b>" in done.stdout
    assert "Never" not in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 100
    assert "\x1b" not in done.stdout


def test_a_plot_is_plain_where_signs_do_not_arrive(fieldhouse: Run) -> None:
    """In an encoding without them, and on a console without such a font, it is ASCII."""
    for environment in ({"encoding": "cp1252"}, {"TERM": "linux"}):
        done = fieldhouse("plot", "9", "1", "--days", "1", COLUMNS="60", **environment)
        assert done.returncode == 0 and done.stdout.isascii() and "*" in done.stdout


def test_fields_are_named_as_people_name_them(fieldhouse: Run) -> None:
    """By label or by number; one that is drawn by its name is there though it is empty."""
    done = fieldhouse("plot", "9", "never", "1", "--from", "2024-01-03", "--to", "2024-01-03")
    assert "2024-01-03 00:00 to 2024-01-04 00:00, UTC" in done.stdout
    assert done.stdout.index("Never") < done.stdout.index("Temperature")
    assert "no readings" in done.stdout
    one_line(fieldhouse("plot", "9", "wind"), "no field 'wind'", "1 'Temperature (°C)'")


def test_a_spike_may_be_left_beyond_the_axis(fieldhouse: Run) -> None:
    """``--range`` says what the axis reaches over; what lies beyond is drawn at its end."""
    done = fieldhouse("plot", "9", "1", "--days", "30", "--range", "19", "22")
    axis = re.findall(r"^ *([\d.]+) ┤(.*)$", done.stdout, re.MULTILINE)
    assert [float(label) for label, _ in axis] == [22, 21, 20, 19] and axis[0][1].strip()
    assert "100" in fieldhouse("plot", "9", "1", "--days", "30").stdout


def test_equal_labels_share_a_panel(fieldhouse: Run, target: Path) -> None:
    """Two channels' temperatures are two lines of one panel, named after their channels."""
    file = target.with_suffix(".html")
    done = fieldhouse("plot", "9,10", "Temperature (°C)", "--days", "30", "-o", str(file))
    assert done.returncode == 0, done.stderr
    (panel,) = data_of(file.read_text("utf-8"))["figures"][0]["panels"]
    assert [line["name"] for line in panel["lines"]] == ["Weather", "Cellar"]
    counts = [int(unpacked(line["levels"][0])[5].sum()) for line in panel["lines"]]
    assert counts == [12 * 144 - 100, 12 * 144 - 1]


def test_days_of_a_zone_are_drawn(fieldhouse: Run, target: Path) -> None:
    """``--every 1d`` has a point for each of the zone's days, which the figure says."""
    file = target.with_suffix(".html")
    span = ("--from", "2024-01-02", "--to", "2024-01-04", "--tz", "Asia/Kathmandu")
    done = fieldhouse("plot", "9", "1", "--every", "1d", *span, "-o", str(file))
    assert "Asia/Kathmandu · a point every day" in done.stdout
    level = data_of(file.read_text("utf-8"))["figures"][0]["panels"][0]["lines"][0]["levels"][0]
    start, end, *_, count = unpacked(level)
    begin = (datetime(2024, 1, 1, 18, 15) - datetime(1970, 1, 1)) // timedelta(milliseconds=1)
    assert start.tolist() == [begin + n * 86_400_000 for n in range(3)]
    assert (end - start == 86_400_000).all() and count.tolist() == [144, 144, 144]


@pytest.mark.parametrize("suffix", [".png", ".svg", ".html"])
def test_a_plot_is_written_to_a_file(fieldhouse: Run, target: Path, suffix: str) -> None:
    """Each kind is what its name says; one that exists is replaced only on request."""
    file = target.with_suffix(suffix)
    done = fieldhouse("plot", "9", "-o", str(file))
    assert done.returncode == 0 and str(file) in done.stdout, done.stderr
    content = file.read_bytes()
    if suffix == ".png":
        assert content.startswith(b"\x89PNG") and len(content) > 20_000
    elif suffix == ".svg":
        assert ElementTree.fromstring(content).get("width") == "960"
    else:
        assert content.startswith(b"<!doctype html>")
    one_line(fieldhouse("plot", "9", "-o", str(file)), "is there already", "--overwrite")
    assert file.read_bytes() == content
    assert fieldhouse("plot", "9", "-o", str(file), "--overwrite").returncode == 0


def test_a_plot_goes_on_with_the_forecast(fieldhouse: Run, target: Path) -> None:
    """The forecast begins where the readings end, dashed; a picture is as much longer."""
    file = target.with_suffix(".svg")
    plain = fieldhouse("plot", "9", "1", "--days", "3", "-o", str(file)).stdout
    assert "stroke-dasharray" not in file.read_text("utf-8")
    done = fieldhouse(
        *("plot", "9", "1", "--days", "3", "--forecast", "2d", "-o", str(file), "--overwrite")
    )
    assert done.stdout == plain.rstrip("\n") + " · then the forecast\n", done.stderr
    drawn = file.read_text("utf-8")
    assert 'stroke-dasharray="40 30"' in drawn and ">forecast</text>" in drawn
    assert "14 Jan" in drawn
    shown = fieldhouse("plot", "9", "1", "--days", "3", "--forecast", "2d").stdout
    assert "a Weather  b forecast" in shown and "14 Jan" in shown


def test_what_will_not_do_is_one_line(fieldhouse: Run) -> None:
    """Files of other kinds, channels that are not there, spans that are none."""
    for arguments, words in (
        (("plot", "9", "-o", "x.pdf"), ("x.pdf", ".png, .svg or .html")),
        (("report", "9", "-o", "x.png"), ("x.png", "must end in .html")),
        (("plot", "12"), ("channel 12 is not in the warehouse",)),
        (("plot", ","), ("names no channel",)),
        (("plot", "9", "--days", "3", "--from", "2024-01-01"), ("--days", "--from")),
        (("plot", "9", "--from", "2024-02", "--to", "2024-01"), ("is not before",)),
        (("plot", "9", "--from", "2999"), ("in the future",)),
        (("plot", "9", "--every", "often"), ("'often'", "5min")),
        (("plot", "9", "--forecast", "often"), ("'often'", "5min")),
        (("plot", "9", "--forecast", "30min"), ("a forecast is for 1h to 366d",)),
        (("plot", "9", "--to", "2000", "--forecast", "3d"), ("could go on", "--forecast")),
        (("plot", "9", "--tz", "Mars/Base"), ("Mars/Base",)),
        (("plot", "9", "--every", "1s"), ("--every 1s", "100,000 points")),
        (("plot", "9", "--range", "40", "20"), ("--range 40 20", "lower")),
        (("plot", "9", "--range", "nan", "inf"), ("--range",)),
    ):
        one_line(fieldhouse(*arguments), *words)


def test_a_channel_without_readings_is_drawn_as_such(fieldhouse: Run, target: Path) -> None:
    """Neither a plot nor a report of nothing fails; both say that there is nothing."""
    assert "no readings" in fieldhouse("plot", "11").stdout
    file = target.with_suffix(".html")
    assert fieldhouse("report", "11", "-o", str(file)).returncode == 0
    assert "There are no readings in this span." in file.read_text("utf-8")


def test_a_long_report_judges_its_newest_readings(
    fieldhouse: Run, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of more readings than it looks at one by one, it says since when those are that it does."""
    asked = ("report", "9", "-o", str(file := target.with_suffix(".html")), "--tz", "UTC")
    assert fieldhouse(*asked).returncode == 0
    whole = file.read_text("utf-8")
    assert "of the readings keeps to each" in whole and "all are there" not in whole
    monkeypatch.setattr(facts, "_JUDGED", 2 * 144)
    assert fieldhouse(*asked, "--overwrite").returncode == 0
    text = file.read_text("utf-8")
    (since,) = set(re.findall("What of the readings since ([-0-9 :]*) keeps to each", text))
    assert END - 2 * DAY <= datetime.fromisoformat(since) < END - 46 * HOUR
    assert "expected one every 10 min: all are there" in text  # the gap is older


def test_a_report_says_all(fieldhouse: Run, target: Path) -> None:
    """Every field with values, how it goes on, quality, anomalies, trend, gaps, lives, the map."""
    file = target.with_suffix(".html")
    done = fieldhouse("report", "9-11", "-o", str(file), "--tz", "Europe/Zurich")
    assert done.returncode == 0 and "3 channels" in done.stdout, done.stderr
    text = file.read_text("utf-8")
    for said in (
        "Weather (9)", "Cellar (10)", "Empty (11)", "Temperature (°C)", "47.3700° N, 8.5400° E",
        "20.0 °C to 99.5 °C", "Nothing unusual in this span", "Seven-day mean",
        "Times are in Europe/Zurich",
        "1 longer than", "16 h 39 min in all", "&lt;b&gt;Door&lt;/b&gt;", "408",
        "of 12 days (UTC)", "2024-01-05 05:00", "In six ways", "expected one every",
        "The next three days", "on average",
    ):  # fmt: skip
        assert said in text, said
    assert "<b>" not in text and "Never" not in text
    figures = data_of(text)["figures"]
    assert [figure["id"] for figure in figures] == [
        "c9-field1", "c9-field2", "c9-quality", "c9-ahead1", "c9-ahead2",
        "c10-field4", "c10-quality", "c10-ahead4",
    ]  # fmt: skip
    assert len(set(re.findall(r'<figure id="([^"]*)"', text))) == len(figures)


def titles_of(file: Path) -> list[str]:
    """What a picture says of its signs, each where the pointer is on it."""
    return [title.text or "" for title in ElementTree.parse(file).iter(f"{SVG}title")]


def test_what_is_unusual_is_shown_everywhere_alike(fieldhouse: Run, target: Path) -> None:
    """Plot, picture and report show the incidents that are kept, each with its evidence; not one
    that a person called ok."""
    svg, page = target.with_suffix(".svg"), target.with_suffix(".html")
    span = ("--from", "2023-12-04")
    listed = fieldhouse("anomalies", "14", "--days", "40", "--as-of", f"{END:%Y-%m-%d}", "--json")
    told = json.loads(listed.stdout)
    kinds = {(one["field"], one["kind"]) for one in told}
    assert {(1, "spike"), (1, "shift"), (None, "silence")} < kinds and {f for f, _ in kinds} == {
        None, 1, 2,
    }  # fmt: skip
    assert fieldhouse("plot", "14", *span, "-o", str(svg)).returncode == 0
    assert fieldhouse("report", "14", *span, "-o", str(page)).returncode == 0
    titles, text = titles_of(svg), page.read_text("utf-8")
    for one in told:
        said = f"{one['kind']}: {one['why']}"
        at_all = [title for title in titles if title.endswith(said)]
        assert at_all and html.escape(one["why"]) in text, said
    assert "unusual</text>" in svg.read_text() and "an unusual span</text>" in svg.read_text()
    crosses = sum(one["field"] == 1 for one in told)
    assert f"{crosses} anomalies" in fieldhouse("plot", "14", "1", *span).stdout
    (spike,) = (one for one in told if one["kind"] == "spike" and one["field"] == 1)
    assert fieldhouse("anomalies", "label", spike["id"], "--ok").returncode == 0
    try:
        assert fieldhouse("plot", "14", *span, "-o", str(svg), "--overwrite").returncode == 0
    finally:
        assert fieldhouse("anomalies", "label", spike["id"]).returncode == 0
    assert not any(spike["why"] in title for title in titles_of(svg))
    assert any(title.endswith(spike["why"]) for title in titles)


def test_a_counters_leap_is_marked_on_its_line(fieldhouse: Run, target: Path) -> None:
    """Of a counter the rise is judged; the mark lies on the reading, not at the rise's height."""
    svg = target.with_suffix(".svg")
    assert fieldhouse("plot", "14", "2", "--from", "2023-12-04", "-o", str(svg)).returncode == 0
    (leap,) = (title for title in titles_of(svg) if "never above" in title)
    value = float("".join(re.search(r"\d\d: (.+) out of range", leap)[1].split()))
    assert value > 1500  # the rise is 93 at the most


def test_what_was_excluded_is_shaded_and_told(fieldhouse: Run, target: Path) -> None:
    """A rule of exclusion is shaded in plots, a sign on the terminal, a row of the report."""
    reason = "sensor <b>fell</b> off"
    rule = ("exclude", "9", "1", "--from", "2024-01-10", "--to", "2024-01-10", "--reason", reason)
    assert fieldhouse(*rule).returncode == 0
    svg, page = target.with_suffix(".svg"), target.with_suffix(".html")
    try:
        drawn = fieldhouse("plot", "9", "1")
        assert "\N{ALMOST EQUAL TO} excluded" in drawn.stdout
        assert fieldhouse("plot", "9", "1", "-o", str(svg)).returncode == 0
        assert fieldhouse("report", "9", "-o", str(page)).returncode == 0
    finally:
        assert fieldhouse("corrections", "remove", "1").returncode == 0
    assert f"excluded: {reason}" in titles_of(svg)
    text = page.read_text("utf-8")
    assert "Rules that the readings above follow" in text
    assert "sensor &lt;b&gt;fell&lt;/b&gt; off" in text and "<b>fell" not in text
