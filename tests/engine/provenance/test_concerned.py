"""Whom the changes of version 4 concern, and that all others keep their identities."""

import pytest

from paribus.engine.provenance.version import engine_version
from paribus.study.expand import expand
from paribus.study.identity import make_trial
from paribus.study.load import study_from_mapping

DENSE = {"Dense": {"units": 10, "activation": "softmax"}}
CONV = {"Conv2D": {"filters": 4, "kernel_size": 3, "activation": "relu"}}


def version(*layers, defaults="keras", source="mnist", data=None, **train):
    study = {
        "study": "g",
        "data": {"source": source, "preprocess": ["scale"], **(data or {})},
        "model": {"defaults": defaults, "layers": [*layers, DENSE]},
        "train": {"optimizer": "Adam", "epochs": 1, "batch_size": 32, **train},
    }
    return engine_version(expand(study_from_mapping(study)).variants[0])


def pool(size):
    return {"MaxPooling2D": {"pool_size": size}}


@pytest.mark.parametrize(
    ("layers", "expected"),
    [
        ([CONV, pool(26)], 4),
        ([CONV, pool(16)], 4),
        ([CONV, pool([15, 17])], 3),
        ([CONV, pool(2)], 3),
        ([CONV, {"Conv2D": {"filters": 2, "kernel_size": 1}}, "ReLU", pool(24)], 3),
        (["Flatten"], 3),
    ],
)
def test_wide_pools_behind_the_first_convolution(layers, expected):
    assert version(*layers, *([] if "Flatten" in layers else ["Flatten"])) == expected


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"kernel_size": 1, "strides": 2}, 4),
        ({"kernel_size": 1}, 3),
        ({"kernel_size": 3, "strides": 2}, 3),
        ({"kernel_size": 3, "strides": [1, 2]}, 4),
        ({"kernel_size": 3, "strides": [2, 1]}, 3),
    ],
)
def test_strides(arguments, expected):
    layer = {"Conv2D": {"filters": 4, **arguments}}
    assert version(layer, "Flatten") == expected
    inside = {"Residual": {"layers": [CONV], "shortcut": [layer, CONV]}}
    if arguments.get("strides") is None:
        return
    assert version({"Repeat": {"times": 1, "layers": [layer]}}, "Flatten") == expected
    assert engine_version_of_nested(inside) == expected


def engine_version_of_nested(layer):
    from paribus.engine.provenance.concerned import strides_where_torch_fails
    from paribus.nn.spec import ModelSpec
    from paribus.records import Variant

    model = ModelSpec.parse({"layers": [layer]}).resolved().to_settings(seldom=False)
    return 4 if strides_where_torch_fails(Variant("v", {}, {}, model, {})) else 3


@pytest.mark.parametrize(
    ("optimizer", "expected"),
    [
        ({"Adam": {"beta_1": 0.5}}, 4),
        ({"AdamW": {"beta_1": 0.0}}, 4),
        ({"Adam": {"beta_1": 0.51}}, 3),
        ({"Nadam": {"beta_1": 0.1}}, 3),
        ({"SGD": {"momentum": 0.1}}, 3),
    ],
)
def test_small_betas(optimizer, expected):
    assert version("Flatten", optimizer=optimizer) == expected
    assert version("Flatten", optimizer=optimizer, backend="numpy") == 3


@pytest.mark.parametrize(
    ("layer", "defaults", "expected"),
    [
        ({"DepthwiseConv2D": {"kernel_size": 3}}, "torch", 3),
        ({"DepthwiseConv2D": {"kernel_size": 3, "kernel_initializer": "he_normal"}}, "torch", 4),
        ({"DepthwiseConv2D": {"kernel_size": 3, "kernel_initializer": "he_normal"}}, "keras", 3),
        (
            {
                "SeparableConv2D": {
                    "filters": 2,
                    "kernel_size": 3,
                    "depthwise_initializer": "he_normal",
                }
            },
            "torch",
            4,
        ),
        ({"SeparableConv2D": {"filters": 2, "kernel_size": 3}}, "torch", 3),
    ],
)
def test_fans_of_groups(layer, defaults, expected):
    assert version(layer, "Flatten", defaults=defaults) == expected


@pytest.mark.parametrize(
    ("layers", "more", "expected"),
    [
        (["Flatten", "BatchNormalization"], {}, 3),  # 48,000 and 60,000 examples in batches of 32
        (["Flatten", "BatchNormalization"], {"batch_size": 1}, 4),
        (["Flatten", "BatchNormalization"], {"batch_size": 47999}, 4),
        (["Flatten", "BatchNormalization"], {"batch_size": 59999}, 4),
        (["Flatten", "BatchNormalization"], {"batch_size": 47999, "last_batch": "drop"}, 3),
        (["Flatten", "BatchNormalization"], {"batch_size": 47999, "steps_per_epoch": 3}, 3),
        ([CONV, "BatchNormalization", "Flatten"], {"batch_size": 1}, 3),
        ([CONV, "GlobalAveragePooling2D", "BatchNormalization"], {"batch_size": 1}, 4),
        ([CONV, pool(26), "BatchNormalization", "Flatten"], {"batch_size": 1}, 4),
        (["Flatten", "LayerNormalization"], {"batch_size": 1}, 3),
    ],
)
def test_batch_normalisation_of_single_values(layers, more, expected):
    assert version(*layers, **more) == expected


def test_of_data_that_are_not_known_a_last_batch_of_one_is_feared(tmp_path):
    layers = ["Flatten", "BatchNormalization"]
    assert version(*layers, source=str(tmp_path)) == 4
    assert version(*layers, source=str(tmp_path), last_batch="drop") == 3
    assert version(*layers, data={"train_size": 65}) == 4
    assert version(*layers, data={"train_size": 64}) == 3


def test_leaky_relu_keeps_its_identity_in_kerass_profile_only():
    def identity(defaults):
        study = {
            "study": "g",
            "data": {"source": "digits", "preprocess": ["scale"]},
            "model": {"defaults": defaults, "layers": ["Flatten", {"Dense": {"units": 3, "activation": "leaky_relu"}}, DENSE]},
            "train": {"optimizer": "SGD", "epochs": 1, "batch_size": 32},
        }  # fmt: skip
        variant = expand(study_from_mapping(study)).variants[0]
        assert ("negative_slope" in variant.model["layers"][1]["Dense"]) == (defaults == "torch")
        return make_trial(variant, 0, "train", data_fingerprint="f", engine_version=engine_version(variant)).identity  # fmt: skip

    assert identity("keras") == KERAS_BEFORE
    assert identity("torch") != TORCH_BEFORE


KERAS_BEFORE = "b0c2c19c891ad673eb8f5b647fea13bee315c56db0d94e427e42618c2de7567d"
TORCH_BEFORE = "9ae5cef86bc539e2ae23f7a491b2ef25a13c612b8af4389f3dd8edf56c20c946"
