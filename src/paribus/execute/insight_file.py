"""The file with attribution maps and layer outputs of a network, so that reports need neither torch nor data.

Values are stored as bytes, with the range of each map beside them; 256 levels are enough for display.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from paribus.data.dataset import Dataset
from paribus.data.prepare import some_validation_images
from paribus.data.spec import DataSpec
from paribus.execute.artifacts import (
    read_described,
    read_predictions,
    read_weights_file,
    trial_folder,
    write_arrays,
)
from paribus.execute.sealed import BROKEN, Arrays, damaged
from paribus.nn.registry import LAYERS
from paribus.records import Attributions, LayerOutput, Predictions, Trial

__all__ = [
    "Insight",
    "LayerMaps",
    "layer_maps",
    "most_confident",
    "read_insight",
    "write_insight",
]

FILE = "insight.safetensors"
MOST_IMAGES = 12
"""Largest number of images of each group: the most confident mistakes, and the first validation images."""
MOST_VALUES = 65_536
"""Largest number of values of one layer; all layers of one image have at most ten times as many. If a layer
has more, its first channels are stored, at least one."""
LEVELS = 255

Ids = npt.NDArray[np.int64]
Numbers = npt.NDArray[np.float32]


@dataclass(frozen=True)
class LayerMaps:
    """Output of a layer for one image, or its first channels if all are more than `MOST_VALUES` values."""

    name: str
    type: str
    shape: tuple[int, ...]
    """Shape of the whole output, ``(height, width, channel)`` or ``(unit,)``."""
    values: Numbers
    """``(height, width, channel)`` or ``(unit,)``, the values that were stored."""
    low: float
    high: float


@dataclass(frozen=True)
class Insight:
    """Attributions and layer outputs of one trained network for a few validation images."""

    identity: str
    """Identity of the trial."""
    images: npt.NDArray[np.uint8]
    """``(picture, height, width, channel)``, in the network's input size, with raw pixel values."""
    maximum: int
    ids: Ids
    labels: Ids
    attributions: Attributions
    """Attribution maps, one per picture."""
    first: tuple[int, ...]
    """Positions in ``images`` of the first validation images."""
    mistakes: tuple[int, ...]
    """Positions in ``images`` of the most confident mistakes, in decreasing confidence."""
    layers: dict[int, tuple[LayerMaps, ...]]
    """Position in ``images`` -> layer outputs, for at most one correctly and one wrongly classified image."""
    files: tuple[str, ...] = ()
    """Path of every picture inside the source; empty if examples are not files."""


def most_confident(predictions: Predictions, most: int) -> Ids:
    """Return the positions of wrongly classified images, in decreasing probability of the predicted class.

    Args:
        predictions: predictions of one network.
        most: largest number of positions to return.
    """
    guesses = predictions.probabilities.argmax(1)
    wrong = np.flatnonzero(guesses != predictions.labels)
    confidence = predictions.probabilities[wrong, guesses[wrong]]
    return wrong[np.argsort(-confidence, kind="stable")][:most]


def layer_maps(outputs: Sequence[LayerOutput]) -> tuple[LayerMaps, ...]:
    """Return the outputs to show, without those of layers that pass their input on, such as dropout.

    Args:
        outputs: output of every layer for one image; large ones are cut to their first channels.
    """
    rows = [row for row in outputs if not LAYERS[row.type].passes_on]
    room = min(MOST_VALUES, 10 * MOST_VALUES // max(1, len(rows)))
    found = []
    for row in rows:
        kept = row.values[..., : max(1, room // row.values[..., 0].size)]
        limits = float(kept.min()), float(kept.max())
        found.append(LayerMaps(row.name, row.type, row.values.shape, kept, *limits))
    return tuple(found)


def write_insight(out: Path, trial: Trial, data: Dataset) -> None:
    """Write attribution maps and layer outputs of a trained network; without validation images, write no file.

    Args:
        out: the study's output folder.
        trial: the trained trial.
        data: its data set.

    Raises:
        TrialError: artifacts of the trial are missing or damaged.
        StoreError: the file cannot be written.
    """
    from paribus.engine.inspection.attribution import attributions_of, layer_outputs

    folder = trial_folder(out, trial.identity)
    predictions = read_predictions(folder, "validation")
    if predictions is None or not len(predictions.ids):
        return
    weights, preprocessing = read_weights_file(folder)
    places, groups, looked_into = _chosen(predictions)
    ids, labels = predictions.ids[places], predictions.labels[places]
    images = some_validation_images(data, DataSpec.parse(trial.variant.data), preprocessing, ids)
    found = attributions_of(trial.variant, weights, images, len(data.class_names), labels)
    arrays: Arrays = {
        "images": preprocessing.seen(np.asarray(data.images[ids])),
        "ids": ids,
        "labels": labels,
        "probabilities": found.probabilities,
        **_scaled("guess", found.of_guess),
        **_scaled("truth", found.of_truth),
    }
    layers = {}
    for position in looked_into:
        rows = layer_maps(layer_outputs(trial.variant, weights, images, position))
        layers[position] = _add_layers(arrays, position, rows)
    about = {
        "identity": trial.identity,
        "maximum": data.maximum,
        "method": found.method,
        "layer": found.layer,
        **groups,
        "layers": layers,
        "files": [data.file_names[k] for k in ids.tolist()] if data.file_names else [],
    }
    write_arrays(out / "artifacts" / FILE, arrays, json.dumps(about))


def read_insight(out: Path) -> Insight | None:
    """Read what `write_insight` wrote; None if there is no file.

    Args:
        out: the study's output folder.

    Raises:
        TrialError: the file is damaged.
    """
    path = out / "artifacts" / FILE
    found = read_described(path)
    if found is None:
        return None
    try:
        return _read(found[0], json.loads(found[1]))
    except BROKEN as error:
        rule = "must hold what a network looks at"
        raise damaged(path, "something else", rule=rule) from error


def _read(arrays: Arrays, about: dict[str, Any]) -> Insight:
    places = range(len(arrays["ids"]))
    named = [*about["first"], *about["mistakes"], *map(int, about["layers"])]
    if not set(named).issubset(places) or len(arrays["images"]) != len(places):
        raise ValueError("positions of images that are not there")
    files = tuple(map(str, about.get("files", ())))
    if len(files) not in (0, len(places)):
        raise ValueError("other numbers of images and files")
    return Insight(
        about["identity"],
        arrays["images"],
        about["maximum"],
        arrays["ids"],
        arrays["labels"],
        Attributions(
            about["method"],
            about["layer"],
            arrays["probabilities"],
            _restored("guess", arrays),
            _restored("truth", arrays),
        ),
        tuple(about["first"]),
        tuple(about["mistakes"]),
        {int(at): _layers(arrays, int(at), rows) for at, rows in about["layers"].items()},
        files,
    )


def _chosen(predictions: Predictions) -> tuple[Ids, dict[str, list[int]], list[int]]:
    """Return rows of the predictions, positions of both groups among them, positions for layer outputs."""
    mistakes = most_confident(predictions, MOST_IMAGES)
    first = np.arange(min(MOST_IMAGES, len(predictions.ids)))
    right = np.flatnonzero(predictions.probabilities.argmax(1) == predictions.labels)[:1]
    places = np.unique(np.concatenate([first, mistakes, right]))
    position = {int(place): index for index, place in enumerate(places)}
    groups = {
        "first": [position[int(place)] for place in first],
        "mistakes": [position[int(place)] for place in mistakes],
    }
    return places, groups, [position[int(place)] for place in (*right, *mistakes[:1])]


def _add_layers(
    arrays: Arrays, position: int, rows: Sequence[LayerMaps]
) -> list[tuple[str, str, tuple[int, ...]]]:
    """Add the layers' outputs to ``arrays``; return (name, type, shape) of each layer."""
    for number, row in enumerate(rows):
        arrays |= _scaled(f"layer:{position}:{number}", row.values[None])
    return [(row.name, row.type, row.shape) for row in rows]


def _layers(
    arrays: Arrays, position: int, rows: Sequence[tuple[str, str, Sequence[int]]]
) -> tuple[LayerMaps, ...]:
    found = []
    for number, (name, kind, shape) in enumerate(rows):
        key = f"layer:{position}:{number}"
        low, high = map(float, arrays[f"{key}:range"][0])
        (values,) = _restored(key, arrays)
        found.append(LayerMaps(name, kind, tuple(shape), values, low, high))
    return tuple(found)


def _scaled(name: str, values: npt.NDArray[Any]) -> Arrays:
    """Quantise each row of ``values`` to bytes between its smallest and its largest value."""
    plain = np.nan_to_num(values.astype(np.float32)).astype(np.float64)
    axes = tuple(range(1, plain.ndim))
    low, high = plain.min(axes, keepdims=True), plain.max(axes, keepdims=True)
    steps = np.where(high > low, high - low, 1) / LEVELS
    return {
        name: np.round((plain - low) / steps).astype(np.uint8),
        f"{name}:range": np.stack([low.ravel(), high.ravel()], 1).astype(np.float32),
    }


def _restored(name: str, arrays: Arrays) -> Numbers:
    codes, ranges = arrays[name], arrays[f"{name}:range"].astype(np.float64)
    shape = (-1, *[1] * (codes.ndim - 1))
    low, high = ranges[:, 0].reshape(shape), ranges[:, 1].reshape(shape)
    return np.asarray(low + codes * ((high - low) / LEVELS), np.float32)
