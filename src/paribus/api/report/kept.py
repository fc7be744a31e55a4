"""Stored data of a run for its pictures, read from its folder: implements `paribus.pictures.base.kept.Kept`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import numpy as np
import numpy.typing as npt

from paribus.api.report.gallery import FILE as GALLERY
from paribus.api.report.gallery import load_gallery
from paribus.api.report.kept_insight import load_insight
from paribus.execute.artifacts import (
    WEIGHTS,
    Split,
    read_predictions,
    read_weights_file,
    trial_folder,
)
from paribus.execute.insight_file import FILE as INSIGHT
from paribus.execute.insight_file import Insight
from paribus.execute.sealed import BROKEN, damaged
from paribus.pictures.base.kept import Gallery
from paribus.records import Plan, Predictions, StoredTrial

if TYPE_CHECKING:
    from paribus.api.results.record import Results

__all__ = ["KEPT_FILES", "KeptByRun", "first_selected_trial", "first_trials", "gallery_of"]

KEPT_FILES = (f"artifacts/{GALLERY}", f"artifacts/{INSIGHT}")
"""Files of a run's folder that are written for pictures alone."""
Drawn = TypeVar("Drawn")


@dataclass(frozen=True)
class KeptByRun:
    """Stored images, predictions and weights of a run. Images are read once; a damaged file raises `TrialError`."""

    results: Results

    @property
    def plan(self) -> Plan:
        """Plan of the run."""
        plan: Plan = self.results.manifest.plan
        return plan

    @property
    def class_names(self) -> tuple[str, ...]:
        """Class names, in the order of the labels."""
        names: tuple[str, ...] = self.results.class_names
        return names

    @property
    def selected(self) -> str | None:
        """The selected variant; None while none is selected."""
        chosen = self.results.summary.selected
        return None if chosen is None else chosen.variant

    def variant(self, name: str | None) -> str:
        """Return the name of a variant; the selected one, or the plan's reference, by default.

        Raises:
            StudyError: the run has no such variant.
        """
        found: str = self.results.variant(name).name
        return found

    def trial(self) -> StoredTrial | None:
        """Return the selected variant's first finished trial on the training part."""
        return first_selected_trial(self.results)

    def images(self) -> Gallery | None:
        """Return the images, whose labels are classes of the run; None if it has kept none."""
        return self._gallery

    def predictions(self, split: Split) -> Predictions | None:
        """Return the predictions of `trial` for a part of the data; None if it was not scored on it."""
        trial = self.trial()
        return None if trial is None else read_predictions(self._folder(trial), split)

    def predictions_of_variants(self) -> list[Predictions]:
        """Return the predictions of every variant's first network for the validation images."""
        found = [
            read_predictions(self._folder(trial), "validation")
            for trial in first_trials(self.results)
        ]
        return [item for item in found if item is not None]

    def weights(
        self, variant: str, draw: Callable[[Mapping[str, npt.NDArray[np.float32]]], Drawn]
    ) -> Drawn | None:
        """Call ``draw`` with the weights of a variant's first network; return None if none is trained.

        Args:
            variant: name of the variant.
            draw: function of ``"layer/weight"`` -> values; if it raises, the file counts as damaged.
        """
        trial = next(_finished(self.results, variant), None)
        if trial is None:
            return None
        folder = self._folder(trial)
        weights, _ = read_weights_file(folder)
        try:
            return draw(weights)
        except BROKEN as error:
            rule = "must hold the network's kernels"
            raise damaged(folder / WEIGHTS, "others", rule=rule) from error

    def insight(self) -> Insight | None:
        """Return images, layer outputs and attribution maps of `trial`; None if they are not stored."""
        return load_insight(self.results)

    @cached_property
    def _gallery(self) -> Gallery | None:
        return gallery_of(self.results)

    def _folder(self, trial: StoredTrial) -> Path:
        return trial_folder(self.results.folder, trial.identity)


def gallery_of(results: Results) -> Gallery | None:
    """Return the images that the run has kept, with labels that are classes of it; None if it kept none.

    Raises:
        TrialError: the file is damaged.
    """
    found = load_gallery(results.folder)
    if found is not None and found.labels.max(initial=0) >= len(results.class_names):
        path = results.folder / "artifacts" / GALLERY
        raise damaged(path, "labels of others", rule="must show the study's classes")
    return found


def first_selected_trial(results: Results) -> StoredTrial | None:
    """Return the selected variant's first finished trial on the training part."""
    chosen = results.summary.selected
    return None if chosen is None else next(_finished(results, chosen.variant), None)


def first_trials(results: Results) -> list[StoredTrial]:
    """Return every variant's first finished trial on the training part."""
    names = [variant.name for variant in results.manifest.plan.variants]
    found = (next(_finished(results, name), None) for name in names)
    return [trial for trial in found if trial is not None]


def _finished(results: Results, variant: str) -> Iterator[StoredTrial]:
    """Yield a variant's finished trials on the training part."""
    for trial in results.summary.trials:
        if trial.variant == variant and trial.fit_on == "train" and trial.status == "done":
            yield trial
