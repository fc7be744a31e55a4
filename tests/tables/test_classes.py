"""The table of classes: mean, lowest and highest seed of recall and precision, as scikit-learn has them."""

import numpy as np
import pytest
from sklearn.metrics import precision_recall_fscore_support

from paribus.judge.per_class import per_class
from paribus.records import Predictions
from paribus.tables.classes import table

NAMES = ("cat", "dog")


def test_a_row_has_mean_lowest_and_highest_of_the_seeds():
    draw = np.random.default_rng(1)
    labels = (np.arange(80) % 4 == 0).astype(int)
    seeds = [
        Predictions("test", np.arange(80), labels, draw.dirichlet((1, 1), 80)) for _ in range(3)
    ]
    found = table("test", per_class(seeds, NAMES))
    assert found.name == "classes-test"
    by_seed = np.array(
        [
            precision_recall_fscore_support(labels, seed.probabilities.argmax(1))[:2]
            for seed in seeds
        ]
    )  # (seed, precision and recall, class)
    for k, (name, images, *numbers) in enumerate(found.values):
        assert (name, images) == (NAMES[k], (60, 20)[k])
        for values, measured in zip((numbers[:3], numbers[3:]), by_seed[:, ::-1, k].T, strict=True):
            expected = (measured.mean(), measured.min(), measured.max())
            assert values == pytest.approx(expected)
    recall = found.values[0][2:5]
    mean, low, high = (f"{100 * value:.1f} %" for value in recall)
    assert found.cells[0] == ("cat", "60", f"{mean} [{low}, {high}]", found.cells[0][3])
