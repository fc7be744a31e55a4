"""Charts and pictures of a run in Python and in notebooks: ``results.plot.claims()``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from paribus.api.folder import write_bytes
from paribus.errors import Problem, StudyError
from paribus.report.figures import (
    Chart,
    charts_of,
    claims_chart_of,
    confusion_charts,
    cost_charts_of,
    diagrams_of,
    factor_charts_of,
    seeds_chart_of,
)
from paribus.report.split_curves import learning_by_split
from paribus.study.shapes import check_shapes

if TYPE_CHECKING:
    from paribus.api.results import Results

__all__ = ["Drawing", "Plots"]


@dataclass(frozen=True)
class Drawing:
    """A drawn chart: shown by notebooks, or saved."""

    title: str
    note: str
    svg: str

    def _repr_svg_(self) -> str:
        """Return what a notebook shows."""
        return self.svg

    def save(self, path: str | Path) -> Path:
        """Write SVG, PDF or PNG, by the ending of the path; return it.

        Raises:
            StudyError: another ending.
            StoreError: the file cannot be written.
        """
        from paribus.api.exporting import FORMATS, converted

        path = Path(path)
        kind = path.suffix.removeprefix(".")
        if kind not in FORMATS:
            rule = f"must end in {', '.join(FORMATS)}"
            raise StudyError(Problem(str(path), rule, repr(path.suffix)))
        write_bytes(path, converted(self.svg, kind))
        return path


@dataclass(frozen=True)
class Plots:
    """The charts of a run; None where there is nothing to draw."""

    results: Results

    def claims(self) -> Drawing | None:
        """Every claim with its interval, the margin and the published value."""
        return _drawing(claims_chart_of(self.results.summary))

    def effects(self) -> Drawing | None:
        """Differences from the baseline."""
        return _drawing(charts_of(self.results.manifest.plan, self.results.summary)[0])

    def seeds(self) -> Drawing | None:
        """Every trial's score by the metric of selection."""
        manifest = self.results.manifest
        return _drawing(seeds_chart_of(manifest.plan, self.results.summary))

    def curves(self) -> list[Drawing]:
        """Accuracy and loss per epoch."""
        found = charts_of(self.results.manifest.plan, self.results.summary)[1]
        return [Drawing(**vars(chart)) for chart in found]

    def factors(self) -> list[Drawing]:
        """A grid and an interaction plot for every pair of factors."""
        found = factor_charts_of(self.results.manifest.plan, self.results.summary)
        return [Drawing(**vars(chart)) for chart in found]

    def costs(self) -> list[Drawing]:
        """Accuracy against parameters, time and training examples."""
        manifest = self.results.manifest
        summaries = check_shapes(manifest.plan, manifest.descriptions)
        plan, summary = manifest.plan, self.results.summary
        found = (*cost_charts_of(plan, summary, summaries), *learning_by_split(plan, summary))
        return [Drawing(**vars(chart)) for chart in found]

    def confusions(self) -> list[Drawing]:
        """Confusion matrices of the selected variant, and where it errs unlike the baseline."""
        from paribus.api.reporting import confusions_of

        found = confusion_charts(*confusions_of(self.results))
        return [Drawing(**vars(chart)) for chart in found.values()]

    def model(self, variant: str | None = None) -> Drawing:
        """A variant's network; by default the baseline's, or the first if the run has none.

        Raises:
            StudyError: the variant is unknown.
        """
        manifest = self.results.manifest
        summaries = check_shapes(manifest.plan, manifest.descriptions)
        name = self.results.variant(variant or manifest.plan.reference).name
        svg = diagrams_of(manifest.plan, summaries, manifest.descriptions)[name]
        return Drawing(name, "", svg)


def _drawing(chart: Chart | None) -> Drawing | None:
    return None if chart is None else Drawing(**vars(chart))
