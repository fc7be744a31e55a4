"""A network as a diagram: one box per layer with its shape and parameters, drawn as plain SVG."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from xml.sax.saxutils import escape

from paribus.charts.base.chart import Chart, Entry, slug
from paribus.charts.base.style import FONTS
from paribus.nn.registry import LAYERS
from paribus.nn.summary import LayerRow, ModelSummary
from paribus.records import Shape
from paribus.writing.escaping import plain
from paribus.writing.study import ShownStudy

__all__ = ["ENTRY", "Box", "charts", "draw", "points"]

ENTRY = Entry("networks", "Every variant's network, layer by layer.", 90, "models", many=True)

WIDTH, HEIGHT = 148, 66
GAP_X, GAP_Y = 26, 26
COLUMNS = 6
MARGIN = 10
_COLOURS = {
    "convolution": "#cfe3f5",
    "dense": "#cfe3f5",
    "normalization": "#d8efdf",
    "pooling": "#fde7c3",
    "dropout": "#f3dcea",
}
"""Family of layers -> colour of its boxes."""
_OTHER = "#eef1f4"
"""Colour of the input and of all other layers."""


@dataclass(frozen=True)
class Box:
    """Box of one layer, or of the input."""

    name: str
    kind: str
    shape: Shape
    parameters: int
    changed: bool
    """Whether the baseline has no such layer."""


def points(summary: ModelSummary, input_shape: Shape, baseline: ModelSummary) -> list[Box]:
    """Return the boxes of a network; layers that differ from the baseline's are marked.

    Args:
        summary: layers and shapes of the variant's network.
        input_shape: shape of the images that reach it.
        baseline: to compare with.
    """
    known = {_key(row) for row in baseline.layers}
    layers = [
        Box(row.name, row.type, row.output_shape, row.parameters, _key(row) not in known)
        for row in summary.layers
    ]
    return [Box("input", "", input_shape, 0, changed=False), *layers]


def _key(row: LayerRow) -> tuple[str, str, Shape, int]:
    return row.name, row.type, row.output_shape, row.parameters


def charts(study: ShownStudy) -> Iterator[Chart]:
    """Draw every variant's network; what the reference has not is marked."""
    reference = study.summaries[study.plan.reference]
    known = "the baseline" if study.plan.reference == study.plan.baseline else study.plan.reference
    for name, summary in study.summaries.items():
        note = "Boxes: name, layer, output (height x width x channel), parameters."
        if name != study.plan.reference:
            note += f" Framed in orange: layers that differ from {known}."
        svg = draw(points(summary, study.descriptions[name].input_shape, reference))
        alt = f"The layers of {name}; the table below has the same"
        yield Chart(f"model-{slug(name)}", name, note, svg, alt, name)


def draw(boxes: Sequence[Box]) -> str:
    """Draw boxes row by row, joined by arrows; return SVG."""
    rows = -(-len(boxes) // COLUMNS)
    width = 2 * MARGIN + min(len(boxes), COLUMNS) * (WIDTH + GAP_X) - GAP_X
    height = 2 * MARGIN + rows * (HEIGHT + GAP_Y) - GAP_Y
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" font-family="{FONTS}">',
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" '
        'orient="auto"><path d="M0 0 L8 4 L0 8 z" fill="#555"/></marker></defs>',
        f'<rect width="{width}" height="{height}" fill="white"/>',
    ]
    places = [_place(number) for number in range(len(boxes))]
    for one, other in pairwise(places):
        parts.append(_arrow(one, other))
    parts += [_drawn(box, *place) for box, place in zip(boxes, places, strict=True)]
    return "".join([*parts, "</svg>"])


def _place(number: int) -> tuple[int, int]:
    row, column = divmod(number, COLUMNS)
    return MARGIN + column * (WIDTH + GAP_X), MARGIN + row * (HEIGHT + GAP_Y)


def _arrow(one: tuple[int, int], other: tuple[int, int]) -> str:
    (x, y), (to_x, to_y) = one, other
    if to_y == y:
        middle = y + HEIGHT // 2
        path = f"M{x + WIDTH} {middle} L{to_x - 1} {middle}"
    else:
        low, turn = y + HEIGHT, y + HEIGHT + GAP_Y // 2
        path = (
            f"M{x + WIDTH // 2} {low} L{x + WIDTH // 2} {turn} "
            f"L{to_x + WIDTH // 2} {turn} L{to_x + WIDTH // 2} {to_y - 1}"
        )
    return f'<path d="{path}" fill="none" stroke="#555" stroke-width="1.3" marker-end="url(#tip)"/>'


def _drawn(box: Box, x: int, y: int) -> str:
    fill = _COLOURS.get(LAYERS[box.kind].family, _OTHER) if box.kind in LAYERS else _OTHER
    stroke, thick = ("#d55e00", 2.5) if box.changed else ("#8a949e", 1)
    shape = " x ".join(map(str, box.shape))
    parameters = f"{box.parameters:,} parameters" if box.parameters else ""
    lines: list[tuple[str, float, str]] = [
        (box.name[:22], 12, "bold"),
        (box.kind, 11, "normal"),
        (shape, 11, "normal"),
        (parameters, 10, "normal"),
    ]
    shown = [item for item in lines if item[0]]
    first = y + (HEIGHT - 14 * len(shown)) / 2 + 11
    texts = [
        f'<text x="{x + WIDTH / 2:g}" y="{first + 14 * k:g}" font-size="{_fitting(text, size):.3g}" '
        f'font-weight="{weight}" text-anchor="middle" fill="#1b1f24">{escape(plain(text))}</text>'
        for k, (text, size, weight) in enumerate(shown)
    ]
    return (
        f'<rect x="{x}" y="{y}" width="{WIDTH}" height="{HEIGHT}" rx="6" fill="{fill}" '
        f'stroke="{stroke}" stroke-width="{thick}"/>' + "".join(texts)
    )


def _fitting(text: str, size: float) -> float:
    """Return the font size at which a text fits into its box, even in a wide fallback font."""
    return min(size, (WIDTH - 8) / (0.7 * len(text)))
