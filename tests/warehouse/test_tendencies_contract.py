"""Contract of every engine: trend tests, against scipy, pymannkendall and arithmetic done here."""

import math
import random
import re
import warnings
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from functools import cache
from typing import Any

import numpy as np
import pymannkendall
import pytest
from scipy.stats import norm, theilslopes

from fieldhouse.insight.tendencies import TENDENCIES, tendencies_of, told
from fieldhouse.warehouse import Warehouse

Series = tuple[float | None, ...]
TESTS = {
    "MANN_KENDALL": pymannkendall.original_test,
    "HAMED_RAO": pymannkendall.hamed_rao_modification_test,
    "SEASONAL": pymannkendall.seasonal_test,
}
PERIOD = 7
FIRST = date(2025, 1, 1).toordinal()


@cache
def some_series(count: int) -> tuple[Series, ...]:
    """Noise, walks and weekly rhythms; with ties, with gaps, with and without a slope."""
    source = random.Random(12)
    return tuple(_one(source, number) for number in range(count))


def _one(source: random.Random, number: int) -> Series:
    length, slope = source.randrange(3, 32), source.choice([0, 0, 0.01, -0.05, 0.3])
    memory, hidden = source.choice([0, 0.5, 0.9]), (0, 0.1, 0.4)[number % 3]
    walk, values = 0.0, []
    for n in range(length):
        walk = memory * walk + source.gauss(0, 1)
        natures = (
            walk,
            float(round(walk)),
            round(walk, 1),
            walk + 3 * math.sin(2 * math.pi * n / 7),
        )
        value = slope * n + natures[number % 4]
        is_end = n in (0, length - 1)
        values.append(None if source.random() < hidden and not is_end else value)
    return tuple(values)


EDGES: tuple[Series, ...] = (
    (1.0,) * 20,  # nothing but ties
    (1.0, 2.0, 4.0),
    (5.0, None, None, None, 5.0, 6.0),
    (1.0, 2.0),  # too few
    tuple(math.sqrt(n) for n in range(80)),  # as sure as can be
    tuple(1e11 + n * n % 7 for n in range(30)),
    (*(0.0,) * 13, 1e-6),
)


def asked(all_series: Sequence[Series]) -> dict[str, list[Any]]:
    """The series as the questions take them, in no order."""
    held = [
        (number, FIRST + place, value)
        for number, values in enumerate(all_series)
        for place, value in enumerate(values)
        if value is not None
    ]
    random.Random(5).shuffle(held)
    return dict(
        zip(("series", "places", "amounts"), map(list, zip(*held, strict=True)), strict=True)
    )


def expected(values: Series) -> Iterator[tuple[str, dict[str, float]]]:
    """What pymannkendall and scipy say of a series, by method; what they cannot say is missing."""
    given = np.array([math.nan if value is None else value for value in values])
    known = np.flatnonzero(~np.isnan(given))
    interval = theilslopes(given[known], known)
    for method, test in TESTS.items():
        more = {"period": PERIOD} if method == "SEASONAL" else {}
        try:
            found = test(given, **more)
        except (ZeroDivisionError, IndexError):
            continue
        names = {"S": "s", "Variance": "var_s", "Z": "z", "P": "p", "Tau": "Tau"}
        said = {ours: getattr(found, theirs) for ours, theirs in names.items()}
        if found.var_s < 1e-9 and method == "HAMED_RAO":
            said = {"S": found.s, "Tau": found.Tau}
        said |= {"Slope": found.slope / (PERIOD if more else 1), "Intercept": found.intercept}
        if method == "MANN_KENDALL":
            said |= {"SlopeLow": interval.low_slope, "SlopeHigh": interval.high_slope}
            if len(known) * (len(known) - 1) / 2 - norm.ppf(0.975) * math.sqrt(found.var_s) < 1:
                said |= dict.fromkeys(("SlopeLow", "SlopeHigh"), math.nan)  # it takes what there is
        yield method, {name: float(value) for name, value in said.items() if not math.isnan(value)}


def test_trend_tests_are_those_of_scipy_and_pymannkendall(
    warehouse: Warehouse, engine: str
) -> None:
    """Of 1,000 series (fewer where a server is slow), with ties and gaps, to 1e-9.

    An interval that does not hold 0 never stands beside a p that finds nothing.
    """
    all_series = (*some_series(1000 if engine == "duckdb" else 60), *EDGES)
    found = warehouse.query("trend_tests", **asked(all_series), period=PERIOD).to_pylist()
    rows = {(row["Series"], row["Method"]): row for row in found}
    compared = 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # theirs, of numbers that are none
        for number, values in enumerate(all_series):
            points = sum(value is not None for value in values)
            if points < 3:
                assert (number, "MANN_KENDALL") not in rows
                continue
            for method, wanted in expected(values):
                row = rows[number, method]
                assert row["Points"] == points
                shown = {name: row[name] for name in wanted}
                assert shown == pytest.approx(wanted, rel=1e-9, abs=1e-9), (number, method)
                compared += len(wanted)
    for row in rows.values():
        if row["SlopeLow"] is not None and not row["SlopeLow"] <= 0 <= row["SlopeHigh"]:
            assert row["P"] < 0.05, row
    assert compared > 20 * len(all_series)


def test_a_variance_that_is_corrected_away_tells_nothing(warehouse: Warehouse) -> None:
    """What the autocorrelation takes to nothing has neither significance nor interval."""
    found = warehouse.query("trend_tests", **asked([tuple(map(float, SWINGING))])).to_pylist()
    (row,) = (row for row in found if row["Method"] == "HAMED_RAO")
    assert row["S"] != 0
    assert {row[name] for name in ("Variance", "Z", "P", "SlopeLow", "SlopeHigh")} == {None}
    assert row["Slope"] == next(r["Slope"] for r in found if r["Method"] == "MANN_KENDALL")


SWINGING = (0, 9, 1, 8, 2, 9, 0, 8, 1, 9, 2, 8, 0, 9, 3)


def test_what_is_almost_certain_is_told_to_its_last_digits(warehouse: Warehouse) -> None:
    """A chance far below 1e-16 is no 0, and right relative to itself."""
    for length in (20, 120):
        rising = tuple(float(n + n % 3 / 9) for n in range(length))
        found = warehouse.query("trend_tests", **asked([rising])).to_pylist()
        (row,) = (row for row in found if row["Method"] == "MANN_KENDALL")
        assert row["P"] == pytest.approx(2 * norm.sf(row["Z"]), rel=1e-7) and row["P"] > 0


def test_changes_of_level_are_pettitts(warehouse: Warehouse, engine: str) -> None:
    """The place, K and its chance are those of Pettitt's double sum."""
    all_series = (*some_series(200 if engine == "duckdb" else 40), *EDGES)
    found = warehouse.query("trend_changes", **asked(all_series)).to_pylist()
    assert [row["Series"] for row in found] == [
        number for number, values in enumerate(all_series) if len(_known(values)) >= 3
    ]
    for row in found:
        known = _known(all_series[row["Series"]])
        values = np.array([value for _, value in known])
        n = len(values)
        signs = np.sign(values[:, None] - values[None, :])
        sums = [abs(signs[:t, t:].sum()) for t in range(1, n)]
        at = int(np.argmax(sums)) + 1
        assert row["K"] == max(sums) and row["ChangeAt"] == FIRST + known[at][0]
        p = min(1, 2 * math.exp(-6 * max(sums) ** 2 / (n**3 + n**2)))
        levels = [p, values[:at].mean(), values[at:].mean()]
        assert [row["P"], row["LevelBefore"], row["LevelAfter"]] == pytest.approx(levels, rel=1e-9)


def _known(values: Series) -> list[tuple[int, float]]:
    return [(place, value) for place, value in enumerate(values) if value is not None]


def days(values: Sequence[float], first: date = date(2025, 3, 1)) -> list[Mapping[str, Any]]:
    """Days as ``trend_of`` tells them."""
    return [
        {"ReadingDate": first + timedelta(days=n), "AvgValue": value}
        for n, value in enumerate(values)
    ]


def test_a_field_is_told_in_words(warehouse: Warehouse) -> None:
    """Noise around a slope rises by it; noise alone does not; a step is told with both levels."""
    source = random.Random(3)
    noise = [source.gauss(0, 0.5) for _ in range(120)]
    rising = tendencies_of(warehouse, days([0.1 * n + noise[n] for n in range(120)]))
    assert rising.schema.equals(TENDENCIES)
    line, apart, *_ = told(rising)
    shape = r"rises (\S+) a day \(95 %: (\S+) … (\S+); p < 0.0001\)"
    slope, low, high = map(float, re.fullmatch(shape, line).groups())  # type: ignore[union-attr]
    assert low < 0.1 < high and slope == pytest.approx(0.1, abs=0.01)
    assert apart.startswith("weekdays apart: 0.")
    line, *_ = told(tendencies_of(warehouse, days(noise)))
    assert line.startswith("neither rises nor falls for sure: ")
    stepping = [noise[n] + (20 if n < 40 else 0 if n < 80 else 10) for n in range(120)]
    *_, first, second = told(tendencies_of(warehouse, days(stepping)))
    shape = r"another level from (\S+) on: (\S+) before, (\S+) after \(p < 0.0001\)"
    for line, day, before, after in ((first, "2025-04-10", 20, 0), (second, "2025-05-20", 0, 10)):
        at, *levels = re.fullmatch(shape, line).groups()  # type: ignore[union-attr]
        assert at == day and list(map(float, levels)) == pytest.approx([before, after], abs=0.3)


def test_few_days_have_no_interval(warehouse: Warehouse) -> None:
    """Of four days no two slopes are an interval of 95 %, of five the least and the greatest are.

    Of all orders of four days one in twelve rises or falls throughout, of five one in sixty.
    """
    for count in (3, 4, 5):
        found = tendencies_of(warehouse, days([1.0, 2.0, 4.0, 7.0, 11.0][:count]))
        (plain,) = (row for row in found.to_pylist() if row["Method"] == "MANN_KENDALL")
        interval = (plain["SlopeLow"], plain["SlopeHigh"])
        assert interval == ((1.0, 4.0) if count == 5 else (None, None))
        line, *_ = told(found)
        assert ("95 %" in line) == (plain["P"] < 0.05) == line.startswith("rises")


def test_years_are_told_by_months(warehouse: Warehouse) -> None:
    """Beyond three years the months are compared, each with its like: a season is no trend."""
    seasons = [10 * math.sin(2 * math.pi * n / 365.25) + n / 365.25 for n in range(1401)]
    found = tendencies_of(warehouse, days(seasons)).to_pylist()
    assert {row["Unit"] for row in found} == {"month"} and found[0]["Points"] == 46
    (seasonal,) = (row for row in found if row["Method"] == "SEASONAL")
    assert seasonal["Slope"] == pytest.approx(1 / 12, abs=0.01) and seasonal["P"] < 1e-6


def test_too_few_days_have_no_tests(warehouse: Warehouse) -> None:
    """None, one or two days: no row, and nothing said."""
    for count in range(3):
        found = tendencies_of(warehouse, days([1.0, 2.0][:count]))
        assert found.num_rows == 0 and list(told(found)) == []
