"""Validation of plain settings by pydantic models; every problem is reported in plain words with its path.

The packages that own a specification (data, nn) call `parse`; the study package converts the paths to line
numbers of the file.
"""

from __future__ import annotations

import typing
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from paribus.errors import Problem, StudyError, did_you_mean
from paribus.habits import habit_of_key, habit_of_value, renamed

__all__ = ["Issue", "Path", "SettingsError", "parse", "show", "single_choice"]

Path = tuple[str | int, ...]
M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True)
class Issue:
    """One broken rule at a path of the settings."""

    path: Path
    rule: str
    got: str | None = None
    fix: str | None = None

    def problem(self, where: str = "") -> Problem:
        """Return the issue as a problem; ``where`` is put before the dotted path."""
        dotted = ".".join(map(str, self.path))
        parts = [part for part in (where, dotted) if part]
        return Problem(": ".join(parts), self.rule, self.got, self.fix)


class SettingsError(StudyError):
    """Settings break rules, which are listed in ``issues`` with their paths."""

    def __init__(self, issues: Iterable[Issue]) -> None:
        self.issues = tuple(issues)
        super().__init__(issue.problem() for issue in self.issues)


def show(value: object) -> str:
    """Format a given value for a message, cut to a readable length.

    Example:
        >>> show("abc"), show({"a": 1}), show(None)
        ("'abc'", "{'a': 1}", 'nothing')
    """
    if value is None:
        return "nothing"
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."


def single_choice(value: object) -> tuple[str, dict[str, Any]] | None:
    """Read ``Name``, ``{Name: null}`` or ``{Name: {...}}``; None when it is neither.

    Example:
        >>> single_choice("Adam"), single_choice({"SGD": {"learning_rate": 0.1}}), single_choice(3)
        (('Adam', {}), ('SGD', {'learning_rate': 0.1}), None)
    """
    if isinstance(value, str):
        return value, {}
    if isinstance(value, Mapping) and len(value) == 1:
        name, arguments = next(iter(value.items()))
        if isinstance(name, str) and (arguments is None or isinstance(arguments, Mapping)):
            return name, dict(arguments or {})
    return None


def parse(model: type[M], data: object, path: Path = ()) -> M:
    """Validate settings and return them as a model.

    Args:
        model: the pydantic model.
        data: plain settings.
        path: path of the settings in the study, for error messages.

    Raises:
        SettingsError: every broken rule.
    """
    try:
        return model.model_validate(data)
    except ValidationError as error:
        found: dict[Path, Issue] = {}
        named = _named_otherwise(model, error)
        for details in error.errors(include_url=False):
            if details["type"] == "missing" and _path(details["loc"]) in named:
                continue  # already reported, under the given name
            issue = _issue(model, details, path)
            found.setdefault(issue.path, issue)  # report only one branch of a union
        raise SettingsError(found.values()) from error


def _named_otherwise(model: type[BaseModel], error: ValidationError) -> set[Path]:
    """Return the paths of missing keys that are given under a foreign name (`renamed`)."""
    found = set()
    for details in error.errors(include_url=False):
        if details["type"] == "extra_forbidden":
            place = _path(details["loc"])
            ours = renamed(str(place[-1]), _known_keys(model, place[:-1]))
            if ours is not None:
                found.add((*place[:-1], ours))
    return found


def _issue(model: type[BaseModel], details: Mapping[str, Any], path: Path) -> Issue:
    kind, value = details["type"], details["input"]
    place = _path(details["loc"])
    full = (*path, *place)
    if kind == "extra_forbidden":
        known = _known_keys(model, place[:-1])
        key = str(place[-1])
        fix = habit_of_key(key, known) or did_you_mean(key, known)
        return Issue(full, "is not a known key", None, fix)
    if kind == "missing":
        return Issue(full, "is required", None, f"Add {place[-1]!r} here.")
    if kind == "literal_error":
        expected = details.get("ctx", {}).get("expected", "")
        options = [part.strip(" '") for part in expected.replace(" or ", ",").split(",")]
        cure = habit_of_value(value, options)
        if cure is None and isinstance(value, str):
            cure = did_you_mean(value, options)
        return Issue(full, f"must be one of {', '.join(options)}", show(value), cure or None)
    message = details["msg"].removeprefix("Value error, ")
    rule, _, fix = message.partition(". ")
    return Issue(full, _RULES.get(kind, _plain(rule)), show(value), fix or None)


_RULES = {
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number",
    "string_type": "must be text",
    "bool_type": "must be true or false",
    "model_type": "must be a mapping (key: value)",
    "dict_type": "must be a mapping (key: value)",
    "list_type": "must be a list",
    "tuple_type": "must be a list",
    "too_long": "must be shorter",
    "string_pattern_mismatch": "must begin with a letter and hold only letters, digits, '_' and '-'",
    "finite_number": "must be a finite number",
}


def _plain(message: str) -> str:
    return message.replace("Input should be", "must be").replace("Input should", "must")


def _path(location: tuple[int | str, ...]) -> Path:
    """Return the path of an error location, without pydantic's entries for unions and functions."""
    return tuple(
        part
        for part in location
        if not (
            isinstance(part, str)
            and (
                part.startswith(("function-", "constrained-", "tuple[", "list[", "literal["))
                or part in _TAGS
            )
        )
    )


_TAGS = {"int", "float", "str", "bool", "none", "constrained-int", "constrained-float", "SeedRule"}


def _known_keys(model: type[BaseModel], place: Path) -> list[str]:
    for part in place:
        field = model.model_fields.get(str(part))
        inner = _inner_model(field.annotation) if field else None
        if inner is None:
            return []
        model = inner
    return list(model.model_fields)


def _inner_model(annotation: object) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for argument in typing.get_args(annotation):
        if (found := _inner_model(argument)) is not None:
            return found
    return None
