"""The exceptions a user can meet, and how their text is made.

    ParibusError
    |-- StudyError          a study file (or a study built in Python) breaks a rule
    |-- DataError           a data set is missing, damaged or does not fit
    |-- TrialError          a trial cannot be run or its artifacts cannot be read
    |-- StoreError          results cannot be written or read
    `-- MissingExtraError   an optional dependency is not installed

Every text has the form ``<where>: <rule>, got <value>. <how to fix>``. Anything else that
escapes is a bug of paribus and keeps its traceback. Nothing here may import another module of
the package.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass

__all__ = [
    "DataError",
    "MissingExtraError",
    "ParibusError",
    "Problem",
    "StoreError",
    "StudyError",
    "TrialError",
    "did_you_mean",
]


@dataclass(frozen=True)
class Problem:
    """One broken rule: where, which rule, what was given (already formatted), how to fix it."""

    where: str
    rule: str
    got: str | None = None
    fix: str | None = None

    def __str__(self) -> str:
        got = "" if self.got is None else f", got {self.got}"
        fix = "" if not self.fix else f" {self.fix}"
        return f"{self.where}: {self.rule}{got}.{fix}"


class ParibusError(Exception):
    """Base of all errors that are explained to the user instead of shown as a traceback.

    Args:
        problems: one problem, several, or a ready text.
    """

    def __init__(self, problems: Problem | Iterable[Problem] | str) -> None:
        if isinstance(problems, Problem):
            problems = (problems,)
        self.problems: tuple[Problem, ...] = () if isinstance(problems, str) else tuple(problems)
        text = problems if isinstance(problems, str) else "\n".join(map(str, self.problems))
        super().__init__(text)


class StudyError(ParibusError):
    """The study breaks one or more rules; all of them are listed."""


class DataError(ParibusError):
    """A data set is missing, damaged, or does not fit the study."""


class TrialError(ParibusError):
    """A trial cannot be run, or what it left behind cannot be read."""


class StoreError(ParibusError):
    """Results cannot be written or read."""


class MissingExtraError(ParibusError):
    """An optional dependency is needed and not installed."""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return ``Did you mean 'x'?`` for the nearest known word, or the list of known words.

    Example:
        >>> did_you_mean("epocs", ["epochs", "loss"])
        "Did you mean 'epochs'?"
    """
    options = sorted(set(known))
    lowered = {option.lower(): option for option in reversed(options)}
    near = difflib.get_close_matches(word.lower(), list(lowered), n=1, cutoff=0.6)
    if near:
        return f"Did you mean {lowered[near[0]]!r}?"
    return f"Known: {', '.join(options)}." if options else ""
