"""`paribus explain`: attribution map and layer outputs of one network for the user's own image."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from paribus.cli.explained import explained
from paribus.cli.options import Folder, Json, Store
from paribus.cli.saying import say, say_json

if TYPE_CHECKING:
    from paribus.api.own_images.explaining import Explanation

__all__ = ["ORDER", "command"]

ORDER = 150


@explained
def command(
    folder: Folder,
    image: Annotated[Path, typer.Argument(help="A PNG or JPEG image.")],
    variant: Annotated[
        str | None, typer.Option("--variant", help="Its network; the selected one by default.")
    ] = None,
    save: Annotated[
        Path | None,
        typer.Option("--save", help="Write the image, the map over it and all layers as a PNG."),
    ] = None,
    store: Store = None,
    as_json: Json = False,
) -> None:
    """Look into the first seed's network of a variant: its class, where it finds it, every layer.

    Grad-CAM at the last convolution; integrated gradients for networks without one. It explains
    one network, and is no proof of a cause. Images are read as `paribus predict` reads them.

    Example: paribus explain results/lab-e photo.png --save looked-at.png
    """
    from paribus import api
    from paribus.api.own_images.explaining import explain, write_explanation

    found = explain(api.open_results(folder, store=store), image, variant)
    if save is not None:
        write_explanation(save, found)
    if as_json:
        say_json(_plain(found))
    else:
        _print(found)
        say(f"Picture: {save}" if save else "Add --save FILE.png to see the maps.")


def _plain(found: Explanation) -> dict[str, object]:
    maps = found.attributions
    return {
        "file": str(found.file),
        "variant": found.variant,
        "seed": found.seed,
        "class": found.label,
        "probabilities": dict(found.probabilities),
        "method": maps.method,
        "layer": maps.layer or None,
        "notes": list(found.notes),
        "map": maps.of_guess[0].tolist(),
        "layers": [
            {
                "name": row.name,
                "type": row.type,
                "output_shape": list(row.shape),
                "low": row.low,
                "high": row.high,
            }
            for row in found.layers
        ],
    }


def _print(found: Explanation) -> None:
    from rich import box
    from rich.markup import escape
    from rich.table import Table

    from paribus.report.terminal.screen import console_of
    from paribus.writing.escaping import plain

    console = console_of()
    share = found.probabilities[found.label]
    who = f"{found.variant}, seed {found.seed}"
    console.print(escape(plain(f"{found.file.name}: {found.label} ({share:.1%}), says {who}")))
    for note in found.notes:
        console.print(escape(plain(note)), style="yellow", soft_wrap=True)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in ("layer", "type", "output", "from", "to"):
        table.add_column(column, justify="right" if column in ("from", "to") else "left")
    for row in found.layers:
        shape = " x ".join(map(str, row.shape))
        limits = f"{row.low:.3g}", f"{row.high:.3g}"
        table.add_row(escape(plain(row.name)), row.type, shape, *limits)
    console.print(table)
