"""A variant as a diff of the baseline: a line per difference, none where there is none."""

import copy

import pytest

from paribus.study.changes import changed_aspects, settings_changes

BASE = {
    "model": {
        "defaults": "keras",
        "layers": [
            {"Conv2D": {"name": "conv", "filters": 4, "kernel_regularizer": None}},
            {"Residual": {"name": "block", "layers": [{"Dense": {"name": "inner", "units": 3}}]}},
            {"Dense": {"name": "out", "units": 10}},
        ],
    },
    "data": {"source": "digits", "preprocess": ["scale"], "train_size": None},
    "train": {"optimizer": {"SGD": {"learning_rate": 0.1}}, "epochs": 5},
}


def edited(edit):
    other = copy.deepcopy(BASE)
    edit(other)
    return settings_changes(copy.deepcopy(BASE), copy.deepcopy(other)), changed_aspects(BASE, other)


EDITS = {
    "a setting": (
        lambda s: s["train"].update(epochs=20), ("train.epochs: 5 -> 20",), {"epochs"},
    ),
    "a missing value": (
        lambda s: s["data"].update(train_size=50), ("data.train_size: none -> 50",), {"data"},
    ),
    "an emptied list": (
        lambda s: s["data"].update(preprocess=[]), ("data.preprocess: scale -> none",), {"data"},
    ),
    "another optimizer": (
        lambda s: s["train"].update(optimizer={"Adam": {"learning_rate": 0.1, "amsgrad": False}}),
        ("train.optimizer: SGD(learning_rate 0.1) -> Adam(learning_rate 0.1)",),
        {"optimizer"},
    ),
    "an argument of a layer": (
        lambda s: s["model"]["layers"][0]["Conv2D"].update(kernel_regularizer={"l2": 0.01}),
        ("conv.kernel_regularizer: none -> l2 0.01",),
        {"layers"},
    ),
    "a layer within a block": (
        lambda s: s["model"]["layers"][1]["Residual"]["layers"][0]["Dense"].update(units=7),
        ("inner.units: 3 -> 7",),
        {"layers"},
    ),
    "an inserted layer": (
        lambda s: s["model"]["layers"].insert(1, {"Flatten": {"name": "flat"}}),
        ("+ Flatten flat after conv",),
        {"layers"},
    ),
    "a layer in the first place": (
        lambda s: s["model"]["layers"].insert(0, {"Flatten": {"name": "flat"}}),
        ("+ Flatten flat after the input",),
        {"layers"},
    ),
    "a removed layer": (lambda s: s["model"]["layers"].pop(0), ("- Conv2D conv",), {"layers"}),
    "another kind of layer": (
        lambda s: s["model"]["layers"].__setitem__(0, {"Dense": {"name": "conv", "units": 4}}),
        ("conv: Conv2D -> Dense",),
        {"layers"},
    ),
    "another order": (
        lambda s: s["model"]["layers"].reverse(), ("layers stand in another order",), {"layers"},
    ),
    "another profile": (
        lambda s: s["model"].update(defaults="torch"),
        ("model.defaults: keras -> torch",),
        {"layers"},
    ),
    "nothing": (lambda s: None, (), set()),
}  # fmt: skip


@pytest.mark.parametrize("name", EDITS)
def test_an_edit_is_said_in_one_line(name):
    edit, lines, aspects = EDITS[name]
    assert edited(edit) == (lines, aspects)
