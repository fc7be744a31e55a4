"""Drawings on a dark page: every colour has a twin that can be seen there; print and files stay on white."""

import base64
import io
import re
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from PIL import Image

from paribus.charts.base.style import DARK
from paribus.report.embedding import dark_style, svg_uri

CARD = "#181d24"
INKS = {"black", "#000", "#111", "#1b1f24", "#116329", "#a40e26", "#7d4e00"}
"""Colours of letters."""
AREAS = {"white", "#ddd", "#d7dbe0", "#eef1f4", "#cfe3f5", "#d8efdf", "#fde7c3", "#f3dcea"}
"""Grid, margin and boxes, which stay behind."""
SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="40" height="40" role="img" aria-label="a > b">'
    '<rect width="40" height="40" fill="white"/><rect x="10" y="10" width="20" height="20" fill="#000"/></svg>'
)


def luminance(colour):
    parts = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return sum(w * p for w, p in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one, other):
    """WCAG 2.2's ratio."""
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("light", sorted(set(DARK) - AREAS))
def test_what_is_drawn_stands_out_from_the_dark_card(light):
    assert contrast(DARK[light], CARD) >= (4.5 if light in INKS else 3.0)


@pytest.mark.parametrize("box", ["#eef1f4", "#cfe3f5", "#d8efdf", "#fde7c3", "#f3dcea"])
def test_letters_in_a_networks_boxes_can_be_read(box):
    assert contrast(DARK["#1b1f24"], DARK[box]) >= 4.5


def test_an_embedded_drawing_follows_the_reader_and_keeps_its_shape():
    svg = base64.b64decode(svg_uri(SVG).split(",")[1]).decode()
    root = ET.fromstring(svg)
    assert [node.tag.rpartition("}")[2] for node in root] == ["style", "rect", "rect"]
    assert "aria-label" not in svg
    assert root[0].text == dark_style(SVG)
    assert '[fill="#000"]{fill:#e6edf3}' in dark_style(SVG)
    assert '[fill="#888"]' not in dark_style(SVG), "only what occurs"
    assert '}[fill="white"]' not in dark_style(SVG), "white letters in coloured cells stay white"


def pixels(page):
    with Image.open(io.BytesIO(page.screenshot())) as image:
        return np.asarray(image.convert("RGB"))


@pytest.mark.browser
def test_a_browser_shows_it_dark_on_a_dark_screen_and_white_in_print(chromium):
    page = chromium.new_page(viewport={"width": 40, "height": 40})
    style = "body{margin:0;background:#fff}@media screen and (prefers-color-scheme:dark){body{background:#181d24}}"
    head = '<meta name="color-scheme" content="light dark">'
    page.set_content(f"{head}<style>{style}</style><img src='{svg_uri(SVG)}'>")
    seen = {}
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        seen[scheme] = pixels(page)
    page.close()
    assert [tuple(seen["light"][y, y]) for y in (4, 20)] == [(255, 255, 255), (0, 0, 0)]
    assert [tuple(seen["dark"][y, y]) for y in (4, 20)] == [(24, 29, 36), (230, 237, 243)]


CELLS = re.compile(r"rgb\(|#0b1520$")
"""Cells of a grid carry data in their own colours, and letters chosen for these."""


def unknown_colours(svg):
    """Colours that nothing replaces on a dark page."""
    found = set(re.findall(r'(?:fill|stroke)="([^"]+)"', svg))
    return {c for c in found if c not in DARK and c != "none" and not CELLS.match(c)}


def test_an_unknown_colour_is_noticed():
    assert unknown_colours('<path fill="#123456" stroke="#000"/>') == {"#123456"}
