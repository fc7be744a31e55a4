"""Captions and pictures of what a layer answers."""

import numpy as np

from paribus.execute.insight_file import LayerMaps
from paribus.pictures.base.layer_maps import layer_caption
from paribus.pictures.base.maps import strip
from paribus.pictures.insight import layer_picture


def test_captions_say_what_is_left_out():
    values = np.zeros((4, 4, 2), np.float32)
    row = LayerMaps("conv", "Conv2D", (4, 4, 64), values, 0.0, 12.345)
    assert (
        layer_caption(row) == "conv: Conv2D, 4 x 4 x 64, the first 2 of 64 channels, from 0 to 12.3"
    )
    drawn = layer_picture(row)
    assert drawn.uri.startswith("data:image/png;base64,")
    assert (drawn.width, drawn.height) == strip(values, 0, 12.345).size
