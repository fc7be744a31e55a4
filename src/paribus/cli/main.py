"""The command line application. Each command is a module of this package, named like the command."""

from __future__ import annotations

from typing import Annotated

import typer

from paribus.cli.commands import commands
from paribus.cli.saying import PlainGroup, say, speak_plainly
from paribus.standard_files import fill_standard_files
from paribus.version import __version__

__all__ = ["app", "main"]

app = typer.Typer(
    name="paribus",
    cls=PlainGroup,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(value: bool) -> None:
    if value:
        say(f"paribus {__version__}")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version."
        ),
    ] = False,
) -> None:
    """Controlled experiments on image classifiers: one study file in, an honest report out.

    Start with: paribus init study.yaml, then paribus run study.yaml
    """


for name, module in commands().items():
    app.command(name=name)(module.command)


def main() -> None:
    """Run the command line."""
    fill_standard_files()
    speak_plainly()
    app()
