"""`paribus compare`: list differences between two runs, and test whether their results contradict."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from paribus.cli.explained import DOUBTFUL, explained
from paribus.cli.options import Json
from paribus.cli.saying import say_json
from paribus.errors import Problem, StoreError

if TYPE_CHECKING:
    from paribus.api.results.comparing import Comparison
    from paribus.judge.comparison import ComparedRow

__all__ = ["ORDER", "command"]

ORDER = 90


@explained
def command(
    left: Annotated[Path, typer.Argument(help="The output folder of a run.")],
    right: Annotated[Path, typer.Argument(help="The output folder of another.")],
    metric: Annotated[str, typer.Option("--metric", help="What to compare.")] = "val_accuracy",
    store: Annotated[
        list[str] | None,
        typer.Option(
            "--store",
            metavar="URL",
            help="The store of the first run's trials; given again, of the second's [what the folders know].",
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """State what differs between two runs, then whether their results contradict each other.

    Exit code 1 says that they do.

    Example: paribus compare results/mine results/yours
    """
    from paribus import api
    from paribus.api.results.comparing import compare

    stores: list[str | None] = [*(store or ()), None, None]
    if len(stores) > 4:
        rule, got = "must be given at most twice", f"{len(stores) - 2} times"
        raise StoreError(Problem("--store", rule, got))
    first, second = stores[:2]
    found = compare(
        api.open_results(left, store=first), api.open_results(right, store=second), metric
    )
    if as_json:
        say_json(found.to_json())
    else:
        _print(found, metric)
    raise typer.Exit(DOUBTFUL if found.contradictory else 0)


def _print(found: Comparison, metric: str) -> None:
    from rich import box
    from rich.markup import escape
    from rich.table import Table

    from paribus.report.terminal.screen import console_of
    from paribus.writing.escaping import plain
    from paribus.writing.numbers import format_difference

    console = console_of()
    if found.differences:
        table = Table(
            box=box.SIMPLE_HEAD, pad_edge=False, title="What differs", title_justify="left"
        )
        for column in ("", "left", "right"):
            table.add_column(column)
        for item in found.differences:
            table.add_row(*(escape(plain(text)) for text in (item.where, item.left, item.right)))
        console.print(table)
    else:
        console.print("Nothing differs in data, settings and machines.\n")
    if not found.rows:
        console.print(f"No variant with {escape(plain(metric))} is part of both.")
        return
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, title="Results", title_justify="left")
    for column in ("", "left", "right", "difference", "p", ""):
        table.add_column(column)
    for row in found.rows:
        colour = {"contradictory": "red", "compatible": "green"}.get(row.verdict, "yellow")
        table.add_row(
            escape(plain(row.what)),
            *(_value(row, value) for value in (row.left, row.right)),
            format_difference(row.metric, row.difference, row.low, row.high),
            "-" if row.adjusted_p != row.adjusted_p else f"{row.adjusted_p:.2g}",
            f"[{colour}]{row.verdict}[/]",
        )
    console.print(table)


def _value(row: ComparedRow, value: float) -> str:
    from paribus.writing.numbers import format_difference, format_metric

    if row.effect:
        return format_difference(row.metric, value, math.nan, math.nan)
    return format_metric(row.metric, value)
