"""First steps of every command on a user's own images: choose the variant, open its networks, read the images."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import numpy.typing as npt

from paribus.api.report.gallery import load_gallery
from paribus.api.results.record import Results
from paribus.data.pictures.foreign import ImageStyle, Own, border_brightness, read_foreign
from paribus.data.prepare import FittedPreprocessing
from paribus.errors import Problem, StoreError
from paribus.execute.artifacts import WEIGHTS, read_weights_file, trial_folder
from paribus.execute.sealed import damaged
from paribus.records import StoredTrial, Variant

__all__ = ["chosen_variant", "class_names", "network_of", "read_own", "trained_trials"]

Bytes = npt.NDArray[np.uint8]
Network = tuple[dict[str, npt.NDArray[np.float32]], FittedPreprocessing]


def chosen_variant(results: Results, name: str | None) -> Variant:
    """Return a variant of a run; the selected one (or the baseline) by default.

    Args:
        results: results of the run.
        name: name of the variant.

    Raises:
        StudyError: the name is unknown.
    """
    return results.variant(name, where="--variant")


def class_names(results: Results, variant: Variant) -> tuple[str, ...]:
    """Return the names of the classes, in the order of the networks' outputs.

    Args:
        results: results of the run.
        variant: a variant of the run.
    """
    return results.manifest.descriptions[variant.name].class_names


def read_own(results: Results, files: Sequence[Path], variant: Variant) -> Own:
    """Read images and bring them to size, channels and range of the study's, before its preprocessing.

    Args:
        results: results of the run.
        files: pictures.
        variant: the variant whose data set they have to match.

    Raises:
        DataError: images that cannot be read.
        StoreError: the run has kept no images to go by.
    """
    gallery = load_gallery(results.folder)
    if gallery is None:
        fix = "Let the run come to its end: paribus run does the rest."
        raise StoreError(Problem(str(results.folder), "must hold sample images", "none", fix))
    shape = (
        int(gallery.images.shape[1]),
        int(gallery.images.shape[2]),
        int(gallery.images.shape[3]),
    )
    style = ImageStyle(
        str(variant.data["source"]),
        shape,
        gallery.maximum,
        class_names(results, variant),
        border_brightness(gallery.images, gallery.maximum),
        invert=variant.data.get("own_images") == "match_background",
        background=variant.data.get("background", "white"),
    )
    return read_foreign(files, style)


@contextmanager
def network_of(results: Results, trial: StoredTrial) -> Iterator[Network]:
    """Give access to a trial's trained weights; errors about weights that do not fit are explained.

    Args:
        results: results of the run.
        trial: a stored trial of the run.

    Raises:
        TrialError: its files are missing, damaged, or of another network.
    """
    folder = trial_folder(results.folder, trial.identity)
    found = read_weights_file(folder)
    try:
        yield found
    except (LookupError, ValueError) as error:
        rule = f"must hold the network of {trial.variant}"
        raise damaged(folder / WEIGHTS, str(error).splitlines()[0], rule=rule) from error


def trained_trials(results: Results, variant: Variant) -> list[StoredTrial]:
    """Return finished trials of a variant; refitted ones where there are any.

    Args:
        results: results of the run.
        variant: a variant of the run.

    Raises:
        StoreError: there is none.
    """
    done = [
        trial
        for trial in results.summary.trials
        if trial.variant == variant.name and trial.status == "done"
    ]
    refitted = [trial for trial in done if trial.fit_on != "train"]
    if not done:
        fix = "Run the study to its end first."
        rule = f"must hold a trained network of {variant.name}"
        raise StoreError(Problem(str(results.folder), rule, "none", fix))
    return refitted or done
