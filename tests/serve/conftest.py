"""A small finished run that every test of the server may read, and one whose names are hostile."""

import pytest

import paribus
from paribus.api.run.running import RunOptions

STUDY = {
    "study": "small",
    "question": "Does width matter?",
    "data": {"source": "digits", "split": {"train": 0.3, "validation": 0.2, "test": 0.5}},
    "model": {
        "layers": [
            {"Conv2D": {"name": "conv", "filters": 4, "kernel_size": 3, "activation": "relu"}},
            "Flatten",
            {"Dense": {"name": "hidden", "units": 16, "activation": "relu"}},
            {"Dense": {"name": "output", "units": 10, "activation": "softmax"}},
        ]
    },
    "train": {"optimizer": {"Adam": {"learning_rate": 0.01}}, "epochs": 3, "batch_size": 32},
    "seeds": 2,
    "factors": {"width": {"narrow": None, "wide": {"set": {"model.hidden.units": 64}}}},
    "claims": [{"id": "wide", "says": "wide > narrow on val_accuracy", "margin": 0.01}],
}


@pytest.fixture(scope="session")
def finished(tmp_path_factory):
    """A folder with one finished run in it."""
    root = tmp_path_factory.mktemp("served")
    paribus.from_mapping(STUDY).run(root / "small", options=RunOptions(jobs=1))
    return root


@pytest.fixture
def study_file(tmp_path):
    """A study file that takes long enough to be stopped."""
    from ruamel.yaml import YAML

    long = {**STUDY, "study": "long", "train": {**STUDY["train"], "epochs": 60}, "seeds": 40}
    path = tmp_path / "long.yaml"
    with path.open("w") as file:
        YAML(typ="safe").dump(long, file)
    return path
