"""Files of a run that cannot be read: a report is made without them, and a finding names them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from paribus.errors import Problem, TrialError
from paribus.judge.results import Finding

__all__ = ["Damage"]

Part = TypeVar("Part")
Other = TypeVar("Other")


@dataclass
class Damage:
    """Collects the errors of files that cannot be read, one per file."""

    folder: Path
    """Output folder of the run; files are named relative to it."""
    found: dict[str, Problem] = field(default_factory=dict)

    def note(self, error: TrialError) -> None:
        """Store the message of an error."""
        for problem in error.problems:
            self.found.setdefault(problem.where, problem)

    def part(self, read: Callable[[], Part], otherwise: Other) -> Part | Other:
        """Return the result of ``read``, or ``otherwise`` if a file cannot be read.

        A part that needs several files is left out as a whole: half of it would be another number.

        Args:
            read: function that makes a part of the report.
            otherwise: replacement for the part.
        """
        try:
            return read()
        except TrialError as error:
            self.note(error)
            return otherwise

    def findings(self) -> tuple[Finding, ...]:
        """Return one warning per file."""
        return tuple(
            Finding(
                "unreadable_files",
                "warning",
                self._name(problem.where),
                f"{problem.rule}, got {problem.got}; what needs this file is left out",
                f"Run the study again: paribus run {self.folder} makes it anew.",
            )
            for problem in self.found.values()
        )

    def _name(self, where: str) -> str:
        path = Path(where)
        return path.relative_to(self.folder).as_posix() if self.folder in path.parents else where
