"""Drawings and captions of layer outputs and attribution maps."""

from __future__ import annotations

from PIL import Image

from paribus.execute.insight_file import LayerMaps
from paribus.pictures.base.maps import bars, strip
from paribus.records import Attributions

__all__ = ["draw_layer", "layer_caption", "look_note", "where_of"]


def draw_layer(row: LayerMaps) -> Image.Image:
    """Draw a layer's output: channels as a strip of maps, units as bars."""
    draw = strip if row.values.ndim == 3 else bars
    return draw(row.values, row.low, row.high)


def layer_caption(row: LayerMaps) -> str:
    """Return name, type, shape and range of a layer's output, and the number of channels left out."""
    shape = " x ".join(map(str, row.shape))
    kept, whole = row.values.shape[-1], row.shape[-1]
    what = "channels" if row.values.ndim == 3 else "units"
    part = f", the first {kept} of {whole} {what}" if kept < whole else ""
    return f"{row.name}: {row.type}, {shape}{part}, from {row.low:.3g} to {row.high:.3g}"


def look_note(method: str) -> tuple[str, str]:
    """Return the meaning of the first and of the last colour of a map."""
    if method == "Grad-CAM":
        return "nothing (the image, darkened)", "most in this image"
    return "against the class", "for the class"


def where_of(maps: Attributions) -> str:
    """Return the resolution of a map as text: cells of a layer, or pixels."""
    height, width = maps.of_guess.shape[1:]
    return f"{height} x {width} " + (f"cells of {maps.layer}" if maps.layer else "pixels")
