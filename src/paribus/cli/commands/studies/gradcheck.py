"""`paribus gradcheck`: check the gradients of a study's networks by three methods."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from paribus.cli.explained import DOUBTFUL, explained
from paribus.cli.options import Json
from paribus.cli.saying import say_json

if TYPE_CHECKING:
    from paribus.api.plan.gradients import GradientReport

__all__ = ["ORDER", "command"]

ORDER = 120


@explained
def command(
    study: Annotated[Path, typer.Argument(help="The study file.")],
    variant: Annotated[
        list[str] | None, typer.Option("--variant", help="Only this variant; may be repeated.")
    ] = None,
    examples: Annotated[int, typer.Option("--examples", help="Training images in the batch.")] = 8,
    as_json: Json = False,
) -> None:
    """Compare the gradient of every weight, derived by hand, by autograd and by finite differences.

    One line per weight tensor, in float64. Exit code 1 says that they differ.

    Example: paribus gradcheck studies/lab-c1-from-scratch.yaml
    """
    from paribus import api
    from paribus.api.plan.gradients import check_study_gradients

    found = check_study_gradients(api.load(study).loaded, only=variant or (), examples=examples)
    if as_json:
        say_json(found.to_json())
    else:
        _print(found)
    raise typer.Exit(0 if found.agree else DOUBTFUL)


def _print(found: GradientReport) -> None:
    from rich import box
    from rich.markup import escape
    from rich.table import Table

    from paribus.api.plan.gradients import TOLERANCE
    from paribus.report.terminal.screen import console_of
    from paribus.writing.escaping import plain

    console = console_of()
    for name, rows in found.variants.items():
        table = Table(
            box=box.SIMPLE_HEAD, pad_edge=False, title=escape(plain(name)), title_justify="left"
        )
        for column in (
            "weight",
            "shape",
            "by hand",
            "autograd",
            "differ by",
            "nudged",
            "differ by",
        ):
            table.add_column(column, justify="left" if column in ("weight", "shape") else "right")
        for row in rows:
            table.add_row(
                escape(plain(row.name)),
                " x ".join(map(str, row.shape)),
                f"{row.by_hand:.3e}",
                f"{row.by_autograd:.3e}",
                _mark(row.autograd_error, TOLERANCE),
                str(row.nudged),
                _mark(row.nudge_error, TOLERANCE),
            )
        console.print(table)
    verdict = (
        f"All gradients agree to {TOLERANCE:g}."
        if found.agree
        else f"Some gradients differ by more than {TOLERANCE:g}."
    )
    console.print(
        f"{verdict} Root mean square of each gradient, on {found.examples} training images; differences "
        "are relative to the largest gradient of the tensor.",
        soft_wrap=True,
    )


def _mark(error: float, tolerance: float) -> str:
    text = f"{error:.0e}"
    return text if error <= tolerance else f"[bold red]{text}[/]"
