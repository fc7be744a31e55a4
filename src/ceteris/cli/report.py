"""`ceteris report`: write the report of a run again."""

from __future__ import annotations

import typer

from ceteris.cli.explained import explained
from ceteris.cli.options import Folder

__all__ = ["command"]


@explained
def command(folder: Folder) -> None:
    """Write report.html: one file that needs no network.

    Example: ceteris report results/digits
    """
    from ceteris import api

    typer.echo(api.write_report(folder))
