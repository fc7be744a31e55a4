"""`paribus figures`: charts and tables of a run as files."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from paribus.cli.explained import explained
from paribus.cli.options import Store
from paribus.cli.saying import say

__all__ = ["ORDER", "command"]

ORDER = 100


@explained
def command(
    folder: Annotated[Path, typer.Argument(help="The output folder of a run.")],
    out: Annotated[Path, typer.Argument(help="Where to write; created if needed.")],
    formats: Annotated[
        list[str] | None,
        typer.Option("--format", help="svg (the default), pdf or png; may be repeated."),
    ] = None,
    store: Store = None,
) -> None:
    """Write every chart as SVG, PDF or PNG, every table as CSV, Markdown and LaTeX, and a notebook.

    Kernels and the first images of every part are PNG.

    Example: paribus figures results/lab-a paper/figures --format pdf
    """
    from paribus import api
    from paribus.api.report.exporting import write_figures

    warn = partial(say, err=True)
    for path in write_figures(
        api.open_results(folder, store=store), out, formats or ("svg",), warn
    ):
        say(path)
