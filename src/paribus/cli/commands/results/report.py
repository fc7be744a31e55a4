"""`paribus report`: write the report of a run again, as a page, as PDF or as Markdown."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from paribus.cli.explained import explained
from paribus.cli.options import Folder, Store
from paribus.cli.saying import say

__all__ = ["ORDER", "command"]

ORDER = 80


@explained
def command(
    folder: Folder,
    kind: Annotated[
        str, typer.Option("--format", help="html, pdf or md; pdf needs Chromium, Chrome or Edge.")
    ] = "html",
    out: Annotated[
        Path | None, typer.Option("--out", help="The file [report.html, .pdf or .md in FOLDER].")
    ] = None,
    store: Store = None,
) -> None:
    """Write the report: one HTML file that needs no network, its print, or Markdown.

    Charts of a Markdown report are SVG files in a folder beside it.

    Example: paribus report results/digits --format pdf
    """
    from paribus import api

    say(api.write_report(folder, kind=kind, out=out, store=store))
