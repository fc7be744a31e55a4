"""Judgement of a table of results from elsewhere, by the same code as for own runs, as far as its columns allow."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from paribus.checking import SettingsError, show
from paribus.errors import DataError, Problem, StudyError, did_you_mean
from paribus.judge.reading import METRICS
from paribus.judge.results import StudyResults
from paribus.judge.summary import summarise
from paribus.observed import Observed
from paribus.records import Claim, EpochRecord, Plan, SelectRule, StoredTrial, Variant
from paribus.study.claims import parse_claim

__all__ = ["audit"]

ALIASES = {
    "variant": ("variant", "model", "name", "method", "config", "experiment"),
    "seed": ("seed", "run", "repeat", "trial"),
    "epoch": ("epoch",),
    "status": ("status",),
    "accuracy": ("accuracy", "train_accuracy", "acc", "train_acc"),
    "loss": ("loss", "train_loss"),
    "val_accuracy": ("val_accuracy", "validation_accuracy", "val_acc", "valid_accuracy"),
    "val_loss": ("val_loss", "validation_loss", "valid_loss"),
    "test_accuracy": ("test_accuracy", "test_acc"),
    "test_loss": ("test_loss",),
    "train_examples": ("train_examples", "n_train"),
    "validation_examples": ("validation_examples", "n_validation", "n_val"),
}
"""Name of a column in paribus -> accepted names in a table."""

COUNTS = ("train_examples", "validation_examples")
LARGEST = 50_000_000


@dataclass(frozen=True)
class _Row:
    line: int
    cells: Mapping[str, Any]


def audit(
    path: Path, claims: Sequence[str] = (), *, baseline: str | None = None, margin: float = 0.01
) -> StudyResults:
    """Judge a table of results.

    Args:
        path: CSV, or JSON (a list of objects, or an object with such a list under ``results`` or
            ``trials``): one row per variant and seed, or per variant, seed and epoch.
        claims: sentences as in a study file, over variants.
        baseline: the variant that others are compared with; the first by default.
        margin: differences up to it count as negligible; used for all claims.

    Raises:
        DataError: the file cannot be read, or rows break rules; all problems at once.
        StudyError: a claim names no variant, or there is no such baseline.
    """
    rows = _renamed(_rows(path), path)
    trials = _trials(rows, path)
    names = list(dict.fromkeys(trial.variant for trial in trials))
    seeds = tuple(sorted({trial.seed for trial in trials}))
    first = baseline or names[0]
    if first not in names:
        fix = did_you_mean(first, names)
        raise StudyError(Problem("--baseline", "must be a variant of the file", show(first), fix))
    plan = Plan(
        study=path.stem,
        question="",
        baseline=first,
        factors={},
        variants=tuple(Variant(name, {}, {}, {}, {}) for name in names),
        seeds=seeds,
        claims=_claims(claims, names, margin),
        select=SelectRule(test="never"),
    )
    return summarise(plan, trials, more_to_come=False)


def _claims(sentences: Sequence[str], names: Sequence[str], margin: float) -> tuple[Claim, ...]:
    found, problems = [], []
    for number, says in enumerate(sentences, start=1):
        settings = {"id": f"claim-{number}", "says": says, "margin": margin}
        try:
            found.append(parse_claim(settings, {}, names, ()))
        except SettingsError as error:
            problems += [issue.problem("--claim") for issue in error.issues]
    if problems:
        raise StudyError(problems)
    return tuple(found)


def _rows(path: Path) -> list[_Row]:
    try:
        if path.stat().st_size > LARGEST:
            rule = f"must be at most {LARGEST // 1_000_000} MB"
            raise DataError(Problem(str(path), rule, f"{path.stat().st_size:,} bytes"))
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise DataError(Problem(str(path), "must be a readable text file", reason)) from None
    if path.suffix.lower() == ".json" or text.lstrip().startswith(("[", "{")):
        return _json_rows(path, text)
    reader = csv.DictReader(io.StringIO(text))
    try:
        return [_Row(reader.line_num, {k: v for k, v in row.items() if k}) for row in reader]
    except csv.Error as error:
        where = f"{path}:{reader.line_num + 1}"
        raise DataError(Problem(where, "must be a row of a CSV table", str(error))) from None


def _json_rows(path: Path, text: str) -> list[_Row]:
    try:
        plain = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise DataError(Problem(str(path), "must be JSON", str(error))) from None
    if isinstance(plain, dict):
        plain = plain.get("results", plain.get("trials"))
    if not isinstance(plain, list) or not all(isinstance(item, dict) for item in plain):
        rule = "must hold a list of objects, one per result"
        raise DataError(Problem(str(path), rule, type(plain).__name__))
    return [
        _Row(k, {**item, **item["metrics"]} if isinstance(item.get("metrics"), dict) else item)
        for k, item in enumerate(plain, start=1)
    ]


def _renamed(rows: Sequence[_Row], path: Path) -> list[_Row]:
    if not rows:
        raise DataError(Problem(str(path), "must hold at least one result", "none"))
    present = {name.strip().lower(): name for row in rows[:1] for name in row.cells}
    columns = {
        own: present[alias]
        for own, aliases in ALIASES.items()
        for alias in aliases[::-1]
        if alias in present
    }
    problems = []
    if "variant" not in columns:
        rule = f"needs a column for the variant ({', '.join(ALIASES['variant'])})"
        problems.append(Problem(str(path), rule, ", ".join(present) or "no column"))
    if not set(columns) & set(METRICS):
        rule = f"needs a column with a metric ({', '.join(METRICS)})"
        problems.append(Problem(str(path), rule, ", ".join(present) or "no column"))
    if problems:
        raise DataError(problems)
    return [
        _Row(row.line, {own: row.cells.get(column) for own, column in columns.items()})
        for row in rows
    ]


def _trials(rows: Sequence[_Row], path: Path) -> list[StoredTrial]:
    problems: list[Problem] = []
    groups: dict[tuple[str, int], list[tuple[int, dict[str, float], str]]] = {}
    seen: set[tuple[str, int, int]] = set()
    for row in rows:
        where, before = f"{path}:{row.line}", len(problems)
        numbers = _numbers(row, where, problems)
        variant = str(row.cells["variant"] or "").strip()
        if not variant:
            problems.append(Problem(where, "needs the name of a variant", "nothing"))
        if len(problems) > before:
            continue
        seed, epoch = int(numbers.pop("seed", 0)), int(numbers.get("epoch", 0))
        if (variant, seed, epoch) in seen:
            rule = "must be the only row of its variant, seed and epoch"
            problems.append(Problem(where, rule, f"{variant}, seed {seed}, epoch {epoch}"))
        seen.add((variant, seed, epoch))
        status = str(row.cells.get("status") or "done").strip().lower()
        groups.setdefault((variant, seed), []).append((epoch, numbers, status))
    if problems:
        raise DataError(problems)
    return [_trial(variant, seed, items) for (variant, seed), items in groups.items()]


def _numbers(row: _Row, where: str, problems: list[Problem]) -> dict[str, float]:
    found = {}
    for name, cell in row.cells.items():
        if name in ("variant", "status") or cell is None or str(cell).strip() == "":
            continue
        try:
            value = float(str(cell).strip().removesuffix("%"))
        except ValueError:
            problems.append(Problem(f"{where}: {name}", "must be a number", show(cell)))
            continue
        if str(cell).strip().endswith("%"):
            value /= 100
        if name in ("seed", "epoch", *COUNTS) and (not math.isfinite(value) or value != int(value)):
            problems.append(Problem(f"{where}: {name}", "must be a whole number", show(cell)))
            continue
        found[name] = value
    return found


def _trial(
    variant: str, seed: int, items: Sequence[tuple[int, dict[str, float], str]]
) -> StoredTrial:
    """Make a trial; a metric that is not finite means that it failed."""
    ordered = sorted(items, key=lambda item: item[0])
    _, last, status = ordered[-1]
    metrics = {name: value for name, value in last.items() if name in METRICS}
    broken = [name for name, value in metrics.items() if not math.isfinite(value)]
    failed = bool(broken) or status in ("failed", "error", "nan", "diverged")
    counts = {name: int(last[name]) for name in COUNTS if name in last}
    curves = tuple(
        EpochRecord(epoch, {k: v for k, v in numbers.items() if k in METRICS}, 0.0, 0.0, 0.0)
        for epoch, numbers, _ in ordered
        if "epoch" in numbers
    )
    return StoredTrial(
        identity=f"{variant}/{seed}",
        variant=variant,
        levels={},
        seed=seed,
        fit_on="train",
        status="failed" if failed else "done",
        attempts=1,
        epochs=len(curves),
        wall_seconds=0.0,
        metrics={} if failed else metrics,
        curves=curves,
        reason=f"{broken[0]} is not finite" if broken else None,
        observed=Observed(
            train_examples=counts.get("train_examples"),
            validation_examples=counts.get("validation_examples"),
        ),
    )
