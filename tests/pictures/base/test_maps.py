"""Numbers as pixels: the colours of viridis, every cell read back from the picture, nothing smoothed."""

import matplotlib as mpl
import numpy as np
import pytest

from paribus.pictures.base.maps import bars, blended, codes, palette, plain_picture, strip
from tests.pictures.mapped import pixels


def test_the_colours_are_viridis_within_what_the_eye_sees():
    theirs = mpl.colormaps["viridis"](np.linspace(0, 1, 255))[:, :3] * 255
    assert np.abs(palette(signed=False)[:255] - theirs).max() < 7
    ours = palette(signed=True)
    assert ours[0].tolist() == [0, 90, 160]
    assert ours[127].tolist() == [255, 255, 255], "zero is white"
    assert ours[254].tolist() == [213, 94, 0]


def test_values_find_their_entry():
    assert codes(np.array([0, 5, 10.0]), 0, 10).tolist() == [0, 127, 254]
    assert codes(np.array([-10, 0, 5, 10.0]), -10, 10).tolist() == [0, 127, 190, 254]
    assert codes(np.array([-2, 0, 10.0]), -2, 10).tolist() == [102, 127, 254], "zero stays white"
    assert codes(np.zeros(2), 0, 0).tolist() == [0, 0]


@pytest.mark.parametrize(
    "shape", [(5, 4, 3), (26, 26, 16), (13, 13, 70), (1, 1, 300), (130, 90, 9)]
)
@pytest.mark.parametrize("low", [0.0, -1.0])
def test_every_value_of_a_strip_is_one_square_of_one_colour(shape, low):
    height, width, channels = shape
    values = np.random.default_rng(0).uniform(low, 1, shape).astype(np.float32)
    found = pixels(strip(values, low, 1))
    assert found.shape[1] <= 760 + 1
    expected = palette(signed=low < 0)[codes(values, low, 1)]
    factor = next(f for f in range(200, 0, -1) if (found.shape[0] - 1) % (height * f + 1) == 0
                  and (found.shape[1] - 1) % (width * f + 1) == 0)  # fmt: skip
    columns = (found.shape[1] - 1) // (width * factor + 1)
    for channel in range(channels):
        top = (channel // columns) * (height * factor + 1) + 1
        left = (channel % columns) * (width * factor + 1) + 1
        cell = found[top : top + height * factor, left : left + width * factor]
        large = np.repeat(np.repeat(expected[:, :, channel], factor, 0), factor, 1)
        np.testing.assert_array_equal(cell, large)


def test_bars_stand_on_zero_and_reach_their_values():
    found = pixels(bars(np.array([0, 1, -0.5, 0.25], np.float32), -0.5, 1))
    up, down = (found == [213, 94, 0]).all(2), (found == [0, 90, 160]).all(2)
    line = np.flatnonzero((found == [150, 150, 150]).all(2).all(1))
    assert len(line) == 1
    heights = [up[:, 24 * unit + 12].sum() + down[:, 24 * unit + 12].sum() for unit in range(4)]
    assert heights[0] == 0
    assert heights[1] == pytest.approx(44 / 1.5, abs=1)
    assert heights[2] == pytest.approx(22 / 1.5, abs=1)
    assert heights[3] == pytest.approx(11 / 1.5, abs=1)
    assert up[: line[0]].any()
    assert not up[line[0] :].any()
    assert down[line[0] + 1 :].any()
    assert not down[: line[0]].any()


def test_many_units_become_rows_of_bars_and_very_many_become_cells():
    assert bars(np.ones(65, np.float32), 0, 1).height == 2 * 47
    assert bars(np.ones(4096, np.float32), 0, 1).height < 500


def test_where_a_map_is_zero_the_image_is_seen_and_its_largest_value_hides_it():
    image = np.array([[[100], [200]], [[0], [255]]], np.uint8)
    found = pixels(blended(image, 255, np.array([[0, 0], [4, 0]], np.float32)))
    assert found.shape == (112, 112, 3)
    assert found[0, 0].tolist() == [50, 50, 50]
    assert found[0, 111].tolist() == [100, 100, 100]
    assert found[111, 0].tolist() == palette(signed=False)[254].tolist()
    signed = pixels(blended(image, 255, np.array([[-4, 0], [4, 0]], np.float32)))
    assert signed[0, 0].tolist() == [0, 90, 160]
    assert signed[111, 0].tolist() == [213, 94, 0]
    assert signed[111, 111].tolist() == [128, 128, 128]
    nothing = pixels(blended(image, 255, np.zeros((2, 2), np.float32)))
    np.testing.assert_array_equal(nothing[0, 0], [50, 50, 50])


def test_coarse_cells_are_stretched_not_smoothed():
    cells = np.arange(9, dtype=np.float32).reshape(3, 3)
    found = pixels(blended(np.zeros((28, 28, 1), np.uint8), 255, cells))
    assert len(np.unique(found.reshape(-1, 3), axis=0)) == 9
    assert (found[: 112 // 3, : 112 // 3] == found[0, 0]).all()


def test_images_keep_their_pixels():
    image = np.random.default_rng(0).integers(0, 17, (8, 8, 1)).astype(np.uint8)
    found = pixels(plain_picture(image, 16))
    np.testing.assert_array_equal(found[::14, ::14, 0], np.round(image[..., 0] * (255 / 16)))
    assert plain_picture(np.zeros((300, 200, 3), np.uint8), 255).size == (200, 300)
