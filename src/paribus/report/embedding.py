"""Drawings as the page embeds them: they follow the reader's dark mode; files that are written do not.

An SVG image is a document of its own, which the page's style does not reach. So it carries its own.
"""

from __future__ import annotations

import base64
import re

from paribus.charts.base.style import DARK

__all__ = ["dark_style", "svg_uri"]

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
