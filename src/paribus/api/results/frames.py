"""Tables of the report as pandas data frames: settings tried, layers, confusion matrices."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from paribus.api.report.reporting import selected_predictions, shown_study
from paribus.api.results.damage import Damage
from paribus.errors import did_you_mean
from paribus.execute.artifacts import Split
from paribus.judge.confusion import confusion
from paribus.study.shapes import check_shapes
from paribus.tables import all_tables
from paribus.tables.settings import tried_table

if TYPE_CHECKING:
    import pandas as pd

    from paribus.api.results.record import Results

__all__ = ["Tables"]


@dataclass(frozen=True)
class Tables:
    """The tables of a run, one method for each file of `paribus.tables`: ``claims()``, ``trials()`` ...

    Each returns a data frame of plain numbers, or None where there is nothing to show. Where a file has
    several tables, ``which`` picks one by its name.
    """

    results: Results

    def __dir__(self) -> list[str]:
        """Return the names that notebooks offer for completion."""
        return sorted({*object.__dir__(self), *(file.name for file in all_tables())})

    def __getattr__(self, name: str) -> Callable[..., pd.DataFrame | None]:
        """Return the method that gives the table of a name.

        Raises:
            AttributeError: there is no such table.
        """
        file = next((file for file in all_tables() if file.name == name), None)
        if file is None:
            known = [item.name for item in all_tables()]
            raise AttributeError(f"no table is called {name!r}. {did_you_mean(name, known)}")

        def table(which: str | None = None) -> pd.DataFrame | None:
            import pandas as pd

            study = shown_study(self.results, Damage(self.results.folder))
            found = [item for item in file.tables(study) if which in (None, item.name)]
            if not found:
                return None
            return pd.DataFrame(found[0].values, columns=list(found[0].columns))

        table.__doc__ = file.entry.says
        return table

    def settings(self) -> pd.DataFrame:
        """Return settings and scores of every variant, one row each, as texts."""
        import pandas as pd

        manifest = self.results.manifest
        table = tried_table(manifest.plan, self.results.summary, manifest.descriptions)
        return pd.DataFrame(
            [(*settings, *scores) for _, settings, scores in table.rows],
            index=pd.Index([name for name, _, _ in table.rows], name="variant"),
            columns=[*table.settings, *table.scores],
        )

    def layers(self, variant: str | None = None) -> pd.DataFrame:
        """Return a network layer by layer: type, output, parameters and how many of them are trained.

        Args:
            variant: name of a variant of the run; the plan's reference by default.

        Raises:
            StudyError: the variant is unknown.
        """
        import pandas as pd

        manifest = self.results.manifest
        summaries = check_shapes(manifest.plan, manifest.descriptions)
        name = self.results.variant(variant or manifest.plan.reference).name
        return pd.DataFrame(
            {
                "layer": row.name,
                "type": row.type,
                "output": " x ".join(map(str, row.output_shape)),
                "parameters": row.parameters,
                "trainable": row.trainable_parameters,
            }
            for row in summaries[name].layers
        ).set_index("layer")

    def confusion(self, split: Split = "test", *, normalised: bool = False) -> pd.DataFrame | None:
        """Return the selected variant's confusion matrix, all seeds pooled; rows are the truth.

        Args:
            split: ``validation`` or ``test``.
            normalised: shares of the true class instead of counts.

        Returns:
            None without a selected variant, or if the test set was not opened.
        """
        import pandas as pd

        names = self.results.class_names
        matrix = confusion(selected_predictions(self.results).get(split, []), names)
        if matrix is None:
            return None
        cells = matrix.shares if normalised else matrix.counts
        return pd.DataFrame(
            cells, index=pd.Index(names, name="truth"), columns=pd.Index(names, name="said")
        )
