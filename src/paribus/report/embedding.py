"""Embedding of drawings in the page. Embedded drawings follow dark mode; exported files do not.

An SVG image is a document of its own, which the page's style does not reach, so it gets a style of its own.
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
        svg: drawing on white. Its descriptions for screen readers are left out; ``alt`` text replaces them.
    """
    opening, tag, rest = _UNSEEN.sub("", svg).partition(">")
    dressed = f"{opening}{tag}<style>{dark_style(svg)}</style>{rest}"
    return "data:image/svg+xml;base64," + base64.b64encode(dressed.encode()).decode()


def dark_style(svg: str) -> str:
    """Return the CSS of a drawing for dark screens; print stays on white."""
    rules = [
        f'[{name}="{light}"]{{{name}:{dark}}}'
        for light, dark in DARK.items()
        for name in ("fill", "stroke")
        if f'{name}="{light}"' in svg
    ]
    # letters in coloured cells are white, too, and must stay so; only background and lines change
    kept = [rule for rule in rules if not rule.startswith('[fill="white"]')]
    paper = 'svg>rect[fill="white"]{fill:none}'
    return "@media screen and (prefers-color-scheme:dark){" + "".join([paper, *kept]) + "}"
