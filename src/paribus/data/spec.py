"""Data as a study file describes them: a source, a split, preprocessing steps, a training size."""

from __future__ import annotations

from pathlib import Path as FilePath
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from paribus.checking import Issue, Path, SettingsError, parse, show, single_choice
from paribus.data.mistakes import DataMistake
from paribus.data.steps import STEPS, Step
from paribus.errors import did_you_mean
from paribus.habits import habit_of_value
from paribus.records import Parts

__all__ = ["NAMED_SOURCES", "READING", "ColumnNames", "DataSpec", "KeyNames", "SplitSpec"]

NAMED_SOURCES = ("digits", "mnist", "fashion-mnist", "cifar10")
_KNOWN_PARTS = {
    "digits": Parts(1797),
    "mnist": Parts(60_000, test=10_000),
    "fashion-mnist": Parts(60_000, test=10_000),
    "cifar10": Parts(50_000, test=10_000),
}
READING = ("background", "own_images", "columns", "keys", "layout", "shape", "unreadable")
"""Settings that say how a source is read. The fingerprint stands for what came of them."""

Share = Annotated[float, Field(gt=0, lt=1)]
Count = Annotated[int, Field(gt=0, le=4096)]
Name = Annotated[str, Field(min_length=1, max_length=200)]


class ColumnNames(BaseModel):
    """Columns of a table, by name (or number from 0, where the table has no header)."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    label: Name | Annotated[int, Field(ge=0)] | None = None
    file: Name | Annotated[int, Field(ge=0)] | None = None
    """Of image files, relative to the table's folder."""
    part: Name | Annotated[int, Field(ge=0)] | None = None
    """Train, validation or test."""
    ignore: list[Name | Annotated[int, Field(ge=0)]] = Field(default_factory=list)
    """Neither pixels nor labels: an index, say."""
    header: bool | None = None
    """Whether the first line holds names, where that is not clear."""


class KeyNames(BaseModel):
    """Arrays of a .npz file, by name."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    train_images: Name
    train_labels: Name
    validation_images: Name | None = None
    validation_labels: Name | None = None
    test_images: Name | None = None
    test_labels: Name | None = None


class SplitSpec(BaseModel):
    """Which examples train, validate and test.

    Either all three shares are given (of the official training part, or of everything with
    ``use: all``), or only ``validation``: then parts that the source has stand as they are, and a
    share of the training part validates where it has none. ``validation: official`` demands the
    source's own validation part; ``test`` is then a share where it has no test part. With
    ``validation: test`` the official test part is the validation set and nothing is left to test.
    With no share at all, the source decides (`completed`).
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    use: Literal["train", "all"] = "train"
    train: Share | None = None
    validation: Share | Literal["test", "official"] | None = None
    test: Share | None = None
    seed: int = 0

    def issues(self, path: Path) -> list[Issue]:
        """Return what is wrong with the shares together."""
        shares = (self.train, self.validation, self.test)
        if self.is_open:
            return []
        if self.train is None and (self.test is None or self.validation == "official"):
            if self.use == "all":
                return [Issue(path, "use: all needs the shares of train, validation and test")]
            return []
        if not all(isinstance(share, float) for share in shares):
            return [
                Issue(
                    path,
                    "must give all of train, validation and test as shares, or only validation "
                    "(or validation: official with a share for test)",
                )
            ]
        total = sum(float(share) for share in shares if isinstance(share, float | int))
        if abs(total - 1) > 1e-9:
            return [Issue(path, "train, validation and test must add up to 1", f"{total:g}")]
        return []

    @property
    def is_open(self) -> bool:
        """Whether no share is given, so that the source decides."""
        return self.train is self.validation is self.test is None

    def completed(self, parts: Parts) -> SplitSpec:
        """Return the split with every share written out, by what the source has.

        Args:
            parts: of the source.
        """
        if not self.is_open:
            return self
        shares: dict[str, Any] = {"train": 0.6, "validation": 0.2, "test": 0.2}
        if self.use == "train" and parts.test:
            shares = {"validation": "official" if parts.validation else 0.2}
        elif self.use == "train" and parts.validation:
            shares = {"validation": "official", "test": 0.2}
        return self.model_copy(update=shares)


class DataSpec(BaseModel):
    """Everything that decides which numbers reach a network."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    source: Annotated[str, Field(min_length=1, max_length=4096)]
    split: SplitSpec = SplitSpec()
    preprocess: list[dict[str, dict[str, Any]]] = Field(default_factory=list)
    mistakes: list[DataMistake] = Field(default_factory=list)
    """Made on purpose, in a study that says ``teaching: true``."""
    train_size: Annotated[int, Field(gt=0)] | Share | None = None
    """Examples (or share) of the training part to use; nested: a smaller set is in the larger."""
    maximum: Annotated[int, Field(ge=1, lt=1 << 32)] | None = None
    """The largest value that a pixel of the source can have, where the source cannot say it; ``scale``
    divides by it. Beyond 255, and for fractions, pixels become 256 grey values."""
    background: Literal["white", "black"] = "white"
    """What lies under transparent pixels."""
    own_images: Literal["as_they_are", "match_background"] = "as_they_are"
    """What `predict` and `test` do with an image whose background is dark where the data's is light, or
    the other way round: say it, or invert it. Digits are always inverted."""
    unreadable: Literal["refuse", "skip"] = "refuse"
    """What happens to files that are no readable images."""
    columns: ColumnNames | None = None
    """Which columns of a table hold what."""
    keys: KeyNames | None = None
    """Which arrays of a .npz file hold what."""
    layout: Literal["channels_last", "channels_first"] | None = None
    """Order of the axes of arrays with four."""
    shape: Annotated[list[Count], Field(min_length=2, max_length=3)] | None = None
    """Height, width and channels of the images in a table's rows."""

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
        spec: Self | None = None
        try:
            spec = parse(cls, given, path)
            issues.extend(spec.split.issues((*path, "split")))
        except SettingsError as error:
            issues.extend(error.issues)
        if issues or spec is None:
            raise SettingsError(issues)
        spec._refuse_misplaced(path)
        known = _KNOWN_PARTS.get(spec.source)
        return spec if known is None else spec.completed(known)

    def completed(self, parts: Parts) -> Self:
        """Return the settings with a split whose shares are all written out.

        Args:
            parts: of the source.
        """
        return self.model_copy(update={"split": self.split.completed(parts)})

    def reading(self) -> dict[str, Any]:
        """Return the settings that say how a source is read; what it holds is another matter."""
        return self.model_dump(mode="json", include=set(READING), exclude_defaults=True)

    def to_settings(self) -> dict[str, Any]:
        """Return the plain form that `parse` reads."""
        plain = self.model_dump(mode="json", exclude_none=True)
        for name in ("mistakes", "maximum", *READING):  # later keys: absent unless they are given
            if getattr(self, name) == type(self).model_fields[name].get_default(
                call_default_factory=True
            ):
                plain.pop(name, None)
        return {**plain, "split": {**plain["split"]}}

    def steps(self) -> tuple[Step, ...]:
        """Return the preprocessing steps."""
        return tuple(
            STEPS[name].model_validate(arguments)
            for item in self.preprocess
            for name, arguments in item.items()
        )

    def _refuse_misplaced(self, path: Path) -> None:
        """Refuse steps that can do nothing where they stand."""
        steps = self.steps()
        rules = [(place, step.misplaced(steps[:place])) for place, step in enumerate(steps)]
        issues = [
            Issue((*path, "preprocess", place, next(iter(self.preprocess[place]))), rule)
            for place, rule in rules
            if rule is not None
        ]
        if issues:
            raise SettingsError(issues)

    def located(self, base: FilePath | None) -> FilePath:
        """Return the path of a source that is not named."""
        path = FilePath(self.source).expanduser()
        return path if path.is_absolute() or base is None else base / path


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
            fix = habit_of_value(name, STEPS) or did_you_mean(name, STEPS)
            issues.append(Issue((*place, index), "must name a preprocessing step", show(item), fix))
            continue
        try:
            step = parse(STEPS[choice[0]], choice[1], (*place, index, choice[0]))
            resolved.append({choice[0]: step.model_dump(mode="json")})
        except SettingsError as error:
            issues.extend(error.issues)
    return resolved
