"""Arguments and options shared by several commands."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["Folder", "Json", "Only", "Overrides", "Port", "Seeds", "Store", "StudyFile"]

StudyFile = Annotated[Path, typer.Argument(help="The study file.")]
Folder = Annotated[Path, typer.Argument(help="The output folder of a run.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON on standard output.")]
Seeds = Annotated[
    int | None, typer.Option("--seeds", min=1, help="Number of seeds, instead of the file's.")
]
Overrides = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="PATH=VALUE", help="Change a setting, e.g. train.epochs=2."),
]
Only = Annotated[
    list[str] | None,
    typer.Option("--only", metavar="VARIANT", help="Only these variants (and no others)."),
]
Store = Annotated[
    str | None,
    typer.Option(
        "--store",
        metavar="URL",
        help="The store of its trials, sqlite:///FILE or postgresql://... [the one that the folder knows].",
    ),
]
Port = Annotated[
    int, typer.Option("--port", min=0, max=65535, help="Of the page's address [a free one].")
]
