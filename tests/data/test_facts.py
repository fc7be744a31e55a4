"""Looking at images finds what was planted: repeated, shared and contradictory ones."""

import numpy as np

from paribus.data.dataset import make_dataset
from paribus.data.facts import data_facts, image_digests
from paribus.data.splits import Split


def test_looking_at_images_finds_what_was_planted():
    images = np.random.default_rng(0).integers(0, 256, (30, 4, 4, 1), dtype=np.uint8)
    labels = np.arange(30) % 3
    images[20] = images[0]  # validation repeats training
    images[25] = images[1]  # test repeats training
    images[2] = images[3]  # training repeats itself
    labels[2], labels[3] = 0, 1
    labels[20], labels[25] = labels[0], labels[1]
    data = make_dataset(images, labels, ("a", "b", "c"), where="x")
    split = Split(np.arange(15), np.arange(15, 23), np.arange(23, 30))
    found = data_facts(data, split, image_digests(data))
    assert found.shared == {"train, validation": 1, "train, test": 1, "validation, test": 0}
    assert found.examples == (20, 25)
    assert (found.repeated, found.contradictory) == (1, 2)
    assert {name: sum(counts) for name, counts in found.class_counts.items()} == {
        "train": 15,
        "validation": 8,
        "test": 7,
    }
