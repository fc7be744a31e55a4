"""Tables of the report as pandas data frames: settings tried, layers, confusion matrices."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from paribus.api.damage import Damage
from paribus.api.reporting import selected_predictions
from paribus.execute.artifacts import Split
from paribus.judge.confusion import confusion
from paribus.report.tried import tried_table
from paribus.study.shapes import check_shapes
from paribus.writing.escaping import plain

if TYPE_CHECKING:
    import pandas as pd

    from paribus.api.results import Results

__all__ = ["Tables", "frame_files"]


@dataclass(frozen=True)
class Tables:
    """The tables of a run."""

    results: Results

    def settings(self) -> pd.DataFrame:
        """Return what was tried, as the report writes it: a row per variant."""
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
            variant: of the run; the plan's reference by default.

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


def frame_files(results: Results, damage: Damage) -> Iterator[tuple[str, bytes]]:
    """Yield (file name, CSV) of the settings tried and of every confusion matrix.

    Args:
        results: of a run.
        damage: hears of files that cannot be read; matrices of them are left out.
    """
    yield "settings.csv", _csv(results.tables.settings())
    splits: tuple[Split, ...] = ("validation", "test")
    for split in splits:
        for normalised, ending in ((False, ""), (True, "-normalised")):
            matrix = partial(results.tables.confusion, split, normalised=normalised)
            found = damage.part(matrix, None)
            if found is not None:
                yield f"confusion-{split}{ending}.csv", _csv(found)


def _csv(frame: pd.DataFrame) -> bytes:
    """Write a table; names that a spreadsheet would run as a formula get an apostrophe."""
    return str(frame.rename(index=_guarded, columns=_guarded).to_csv()).encode()


def _guarded(name: str) -> str:
    clean = plain(name)
    return f"'{clean}" if clean[:1] in ("=", "+", "-", "@", "\t", "\r") else clean
