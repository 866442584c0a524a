"""Plots on a terminal: never wider than it, nothing but signs that it can show, true rows."""

import re

import pytest
from figures_kit import DAY, HOUR, T0, UGLY, figure, line, wandering
from rich.cells import cell_len

from fieldhouse.report import terminal
from fieldhouse.report.figure import Figure, Line, Mark, MarkKind, Panel

NAN = float("nan")
CROSS = "\N{MULTIPLICATION SIGN}"


def drawn(shown: Figure, width: int, **options: object) -> list[str]:
    """The lines, as text."""
    return [text.plain for text in terminal.lines(shown, width, **options)]  # type: ignore[arg-type]


def ugly() -> Figure:
    """Every label that there should not be, values of every size, nothing at all."""
    panels = [
        Panel(
            label,
            (line(wandering(240), 360, name=label),),
            label[:20],
            (Mark(T0 + HOUR, 99.5, "x"),),
        )
        for label in UGLY
    ]
    panels += [
        Panel("Huge", (line([12_345_678.9, -999_999_999_999.999999, 1e-6]),), "kWh"),
        Panel("Close", (line([999_999_999_999.0, 999_999_999_999.000001]),)),
        Panel("Empty", (line([]),)),
        Panel("One", (line([21.5]),)),
        Panel(
            "Many", tuple(line(wandering(300, n), 300, name=label) for n, label in enumerate(UGLY))
        ),
    ]
    return figure(*panels, title=" ".join(UGLY))


@pytest.mark.parametrize("ascii_only", [False, True])
@pytest.mark.parametrize("colour", [False, True])
def test_no_line_is_wider_than_the_terminal(ascii_only: bool, colour: bool) -> None:
    """From 40 to 200 columns, whatever labels and values are; no number of an axis is cut."""
    shown = ugly()
    for width in (*range(40, 46), 59, 60, 61, 80, 120, 200):
        found = drawn(shown, width, ascii_only=ascii_only, colour=colour)
        assert max(map(cell_len, found)) <= width
        axis = [text for text in found if text.startswith(("1 000 000", "\N{MINUS SIGN}1 000"))]
        assert all("000 000 000" in text for text in axis)


def test_no_label_steers_the_terminal() -> None:
    """No control character, no override of direction, no half of a character arrives."""
    for text in drawn(ugly(), 100):
        assert not re.search("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]", text)


def test_ascii_is_ascii() -> None:
    """Where signs cannot be shown every line is of ASCII, drawn all the same."""
    found = drawn(ugly(), 80, ascii_only=True)
    assert all(text.isascii() for text in found)
    assert any("*" in text for text in found) and any(":" in text for text in found)


@pytest.mark.parametrize("ascii_only", [False, True])
def test_values_stand_in_their_rows(ascii_only: bool) -> None:
    """The least of a line is drawn beside the axis' least label, the greatest likewise."""
    found = drawn(
        figure(Panel("P", (line([0.0] * 700 + [10.0] * 740),))), 60, ascii_only=ascii_only
    )
    tick = "+" if ascii_only else "┤"
    rows = {
        text.split(tick)[0].strip(): text.split(tick)[1] for text in found if f" {tick}" in text
    }
    assert rows["0"].rstrip() and len(rows["0"].rstrip()) < 35
    assert rows["10"].startswith(" " * 20) and rows["10"].rstrip()


def test_a_gap_is_blank_and_dashed() -> None:
    """Where there are no readings nothing is drawn, and the axis says so."""
    values = [5.0] * 480 + [NAN] * 480 + [6.0] * 480
    found = drawn(figure(Panel("P", (line(values),))), 80)
    axis = next(text for text in found if "└" in text).split("└")[1]
    middle = slice(len(axis) // 3 + 2, 2 * len(axis) // 3 - 2)
    assert set(axis[middle]) == {"╌"} and "╌" not in axis[: len(axis) // 3 - 2]
    rows = [re.split("[│┤]", text, maxsplit=1)[1] for text in found if re.search("[│┤]", text)]
    assert len(rows) == 12 and any(row.strip() for row in rows)
    assert not "".join(row.ljust(len(axis))[middle] for row in rows).strip()
    assert "╌ no readings" in found[-1]


def test_anomalies_are_crosses_and_counted() -> None:
    """A mark is a cross at its place; how many there are is said."""
    marks = tuple(Mark(T0 + n * HOUR, 30.0, "far") for n in (3, 12))
    found = drawn(figure(Panel("P", (line([5.0] * 1440),), marks=marks)), 80)
    assert sum(text.count(CROSS) for text in found[:-1]) == 2
    assert f"{CROSS} 2 anomalies" in found[-1]


@pytest.mark.parametrize("ascii_only", [False, True])
def test_what_does_not_count_is_no_anomaly(ascii_only: bool) -> None:
    """A reading that is excluded has a sign of its own, and words of its own."""
    marks = (Mark(T0 + HOUR, 30.0, "far"), Mark(T0 + 9 * HOUR, 85.0, "out", kind=MarkKind.ASIDE))
    shown = figure(Panel("P", (line([5.0] * 1440),), marks=marks))
    found = drawn(shown, 80, ascii_only=ascii_only)
    cross, ring = ("x", "o") if ascii_only else (CROSS, "∘")
    rows = [part for text in found[:-3] for part in re.split("[│┤|+]", text, maxsplit=1)[1:]]
    assert ["".join(rows).count(sign) for sign in (cross, ring)] == [1, 1]
    assert f"{cross} 1 anomaly   {ring} 1 that does not count" in found[-1]
    narrow = drawn(shown, 40, ascii_only=ascii_only)
    assert narrow[-1] == f"{ring} 1 that does not count" and f"{cross} 1 anomaly" in narrow[-2]


def test_lines_of_one_panel_are_told_apart_without_colours() -> None:
    """By letters, which the heading explains; with colours by those."""
    two = Panel("P", (line([1.0] * 1440, name="Inside"), line([9.0] * 1440, name="Outside")))
    plain = "\n".join(drawn(figure(two), 80))
    assert "a Inside" in plain and "b Outside" in plain
    assert "aaaa" in plain and "bbbb" in plain
    styles = {
        str(span.style)
        for text in terminal.lines(figure(two), 80, colour=True)
        for span in text.spans
    }
    assert {"bright_blue", "yellow"} <= styles


def test_nothing_is_said_to_be_nothing() -> None:
    """A panel without readings says so, and has no numbers on its axis."""
    found = drawn(figure(Panel("P", (line([]),))), 80)
    assert any("no readings" in text for text in found)
    assert not any(re.match(r"\s*[0-9.]+ ┤", text) for text in found)


def test_a_single_reading_is_a_dot() -> None:
    """One reading is seen."""
    lone: Line = line([21.5], start=T0 + DAY // 2)
    dots = "".join(drawn(figure(Panel("P", (lone,))), 80)).translate({0x2812: None})
    assert sum(0x2800 < ord(sign) < 0x2900 for sign in dots) == 1
