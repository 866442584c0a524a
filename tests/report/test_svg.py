"""Pictures: everything inside the panel, true extremes, gaps, and texts that stay texts."""

import re
from xml.etree import ElementTree

import pytest
from figures_kit import DAY, HOUR, MINUTE, T0, UGLY, buckets, figure, line, wandering
from hypothesis import given
from hypothesis import strategies as some

from fieldhouse.report.figure import (
    Boundary,
    Figure,
    Line,
    Mark,
    MarkKind,
    Panel,
    Shade,
    ShadeKind,
)
from fieldhouse.report.layout import laid_out
from fieldhouse.report.legend import signs
from fieldhouse.report.page import of_figure
from fieldhouse.report.svg import document, picture
from fieldhouse.report.thinning import parts

NAN = float("nan")
SVG = "{http://www.w3.org/2000/svg}"
VALUES = some.one_of(
    some.just(NAN), some.floats(-1e12, 1e12, allow_nan=False), some.integers(-3, 3).map(float)
)


def paths(text: str, name: str) -> list[str]:
    """The shapes of a class."""
    return re.findall(rf'class="{name}" d="([^"]*)"', text)


def points(shape: str) -> list[tuple[float, float]]:
    """The absolute points of a path of M, L, V and pairs, which is drawn ten times as large."""
    found: list[tuple[float, float]] = []
    for command, rest in re.findall(r"([MLVhZ])([-0-9. ]*)", shape):
        numbers = [float(number) / 10 for number in rest.split()]
        if command == "V":
            found.append((found[-1][0], numbers[0]))
        elif command in "ML":
            found += zip(numbers[::2], numbers[1::2], strict=True)
    return found


@given(some.lists(VALUES, max_size=120), some.integers(200, 1200), some.integers(-60, 60))
def test_every_point_is_inside_its_panel(values: list[float], width: int, shift: int) -> None:
    """Whatever the values are and however the span cuts them, no point leaves the plot."""
    shown = figure(
        Panel("P", (line(values, 300, start=T0 + shift * MINUTE),)), end=T0 + 120 * 5 * MINUTE
    )
    layout = laid_out(shown, width)
    (placed,) = layout.panels
    text = picture(shown, width)
    assert all(
        'class="line c0" transform="scale(0.1)"' in group
        for group in re.findall(r"<g class=.line[^>]*>", text)
    )
    for name in ("band", "mean", "dots"):
        for x, y in (point for shape in paths(text, name) for point in points(shape)):
            assert layout.left - 0.06 <= x <= layout.right + 0.06
            assert placed.top - 0.06 <= y <= placed.bottom + 0.06


@pytest.mark.parametrize("width", [360, 960])
def test_the_band_reaches_the_least_and_the_greatest(width: int) -> None:
    """However few pixels there are, the one reading that sticks out is drawn, to its height."""
    values = wandering(20_000)
    values[7777], values[12_345] = 300.0, -150.0
    shown = figure(Panel("P", (line(values),)), end=T0 + 20_000 * MINUTE)
    (placed,) = laid_out(shown, width).panels
    (band,) = paths(picture(shown, width), "band")
    heights = [y for _, y in points(band)]
    assert min(heights) == pytest.approx(float(placed.y(300.0)), abs=0.06)
    assert max(heights) == pytest.approx(float(placed.y(-150.0)), abs=0.06)
    assert len(heights) <= 2 * width


def test_gaps_break_the_line_and_are_shaded() -> None:
    """A line has as many strokes as stretches; nothing is drawn across."""
    values = [1.0] * 300 + [NAN] * 200 + [2.0] * 300 + [NAN] * 300 + [3.0] * 340
    held = line(values)
    gap = Shade(ShadeKind.GAP, T0 + 300 * MINUTE, T0 + 500 * MINUTE)
    text = picture(figure(Panel("P", (held,), shades=(gap,))), 900)
    (mean,) = paths(text, "mean")
    assert mean.count("M") == len(parts(held)) == 3
    assert text.count('class="gap"') == 1 and "no readings from 2024-01-01 05:00" in text
    layout = laid_out(figure(Panel("P", (held,))), 900)
    inside = [layout.x(at) for at in (T0 + 303 * MINUTE, T0 + 497 * MINUTE)]
    assert not any(inside[0] < x < inside[1] for x, _ in points(mean))


def test_what_is_marked_is_drawn_where_it_is() -> None:
    """Anomalies as diamonds with their why, lives as boundaries, excluded spans apart from gaps."""
    panel = Panel(
        "P",
        (line([5.0] * 1440),),
        marks=(Mark(T0 + 6 * HOUR, 40.0, "lies far"), Mark(T0 + 9 * DAY, 1.0, "not shown")),
        shades=(Shade(ShadeKind.EXCLUDED, T0 + HOUR, T0 + 2 * HOUR, "sensor fell off"),),
        boundaries=(Boundary(T0 + 12 * HOUR, "life 2"), Boundary(T0 - DAY, "life 1")),
    )
    text = picture(figure(panel), 900)
    assert text.count('class="mark"') == 1 and "2024-01-01 06:00: 40 lies far" in text
    assert text.count('class="excluded"') == 1 and "sensor fell off" in text
    assert "life 2" in text and "life 1" not in text


def test_marks_that_cover_one_another_are_those_that_stick_out() -> None:
    """Of thousands of anomalies a picture has a few hundred, the extremes among them."""
    marks = tuple(Mark(T0 + n * 40_000_000, float(n % 100), "far") for n in range(2000))
    text = picture(figure(Panel("P", (line([5.0] * 1440),), marks=marks)), 600)
    assert 100 < text.count('class="mark"') < 800
    assert ": 99 far" in text and ": 0 far" in text


@pytest.mark.parametrize("label", UGLY)
def test_a_label_is_nothing_but_a_text(label: str) -> None:
    """A picture is XML whatever the labels are; they are texts in it, cut where room ends."""
    panel = Panel(label, (line([1, 2, 3], name=label), line([3, 2, 1], name=label)), label,
                  (Mark(T0, 2.0, label),), (Shade(ShadeKind.EXCLUDED, T0, T0 + HOUR, label),),
                  (Boundary(T0 + MINUTE, label),))  # fmt: skip
    tree = ElementTree.fromstring(document(figure(panel, title=label)))
    kinds = {element.tag for element in tree.iter()}
    assert kinds <= {
        SVG + name for name in ("svg", "g", "path", "rect", "text", "tspan", "title", "style")
    }
    assert not any(key.startswith("on") or "href" in key for e in tree.iter() for key in e.attrib)


@pytest.mark.parametrize(
    "made",
    [
        line([]),
        line([5.0]),
        line([5.0] * 9),
        line([NAN, NAN, 1.0]),
        line([1e12 - 1, 1 - 1e12]),
        buckets([(T0 - HOUR, T0 + 30 * HOUR, -1.0, 0.0, 1.0, 9)]),
    ],
)
@pytest.mark.parametrize("bounds", [None, (0.0, 100.0)])
def test_little_is_drawn_as_well(made: Line, bounds: tuple[float, float] | None) -> None:
    """Nothing, one, equal and extreme values make a picture; nothing says so."""
    shown: Figure = figure(Panel("P", (made,), bounds=bounds))
    text = document(shown)
    assert "nan" not in text.lower().replace("nano", "")
    assert ("no readings" in text) == (not len(made))


def test_a_picture_has_both_papers() -> None:
    """Its colours turn with the viewer's scheme, unless a light one is asked for."""
    shown = figure(Panel("P", (line([1, 2]),)))
    assert "prefers-color-scheme:dark" in document(shown)
    assert "@media" not in document(shown, dark=False)


def test_a_legend_has_the_signs_that_are_there() -> None:
    """Line, band and marks of a picture are told, in a file and in a page; others are not."""
    plain = figure(Panel("P", (line([5.0] * 144, 600),)))
    full = figure(
        Panel(
            "P",
            (buckets([(T0, T0 + DAY, 1, 2, 3, 9)]),),
            marks=(Mark(T0 + HOUR, 40.0, "far"), Mark(T0, 1.0, "gone", kind=MarkKind.ASIDE)),
            shades=tuple(Shade(kind, T0, T0 + HOUR) for kind in ShadeKind),
            boundaries=(Boundary(T0 + 12 * HOUR, "life 2"),),
        )
    )
    wanted = [
        *(
            "mean",
            "least to greatest",
            "unusual",
            "as sent, which does not count",
        ),
        *("no readings", "excluded", "an unusual span", "a new life"),
    ]
    assert [meaning for _, meaning in signs(full)] == wanted
    assert [meaning for _, meaning in signs(plain)] == ["reading"]
    many = line([float(n % 7) for n in range(2000)])  # more than a picture has room for
    assert [
        meaning for _, meaning in signs(figure(Panel("P", (many,)), end=T0 + 2000 * MINUTE))
    ] == [
        "mean",
        "least to greatest",
    ]
    for meaning in wanted:
        assert f">{meaning}</text>" in document(full) and f" {meaning}</span>" in of_figure(full)
    assert '<g class="legend"></g>' in document(figure(Panel("P", ())))


@pytest.mark.parametrize("width", [300, 640, 960])
def test_a_legend_keeps_within_its_picture(width: int) -> None:
    """Its rows are as many as the width asks for, and the file is as high as they are."""
    shown = figure(Panel("P", (line(wandering(20_000)),), marks=(Mark(T0 + HOUR, 4.0, "far"),)))
    tree = ElementTree.fromstring(document(shown, width))
    (legend,) = (one for one in tree.iter(f"{SVG}g") if one.get("class") == "legend")
    places = [re.findall(r"[\d.]+", one.get("transform", "")) for one in legend]
    ends = [float(x) + 22 + 7 * len("".join(one.itertext())) for (x, _), one in
            zip(places, legend, strict=True)]  # fmt: skip
    assert max(ends) <= width - 20
    (place,) = (one.get("transform", "") for one in tree if legend in one)
    top = float(place.rpartition(" ")[2].rstrip(")"))
    assert top + max(float(y) for _, y in places) + 12 <= float(tree.get("height", "0"))
