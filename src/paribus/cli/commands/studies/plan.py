"""`paribus plan`: show the variants of a study, and a forecast of time and memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from paribus.cli.explained import explained
from paribus.cli.options import Json, Only, Overrides, Seeds, StudyFile
from paribus.cli.saying import say_json
from paribus.wording import counted, visible

if TYPE_CHECKING:
    from rich.console import Console

    from paribus.api import PlannedStudy

__all__ = ["ORDER", "command"]

ORDER = 30


@explained
def command(
    study: StudyFile,
    as_json: Json = False,
    seeds: Seeds = None,
    overrides: Overrides = None,
    only: Only = None,
    jobs: Annotated[
        int | None, typer.Option("--jobs", min=1, help="Worker processes [one per core].")
    ] = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="Forecast the cost from shapes; measure nothing.")
    ] = False,
) -> None:
    """Show variants, what differs between them, layers, parameters, and what it will cost.

    Trains a few steps of every variant on random images to forecast time and memory.

    Example: paribus plan study.yaml
    """
    from paribus import api

    planned = api.load(study).plan(
        seeds=seeds, jobs=jobs, overrides=overrides or (), only=only or (), measure=not quick
    )
    if as_json:
        say_json(planned.to_json())
        return

    from paribus.report.terminal.screen import console_of

    _print_plan(planned, console_of())


def _print_plan(planned: PlannedStudy, console: Console) -> None:
    plan = planned.plan
    console.print(f"[bold]{_safe(plan.study)}[/bold]", soft_wrap=True)
    if plan.question:
        console.print(_safe(plan.question), soft_wrap=True)
    _print_data(planned, console)
    console.print()
    for variant in plan.variants:
        _print_variant(planned, variant.name, console)
    trials = len(plan.variants) * len(plan.seeds)
    most = "at most " if plan.looks else ""
    console.print(
        f"{counted(len(plan.variants), 'variant')} x {most}{counted(len(plan.seeds), 'seed')} = "
        f"[bold]{most}{counted(trials, 'trial')}[/bold]; baseline {_safe(plan.baseline)}"
    )
    console.print(planned.estimate.sentence())
    _print_claims(planned, console)


def _print_data(planned: PlannedStudy, console: Console) -> None:
    def write(text: str, style: str | None = None) -> None:
        console.print(text, style=style, markup=False, emoji=False, soft_wrap=True)

    for account in planned.accounts:
        write(f"\ndata {visible(account.source)}", "bold")
        write(f"  {account.sentence()}")
        for line in account.done_to_it():
            write(f"  {line}", "yellow" if line.startswith("warning") else None)


def _print_claims(planned: PlannedStudy, console: Console) -> None:
    from paribus.judge.statistics.prospects import ASSUMPTION

    for claim in planned.plan.claims:
        prospect = planned.prospects[claim.id]
        style = "yellow" if prospect.startswith("cannot") else None
        text = f"claim {_safe(claim.id)}: {_safe(claim.says)}"
        console.print(
            f"{text}: {_safe(prospect)}" if prospect else text, style=style, soft_wrap=True
        )
    if planned.plan.claims:
        console.print(ASSUMPTION, style="dim", soft_wrap=True)


def _print_variant(planned: PlannedStudy, name: str, console: Console) -> None:
    from rich import box
    from rich.table import Table

    variant = next(item for item in planned.plan.variants if item.name == name)
    summary = planned.summaries[name]
    mark = " (baseline)" if name == planned.plan.baseline else ""
    table = Table(
        title=f"{_safe(name)}{mark}: {summary.parameters:,} parameters, "
        f"{summary.trainable_parameters:,} trainable",
        title_justify="left",
        title_style="bold",
        box=box.SIMPLE_HEAD,
        pad_edge=False,
    )
    for column, justify in (
        ("layer", "left"),
        ("type", "left"),
        ("output", "left"),
        ("parameters", "right"),
    ):
        table.add_column(column, justify=justify)  # type: ignore[arg-type]
    for row in summary.layers:
        shape = " x ".join(map(str, row.output_shape))
        table.add_row(_safe(row.name), row.type, shape, f"{row.parameters:,}")
    console.print(table)
    for change in variant.changes:
        console.print(f"  {_safe(change)}", style="cyan", soft_wrap=True)
    for warning in variant.warnings:
        console.print(f"  warning: {_safe(warning)}", style="yellow", soft_wrap=True)
    console.print()


def _safe(text: str) -> str:
    from rich.markup import escape

    return escape(text)
