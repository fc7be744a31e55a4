"""`paribus check`: validate a study file, and list all problems at once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from paribus.cli.explained import BAD_INPUT, explained
from paribus.cli.saying import say, say_json
from paribus.wording import counted

__all__ = ["ORDER", "command"]

ORDER = 20


@explained
def command(
    study: Annotated[Path, typer.Argument(help="The study file.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Validate a study file; every problem is listed with its line.

    Example: paribus check study.yaml
    """
    from paribus import api
    from paribus.errors import StudyError

    try:
        planned = api.load(study).plan()
    except StudyError as error:
        if not as_json:
            raise
        say_json({"valid": False, "problems": str(error).split("\n")})
        raise typer.Exit(BAD_INPUT) from None
    plan = planned.plan
    if as_json:
        say_json({"valid": True, "problems": []})
        return
    trials = len(plan.variants) * len(plan.seeds)
    most = "at most " if plan.looks else ""
    say(
        f"{study}: valid. {counted(len(plan.variants), 'variant')} x {most}{counted(len(plan.seeds), 'seed')} = "
        f"{most}{counted(trials, 'trial')}."
    )
