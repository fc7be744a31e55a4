"""`ceteris status`: how far a run has come."""

from __future__ import annotations

import json

import typer

from ceteris.cli.explained import explained
from ceteris.cli.options import Folder, Json

__all__ = ["command"]


@explained
def command(folder: Folder, as_json: Json = False) -> None:
    """Show how many trials are done, running, failed or missing.

    Example: ceteris status results/digits
    """
    from ceteris import api

    progress = api.status(folder)
    if as_json:
        typer.echo(json.dumps(progress.to_json(), indent=2))
        return
    counts = ", ".join(f"{count} {status}" for status, count in progress.counts.items() if count)
    typer.echo(
        f"{progress.study}: {progress.counts['done']} of {progress.total} trials done ({counts})"
    )
    for line in progress.failures:
        typer.echo(f"  failed: {line}")
    if not progress.complete:
        typer.echo(f"Go on with: ceteris run {folder / 'study.yaml'} --out {folder}")
