"""Settings and scores, one row per variant; settings come from the resolved study.

A table of settings that is written by hand can name another optimizer than the code used; this one cannot.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from statistics import fmean
from typing import Any

from paribus.judge.reading import done_trials, layers_of
from paribus.judge.results import StudyResults
from paribus.nn.layer import Layer
from paribus.nn.registry import LAYERS
from paribus.records import DataDescription, Plan, Variant
from paribus.tables.base.table import Entry, Table
from paribus.wording import counted
from paribus.writing.metrics import title
from paribus.writing.numbers import format_metric
from paribus.writing.study import ShownStudy

__all__ = ["ENTRY", "TriedTable", "format_minutes", "minutes_of", "table", "tables", "tried_table"]

ENTRY = Entry("The settings that were tried, one row per variant, beside what came of them.", 60)

NO = "no"
_SCORES = ("accuracy", "val_accuracy", "test_accuracy")
Layers = Sequence[tuple[type[Layer], Mapping[str, Any]]]


@dataclass(frozen=True)
class TriedTable:
    """Names of the columns, and one row per variant; a column of settings or of results."""

    settings: tuple[str, ...]
    scores: tuple[str, ...]
    rows: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...]
    """Rows (variant, texts of its settings, texts of its scores)."""


def tried_table(
    plan: Plan, results: StudyResults, descriptions: Mapping[str, DataDescription]
) -> TriedTable:
    """Return what was tried: kernels, pooling, dropout, normalisation, units and optimizer of every variant.

    Penalties, batch size, epochs, steps, training images and preprocessing get a column where they differ.

    Args:
        plan: the expanded study.
        results: means over seeds become the scores.
        descriptions: variant -> its data, for the number of training images.
    """
    columns = {
        name: [read(variant, descriptions) for variant in plan.variants]
        for name, read in _COLUMNS.items()
    }
    shown = [name for name, cells in columns.items() if name in _ALWAYS or len(set(cells)) > 1]
    metrics = [m for m in _SCORES if any(m in row.metrics for row in results.variants)]
    means = {row.name: row.metrics for row in results.variants}
    minutes = minutes_of(plan, results)
    rows = []
    for number, variant in enumerate(plan.variants):
        found = means.get(variant.name, {})
        scores = [format_metric(m, found[m].mean) if m in found else "–" for m in metrics]
        time = format_minutes(minutes.get(variant.name))
        cells = tuple(columns[name][number] for name in shown)
        rows.append((variant.name, cells, (*scores, time)))
    return TriedTable(tuple(shown), (*map(title, metrics), "minutes"), tuple(rows))


def table(study: ShownStudy) -> Table:
    """Return the settings and scores as a table; its values are the formatted texts."""
    found = tried_table(study.plan, study.results, study.descriptions)
    head = ("variant", *found.settings, *found.scores)
    cells = [(name, *settings, *scores) for name, settings, scores in found.rows]
    return Table("settings", head, cells, head, cells)


def tables(study: ShownStudy) -> Iterator[Table]:
    """Yield the table of settings."""
    yield table(study)


def minutes_of(plan: Plan, results: StudyResults) -> dict[str, float]:
    """Return variant -> minutes of training and scoring of one trial, mean over seeds."""
    first = [trial for trial in results.trials if trial.fit_on == "train"]
    return {
        name: fmean(trial.wall_seconds for trial in trials) / 60
        for name, trials in done_trials(plan, first).items()
    }


def format_minutes(minutes: float | None) -> str:
    """Format minutes with two significant digits.

    Example:
        >>> format_minutes(0.0234), format_minutes(1.26), format_minutes(125.4), format_minutes(None)
        ('0.023', '1.3', '125', '–')
    """
    if minutes is None:
        return "–"
    return f"{minutes:.0f}" if minutes >= 10 else f"{minutes:#.2g}"


def _layers(variant: Variant, family: str) -> Layers:
    """Return the class and the arguments of every layer of a family."""
    found = [(LAYERS[kind], arguments) for kind, arguments in layers_of(variant.model)]
    return [(layer, arguments) for layer, arguments in found if layer.family == family]


def _listed(texts: Sequence[str]) -> str:
    return ", ".join(texts) or NO


def _grouped(pairs: Sequence[tuple[str, str]]) -> str:
    """Join (what, which) pairs; neighbours of one kind share its name.

    Example:
        >>> _grouped([("3×3", "32"), ("3×3", "64"), ("5×5", "64")])
        '3×3: 32, 64; 5×5: 64'
    """
    runs = groupby(pairs, key=lambda pair: pair[0])
    texts = [(what, ", ".join(which for _, which in run if which)) for what, run in runs]
    return "; ".join(f"{what}: {which}" if which else what for what, which in texts) or NO


def _window(size: Sequence[int]) -> str:
    return "×".join(map(str, size))


def _convolutions(variant: Variant) -> str:
    return _grouped(
        [
            (
                f"{layer.short} {_window(arguments['kernel_size'])}{_border(arguments)}".strip(),
                str(arguments.get("filters", "")),
            )
            for layer, arguments in _layers(variant, "convolution")
        ]
    )


def _border(arguments: Mapping[str, Any]) -> str:
    """Return padding and strides that are not the defaults, as text."""
    padding, strides = arguments["padding"], arguments["strides"]
    edge = {"valid": "", "same": " same"}.get(padding, f" pad {padding}")
    return edge + (f" stride {_window(strides)}" if set(strides) != {1} else "")


def _pooling(variant: Variant) -> str:
    return _grouped(
        [
            (layer.short, _window(arguments.get("pool_size", ())))
            for layer, arguments in _layers(variant, "pooling")
        ]
    )


def _dropout(variant: Variant) -> str:
    return _listed([f"{arguments['rate']:g}" for _, arguments in _layers(variant, "dropout")])


def _normalisation(variant: Variant) -> str:
    count = sum(layer.batch_statistics for layer, _ in _layers(variant, "normalization"))
    return counted(count, "layer") if count else NO


def _dense(variant: Variant) -> str:
    return _listed([f"{arguments['units']}" for _, arguments in _layers(variant, "dense")])


def _optimizer(variant: Variant) -> str:
    ((name, constants),) = variant.train["optimizer"].items()
    rate = constants.get("learning_rate")
    return f"{name} {rate:g}" if isinstance(rate, int | float) else str(name)


def _penalties(variant: Variant) -> str:
    """Return each penalty with the layers that have it."""
    found: dict[str, list[str]] = {}
    for _, arguments in layers_of(variant.model):
        for name in ("kernel_regularizer", "bias_regularizer"):
            for kind, size in (arguments.get(name) or {}).items():
                if size:
                    found.setdefault(f"{kind} {size:g}", []).append(arguments["name"])
    return "; ".join(f"{what} on {', '.join(names)}" for what, names in found.items()) or NO


def _preprocessing(variant: Variant) -> str:
    steps = [
        " ".join([name, *(str(value) for value in arguments.values())])
        for step in variant.data.get("preprocess", ())
        for name, arguments in step.items()
    ]
    return _listed(steps)


def _images(variant: Variant, descriptions: Mapping[str, DataDescription]) -> str:
    return f"{descriptions[variant.name].num_examples['train']:,}"


Reader = Callable[[Variant, Mapping[str, DataDescription]], str]
_ALWAYS: dict[str, Callable[[Variant], str]] = {
    "convolutions": _convolutions,
    "pooling": _pooling,
    "dropout": _dropout,
    "batch norm.": _normalisation,
    "dense units": _dense,
    "optimizer": _optimizer,
}
_WHERE_THEY_DIFFER: dict[str, Callable[[Variant], str]] = {
    "penalty": _penalties,
    "batch": lambda variant: f"{variant.train['batch_size']:,}",
    "epochs": lambda variant: f"{variant.train['epochs']:,}",
    "steps an epoch": lambda variant: str(variant.train.get("steps_per_epoch") or "a pass"),
    "preprocessing": _preprocessing,
}
_COLUMNS: dict[str, Reader] = {
    **{
        name: lambda variant, _, read=read: read(variant)  # type: ignore[misc]
        for name, read in {**_ALWAYS, **_WHERE_THEY_DIFFER}.items()
    },
    "images": _images,
}
