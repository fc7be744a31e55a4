"""A loaded study, and the checks that its base and every combination of its levels pass."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import Any, TypeVar

from paribus.checking import Issue, SettingsError
from paribus.data.spec import DataSpec
from paribus.errors import StudyError
from paribus.nn.layer import Profile
from paribus.nn.spec import ModelSpec
from paribus.nn.training import TrainSpec
from paribus.study.reading import Document
from paribus.study.schema import StudyFile

__all__ = ["Study", "checked_base", "collect", "raise_located"]

T = TypeVar("T")


@dataclass(frozen=True)
class Study:
    """A validated study, not yet expanded."""

    file: StudyFile
    document: Document
    """Text of the file, with line numbers for messages."""
    base: FilePath | None
    """Folder to which relative data paths refer; None for the current folder."""

    @property
    def settings(self) -> dict[str, Any]:
        """Base settings ``{"data", "model", "train"}`` as written in the file."""
        return {"data": self.file.data, "model": self.file.model, "train": self.file.train}


def checked_base(value: Mapping[str, Any], issues: list[Issue]) -> None:
    """Validate data, model and training settings; add the issues found to ``issues``."""
    model = value.get("model")
    given = model.get("defaults") if isinstance(model, dict) else None
    profile: Profile = "torch" if given == "torch" else "keras"
    if "data" in value:
        collect(lambda: DataSpec.parse(value["data"], ("data",)), issues)
    if "model" in value:
        collect(lambda: ModelSpec.parse(model, ("model",)), issues)
    if "train" in value:
        collect(lambda: TrainSpec.parse(value["train"], profile, ("train",)), issues)


def collect(action: Callable[[], T], issues: list[Issue]) -> T | None:
    """Run an action; on SettingsError add its issues to ``issues`` and return None."""
    try:
        return action()
    except SettingsError as error:
        issues.extend(issue for issue in error.issues if issue not in issues)
        return None


def raise_located(document: Document, issues: list[Issue]) -> None:
    """Raise StudyError with all issues, located by line and sorted by it."""
    unique = list(dict.fromkeys(issues))
    problems = [document.problem(issue) for issue in unique]
    order = sorted(range(len(unique)), key=lambda k: document.line(unique[k].path))
    raise StudyError(dict.fromkeys(problems[k] for k in order))
