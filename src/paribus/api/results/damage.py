"""Files of a run that cannot be read: what was to be shown goes on without them, and says so."""

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
    """Collects what is wrong with files, each file once."""

    folder: Path
    """Of the run: files are named from there."""
    found: dict[str, Problem] = field(default_factory=dict)

    def note(self, error: TrialError) -> None:
        """Keep what an error says."""
        for problem in error.problems:
            self.found.setdefault(problem.where, problem)

    def part(self, read: Callable[[], Part], otherwise: Other) -> Part | Other:
        """Return a part of what is shown, or something else where a file of it cannot be read.

        A part that needs several files is left out as a whole: half of it would be another number.

        Args:
            read: makes the part.
            otherwise: stands for it.
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
                f"Run the study again: paribus run {self.folder} makes it anew",
            )
            for problem in self.found.values()
        )

    def _name(self, where: str) -> str:
        path = Path(where)
        return path.relative_to(self.folder).as_posix() if self.folder in path.parents else where
