"""Output of commands: every line is printed here, or by `report.screen.console_of`.

Names, paths and messages of libraries may contain terminal control sequences. Both ways of printing
pass all text through `paribus.wording.plain`, which replaces them, so that callers need not do so.
"""

from __future__ import annotations

import json
import math
import sys
import traceback
import warnings
from types import TracebackType
from typing import Any, TextIO

import typer
from typer.core import TyperGroup

from paribus.wording import plain

__all__ = ["PlainGroup", "say", "say_json", "speak_plainly"]


def say(text: object, *, err: bool = False, end: str = "\n") -> None:
    """Print text without control sequences, and without characters that the stream cannot encode.

    Args:
        text: the text, of one or several lines.
        err: print on standard error instead of standard output.
        end: text to print after it.
    """
    stream = sys.stderr if err else sys.stdout
    encoding = getattr(stream, "encoding", None) or "utf-8"
    line = plain(f"{text}{end}").encode(encoding, "replace").decode(encoding)
    stream.write(line)
    stream.flush()


def say_json(value: Any) -> None:
    """Print a value as JSON in ASCII; NaN and infinity become null."""
    text = json.dumps(_known(value), indent=2, allow_nan=False)
    say(text.replace("\x7f", "\\u007f"))


UsageError: type[Exception] = typer.BadParameter.__bases__[0]
"""Base class of all errors about command line arguments."""


class PlainGroup(TyperGroup):
    """Group of commands that replaces control sequences in error messages about arguments."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse the arguments of the group."""
        try:
            return super().parse_args(ctx, args)
        except UsageError as error:
            raise _cleaned(error) from error.__cause__

    def invoke(self, ctx: Any) -> Any:
        """Parse the arguments of a command, and run it."""
        try:
            return super().invoke(ctx)
        except UsageError as error:
            raise _cleaned(error) from error.__cause__


def speak_plainly() -> None:
    """Print warnings and tracebacks of uncaught exceptions by `say`, too."""

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
    """Replace control sequences in the message of an error, and return the error."""
    error.message = plain(str(getattr(error, "message", "")))  # type: ignore[attr-defined]
    return error


def _known(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _known(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_known(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
