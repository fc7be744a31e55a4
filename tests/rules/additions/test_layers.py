"""A layer is four files of one name."""

import copy

import numpy as np
import pytest

from docs import generate
from paribus import reference
from paribus.charts import networks
from paribus.engine.inspection.gradcheck import check_gradients
from paribus.engine.run_reference import run_reference_trial
from paribus.errors import StudyError
from paribus.nn import layers, modules, stacked
from paribus.nn.spec import ModelSpec
from paribus.nn.summary import model_summary
from tests.engine.groups import alone, assert_close, data_of, study, together, trials_of

pytestmark = pytest.mark.slow


LAYER = '''
from typing import ClassVar

from paribus.nn.layer import Layer, WeightSpec


class Scale2(Layer):
    """x * 2 + offset, one offset a channel; they begin with 1."""

    family: ClassVar[str] = "scale_of_a_plug_in"

    def weights(self, shape):
        return (WeightSpec("offset", (shape[-1],), "ones"),)
'''
MODULE = """
from torch import nn

from paribus.nn.layers.scale_of_a_plug_in import Scale2
from paribus.nn.modules.form import module_of


class Scaled(nn.Module):
    def forward(self, x):
        return x * 2 + self.offset.view(1, -1, *[1] * (x.dim() - 2))


@module_of.form(Scale2)
def _scale2(layer, shape):
    return Scaled()
"""
STACKED = """
from paribus.nn.layers.scale_of_a_plug_in import Scale2
from paribus.nn.stacked.form import StackedModule, stacked_of


class StackedScaled(StackedModule):
    def forward(self, x):
        return (self.split(x) * 2 + self.per_channel(x, "offset")).flatten(0, 1)


@stacked_of.form(Scale2)
def _scale2(layer, members, way):
    return StackedScaled(members)
"""
REFERENCE = """
from paribus.nn.layers.scale_of_a_plug_in import Scale2
from paribus.reference.layer import ReferenceLayer, reference_of


class Scaled(ReferenceLayer):
    def forward(self, x, *, training):
        return x * 2 + self.weights["offset"]

    def backward(self, dy):
        self.gradients["offset"] = dy.sum(tuple(range(dy.ndim - 1)))
        return dy * 2


@reference_of.form(Scale2)
def _scale2(layer, given):
    return Scaled(given.name, given.weights)
"""
SCALED = study([{"Conv2D": {"filters": 3, "kernel_size": 3}}, "Scale2", "Flatten"])


@pytest.fixture
def scale2(plug):
    for package, text in (
        (layers, LAYER),
        (modules, MODULE),
        (stacked, STACKED),
        (reference, REFERENCE),
    ):
        plug(package, "scale_of_a_plug_in", text)


def test_a_layer_is_four_files_of_one_name_and_trains(scale2):
    trials = trials_of(copy.deepcopy(SCALED))
    data = data_of(trials)
    singly, grouped = alone(trials, data), together(trials, data)
    for one, other in zip(singly, grouped, strict=True):
        assert one[0].status == "done"
        assert one[0].weights["scale2_1/offset"].std() > 0
        assert_close(one, other)
    records = []
    by_hand = run_reference_trial(trials[0], data, emit=records.append)
    for name, value in singly[0][0].weights.items():
        np.testing.assert_allclose(by_hand.weights[name], value, rtol=0.01, atol=1e-4)


def test_gradients_of_an_added_layer_are_checked(scale2):
    (trial, _) = trials_of(copy.deepcopy(SCALED))
    draw = np.random.default_rng(0)
    images, labels = draw.normal(0, 1, (6, 8, 8, 1)).astype(np.float32), draw.integers(0, 10, 6)
    rows = {row.name: row for row in check_gradients(trial.variant, images, labels)}
    assert "scale2_1/offset" in rows
    assert all(max(row.autograd_error, row.nudge_error) < 1e-6 for row in rows.values())


def test_an_added_layer_is_drawn_and_described(scale2):
    (trial, _) = trials_of(copy.deepcopy(SCALED))
    summary = model_summary(ModelSpec.parse(trial.variant.model), (8, 8, 1))
    drawn = networks.draw(networks.points(summary, (8, 8, 1), summary))
    assert "scale2_1" in drawn
    assert ">Scale2<" in drawn
    assert "### Scale2\n\nx * 2 + offset, one offset a channel; they begin with 1.\n\n- `name`" in (
        generate.study_file_page()
    )


def test_a_layer_whose_files_go_is_unknown_again(scale2, monkeypatch):
    assert len(trials_of(copy.deepcopy(SCALED))) == 2
    monkeypatch.undo()
    with pytest.raises(StudyError, match="must name a layer, got 'Scale2'"):
        trials_of(copy.deepcopy(SCALED))
    assert "Scale2" not in generate.study_file_page()
