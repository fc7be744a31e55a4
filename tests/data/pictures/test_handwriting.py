"""Photographs of digits become what MNIST holds: geometry, polarity, light, dirt; and real MNIST stays itself."""

import numpy as np
import pytest

from paribus.data.pictures.handwriting import mnist_like
from tests.data.pictures.sheets import drawn


def likeness(one, other):
    """Correlation of two pictures, at the best of nine places one pixel apart."""
    shifted = (np.roll(other[..., 0], (i, j), (0, 1)) for i in (-1, 0, 1) for j in (-1, 0, 1))
    return max(np.corrcoef(one.ravel(), s.ravel())[0, 1] for s in shifted)


def test_the_digit_fills_the_box_and_its_mass_is_in_the_middle():
    found = mnist_like(drawn())[..., 0]
    assert found.shape == (28, 28)
    rows, columns = np.flatnonzero(found.max(1) > 40), np.flatnonzero(found.max(0) > 40)
    assert rows[-1] - rows[0] + 1 in (19, 20)
    assert columns[-1] - columns[0] + 1 in (13, 14, 15)
    weights = found.astype(float)
    assert (weights.sum(1) * np.arange(28)).sum() / weights.sum() == pytest.approx(13.5, abs=0.6)
    assert (weights.sum(0) * np.arange(28)).sum() / weights.sum() == pytest.approx(13.5, abs=0.6)
    assert found.max() == 255
    assert found[0].max() == found[:, 0].max() == 0


@pytest.mark.parametrize(
    "changed",
    [
        drawn(shift=(50, -30)),
        255 - drawn(),
        drawn(400, box=(120, 80, 280, 320), width=28),
        np.repeat(drawn(), 3, axis=2),
        np.clip(drawn() * np.linspace(0.55, 1, 200)[None, :, None], 0, 255).astype(np.uint8),
    ],
    ids=["off-centre", "light on dark", "larger", "colour", "uneven light"],
)
def test_place_polarity_size_and_light_do_not_matter(changed):
    assert likeness(mnist_like(drawn()), mnist_like(changed)) > 0.9


def test_specks_are_taken_out_but_strokes_are_not():
    dirty = drawn().copy()
    dirty[5:8, 5:8] = 60
    np.testing.assert_array_equal(mnist_like(dirty), mnist_like(drawn()))
    two = drawn().copy()
    two[40:160, 175:189] = 40
    columns = mnist_like(two)[..., 0].max(0) > 40
    assert np.diff(np.flatnonzero(columns)).max() > 2, "a gap between two pieces"


@pytest.mark.parametrize("value", [0, 128, 255])
def test_an_empty_page_has_no_ink(value):
    with pytest.raises(ValueError, match="no ink"):
        mnist_like(np.full((40, 30, 1), value, np.uint8))


@pytest.mark.data
def test_mnist_itself_changes_little(real_data):
    from paribus.data.load import load_dataset
    from paribus.data.spec import DataSpec

    images = load_dataset(DataSpec.parse({"source": "mnist"})).images[:300]
    found = np.stack([mnist_like(image) for image in images])
    alike = [likeness(a, b) for a, b in zip(images, found, strict=True)]
    assert np.median(alike) > 0.97
    assert np.mean(np.array(alike) > 0.9) > 0.95
