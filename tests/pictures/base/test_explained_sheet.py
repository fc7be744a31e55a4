"""A sheet holds the image, its map and its layers."""

import numpy as np
import pytest

from paribus.execute.insight_file import LayerMaps
from paribus.pictures.base.explained_sheet import explained_sheet
from paribus.pictures.base.maps import blended, colour_bar
from paribus.records import Attributions
from tests.pictures.mapped import pixels


@pytest.mark.parametrize("method", ["Grad-CAM", "integrated gradients"])
def test_a_sheet_holds_image_map_and_layers(method):
    import io

    from PIL import Image

    maps = np.array([[[0, 1], [2, -3 if method != "Grad-CAM" else 0]]], np.float32)
    found = Attributions(method, "conv", np.ones((1, 2), np.float32), maps, maps)
    layers = (LayerMaps("conv", "Conv2D", (2, 2, 3), np.ones((2, 2, 3), np.float32), 0.0, 1.0),)
    sheet = explained_sheet("cat\x1b (98 %)", np.zeros((8, 8, 3), np.uint8), 255, found, layers)
    with Image.open(io.BytesIO(sheet)) as picture:
        shown = np.asarray(picture.convert("RGB")).astype(int)
    assert shown.shape[1] == 760 + 24
    for part in (
        blended(np.zeros((8, 8, 3), np.uint8), 255, maps[0]),
        colour_bar(signed=method != "Grad-CAM"),
    ):
        large = pixels(part)
        places = [
            (top, left)
            for top in range(shown.shape[0] - large.shape[0])
            for left in (12, 12 + 112 + 12)
            if (shown[top : top + large.shape[0], left : left + large.shape[1]] == large).all()
        ]
        assert len(places) == 1
