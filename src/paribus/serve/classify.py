"""Classification of an uploaded image for the live page."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from paribus.api.own_images.predicting import predict
from paribus.api.results.record import open_results
from paribus.errors import DataError
from paribus.pictures.base.png import png_uri

__all__ = ["classified"]


def classified(
    folder: Path, file: Path, variant: str | None, *, store: str | None = None
) -> Mapping[str, Any]:
    """Classify an image by the networks of a variant.

    Args:
        folder: output folder of a run.
        file: the image file.
        variant: name of the variant; by default the selected one.
        store: URL of the store of its trials; by default the store that is recorded in the folder.

    Returns:
        JSON-able values: label, probabilities, agreement of the networks, notes, and the image as it
        was read and as it was preprocessed, both as data URIs.

    Raises:
        DataError: the file is no readable image, or has no ink where a digit is expected.
        StudyError: the variant is unknown.
        StoreError: no network of the variant is trained yet.
    """
    try:
        (guess,) = predict(open_results(folder, store=store), [file], variant)
    except DataError as error:  # users do not know the temporary file's name
        texts = [f"the image: {item.rule}, got {item.got}." for item in error.problems]
        raise DataError("\n".join(texts) or str(error)) from error
    return {
        "variant": guess.variant,
        "label": guess.label,
        "agreeing": guess.agreeing,
        "networks": guess.networks,
        "probabilities": list(guess.probabilities.items()),
        "notes": list(guess.notes),
        "read": png_uri(guess.seen, max(int(guess.seen.max()), 1)),
        "treated": png_uri(_as_bytes(guess.treated), 255),
    }


def _as_bytes(image: np.ndarray[Any, np.dtype[np.float32]]) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """Scale values linearly so that their range becomes 0 to 255, for display."""
    low, high = float(image.min()), float(image.max())
    return np.round((image - low) * (255 / max(high - low, 1e-12))).astype(np.uint8)
