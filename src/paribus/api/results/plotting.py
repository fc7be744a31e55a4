"""Charts and pictures of a run in Python and in notebooks: ``results.plot.claims()``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from paribus.api.report.reporting import shown_study
from paribus.api.results.damage import Damage
from paribus.charts import all_charts, charts_of
from paribus.charts.base.conversion import FORMATS, converted
from paribus.durable import write_bytes
from paribus.errors import Problem, StudyError, did_you_mean

if TYPE_CHECKING:
    from paribus.api.results.record import Results

__all__ = ["Drawing", "Plots"]


@dataclass(frozen=True)
class Drawing:
    """A drawn chart; notebooks show it, `save` writes it as SVG, PDF or PNG."""

    title: str
    note: str
    svg: str

    def _repr_svg_(self) -> str:
        """Return the SVG that a notebook shows."""
        return self.svg

    def save(self, path: str | Path) -> Path:
        """Write SVG, PDF or PNG, by the ending of the path; return it.

        Raises:
            StudyError: another ending.
            StoreError: the file cannot be written.
        """
        path = Path(path)
        kind = path.suffix.removeprefix(".")
        if kind not in FORMATS:
            rule = f"must end in {', '.join(FORMATS)}"
            raise StudyError(Problem(str(path), rule, repr(path.suffix)))
        write_bytes(path, converted(self.svg, kind))
        return path


@dataclass(frozen=True)
class Plots:
    """The charts of a run, one method for each name of `paribus.charts`: ``claims()``, ``curves()`` ...

    A name of single charts returns a drawing, or None where there is nothing to draw; the others return
    a list. Every method takes ``subject``, which picks one of several: a split, a variant, a quantity.
    """

    results: Results

    def __dir__(self) -> list[str]:
        """Return the names that notebooks offer for completion."""
        return sorted({*object.__dir__(self), *(file.entry.plot for file in all_charts())})

    def __getattr__(self, name: str) -> Callable[..., Any]:
        """Return the method that draws the charts of a name.

        Raises:
            AttributeError: there are no such charts.
        """
        files = [file for file in all_charts() if file.entry.plot == name]
        if not files:
            known = dict.fromkeys(file.entry.plot for file in all_charts())
            raise AttributeError(f"no charts are called {name!r}. {did_you_mean(name, known)}")

        def draw(subject: str | None = None) -> Any:
            study = shown_study(self.results, Damage(self.results.folder))
            found = [
                Drawing(chart.title, chart.note, chart.svg)
                for _, chart in charts_of(study, files)
                if subject in (None, chart.subject)
            ]
            if files[0].entry.many:
                return found
            return found[0] if found else None

        draw.__doc__ = "\n".join(file.entry.says for file in files)
        return draw

    def model(self, variant: str | None = None) -> Drawing:
        """Draw a variant's network; by default the baseline's, or the first if the run has none.

        Raises:
            StudyError: the variant is unknown.
        """
        name = self.results.variant(variant or self.results.manifest.plan.reference).name
        found: list[Drawing] = self.networks(name)
        return found[0]
