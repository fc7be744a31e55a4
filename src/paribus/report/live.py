"""State of a run in progress as plain data, and its HTML."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Literal

from paribus.report.html import page_environment
from paribus.writing.escaping import plain

__all__ = [
    "Snapshot",
    "StudyLine",
    "TrialState",
    "render_message",
    "render_progress",
    "render_studies",
    "render_try",
]

State = Literal["running", "stopped", "finished"]


@dataclass(frozen=True)
class TrialState:
    """Progress of one trial on the training images."""

    variant: str
    seed: int
    status: str
    """``pending``, ``running``, ``done``, ``failed`` or ``interrupted``."""
    epoch: int
    epochs: int
    """Number of planned epochs; early stopping can end the trial before."""
    accuracy: float | None
    """Validation accuracy after the latest epoch; training accuracy if there are no validation images."""
    reason: str | None


@dataclass(frozen=True)
class Snapshot:
    """State of a run at one moment."""

    study: str
    state: State
    seeds: tuple[int, ...]
    trials: tuple[TrialState, ...]
    seconds_left: float | None
    """Forecast of the training time left, from the epochs so far; None while unknown."""

    @property
    def done_epochs(self) -> int:
        """Number of epochs that are done or not needed any more."""
        return sum(
            trial.epochs if trial.status in ("done", "failed") else trial.epoch
            for trial in self.trials
        )

    @property
    def total_epochs(self) -> int:
        """Number of planned epochs of all trials."""
        return sum(trial.epochs for trial in self.trials)

    def count(self, status: str) -> int:
        """Return the number of trials with a status."""
        return sum(trial.status == status for trial in self.trials)

    @property
    def rows(self) -> tuple[tuple[str, tuple[TrialState | None, ...]], ...]:
        """Return variant -> its trials by seed; None for a seed that is not planned."""
        names = dict.fromkeys(trial.variant for trial in self.trials)
        found = {(trial.variant, trial.seed): trial for trial in self.trials}
        return tuple(
            (name, tuple(found.get((name, seed)) for seed in self.seeds)) for name in names
        )

    @property
    def sentence(self) -> str:
        """Return one line about the progress of the run."""
        done, total = self.count("done"), len(self.trials)
        parts = [f"{done} of {total} trials done"]
        for status in ("running", "interrupted", "failed"):
            if self.count(status):
                parts.append(f"{self.count(status)} {status}")
        text = ", ".join(parts)
        if self.state == "running" and self.done_epochs < self.total_epochs:
            left = "" if self.seconds_left is None else f", about {_left(self.seconds_left)} left"
            share = 100 * self.done_epochs // max(1, self.total_epochs)
            return f"Running: {text}; {share} % of all epochs{left}."
        if self.state == "running":
            return f"Running: {text}; refitting, testing and writing the report."
        return f"{self.state.capitalize()}: {text}."


@dataclass(frozen=True)
class StudyLine:
    """One study in a list of several."""

    address: str
    folder: str
    study: str
    question: str
    said: str
    """The study's answer so far, or the problem of its folder."""
    snapshot: Snapshot | None


def render_progress(snapshot: Snapshot, *, controls: str = "") -> str:
    """Return the progress of a run as HTML.

    Args:
        snapshot: state of the run.
        controls: button to show: ``stop``, ``resume``, or empty for none.
    """
    template = page_environment().get_template("live.html.j2")
    return template.render(snapshot=snapshot, controls=controls)


def render_message(text: str) -> str:
    """Return a sentence as HTML, where there is no progress to show."""
    return f"<p><strong>{escape(plain(text))}</strong></p>"


def render_studies(lines: Sequence[StudyLine]) -> str:
    """Return a list of studies as HTML."""
    return page_environment().get_template("studies.html.j2").render(lines=lines)


def render_try(variants: Sequence[str], *, drawn: bool) -> str:
    """Return the panel that classifies an image of one's own.

    Args:
        variants: names.
        drawn: whether the study's images are drawn digits, so that one can be drawn here.
    """
    return page_environment().get_template("try.html.j2").render(variants=variants, drawn=drawn)


def _left(seconds: float) -> str:
    """Return a duration in the unit that fits.

    Example:
        >>> _left(8), _left(200), _left(9000)
        ('10 s', '3 min', '2.5 h')
    """
    if seconds < 90:
        return f"{max(10, 10 * round(seconds / 10))} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
