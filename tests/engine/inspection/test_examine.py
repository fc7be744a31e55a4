"""What is found out after a trial: contradicted labels, and the counts of classes."""

import numpy as np

from paribus.engine.inspection.examine import class_counts, contradicted
from paribus.records import Predictions
from tests.engine.inspection.handmade import prepared


def test_contradicted_labels_are_ruled_out_by_the_network():
    probabilities = np.array(
        [[0.9, 0.05, 0.05], [0.04, 0.93, 0.03], [0.4, 0.58, 0.02], [0.3, 0.69, 0.01]], np.float32
    )
    found = contradicted(
        Predictions("validation", np.array([7, 8, 9, 10]), np.array([0, 0, 0, 2]), probabilities)
    )
    assert found == ((8, 0, 1), (10, 2, 1))


def test_classes_are_counted_as_the_trial_sees_them():
    _, data = prepared()
    found = class_counts(data)
    assert found["train"] == tuple(int((data.train_labels == k).sum()) for k in range(10))
    assert sum(found["validation"]) == len(data.validation_labels)


def test_of_many_images_a_twentieth_may_be_contradicted():
    sure = np.tile(np.array([[0.01, 0.99]], np.float32), (6000, 1))
    labels = np.zeros(6000, np.int64)
    assert len(contradicted(Predictions("validation", np.arange(6000), labels, sure))) == 300
    few = Predictions("validation", np.arange(1000), labels[:1000], sure[:1000])
    assert len(contradicted(few)) == 200
