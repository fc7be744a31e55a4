"""`paribus init`: write a commented study file to start from."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from paribus.cli.explained import explained
from paribus.cli.saying import say, say_json

__all__ = ["ORDER", "command"]

ORDER = 10


@explained
def command(
    path: Annotated[Path, typer.Argument(help="The file to write.")] = Path("study.yaml"),
    force: Annotated[bool, typer.Option("--force", help="Replace an existing file.")] = False,
    schema: Annotated[
        bool, typer.Option("--schema", help="Print the JSON Schema of a study file instead.")
    ] = False,
) -> None:
    """Write a commented study file to start from.

    Example: paribus init study.yaml
    """
    from paribus import api

    if schema:
        say_json(api.json_schema())
        return
    api.write_template(path, replace=force)
    say(f"Wrote {path}. Next: paribus plan {path}")
