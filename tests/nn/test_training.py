"""Constants of training are those of Keras and PyTorch."""

import inspect

import keras
import pytest
import torch

from paribus.nn.training import OPTIMIZERS

# Keras's own conversion of its variables to NumPy raises it.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy")


def constants(name, profile):
    return OPTIMIZERS[name]().resolved(profile)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_keras_constants_are_kerass_own(name):
    own = constants(name, "keras")
    theirs = getattr(keras.optimizers, name)().get_config()
    for field in type(own).model_fields:
        expected = theirs["weight_decay"] or 0.0 if field == "weight_decay" else theirs[field]
        assert getattr(own, field) == pytest.approx(expected), field


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_torch_constants_are_torchs_own(name):
    own = constants(name, "torch")
    signature = inspect.signature(getattr(torch.optim, {"Nadam": "NAdam"}.get(name, name)))
    theirs = {k: p.default for k, p in signature.parameters.items()}
    theirs |= {
        "learning_rate": theirs["lr"],
        "epsilon": theirs.get("eps"),
        "rho": theirs.get("rho", theirs.get("alpha")),
    }
    if "betas" in theirs:
        theirs["beta_1"], theirs["beta_2"] = theirs["betas"]
    for field in type(own).model_fields:
        assert getattr(own, field) == pytest.approx(theirs[field]), field
