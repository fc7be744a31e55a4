"""Activations and attributions of the selected network, as stored by a run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from paribus.errors import TrialError
from paribus.execute.insight_file import Insight, read_insight

if TYPE_CHECKING:
    from paribus.api.results.record import Results

__all__ = ["Insight", "kept_identity", "load_insight"]


def load_insight(results: Results) -> Insight | None:
    """Return images, activations and attributions of the selected variant's first network.

    None if the run has kept none: it selected nothing, an older version made it, or another variant
    has been selected since. Running the study again adds them without training anything.

    Args:
        results: results of a run.

    Raises:
        TrialError: the file is damaged.

    Example: ``load_insight(results).attributions.of_guess[0]`` is an array ``(height, width)``.
    """
    found = read_insight(results.folder)
    chosen = results.summary.selected
    if found is None or chosen is None:
        return None
    own = {trial.identity for trial in results.summary.trials if trial.variant == chosen.variant}
    return found if found.identity in own else None


def kept_identity(out: Path) -> str | None:
    """Return the identity of the trial that was looked into; None if none was, or the file is damaged.

    Args:
        out: output folder.
    """
    try:
        found = read_insight(out)
    except TrialError:
        return None
    return None if found is None else found.identity
