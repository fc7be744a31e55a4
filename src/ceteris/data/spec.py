"""Data as a study file describes them: a source, a split, preprocessing steps, a training size."""

from __future__ import annotations

from pathlib import Path as FilePath
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from ceteris.checking import Issue, Path, SettingsError, parse, show, single_choice
from ceteris.data.mistakes import DataMistake
from ceteris.data.steps import STEPS, Step
from ceteris.errors import did_you_mean

__all__ = ["NAMED_SOURCES", "DataSpec", "SplitSpec"]

NAMED_SOURCES = ("digits", "mnist", "fashion-mnist", "cifar10")
_WITH_TEST_PART = ("mnist", "fashion-mnist", "cifar10")

Share = Annotated[float, Field(gt=0, lt=1)]


class SplitSpec(BaseModel):
    """Which examples train, validate and test.

    Either all three shares are given (of the official training part, or of everything with
    ``use: all``), or only ``validation``: then the official test part is the test set. With
    ``validation: test`` the official test part is the validation set and nothing is left to test.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    use: Literal["train", "all"] = "train"
    train: Share | None = None
    validation: Share | Literal["test"] | None = None
    test: Share | None = None
    seed: int = 0

    def issues(self, path: Path) -> list[Issue]:
        """Return what is wrong with the shares together."""
        shares = (self.train, self.validation, self.test)
        if self.train is None and self.test is None:
            if self.validation is None:
                return [Issue(path, "must give validation, or train, validation and test")]
            if self.use == "all":
                return [Issue(path, "use: all needs the shares of train, validation and test")]
            return []
        if None in shares or self.validation == "test":
            return [
                Issue(
                    path,
                    "must give all of train, validation and test as shares, or only validation",
                )
            ]
        total = sum(float(share) for share in shares if isinstance(share, float | int))
        if abs(total - 1) > 1e-9:
            return [Issue(path, "train, validation and test must add up to 1", f"{total:g}")]
        return []


class DataSpec(BaseModel):
    """Everything that decides which numbers reach a network."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    source: Annotated[str, Field(min_length=1, max_length=4096)]
    split: SplitSpec
    preprocess: list[dict[str, dict[str, Any]]] = Field(default_factory=list)
    mistakes: list[DataMistake] = Field(default_factory=list)
    """Made on purpose, in a study that says ``teaching: true``."""
    train_size: Annotated[int, Field(gt=0)] | Share | None = None
    """Examples (or share) of the training part to use; nested: a smaller set is in the larger."""

    @classmethod
    def parse(cls, settings: object, path: Path = ()) -> Self:
        """Read and resolve data settings.

        Raises:
            SettingsError: every broken rule, with its path.
        """
        if not isinstance(settings, dict):
            raise SettingsError([Issue(path, "must be a mapping with a source", show(settings))])
        issues: list[Issue] = []
        given = {**settings, "preprocess": _steps(settings.get("preprocess", []), path, issues)}
        given.setdefault("split", _default_split(given.get("source")))
        spec: Self | None = None
        try:
            spec = parse(cls, given, path)
            issues.extend(spec.split.issues((*path, "split")))
        except SettingsError as error:
            issues.extend(error.issues)
        if issues or spec is None:
            raise SettingsError(issues)
        return spec

    def to_settings(self) -> dict[str, Any]:
        """Return the plain form that `parse` reads."""
        plain = self.model_dump(mode="json", exclude_none=True)
        if not self.mistakes:
            del plain["mistakes"]
        return {**plain, "split": {**plain["split"]}}

    def steps(self) -> tuple[Step, ...]:
        """Return the preprocessing steps."""
        return tuple(
            STEPS[name].model_validate(arguments)
            for item in self.preprocess
            for name, arguments in item.items()
        )

    def located(self, base: FilePath | None) -> FilePath:
        """Return the path of a source that is not named."""
        path = FilePath(self.source).expanduser()
        return path if path.is_absolute() or base is None else base / path


def _default_split(source: object) -> dict[str, Any]:
    if source in _WITH_TEST_PART:
        return {"validation": 0.2}
    return {"train": 0.6, "validation": 0.2, "test": 0.2}


def _steps(value: object, path: Path, issues: list[Issue]) -> list[dict[str, Any]]:
    place = (*path, "preprocess")
    if not isinstance(value, list):
        issues.append(Issue(place, "must be a list of steps", show(value)))
        return []
    resolved: list[dict[str, Any]] = []
    for index, item in enumerate(value):
        choice = single_choice(item)
        if choice is None or choice[0] not in STEPS:
            name = choice[0] if choice else ""
            fix = did_you_mean(name, STEPS)
            issues.append(Issue((*place, index), "must name a preprocessing step", show(item), fix))
            continue
        try:
            step = parse(STEPS[choice[0]], choice[1], (*place, index, choice[0]))
            resolved.append({choice[0]: step.model_dump(mode="json")})
        except SettingsError as error:
            issues.extend(error.issues)
    return resolved
