"""The colours of pictures and pages, on light and on dark paper.

The lines' are Okabe and Ito's, which the colour-blind tell apart, darkened on light and lightened
on dark paper to a contrast of at least 3 to 1 with it; texts have 7 to 1 and more.
"""

from collections.abc import Mapping

__all__ = ["LINES", "style", "variables"]

LINES = 8

_LIGHT = {
    "paper": "#ffffff", "ink": "#1b2733", "soft": "#434f5b", "grid": "#dfe4e9", "axis": "#8a97a3",
    "shade": "#eceff2", "excluded": "#f6e3d3", "unusual": "#f8dfe6", "mark": "#9c0e36",
    "bound": "#5a4190", "land": "#c3ccc4", "good": "#005f44",
}  # fmt: skip
_DARK = {
    "paper": "#12181f", "ink": "#e6ebf0", "soft": "#abb8c4", "grid": "#2b3641", "axis": "#6b7885",
    "shade": "#1d262f", "excluded": "#3a2b1d", "unusual": "#3b1c27", "mark": "#ff92ad",
    "bound": "#b9a2ea", "land": "#3d4a43", "good": "#37c99e",
}  # fmt: skip
_LIGHT_LINES = (
    "#0072b2", "#d55e00", "#00845f", "#b3589a", "#a86f00", "#2a86bd", "#5c5c5c", "#7a5230",
)  # fmt: skip
_DARK_LINES = (
    "#5fb4f0", "#ff9447", "#37c99e", "#e39bc6", "#f0b93c", "#9ad4f7", "#b8b8b8", "#d0a27a",
)  # fmt: skip

_ON_DARK = "@media screen and (prefers-color-scheme:dark)"  # paper is light, whatever a screen is


def style(root: str, *, dark: bool = True) -> str:
    """Rules for the classes of a picture below ``root``; dark on a screen that asks for it."""
    light = _rules(root, _LIGHT, _LIGHT_LINES)
    if not dark:
        return light
    return f"{light}{_ON_DARK}{{{_rules(root, _DARK, _DARK_LINES)}}}"


def variables() -> str:
    """The same colours as custom properties, for pages."""
    light, dark = (
        ":root{" + "".join(f"--{name}:{colour};" for name, colour in colours.items()) + "}"
        for colours in (_LIGHT, _DARK)
    )
    return f"{light}{_ON_DARK}{{{dark}}}"


def _rules(root: str, colours: Mapping[str, str], lines: tuple[str, ...]) -> str:
    fills = {
        "paper": "paper",
        "ink": "ink",
        "soft": "soft",
        "gap": "shade",
        "excluded": "excluded",
        "unusual": "unusual",
        "land": "land",
    }
    strokes = {"grid": "grid", "axis": "axis", "boundary": "bound"}
    rules = [f"{root} .{name}{{fill:{colours[colour]}}}" for name, colour in fills.items()]
    rules += [f"{root} .{name}{{stroke:{colours[colour]}}}" for name, colour in strokes.items()]
    rules.append(f"{root} .mark{{fill:{colours['mark']};stroke:{colours['paper']}}}")
    rules.append(f"{root} .aside{{fill:{colours['paper']};stroke:{colours['mark']}}}")
    rules.append(f"{root} .boundary-label{{fill:{colours['bound']}}}")
    rules += [f"{root} .c{n}{{color:{colour}}}" for n, colour in enumerate(lines)]
    return "".join(rules)
