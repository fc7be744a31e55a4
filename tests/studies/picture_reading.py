"""Reading pictures and pages back: charts, kernels, sheets of images, tables."""

import io
import re
from html.parser import HTMLParser
from xml.etree import ElementTree as ET

import numpy as np
from PIL import Image

from tests.studies.picture_rows import summaries


class Tables(HTMLParser):
    """Every table of a piece of HTML as rows of texts, and every alternative text of an image."""

    def __init__(self, text):
        super().__init__()
        self.tables, self.alts, self.cell = [], [], None
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in ("td", "th"):
            self.cell = []
        elif tag == "img":
            self.alts.append(dict(attrs).get("alt", ""))

    def handle_endtag(self, tag):
        if tag in ("td", "th"):
            self.tables[-1][-1].append(" ".join("".join(self.cell).split()))
            self.cell = None

    def handle_data(self, data):
        if self.cell is not None:
            self.cell.append(data)


def rows_of(table):
    """Row's name (its first word) -> column's name -> text."""
    head, *body = table
    return {row[0].split(" ")[0]: dict(zip(head, row, strict=True)) for row in body}


def texts(svg):
    return [node.text.strip() for node in ET.fromstring(svg).iter() if node.text and node.text.strip()]  # fmt: skip


def pixels(picture):
    with Image.open(io.BytesIO(picture.png)) as image:
        return np.asarray(image.convert("RGB")).astype(int)


def percent(value):
    return f"{100 * value:.2f} %"


def is_a_curve_of_every_variant(drawing, run, quantity):
    """One panel per variant, train and validation, and the page shows it."""
    found = texts(drawing.svg)
    names = [variant.name for variant in run.results.manifest.plan.variants]
    panels = [text.rsplit(" (n ", 1)[0] for text in found if re.search(r" \(n \d+\)$", text)]
    assert sorted(panels) == sorted(names)
    assert {"train", "validation", "epoch", quantity} <= set(found)
    assert drawing.title == f"{quantity.capitalize()} per epoch"
    assert f"{quantity.capitalize()} per epoch" in run.part("curves")
    for trial in run.trials().values():
        assert len(trial.curves) >= 2
        assert {quantity, f"val_{quantity}"} <= set(trial.curves[-1].metrics)


def shows_kernels(picture, kernel, grid):
    """Cells in rows and columns, each pixel of a cell as its weight's sign has it."""
    image = pixels(picture)
    gap = (image == 150).all(2)
    down, across = (_runs(~gap.all(axis)) for axis in (1, 0))
    assert (len(down), len(across)) == grid
    cells = [(r, c) for r in down for c in across]
    weights = kernel.reshape(-1, *kernel.shape[2:])
    assert len(cells) == len(weights)
    largest = np.abs(kernel).max()
    for (rows_, columns), own in zip(cells, weights, strict=True):
        side = len(rows_) // own.shape[0]
        assert len(rows_) == own.shape[0] * side
        assert len(columns) == own.shape[1] * side
        middle = image[np.ix_(rows_[side // 2 :: side], columns[side // 2 :: side])]
        clear = np.abs(own) > 0.05 * largest
        redder = middle[..., 0] > middle[..., 2]
        np.testing.assert_array_equal(redder[clear], (own > 0)[clear])


def _runs(flags):
    """Return the positions of every unbroken run of true."""
    places = np.flatnonzero(flags)
    return np.split(places, np.flatnonzero(np.diff(places) > 1) + 1)


TILE, CELL, LINE, GAP = 84, 96, 13, 8
"""An image of 28 x 28 magnified three times, in a cell of its own."""


def tiles(picture, lines):
    """Return the 25 pictures of a sheet and the captions under them."""
    image = pixels(picture)
    wide, tall = CELL + GAP, CELL + lines * LINE + 2 * GAP
    assert image.shape == (5 * tall + GAP, 5 * wide + GAP, 3)
    places = [(GAP + r * tall, GAP + c * wide) for r in range(5) for c in range(5)]
    shown = [image[y : y + TILE, x : x + TILE] for y, x in places]
    return shown, [image[y + CELL : y + tall, x : x + wide] for y, x in places]


def shows_images(shown, images):
    for tile, image in zip(shown, images, strict=True):
        own = Image.fromarray(image[..., 0]).resize((TILE, TILE), Image.Resampling.NEAREST)
        np.testing.assert_array_equal(tile, np.asarray(own)[..., None].repeat(3, 2))


def numbers(cells):
    """Return the first number of every cell."""
    return [float(re.match(r"[\d.]+", cell)[0]) for cell in cells]


def matrices(run, split):
    """Return the tables of one split's confusion matrix on the page."""
    text = run.part("errors")
    return Tables(text[text.index(f"<h3>{split.capitalize()} images") :]).tables[:2]


def page_images(run, part):
    """Return what the page calls the first images of a part."""
    named = [re.match(rf"{part} image [^:]+: (.*)", alt) for alt in Tables(run.part("images")).alts]
    return [found[1] for found in named if found]


def is_the_table_of_settings(table, run):
    """Scores are the run's, the optimizer is the one that ran, and the page has the same table."""
    for name, row in summaries(run).items():
        for metric, column in (
            ("accuracy", "train accuracy"),
            ("val_accuracy", "validation accuracy"),
            ("test_accuracy", "test accuracy"),
        ):
            assert table.loc[name, column] == percent(row["metrics"][metric]["mean"])
        ran = run.trials()[name].observed.optimizer
        assert table.loc[name, "optimizer"] == f"{ran.name} {ran.constants['learning_rate']:g}"
    (shown,) = Tables(run.part("tried")).tables
    assert [row[1:] for row in shown[1:]] == table.to_numpy().tolist()
    assert [row[0] for row in shown[1:]] == list(table.index)
