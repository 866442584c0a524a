"""Formulas that expressions may call by their names, written in the same language (pure).

Temperatures are in °C where nothing else is said, relative humidity in %.
"""

from typing import Final, NamedTuple

__all__ = ["FORMULAS", "Formula"]


class Formula(NamedTuple):
    """What it takes, and the expression that it is."""

    takes: tuple[str, ...]
    text: str


_SATURATED = "(17.625 * {t} / (243.04 + {t}))"
"""The exponent of Magnus' formula for the vapour pressure over water."""
_GAMMA = f"(ln(h / 100) + {_SATURATED.format(t='t')})"
_F = "(t * 9 / 5 + 32)"
_STEADMAN = f"(0.5 * ({_F} + 61 + ({_F} - 68) * 1.2 + h * 0.094))"
_ROTHFUSZ = (
    f"(-42.379 + 2.04901523 * {_F} + 10.14333127 * h - 0.22475541 * {_F} * h"
    f" - 0.00683783 * {_F}^2 - 0.05481717 * h^2 + 0.00122874 * {_F}^2 * h"
    f" + 0.00085282 * {_F} * h^2 - 0.00000199 * {_F}^2 * h^2)"
)
_DRY = f"((13 - h) / 4 * sqrt((17 - abs({_F} - 95)) / 17))"
_DAMP = f"((h - 85) / 10 * (87 - {_F}) / 5)"

FORMULAS: Final[dict[str, Formula]] = {
    "delta": Formula(("x",), "x - previous(x)"),
    # Per hour, of a counter; one that has fallen began anew, at nought.
    "rate": Formula(("x",), "if(x >= previous(x), x - previous(x), if(x >= 0, x)) / elapsed(x)"),
    # Magnus' formula with the coefficients of Alduchov and Eskridge (1996): within 0.4 % of the
    # vapour pressure from -40 to 50 °C.
    "dew_point": Formula(("t", "h"), f"243.04 * {_GAMMA} / (17.625 - {_GAMMA})"),
    # Water in grams per cubic metre: its vapour pressure by the same formula, as an ideal gas.
    "absolute_humidity": Formula(
        ("t", "h"), f"6.1094 * exp({_SATURATED.format(t='t')}) * h * 2.1674 / (273.15 + t)"
    ),
    "vapour_pressure_deficit": Formula(  # in kPa
        ("t", "h"), f"0.61094 * exp({_SATURATED.format(t='t')}) * (1 - h / 100)"
    ),
    # The US National Weather Service's: Rothfusz' regression (SR 90-23, 1990) with its two
    # adjustments where it comes to 80 °F and more, else Steadman's. In °C here.
    "heat_index": Formula(
        ("t", "h"),
        f"(if(({_STEADMAN} + {_F}) / 2 < 80, {_STEADMAN}, {_ROTHFUSZ}"
        f" + if(h < 13 and {_F} >= 80 and {_F} <= 112, 0 - {_DRY},"
        f" if(h > 85 and {_F} >= 80 and {_F} <= 87, {_DAMP}, 0))) - 32) * 5 / 9",
    ),
    # Environment Canada and NWS (2001): wind v in km/h; below 4.8 km/h or above 10 °C the air's.
    "wind_chill": Formula(
        ("t", "v"),
        "if(t <= 10 and v > 4.8, 13.12 + 0.6215 * t - 11.37 * v^0.16 + 0.3965 * t * v^0.16, t)",
    ),
    # Pressure p at z metres, taken down to the sea (the barometric formula of the ISA's 6.5 K/km).
    "sea_level_pressure": Formula(
        ("p", "t", "z"), "p * (1 - 0.0065 * z / (t + 0.0065 * z + 273.15))^-5.257"
    ),
    "celsius": Formula(("f",), "(f - 32) * 5 / 9"),
    "fahrenheit": Formula(("c",), "c * 9 / 5 + 32"),
    "kelvin": Formula(("c",), "c + 273.15"),
    # How far below, or above, a base: the mean of a day is that day's degree days.
    "heating_degrees": Formula(("t", "base"), "max(base - t, 0)"),
    "cooling_degrees": Formula(("t", "base"), "max(t - base, 0)"),
    # The degree days since the value before: their sum is that of the time.
    "degree_days": Formula(("t", "base"), "max(base - t, 0) * elapsed(t) / 24"),
}
