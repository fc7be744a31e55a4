"""Weights and gradients that optimizers of ours and of the frameworks get."""

from paribus.nn.training import TrainSpec


def spec(optimizer="SGD", profile="keras", **more):
    return TrainSpec.parse({"optimizer": optimizer, "epochs": 1, "batch_size": 1, **more}, profile)
