"""A figure as PNG, through resvg (extra ``plot``)."""

from fieldhouse.errors import ConfigurationError
from fieldhouse.report.figure import Figure
from fieldhouse.report.svg import document

__all__ = ["png"]

_ZOOM = 2
"""Pixels of a picture for each of its points: sharp on the screens of today."""


def png(figure: Figure, width: int = 960) -> bytes:
    """Draw a figure as PNG, on light paper. Raises ConfigurationError without the extra."""
    try:
        import font_lato
        import resvg_py
    except ImportError as error:
        raise ConfigurationError(
            "PNG needs two libraries more: pip install resvg-py font-lato; SVG and HTML need none"
        ) from error
    # without a font all text would be left out, in silence: one comes along
    return bytes(
        resvg_py.svg_to_bytes(
            svg_string=document(figure, width, dark=False),
            font_files=[font_lato.Lato, font_lato.LatoBold],
            font_family="Lato",
            sans_serif_family="Lato",
            zoom=_ZOOM,
        )
    )
