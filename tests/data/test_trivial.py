"""Trivial features, against scikit-learn's nearest class means."""

import numpy as np
import pytest

from paribus.data.load import load_dataset
from paribus.data.spec import DataSpec
from paribus.data.splits import split_ids


def test_trivial_features_are_the_nearest_class_means_of_scikit_learn():
    from sklearn.neighbors import NearestCentroid

    from paribus.data.trivial import trivial_accuracies

    data = load_dataset(DataSpec.parse({"source": "digits"}))
    split = split_ids(DataSpec.parse({"source": "digits"}).split, data.labels, data.parts)
    found = trivial_accuracies(data, split)
    flat = data.images.reshape(len(data.images), -1).astype(float)
    train, asked = split.train, split.validation
    own = []
    for pixel in range(flat.shape[1]):
        column = flat[:, [pixel]]
        model = (
            NearestCentroid().fit(column[train], data.labels[train])
            if np.ptp(column[train])
            else None
        )
        own.append(-1.0 if model is None else model.score(column[train], data.labels[train]))
    best = [int(np.argmax(own))]
    model = NearestCentroid().fit(flat[train][:, best], data.labels[train])
    assert found["one pixel"] == pytest.approx(
        model.score(flat[asked][:, best], data.labels[asked]), abs=0.01
    )
    mean = flat.mean(1, keepdims=True)
    model = NearestCentroid().fit(mean[train], data.labels[train])
    assert found["mean colour"] == pytest.approx(
        model.score(mean[asked], data.labels[asked]), abs=0.01
    )
    assert max(found.values()) < 0.5
