"""`paribus test`: test all variants of a study on a folder of the user's own images."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from paribus.cli.explained import explained
from paribus.cli.options import Json, Store
from paribus.cli.saying import say_json

if TYPE_CHECKING:
    from paribus.api.own_images.predicting import OwnTest

__all__ = ["ORDER", "command"]

ORDER = 140


@explained
def command(
    folder: Annotated[Path, typer.Argument(help="The output folder of a run.")],
    images: Annotated[
        Path, typer.Option("--on", help="A folder with one folder of images per class.")
    ],
    variant: Annotated[
        list[str] | None, typer.Option("--variant", help="Only this variant; may be repeated.")
    ] = None,
    save: Annotated[
        Path | None, typer.Option("--save", help="Write the images as the networks see them (PNG).")
    ] = None,
    chart: Annotated[
        Path | None,
        typer.Option("--chart", help="Write accuracy against training examples (SVG)."),
    ] = None,
    store: Store = None,
    as_json: Json = False,
) -> None:
    """Test every variant and seed on images of your own: accuracy, interval, confusion matrix.

    Example: paribus test results/lab-e --on my-digits --save seen.png --chart curve.svg
    """
    from paribus import api
    from paribus.api.own_images.predicting import test_on, write_learning_curve, write_sheet

    results = api.open_results(folder, store=store)
    found = test_on(results, images, variant or ())
    if save is not None:
        write_sheet(save, found.guesses, found.truths)
    if chart is not None:
        write_learning_curve(chart, results, found)
    if as_json:
        say_json(found.to_json())
    else:
        _print(found)


def _print(found: OwnTest) -> None:
    from rich import box
    from rich.markup import escape
    from rich.table import Table

    from paribus.data.pictures.foreign import counts_of
    from paribus.report.terminal.screen import console_of
    from paribus.writing.escaping import plain
    from paribus.writing.numbers import format_interval

    console = console_of()
    table = Table(
        box=box.SIMPLE_HEAD,
        pad_edge=False,
        title=f"{found.num_images} own images: mean and 95 % interval, seeds and images both as samples",
        title_justify="left",
    )
    for column in ("variant", "n", "accuracy", "lowest and highest seed"):
        table.add_column(column, justify="left" if column == "variant" else "right")
    for row in found.variants:
        values = sorted(row.accuracies.values())
        table.add_row(
            escape(plain(row.name)),
            str(row.interval.n),
            format_interval("test_accuracy", row.interval),
            f"{values[0]:.1%} to {values[-1]:.1%}",
        )
    console.print(table)
    for note in counts_of(guess.notes for guess in found.guesses):
        console.print(escape(plain(note)), style="yellow", soft_wrap=True)
    names = [escape(plain(name)) for name in found.confusion.class_names]
    matrix = Table(
        box=box.SIMPLE_HEAD,
        pad_edge=False,
        title=f"{escape(plain(found.shown))}: rows are the truth, all seeds pooled",
        title_justify="left",
    )
    for name in ("", *names):
        matrix.add_column(name, justify="right")
    for name, counts in zip(names, found.confusion.counts, strict=True):
        matrix.add_row(name, *(str(count) if count else "[dim]·[/]" for count in counts))
    console.print(matrix)
