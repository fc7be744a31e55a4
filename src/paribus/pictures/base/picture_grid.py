"""Grid of pictures with captions for a notebook, as HTML with inline styles."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from paribus.pictures.base.png import Picture
from paribus.writing.escaping import plain

__all__ = ["caption_lines", "is_wrong", "picture_grid", "titled"]

SIDE = 84
_GRID = "display:flex;flex-wrap:wrap;gap:12px;margin:8px 0"
_CELL = f"width:{SIDE + 8}px;margin:0;font-size:11px;line-height:1.3;overflow-wrap:anywhere"
_IMAGE = (
    f"width:{SIDE}px;height:{SIDE}px;object-fit:contain;image-rendering:pixelated;background:#000"
)


def is_wrong(picture: Picture) -> bool:
    """Return whether a picture has a prediction that differs from its class."""
    return bool(picture.guess) and picture.guess != picture.truth


def caption_lines(picture: Picture, said: str = "") -> tuple[str, ...]:
    """Return the lines under a picture: class and prediction, or the variants' predictions, and the file.

    Example:
        >>> caption_lines(Picture("", "4", "9", 0.83))
        ('is 4', 'said 9, 83 %')
        >>> caption_lines(Picture("", "4"))
        ('4',)
        >>> caption_lines(Picture("", "cat", file="cats/tom.png"))
        ('cat', 'cats/tom.png')
    """
    file = (picture.file,) if picture.file else ()
    if said:
        return (f"is {picture.truth}", *said.split(", "), *file)
    if not picture.guess:
        return (picture.truth, *file)
    return (
        f"is {picture.truth}",
        f"said {picture.guess}, {picture.probability:.0%}".replace("%", " %"),
        *file,
    )


def picture_grid(title: str, pictures: Sequence[Picture], said: Sequence[str]) -> str:
    """Return a grid of pictures without smoothing, as HTML; wrong predictions are highlighted.

    Args:
        title: heading of the grid.
        pictures: pictures to show.
        said: predictions of several variants, one text per picture; may be empty.
    """
    cells = []
    for number, picture in enumerate(pictures):
        lines = caption_lines(picture, said[number] if said else "")
        colour = "#b00000" if is_wrong(picture) else "inherit"
        text = "<br>".join(escape(plain(line)).replace(" %", "&nbsp;%") for line in lines)
        cells.append(
            f'<figure style="{_CELL}"><img src="{escape(picture.uri)}" style="{_IMAGE}" '
            f'alt="image {escape(plain(picture.name))}">'
            f'<figcaption style="color:{colour}">{text}</figcaption></figure>'
        )
    return titled(title, f'<div style="{_GRID}">{"".join(cells)}</div>' if cells else "")


def titled(title: str, content: str) -> str:
    """Return HTML below a heading; if there is no content, a sentence says so.

    Args:
        title: heading as plain text.
        content: HTML; may be empty.
    """
    return f"<p><b>{escape(plain(title))}</b></p>{content or '<p>There is nothing to show.</p>'}"
