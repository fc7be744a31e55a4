"""Where commands say something: every line goes through here, or through `report.screen.console_of`.

Names, paths and messages of libraries come from elsewhere and may hold what steers a terminal. Both ways
pass every text through `paribus.wording.plain`, so that no caller can forget to.
"""

from __future__ import annotations

import json
import math
import os
import sys
import traceback
import warnings
from pathlib import Path
from types import TracebackType
from typing import Any, TextIO

import typer
from typer.core import TyperGroup

from paribus.wording import plain

__all__ = ["PlainGroup", "fill_standard_files", "say", "say_json", "speak_plainly"]


def say(text: object, *, err: bool = False, end: str = "\n") -> None:
    """Print a text that steers no terminal and suits its encoding.

    Args:
        text: may have several lines.
        err: on standard error.
        end: what follows it.
    """
    stream = sys.stderr if err else sys.stdout
    encoding = getattr(stream, "encoding", None) or "utf-8"
    line = plain(f"{text}{end}").encode(encoding, "replace").decode(encoding)
    stream.write(line)
    stream.flush()


def say_json(value: Any) -> None:
    """Print a value as JSON in ASCII; a number that does not exist is null."""
    text = json.dumps(_known(value), indent=2, allow_nan=False)
    say(text.replace("\x7f", "\\u007f"))


UsageError: type[Exception] = typer.BadParameter.__bases__[0]
"""Of everything that is wrong with arguments."""


class PlainGroup(TyperGroup):
    """Commands whose errors about their arguments are printed without what steers a terminal."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read the arguments of the group."""
        try:
            return super().parse_args(ctx, args)
        except UsageError as error:
            raise _cleaned(error) from error.__cause__

    def invoke(self, ctx: Any) -> Any:
        """Read the arguments of a command, and run it."""
        try:
            return super().invoke(ctx)
        except UsageError as error:
            raise _cleaned(error) from error.__cause__


def fill_standard_files() -> None:
    """Open what the shell has closed (``>&-``) as nothing: the next file or socket would take its number."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115 - for life


def speak_plainly() -> None:
    """Let warnings, and tracebacks of our bugs, be printed in the same way."""

    def show(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        say("".join(traceback.format_exception(kind, error, trace)), err=True, end="")

    def warn(
        message: Warning | str,
        category: type[Warning],
        filename: str,
        lineno: int,
        file: TextIO | None = None,
        line: str | None = None,
    ) -> None:
        del file
        text = warnings.formatwarning(message, category, filename, lineno, line)
        say(text, err=True, end="")

    sys.excepthook, warnings.showwarning = show, warn


def _cleaned(error: Exception) -> Exception:
    """Return the same error with a plain text."""
    error.message = plain(str(getattr(error, "message", "")))  # type: ignore[attr-defined]
    return error


def _known(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _known(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_known(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
