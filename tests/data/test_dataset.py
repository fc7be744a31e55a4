"""Fingerprints: every pixel, label, name and part of a data set counts."""

import numpy as np

from paribus.data.dataset import make_dataset
from paribus.records import Parts


def test_a_fingerprint_notices_every_pixel_label_name_and_part():
    images, labels = np.zeros((4, 2, 2, 1), np.uint8), np.array([0, 1, 0, 1])

    def fingerprint(i=images, y=labels, names=("a", "b"), **more):
        return make_dataset(i, y, names, where="x", **more).fingerprint

    changed = images.copy()
    changed[3, 1, 1, 0] = 1
    prints = [
        fingerprint(),
        fingerprint(changed),
        fingerprint(y=labels[::-1].copy()),
        fingerprint(names=("a", "c")),
        fingerprint(parts=Parts(3, test=1)),
        fingerprint(parts=Parts(3, validation=1)),
        fingerprint(maximum=1),
    ]
    assert len(set(prints)) == 7
    assert fingerprint() == prints[0]
