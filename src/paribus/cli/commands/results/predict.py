"""`paribus predict`: classify the user's own images by the networks of a study."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from paribus.cli.explained import explained
from paribus.cli.options import Json, Store
from paribus.cli.saying import say_json

if TYPE_CHECKING:
    from paribus.api.own_images.predicting import Guess

__all__ = ["ORDER", "command"]

ORDER = 130


@explained
def command(
    folder: Annotated[Path, typer.Argument(help="The output folder of a run.")],
    images: Annotated[list[Path], typer.Argument(help="PNG or JPEG images.")],
    variant: Annotated[
        str | None, typer.Option("--variant", help="Its networks; the selected one by default.")
    ] = None,
    save: Annotated[
        Path | None,
        typer.Option("--save", help="Write what the networks see as a PNG."),
    ] = None,
    store: Store = None,
    as_json: Json = False,
) -> None:
    """Classify images by all seeds of one variant.

    Photographs and scans of digits are normalised as MNIST was: any size, dark on light or light on
    dark, uneven light, off-centre.

    Example: paribus predict results/lab-e photo.png --save seen.png
    """
    from paribus import api
    from paribus.api.own_images.predicting import predict, write_sheet

    guesses = predict(api.open_results(folder, store=store), images, variant)
    if save is not None:
        write_sheet(save, guesses)
    if as_json:
        say_json([_plain(guess) for guess in guesses])
    else:
        _print(guesses)


def _plain(guess: Guess) -> dict[str, object]:
    return {
        "file": str(guess.file),
        "class": guess.label,
        "probability": guess.probability,
        "agreeing": guess.agreeing,
        "networks": guess.networks,
        "probabilities": dict(guess.probabilities),
        "notes": list(guess.notes),
    }


def _print(guesses: list[Guess]) -> None:
    from rich import box
    from rich.markup import escape
    from rich.table import Table

    from paribus.data.pictures.foreign import counts_of
    from paribus.report.terminal.screen import console_of
    from paribus.writing.escaping import plain

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in ("image", "class", "mean probability", "networks that agree"):
        table.add_column(column, justify="left" if column in ("image", "class") else "right")
    for guess in guesses:
        table.add_row(
            escape(plain(guess.file.name)),
            escape(plain(guess.label)),
            f"{guess.probability:.1%}",
            f"{guess.agreeing} of {guess.networks}",
        )
    console = console_of()
    console.print(table)
    for note in counts_of(guess.notes for guess in guesses):
        console.print(escape(plain(note)), style="yellow", soft_wrap=True)
