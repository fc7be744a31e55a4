"""Explanation of one of the user's own images: attributions and activations of one trained network."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from paribus.api.own_images.asked import (
    chosen_variant,
    class_names,
    network_of,
    read_own,
    trained_trials,
)
from paribus.api.results.record import Results
from paribus.durable import write_bytes
from paribus.execute.insight_file import LayerMaps, layer_maps
from paribus.pictures.base.explained_sheet import explained_sheet
from paribus.records import Attributions

__all__ = ["Explanation", "explain", "write_explanation"]


@dataclass(frozen=True)
class Explanation:
    """Class, attributions and activations of one image in one network."""

    file: Path
    variant: str
    seed: int
    label: str
    """The most probable class."""
    probabilities: Mapping[str, float]
    seen: npt.NDArray[np.uint8]
    """``(height, width, channel)``: the image in the size of the network's input."""
    maximum: int
    """The largest value of its pixels."""
    attributions: Attributions
    """Attributions of the image: how much each pixel speaks for that class."""
    layers: tuple[LayerMaps, ...]
    notes: tuple[str, ...] = ()
    """Changes made to the image, and warnings about it."""


def explain(results: Results, file: Path, variant: str | None = None) -> Explanation:
    """Classify an image by the first network of a variant, and compute attributions and activations.

    Args:
        results: results of a run.
        file: a PNG or JPEG image of something the study knows.
        variant: its name; the selected one (or the baseline) by default.

    Raises:
        DataError: the image cannot be read.
        StudyError: the variant is unknown.
        StoreError: the run has no trained network of it.
    """
    from paribus.engine.inspection.attribution import attributions_of, layer_outputs

    chosen = chosen_variant(results, variant)
    own, names = read_own(results, [file], chosen), class_names(results, chosen)
    raw = own.images
    trial = trained_trials(results, chosen)[0]
    with network_of(results, trial) as (weights, preprocessing):
        images = preprocessing.images(raw, np.arange(1))
        found = attributions_of(chosen, weights, images, len(names))
        layers = layer_maps(layer_outputs(chosen, weights, images))
    (values,) = found.probabilities
    return Explanation(
        file,
        chosen.name,
        trial.seed,
        names[int(values.argmax())],
        {name: float(value) for name, value in zip(names, values, strict=True)},
        preprocessing.seen(raw)[0],
        preprocessing.maximum,
        found,
        layers,
        own.notes[0],
    )


def write_explanation(path: Path, found: Explanation) -> None:
    """Write the image, what in it speaks for the class, and every layer's output as one PNG.

    Raises:
        StoreError: the file cannot be written.
    """
    title = f"{found.label} ({found.probabilities[found.label]:.1%}): {found.variant}, seed {found.seed}"
    sheet = explained_sheet(title, found.seen, found.maximum, found.attributions, found.layers)
    write_bytes(path, sheet)
