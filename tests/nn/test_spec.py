"""Settings of a model read back to the same model; errors of shape name layer and shapes."""

import pytest

from paribus.nn.shapes import ShapeError
from paribus.nn.spec import ModelSpec
from paribus.nn.summary import model_summary
from tests.nn.frameworks import LABS, POOL, conv, dense, model


@pytest.mark.parametrize(
    ("name", "shape", "layers", "total", "trainable"), LABS, ids=[lab[0] for lab in LABS]
)
def test_settings_read_back_to_the_same_model(name, shape, layers, total, trainable):
    ours = model(*layers)
    assert ModelSpec.parse(ours.to_settings()).resolved() == ours


@pytest.mark.parametrize(
    ("layers", "text"),
    [
        ([dense(3)], "dense_1 (Dense): must get flat inputs (unit,), got (8, 8, 3). Put Flatten or a global pooling layer before it."),
        (["Flatten", POOL], "max_pooling2d_1 (MaxPooling2D): must get images (height, width, channel), got (192,). Put this layer before Flatten and before any Dense layer."),
        ([{"GroupNormalization": {"groups": 2}}], "group_normalization_1 (GroupNormalization): groups must divide the 3 channels that reach it, got 2. Choose a divisor."),
        ([{"Input": {"shape": [9, 9, 1]}}], "input_1 (Input): must be the shape of the data, [8, 8, 3], got [9, 9, 1]. Change it, or leave Input out."),
        ([{"Residual": {"layers": [conv(4, padding="same")]}}], "residual_1 (Residual): both paths must end in one shape; the layers give (8, 8, 4), got (8, 8, 3) from the shortcut. Add a 1x1 Conv2D with the same filters and strides to shortcut."),
    ],
)  # fmt: skip
def test_shape_errors_name_layer_and_shapes(layers, text):
    with pytest.raises(ShapeError) as caught:
        model_summary(model(*layers), (8, 8, 3))
    assert str(caught.value) == text
