"""`paribus results`: print the results of a run as a table, JSON, CSV, Markdown or LaTeX."""

from __future__ import annotations

from typing import Annotated

import typer

from paribus.cli.explained import BAD_INPUT, explained
from paribus.cli.options import Folder, Json, Store
from paribus.cli.saying import say, say_json

__all__ = ["ORDER", "command"]

ORDER = 70


@explained
def command(
    folder: Folder,
    store: Store = None,
    as_json: Json = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="One row per trial, as CSV.")] = False,
    as_markdown: Annotated[bool, typer.Option("--markdown", help="A Markdown table.")] = False,
    as_latex: Annotated[bool, typer.Option("--latex", help="A LaTeX table (booktabs).")] = False,
) -> None:
    """Print the results: means with 95 % intervals, claims, published values, findings.

    In a terminal every variant has a bar for its interval, on one axis, and the curve of its mean
    validation score per epoch. Names that do not fit lose their middle; --json has them in full.

    Example: paribus results results/digits --markdown
    """
    if as_json + as_csv + as_markdown + as_latex > 1:
        say(
            "results: takes one format at a time. Choose one of --json, --csv, --markdown, --latex.",
            err=True,
        )
        raise typer.Exit(BAD_INPUT)
    from paribus import api
    from paribus.tables import trials
    from paribus.tables.base.combined import latex_table, markdown_table
    from paribus.tables.base.rendering import csv_text

    results = api.open_results(folder, store=store)
    if as_json:
        say_json(results.to_json())
    elif as_csv:
        say(csv_text(trials.table(results.summary)), end="")
    elif as_markdown:
        say(markdown_table(results.summary))
    elif as_latex:
        say(latex_table(results.summary))
    else:
        from paribus.report.terminal.summary import show_results

        show_results(results.summary)
