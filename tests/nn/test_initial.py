"""An inserted layer moves no other initial weight."""

from hypothesis import given, settings
from hypothesis import strategies as st

from paribus.nn.initial import initial_weights
from tests.nn.frameworks import drop, model


@settings(max_examples=20, deadline=None)
@given(
    st.integers(0, 4),
    st.sampled_from(["BatchNormalization", drop(0.5), {"Activation": {"activation": "tanh"}}]),
)
def test_an_inserted_layer_moves_no_other_initial_weight(position, extra):
    layers = [
        {"Conv2D": {"name": "a", "filters": 2, "kernel_size": 3}},
        {"MaxPooling2D": {"name": "b"}},
        {"Conv2D": {"name": "c", "filters": 3, "kernel_size": 1}},
        {"Flatten": {"name": "d"}},
        {"Dense": {"name": "e", "units": 4}},
    ]
    base = initial_weights(model(*layers), (8, 8, 1), 7)
    edited = initial_weights(model(*layers[:position], extra, *layers[position:]), (8, 8, 1), 7)
    for name, values in base.items():
        assert (edited[name] == values).all()
