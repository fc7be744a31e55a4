"""Every chart and picture of a report as a file of its own, every table, and a notebook that draws them again."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from paribus.api.report.kept import KeptByRun
from paribus.api.report.reporting import shown_study
from paribus.api.results.damage import Damage
from paribus.charts import ShownStudy, all_charts, charts_of
from paribus.charts.base.conversion import FORMATS, converted
from paribus.durable import write_bytes
from paribus.errors import Problem, StoreError, StudyError
from paribus.pictures import all_pictures
from paribus.pictures.base.sheets import file_name
from paribus.tables import all_tables
from paribus.tables.base.combined import latex_table, markdown_table
from paribus.tables.base.rendering import FORMATS as TABLE_FORMATS

if TYPE_CHECKING:
    from paribus.api.results.record import Results

__all__ = ["write_figures"]


def write_figures(
    results: Results,
    folder: Path,
    formats: Sequence[str] = ("svg",),
    warn: Callable[[str], None] = lambda _: None,
) -> list[Path]:
    """Write all charts, pictures and tables of a run; return the files.

    Args:
        results: results of a run.
        folder: created if needed.
        formats: file formats, a subset of `FORMATS`.
        warn: called with a message for each file of the run that cannot be read; charts and tables
            that need the file are left out.

    Raises:
        StudyError: a format is unknown.
        StoreError: a file cannot be written.
    """
    unknown = [name for name in formats if name not in FORMATS]
    if unknown:
        rule = f"must be one of {', '.join(FORMATS)}"
        raise StudyError([Problem("--format", rule, repr(name)) for name in unknown])
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = error.strerror or str(error)
        raise StoreError(Problem(str(folder), "must be a folder to write to", reason)) from error
    written, damage = [], Damage(results.folder)
    study = shown_study(results, damage)
    for _, chart in charts_of(study):
        for kind in formats:
            path = folder / f"{chart.name}.{kind}"
            write_bytes(path, converted(chart.svg, kind))
            written.append(path)
    for name, text in _tables(results, study):
        path = folder / name
        write_bytes(path, text.encode())
        written.append(path)
    for name, content in _picture_files(results, damage):
        path = folder / name
        write_bytes(path, content)
        written.append(path)
    found = [item for item in results.summary.findings if item.check == "unreadable_files"]
    for finding in dict.fromkeys((*found, *damage.findings())):
        warn(f"{finding.where}: {finding.evidence}. {finding.advice}")
    return written


def _tables(results: Results, study: ShownStudy) -> Iterator[tuple[str, str]]:
    yield "results.md", markdown_table(results.summary) + "\n"
    yield "results.tex", latex_table(results.summary) + "\n"
    for file in all_tables():
        for table in file.tables(study):
            for ending, write in TABLE_FORMATS.items():
                yield f"{table.name}.{ending}", write(table)
    yield "figures.ipynb", json.dumps(_notebook(results), indent=1) + "\n"


def _notebook(results: Results) -> dict[str, Any]:
    """Return a notebook that draws the charts again from the results."""
    opening = (
        "import paribus\nfrom IPython.display import display\n\n"
        f"results = paribus.open_results({str(results.folder.resolve())!r})\nresults"
    )
    calls = (
        *_chart_calls(),
        *_image_calls(results),
        "results.frame()",
    )
    cells: list[dict[str, Any]] = [
        {
            "cell_type": "code",
            "execution_count": None,
            "id": f"cell-{number}",
            "metadata": {},
            "outputs": [],
            "source": source,
        }
        for number, source in enumerate((opening, *calls))
    ]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    metadata = {"kernelspec": kernel, "language_info": {"name": "python"}}
    return {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}


def _chart_calls() -> Iterator[str]:
    """Yield calls that draw all charts, in their order."""
    for plot, many in {file.entry.plot: file.entry.many for file in all_charts()}.items():
        yield f"display(*results.plot.{plot}())" if many else f"results.plot.{plot}()"


def _image_calls(results: Results) -> Iterator[str]:
    """Yield calls that show the images that the run has kept, one cell for each picture."""
    kept, damage = KeptByRun(results), Damage(results.folder)
    for file in all_pictures():
        calls = [
            f"results.images.{file.name}({', '.join(map(repr, arguments))})"
            for arguments, _ in file.sheets(kept, damage.part)
        ]
        if calls:
            yield f"display({', '.join(calls)})" if len(calls) > 1 else calls[0]


def _picture_files(results: Results, damage: Damage) -> Iterator[tuple[str, bytes]]:
    """Yield (file name, PNG) of all pictures; those of files that cannot be read are left out."""
    kept = KeptByRun(results)
    for file in all_pictures():
        for arguments, sheet in file.sheets(kept, damage.part):
            for name, png in sheet.files("-".join((file.name, *arguments))):
                yield f"{file_name(name)}.png", png
