"""`paribus doctor`: say what this machine can do, and what is wrong with it."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import typer

from paribus.cli.explained import DOUBTFUL, explained
from paribus.cli.options import Json
from paribus.cli.saying import say, say_json
from paribus.wording import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from paribus.api.machine.examining import Fact

__all__ = ["ORDER", "command"]

ORDER = 160

MARKS = {"good": " ", "note": "•", "wrong": "▲"}


@explained
def command(as_json: Json = False) -> None:
    """Say what this machine can do for a study, what is wrong, and what that costs.

    A worker is started as a run would start it. Exit code 1 if something is wrong.

    Example: paribus doctor
    """
    from paribus.api.machine.examining import examine

    facts = examine()
    wrong = [fact for fact in facts if fact.state == "wrong"]
    if as_json:
        say_json({"good": not wrong, "facts": [asdict(fact) for fact in facts]})
    else:
        _print(facts)
        verb = "is" if len(wrong) == 1 else "are"
        say(f"\n{counted(len(wrong), 'thing')} {verb} wrong." if wrong else "\nNothing is wrong.")
    if wrong:
        raise typer.Exit(DOUBTFUL)


def _print(facts: Sequence[Fact]) -> None:
    width = max(len(fact.name) for fact in facts)
    area = ""
    for fact in facts:
        if fact.area != area:
            area = fact.area
            say(area)
        say(f"  {MARKS[fact.state]} {fact.name:<{width}}  {fact.found}")
        for word, text in (("costs", fact.cost), ("fix", fact.fix)):
            if text:
                say(f"    {'':<{width}}  {word}: {text}")
