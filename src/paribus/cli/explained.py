"""End of a command: expected errors are printed on stderr without a traceback, with an exit code.

Exit codes: 0 done; 1 done, but a claim is refuted or a finding is an error; 2 bad input; 3 some
trials failed or are missing; 130 interrupted.
"""

from __future__ import annotations

import errno
import functools
import os
import sys
from collections.abc import Callable
from typing import ParamSpec

import typer

from paribus.cli.saying import say
from paribus.errors import ParibusError, TrialError

__all__ = ["BAD_INPUT", "DOUBTFUL", "INTERRUPTED", "TRIALS_FAILED", "explained"]

DOUBTFUL = 1
BAD_INPUT = 2
TRIALS_FAILED = 3
INTERRUPTED = 130

P = ParamSpec("P")


def explained(command: Callable[P, None]) -> Callable[P, None]:
    """Wrap a command so that a `ParibusError` or Ctrl-C ends it with a message and an exit code."""

    @functools.wraps(command)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            command(*args, **kwargs)
        except ParibusError as error:
            say(error, err=True)
            raise typer.Exit(
                TRIALS_FAILED if isinstance(error, TrialError) else BAD_INPUT
            ) from None
        except KeyboardInterrupt:
            say("interrupted: run the same command again to go on", err=True)
            raise typer.Exit(INTERRUPTED) from None
        except BrokenPipeError:
            sys.stderr.close()
            raise typer.Exit(0) from None
        except OSError as error:
            if error.filename is not None or error.errno not in (errno.ENOSPC, errno.EIO):
                raise
            reason = f"standard output: must be writable, got {error.strerror}. Free some space."
            say(reason, err=True)
            os.dup2(
                os.open(os.devnull, os.O_WRONLY), 1
            )  # what is left would be tried again at exit
            raise typer.Exit(BAD_INPUT) from None

    return wrapped
