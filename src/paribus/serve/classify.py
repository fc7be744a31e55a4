"""One image, classified for the page."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from paribus.api.predicting import predict
from paribus.api.results import open_results
from paribus.errors import DataError
from paribus.report.images import png_uri

__all__ = ["classified"]


def classified(folder: Path, file: Path, variant: str | None) -> Mapping[str, Any]:
    """Return what a variant's networks say about an image, and what they saw of it.

    Args:
        folder: output folder of a run.
        file: the image.
        variant: its name; the selected one by default.

    Raises:
        DataError: the file is no image, or shows nothing.
        StudyError: the variant is unknown.
        StoreError: there is no trained network of it yet.
    """
    try:
        (guess,) = predict(open_results(folder), [file], variant)
    except DataError as error:  # the reader knows the file by no name
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
    """Stretch values of any range to 0 to 255, so that they can be shown."""
    low, high = float(image.min()), float(image.max())
    return np.round((image - low) * (255 / max(high - low, 1e-12))).astype(np.uint8)
