"""Class probabilities of a trained network for any images."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import torch

from paribus.data.image_arrays import ImageSet
from paribus.engine.device_images import DeviceImages
from paribus.engine.evaluate import EVALUATION_BATCH, Scorer
from paribus.nn.build import build_network, load_weights
from paribus.nn.spec import ModelSpec
from paribus.nn.training import TrainSpec
from paribus.records import Variant

__all__ = ["predict_images"]


def predict_images(
    variant: Variant,
    weights: Mapping[str, npt.NDArray[np.float32]],
    images: ImageSet,
    num_classes: int,
) -> npt.NDArray[np.float32]:
    """Return class probabilities ``(example, class)``, in evaluation mode on the CPU.

    Args:
        variant: the resolved variant.
        weights: weights of one of its trials.
        images: images, preprocessed as in that trial.
        num_classes: number of classes of the study's data.
    """
    model = ModelSpec.parse(variant.model)
    network = build_network(model, images.image_shape)
    load_weights(network, weights)
    network.eval()
    train = TrainSpec.parse(variant.train, model.defaults)
    scorer = Scorer.of(train, network.final_activation, num_classes)
    source = DeviceImages(images, torch.device("cpu"))
    found = []
    with torch.inference_mode():
        for positions in torch.split(torch.arange(len(images)), EVALUATION_BATCH):
            raw = scorer.raw(network, source.batch(positions))
            found.append(network.probabilities(raw).numpy())
    return np.concatenate(found)
