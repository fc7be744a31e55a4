"""Layer tables: published numbers of parameters, shapes and counts of Keras."""

import keras
import pytest

from paribus.nn.summary import model_summary
from tests.nn.frameworks import (
    BN,
    LABS,
    OUT,
    POOL,
    PUBLISHED,
    conv,
    dense,
    drop,
    keras_layer,
    model,
)

# Keras's own conversion of its variables to NumPy raises it.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy")


@pytest.mark.parametrize(
    ("name", "shape", "layers", "total", "trainable"), LABS, ids=[lab[0] for lab in LABS]
)
def test_the_labs_parameter_counts_come_out_exactly(name, shape, layers, total, trainable):
    summary = model_summary(model(*layers), shape)
    assert (summary.parameters, summary.trainable_parameters) == (total, trainable)


def test_lab_c_layer_by_layer():
    rows = model_summary(model(*PUBLISHED), (28, 28, 1)).layers
    assert [row.parameters for row in rows if row.parameters] == [156, 2_416, 48_120, 90_804, 850]


@pytest.mark.parametrize(
    "layers",
    [
        [
            conv(32),
            conv(64),
            POOL,
            drop(0.25),
            conv(128),
            POOL,
            "Flatten",
            dense(128),
            drop(0.5),
            OUT,
        ],
        [conv(32), conv(64), POOL, drop(0.25), "Flatten", dense(128), drop(0.5), OUT],
        [
            conv(128),
            conv(64, 5),
            POOL,
            conv(32),
            BN,
            POOL,
            "Flatten",
            dense(128),
            dense(32),
            BN,
            OUT,
        ],
        [
            conv(64),
            POOL,
            conv(32, 5),
            drop(0.25),
            conv(16),
            POOL,
            drop(0.4),
            BN,
            "Flatten",
            dense(64),
            OUT,
        ],
        [conv(64), POOL, conv(32, 5), POOL, drop(0.4), BN, "Flatten", dense(64), OUT],
    ],
)
def test_lab_b_counts_equal_keras(layers):
    ours = model(*layers)
    theirs = keras.Sequential([keras.layers.Input((28, 28, 1)), *map(keras_layer, ours.layers)])
    assert model_summary(ours, (28, 28, 1)).parameters == theirs.count_params()
