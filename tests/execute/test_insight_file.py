"""What is kept of a network: the surest mistakes, bytes on a scale, no more than a file should hold."""

import numpy as np
import pytest

from paribus.execute import insight_file as insight
from paribus.execute.insight_file import layer_maps, most_confident, read_insight
from paribus.records import LayerOutput, Predictions


def test_the_surest_mistakes_come_first():
    values = np.array([[0.9, 0.1], [0.2, 0.8], [0.3, 0.7], [0.6, 0.4], [0.05, 0.95]], np.float32)
    found = Predictions("validation", np.arange(5), np.array([0, 0, 1, 1, 0]), values)
    assert most_confident(found, 24).tolist() == [4, 1, 3]
    assert most_confident(found, 1).tolist() == [4]


@pytest.mark.parametrize("low", [0.0, -7.0])
def test_bytes_are_as_near_as_bytes_can_be(low):
    values = np.random.default_rng(0).uniform(low, 300, (3, 5, 4)).astype(np.float32)
    values[0] *= 1e-6
    values[1, 0, 0] = low
    values[2] = 4.0
    kept = insight._scaled("x", values)
    assert kept["x"].dtype == np.uint8
    again = insight._restored("x", kept)
    spread = np.ptp(values.reshape(3, -1), axis=1)[:, None, None]
    assert (np.abs(again - values) <= spread / 255 / 2 + 1e-6 * np.abs(values)).all()
    assert again[1, 0, 0] == low, "zero stays zero"
    assert (again[2] == 4).all()


def test_what_is_not_finite_does_not_spread():
    kept = insight._scaled("x", np.array([[np.nan, 1.0, np.inf]]))
    assert np.isfinite(insight._restored("x", kept)).all()


def test_large_layers_are_kept_in_part_and_passing_ones_not_at_all():
    outputs = [
        LayerOutput("in", "Input", np.zeros((256, 256, 3), np.float32)),
        LayerOutput("conv", "Conv2D", np.full((128, 128, 8), 2, np.float32)),
        LayerOutput("huge", "Conv2D", np.zeros((512, 512, 8), np.float32)),
        LayerOutput("flat", "Flatten", np.zeros(131072, np.float32)),
        LayerOutput("out", "Dense", np.array([-1, 3], np.float32)),
    ]
    found = layer_maps(outputs)
    assert [(row.name, row.shape, row.values.shape) for row in found] == [
        ("conv", (128, 128, 8), (128, 128, 4)),
        ("huge", (512, 512, 8), (512, 512, 1)),
        ("out", (2,), (2,)),
    ]
    assert (found[2].low, found[2].high) == (-1, 3)
    deep = layer_maps([outputs[1]] * 40)
    assert sum(row.values.size for row in deep) <= 10 * insight.MOST_VALUES


def test_nothing_was_kept(tmp_path):
    assert read_insight(tmp_path) is None
