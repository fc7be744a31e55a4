"""Drawings as the page embeds them: they follow the reader's dark mode; files that are written do not.

An SVG image is a document of its own, which the page's style does not reach. So it carries its own.
"""

from __future__ import annotations

import base64
import re

__all__ = ["DARK", "dark_style", "svg_uri"]

DARK = {
    # letters, lines and areas without data
    "#000": "#e6edf3",
    "black": "#e6edf3",
    "#111": "#e6edf3",
    "#1b1f24": "#e6edf3",
    "#555": "#9ea7b3",
    "#666": "#9ea7b3",
    "#888": "#7d8792",
    "#8a949e": "#6b7580",
    "#ddd": "#343b44",
    "#d7dbe0": "#3f4853",
    "white": "#181d24",
    # series
    "#0072B2": "#3f9ee0",
    "#E69F00": "#E69F00",
    "#009E73": "#23b88a",
    "#CC79A7": "#d98cb6",
    "#56B4E9": "#9bd4f7",
    "#D55E00": "#f0813a",
    "#000000": "#f5f5f5",
    "#B8A800": "#c9bb1e",
    # verdicts
    "#116329": "#56d364",
    "#a40e26": "#ff8087",
    "#7d4e00": "#e3b341",
    # boxes of a network
    "#eef1f4": "#2b323b",
    "#cfe3f5": "#1f4262",
    "#d8efdf": "#1f4a32",
    "#fde7c3": "#574216",
    "#f3dcea": "#532f45",
    "#d55e00": "#f0813a",
}
"""Colour on white -> its twin on the card of a dark page. Inks inside coloured cells have none."""

_UNSEEN = re.compile(r' (?:role|class|aria-[a-z]+|pointer-events)="[^"]*"')


def svg_uri(svg: str) -> str:
    """Return a drawing as a data URI for `img`.

    Args:
        svg: on white. Descriptions for screen readers are left out; the image's own text replaces them.
    """
    opening, tag, rest = _UNSEEN.sub("", svg).partition(">")
    dressed = f"{opening}{tag}<style>{dark_style(svg)}</style>{rest}"
    return "data:image/svg+xml;base64," + base64.b64encode(dressed.encode()).decode()


def dark_style(svg: str) -> str:
    """Return the style of a drawing on a dark screen; print stays on white."""
    rules = [
        f'[{name}="{light}"]{{{name}:{dark}}}'
        for light, dark in DARK.items()
        for name in ("fill", "stroke")
        if f'{name}="{light}"' in svg
    ]
    # the letters in coloured cells are white as well: only the paper and the lines change
    kept = [rule for rule in rules if not rule.startswith('[fill="white"]')]
    paper = 'svg>rect[fill="white"]{fill:none}'
    return "@media screen and (prefers-color-scheme:dark){" + "".join([paper, *kept]) + "}"
