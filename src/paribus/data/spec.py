"""Specification of a variant's data: source, split, preprocessing steps, training size."""

from __future__ import annotations

from pathlib import Path as FilePath
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from paribus.checking import Issue, Path, SettingsError, parse, show, single_choice
from paribus.data.mistakes import DataMistake
from paribus.data.sources import named_sources
from paribus.data.steps import STEPS, Step
from paribus.errors import did_you_mean
from paribus.habits import habit_of_value
from paribus.records import Parts

__all__ = ["READING", "ColumnNames", "DataSpec", "KeyNames", "SplitSpec"]

READING = ("background", "own_images", "columns", "keys", "layout", "shape", "unreadable")
"""Settings for reading a source. They are not part of a trial's identity; the data's fingerprint is."""

Share = Annotated[float, Field(gt=0, lt=1)]
Count = Annotated[int, Field(gt=0, le=4096)]
Name = Annotated[str, Field(min_length=1, max_length=200)]


class ColumnNames(BaseModel):
    """Columns of a table, by name (or number from 0, where the table has no header)."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    label: Name | Annotated[int, Field(ge=0)] | None = None
    file: Name | Annotated[int, Field(ge=0)] | None = None
    """Column of image file names, relative to the table's folder."""
    part: Name | Annotated[int, Field(ge=0)] | None = None
    """Column with the part of each row: train, validation or test."""
    ignore: list[Name | Annotated[int, Field(ge=0)]] = Field(default_factory=list)
    """Columns that are neither pixels nor labels, for example an index."""
    header: bool | None = None
    """Whether the first line contains column names; None recognises it."""


class KeyNames(BaseModel):
    """Names of the arrays of a .npz file with images and labels of each part."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    train_images: Name
    train_labels: Name
    validation_images: Name | None = None
    validation_labels: Name | None = None
    test_images: Name | None = None
    test_labels: Name | None = None


class SplitSpec(BaseModel):
    """How the examples are divided into a training, a validation and a test set.

    A source may come with official parts, for example training and test images. Five forms are allowed:

    - ``{train: 0.6, validation: 0.2, test: 0.2}``: shares of the official training part, or of all
      examples with ``use: all``. They must add up to 1.
    - ``{validation: 0.2}``: the source's official parts are used. If it has no validation part, this
      share of its training part is drawn as validation set.
    - ``{validation: official}``: the source must have a validation part. If it has no test part,
      ``test`` is the share of its training part that is drawn as test set.
    - ``{validation: test}``: the official test part is the validation set, and there is no test set.
    - no share: a default that depends on the official parts (`completed`).
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    use: Literal["train", "all"] = "train"
    train: Share | None = None
    validation: Share | Literal["test", "official"] | None = None
    test: Share | None = None
    seed: int = 0

    def issues(self, path: Path) -> list[Issue]:
        """Return the problems with combinations of shares, for example a sum other than 1."""
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
        """Whether no share is given, so that defaults are filled in (`completed`)."""
        return self.train is self.validation is self.test is None

    def completed(self, parts: Parts) -> SplitSpec:
        """Return the split with the default shares filled in, which depend on the source's parts.

        Args:
            parts: sizes of the source's official parts.
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
    """Data settings of a variant: all settings that determine the network's inputs and labels."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    source: Annotated[str, Field(min_length=1, max_length=4096)]
    split: SplitSpec = SplitSpec()
    preprocess: list[dict[str, dict[str, Any]]] = Field(default_factory=list)
    mistakes: list[DataMistake] = Field(default_factory=list)
    """Deliberate mistakes, only in a study with ``teaching: true``."""
    train_size: Annotated[int, Field(gt=0)] | Share | None = None
    """Number (or fraction) of training examples to use. Subsets are nested: a smaller one is contained
    in every larger one of the same seed."""
    maximum: Annotated[int, Field(ge=1, lt=1 << 32)] | None = None
    """Largest possible pixel value of the source, if it cannot be recognised; ``scale`` divides by it.
    Values beyond 255 and fractions are converted to 256 grey values."""
    background: Literal["white", "black"] = "white"
    """Colour under transparent pixels."""
    own_images: Literal["as_they_are", "match_background"] = "as_they_are"
    """Whether `predict` and `test` invert an image whose background is dark where the data's is light,
    or the reverse, or only report it. Digits are always inverted."""
    unreadable: Literal["refuse", "skip"] = "refuse"
    """Whether unreadable image files are an error or are left out."""
    columns: ColumnNames | None = None
    """Roles of the columns of a table."""
    keys: KeyNames | None = None
    """Roles of the arrays of a .npz file."""
    layout: Literal["channels_last", "channels_first"] | None = None
    """Order of the axes of an array with four axes."""
    shape: Annotated[list[Count], Field(min_length=2, max_length=3)] | None = None
    """Height, width and channels of images that are stored as rows of values."""

    @classmethod
    def parse(cls, settings: object, path: Path = ()) -> Self:
        """Validate data settings and fill in defaults.

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
        known = named_sources().get(spec.source)
        return spec if known is None else spec.completed(known.parts)

    def completed(self, parts: Parts) -> Self:
        """Return the settings with the default shares of the split filled in.

        Args:
            parts: sizes of the source's official parts.
        """
        return self.model_copy(update={"split": self.split.completed(parts)})

    def reading(self) -> dict[str, Any]:
        """Return the settings for reading the source (`READING`) that are not defaults."""
        return self.model_dump(mode="json", include=set(READING), exclude_defaults=True)

    def to_settings(self) -> dict[str, Any]:
        """Return the settings as JSON-able values that `parse` accepts."""
        plain = self.model_dump(mode="json", exclude_none=True)
        for name in ("mistakes", "maximum", *READING):  # later additions: absent if default
            if getattr(self, name) == type(self).model_fields[name].get_default(
                call_default_factory=True
            ):
                plain.pop(name, None)
        return {**plain, "split": {**plain["split"]}}

    def steps(self) -> tuple[Step, ...]:
        """Return the preprocessing steps in their order."""
        return tuple(
            STEPS[name].model_validate(arguments)
            for item in self.preprocess
            for name, arguments in item.items()
        )

    def _refuse_misplaced(self, path: Path) -> None:
        """Refuse steps in a wrong order, for example ``scale`` after ``standardize``."""
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
        """Return the path of a source that is no named data set; relative paths refer to ``base``."""
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
