"""`paribus audit`: judge and check a table of results that another program produced."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from paribus.cli.explained import DOUBTFUL, explained
from paribus.cli.options import Json
from paribus.cli.saying import say_json

if TYPE_CHECKING:
    from paribus.judge.results import StudyResults

__all__ = ["ORDER", "command"]

ORDER = 110


@explained
def command(
    file: Annotated[
        Path, typer.Argument(help="CSV or JSON: one row per variant, seed (and epoch).")
    ],
    claim: Annotated[
        list[str] | None,
        typer.Option("--claim", help='What is claimed, e.g. "bn > none on val_accuracy".'),
    ] = None,
    margin: Annotated[
        float, typer.Option("--margin", min=0.0, help="Smallest difference that matters.")
    ] = 0.01,
    baseline: Annotated[
        str | None, typer.Option("--baseline", help="Compare with this variant [the first].")
    ] = None,
    as_json: Json = False,
) -> None:
    """Judge and check a table of results that was made elsewhere, as far as its columns allow.

    Example: paribus audit examples/audit.csv --claim "250 samples > 100 samples on test_accuracy"
    """
    from paribus.api.results.audited_table import audit

    found = audit(file, claim or (), baseline=baseline, margin=margin)
    if as_json:
        say_json(found.to_json())
    else:
        from paribus.report.terminal.summary import show_results

        show_results(found)
    raise typer.Exit(_exit_code(found))


def _exit_code(found: StudyResults) -> int:
    doubtful = any(row.verdict == "refuted" for row in found.claims)
    return DOUBTFUL if doubtful or any(f.severity == "error" for f in found.findings) else 0
