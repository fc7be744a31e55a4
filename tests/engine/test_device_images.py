"""Batches on the device: the same numbers however they are kept."""

import numpy as np
import pytest
import torch

from paribus.data.image_arrays import ImageSet, LookUp
from paribus.engine.device_images import DeviceImages

CPU = torch.device("cpu")


def look_up(channels):
    rng = np.random.default_rng(channels)
    raw = rng.integers(0, 256, (50, 4, 6, channels), dtype=np.uint8)
    ids = np.array([3, 1, 4, 15, 9, 26, 5, 35, 8])
    return LookUp(raw, ids, rng.normal(size=(channels, 256)).astype(np.float32))


@pytest.mark.parametrize("channels", [1, 3])
def test_a_batch_is_the_same_with_and_without_kernels(channels, request):
    source = look_up(channels)
    positions = torch.tensor([8, 0, 0, 3])
    native = DeviceImages(ImageSet(source), CPU).batch(positions)
    request.getfixturevalue("plain_operators")
    plain = DeviceImages(ImageSet(source), CPU).batch(positions)
    floats = DeviceImages(ImageSet(ImageSet(source).array()), CPU).batch(positions)
    rows = source.raw[source.ids[positions.numpy()]]
    expected = np.empty(rows.shape, np.float32)
    for place, value in np.ndenumerate(rows):
        expected[place] = source.table[place[3], value]
    for batch in (native, plain, floats):
        assert batch.shape == (4, channels, 4, 6)
        assert batch.is_contiguous(memory_format=torch.channels_last)
        assert (batch.permute(0, 2, 3, 1).numpy() == expected).all()


def test_raw_images_on_another_device_are_looked_up_there():
    source = look_up(3)
    images = DeviceImages(ImageSet(source), CPU)
    images._look_up = None  # what a GPU does, on the CPU
    images._values = torch.from_numpy(source.raw[source.ids])
    images._table = torch.from_numpy(source.table)
    positions = torch.tensor([2, 7])
    assert torch.equal(
        images.batch(positions), DeviceImages(ImageSet(source), CPU).batch(positions)
    )
    assert len(images) == 9
