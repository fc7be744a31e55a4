"""`compare`: first what differs between two runs, then whether their results contradict each other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from paribus.api.results.record import Results
from paribus.checking import show
from paribus.errors import Problem, StudyError, did_you_mean
from paribus.judge.comparison import ComparedRow, compare_results
from paribus.judge.reading import METRICS

__all__ = ["Comparison", "Difference", "compare"]


@dataclass(frozen=True)
class Difference:
    """A setting, version or data set that differs between two runs."""

    where: str
    left: str
    right: str


@dataclass(frozen=True)
class Comparison:
    """Differences between two runs, and a test of whether their results agree."""

    differences: tuple[Difference, ...]
    """Data first, then settings of common variants, then versions and machines."""
    rows: tuple[ComparedRow, ...]

    @property
    def contradictory(self) -> bool:
        """Whether the two runs contradict each other in at least one result."""
        return any(row.verdict == "contradictory" for row in self.rows)

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON; a number that does not exist is null."""
        return {
            "differences": [vars(item) for item in self.differences],
            "rows": [
                {key: None if value != value else value for key, value in vars(row).items()}
                for row in self.rows
            ],
            "contradictory": self.contradictory,
        }


def compare(left: Results, right: Results, metric: str = "val_accuracy") -> Comparison:
    """Compare two runs.

    Args:
        left: results of the one run.
        right: another.
        metric: metric to compare, for example ``val_accuracy``.

    Raises:
        StudyError: there is no such metric.
    """
    if metric not in METRICS:
        fix = did_you_mean(metric, METRICS)
        raise StudyError(Problem("--metric", "must name a metric", show(metric), fix))
    differences = [
        *_data_differences(left, right),
        *_setting_differences(left, right),
        *_environment_differences(left, right),
    ]
    rows = compare_results(left.summary, right.summary, metric)
    return Comparison(tuple(dict.fromkeys(differences)), rows)


def _data_differences(left: Results, right: Results) -> Iterator[Difference]:
    own, other = left.manifest.data_keys, right.manifest.data_keys
    for name in own:
        if name in other and own[name] != other[name]:
            yield Difference(
                "images and labels",
                f"fingerprint {own[name][:12]}",
                f"fingerprint {other[name][:12]}",
            )


def _setting_differences(left: Results, right: Results) -> Iterator[Difference]:
    own = {variant.name: variant for variant in left.manifest.plan.variants}
    other = {variant.name: variant for variant in right.manifest.plan.variants}
    only_left, only_right = [n for n in own if n not in other], [n for n in other if n not in own]
    if only_left or only_right:
        yield Difference("variants", ", ".join(only_left) or "-", ", ".join(only_right) or "-")
    found: dict[Difference, list[str]] = {}
    common = [name for name in own if name in other]
    for name in common:
        for part in ("data", "model", "train"):
            for path, one, two in _diff(getattr(own[name], part), getattr(other[name], part), part):
                found.setdefault(Difference(path, one, two), []).append(name)
    for item, names in found.items():
        where = item.where if len(names) == len(common) else f"{item.where} ({', '.join(names)})"
        yield Difference(where, item.left, item.right)
    seeds = left.manifest.plan.seeds, right.manifest.plan.seeds
    if seeds[0] != seeds[1]:
        yield Difference("seeds", *(f"{len(item)} from {item[0]}" for item in seeds))


def _diff(one: Any, other: Any, path: str) -> Iterator[tuple[str, str, str]]:
    """Yield (path, left, right) of every leaf that differs."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        for key in dict.fromkeys([*one, *other]):
            yield from _diff(one.get(key), other.get(key), f"{path}.{key}")
    elif _is_list(one) and _is_list(other) and len(one) == len(other):
        for index, (a, b) in enumerate(zip(one, other, strict=True)):
            yield from _diff(a, b, f"{path}.{index}")
    elif one != other and not (_is_list(one) and list(one) == list(other)):
        yield path, _short(one), _short(other)


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)


def _short(value: Any) -> str:
    text = "nothing" if value is None else str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _environment_differences(left: Results, right: Results) -> Iterator[Difference]:
    own, other = _environments(left), _environments(right)
    for key in dict.fromkeys([*own, *other]):
        one, two = own.get(key, "nothing"), other.get(key, "nothing")
        if one != two:
            yield Difference(key, one, two)


def _environments(results: Results) -> dict[str, str]:
    """Return name -> all values of an entry of the environment that occur in a run."""
    found: dict[str, dict[str, None]] = {}
    for trial in results.summary.trials:
        for key, value in trial.environment.items():
            found.setdefault(key, {})[str(value)] = None
    return {key: ", ".join(values) for key, values in found.items()}
