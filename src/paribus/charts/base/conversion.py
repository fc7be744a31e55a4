"""Conversion of drawings to PDF and PNG."""

from __future__ import annotations

from typing import Literal

__all__ = ["FORMATS", "converted"]

Format = Literal["svg", "pdf", "png"]
FORMATS: tuple[Format, ...] = ("svg", "pdf", "png")
SHARPNESS = 3.0
"""Pixels of a PNG per unit of the drawing: enough for print at column width."""


def converted(svg: str, kind: str) -> bytes:
    """Return a chart as ``svg``, ``pdf`` or ``png``."""
    import vl_convert

    if kind == "pdf":
        return bytes(vl_convert.svg_to_pdf(svg))
    if kind == "png":
        return bytes(vl_convert.svg_to_png(svg, scale=SHARPNESS))
    return svg.encode()
