"""Expansion of a study into its plan: one variant per combination of levels, fully resolved."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from paribus.checking import Issue, Path, SettingsError, show
from paribus.data.spec import DataSpec
from paribus.errors import Problem, StudyError, did_you_mean
from paribus.nn.spec import ModelSpec
from paribus.nn.training import TrainSpec
from paribus.records import Claim, Plan, SelectRule, Settings, Variant
from paribus.study.changes import changed_aspects, settings_changes
from paribus.study.claims import METRICS, parse_claim
from paribus.study.edits import apply_edit, set_path
from paribus.study.identity import canonical_json
from paribus.study.limits import ADVICE, MAX_SEEDS
from paribus.study.loaded import Study, checked_base, raise_located
from paribus.study.reading import read_text
from paribus.study.schema import MOST_SEEDS, SeedRule, StudyFile

__all__ = ["expand"]


@dataclass(frozen=True)
class _Cell:
    """One combination of levels, and the edits that produce it, with their paths in the file."""

    name: str
    levels: Mapping[str, str]
    edits: tuple[tuple[Path, object], ...]


def expand(
    study: Study,
    *,
    seeds: int | None = None,
    overrides: Sequence[str] = (),
    only: Sequence[str] = (),
) -> Plan:
    """Expand a study into its plan.

    Args:
        study: a loaded study.
        seeds: number of seeds instead of the file's.
        overrides: ``path=value`` settings, applied to the base settings before the edits of levels.
        only: names of the variants to keep; by default all.

    Raises:
        StudyError: every problem, for example an edit that selects no layer, two variants with equal
            settings, or a claim about an unknown level.
    """
    file = study.file
    issues: list[Issue] = []
    base = _base(study, overrides)
    cells = tuple(_cells(file, issues))
    if issues:
        raise_located(study.document, issues)
    resolved = {cell.name: _resolve(base, cell, issues) for cell in cells}
    baseline = _baseline_name(file, cells, issues)
    claims = _claims(file, list(resolved), issues)
    issues.extend(_claim_id_issues(file))
    issues.extend(_published_issues(file, list(resolved)))
    issues.extend(_mistake_issues(file, resolved))
    if issues:
        raise_located(study.document, issues)
    settings = {name: value for name, value in resolved.items() if value is not None}
    _refuse_equal(study, settings)
    variants = tuple(_variant(cell, settings, baseline, base) for cell in cells)
    return Plan(
        study=file.study,
        question=file.question,
        baseline=baseline,
        factors=_factors(file),
        variants=_only(variants, only, baseline),
        seeds=_seeds(file, seeds),
        looks=tuple(file.seeds.looks) if isinstance(file.seeds, SeedRule) and not seeds else (),
        claims=claims,
        select=SelectRule(file.select.by, file.select.refit, file.select.test),
        published=file.published,
        teaching=file.teaching,
    )


def _base(study: Study, overrides: Sequence[str]) -> dict[str, Any]:
    settings = {key: dict(value) for key, value in study.settings.items()}
    settings["model"] = ModelSpec.parse(settings["model"]).named().to_settings()
    problems: list[Problem] = []
    for override in overrides:
        dotted, equals, text = override.partition("=")
        if not equals:
            problems.append(Problem("--set", "must be PATH=VALUE", show(override)))
            continue
        try:
            set_path(settings, dotted.strip(), read_text(text, name="--set").value, (dotted,))
        except SettingsError as error:
            problems.extend(issue.problem("--set") for issue in error.issues)
    issues: list[Issue] = []
    checked_base(settings, issues)
    problems.extend(issue.problem("--set") for issue in issues)
    if problems:
        raise StudyError(problems)
    return settings


def _claims(file: StudyFile, variants: list[str], issues: list[Issue]) -> tuple[Claim, ...]:
    claims = []
    for index, item in enumerate(file.claims):
        try:
            claims.append(parse_claim(item, _factors(file), variants, ("claims", index)))
        except SettingsError as error:
            issues.extend(error.issues)
    return tuple(claims)


def _mistake_issues(
    file: StudyFile, resolved: Mapping[str, dict[str, Any] | None]
) -> Iterator[Issue]:
    """Yield an issue for every variant with ``mistakes`` unless the study says ``teaching: true``."""
    for name, settings in resolved.items():
        for part in ("data", "train"):
            if not file.teaching and settings is not None and settings[part].get("mistakes"):
                rule = "are made on purpose only in a study that says teaching: true"
                yield Issue(("teaching",), f"{part}.mistakes of {name} {rule}", "false")


def _published_issues(file: StudyFile, variants: list[str]) -> Iterator[Issue]:
    for metric, values in file.published.items():
        if metric not in METRICS:
            fix = did_you_mean(metric, METRICS)
            yield Issue(("published", metric), "must be a metric", None, fix)
        for name, value in values.items():
            path = ("published", metric, name)
            if name not in variants:
                yield Issue(path, "must name a variant", None, did_you_mean(name, variants))
            if metric.endswith("accuracy") and not 0 <= value <= 1:
                yield Issue(path, "must be a fraction from 0 to 1", show(value))


def _factors(file: StudyFile) -> dict[str, tuple[str, ...]]:
    return {factor: tuple(levels) for factor, levels in file.factors.items()}


def _cells(file: StudyFile, issues: list[Issue]) -> Iterator[_Cell]:
    if file.variants:
        for name, edit in file.variants.items():
            yield _Cell(name, {"variant": name}, ((("variants", name), edit),))
        return
    factors = list(file.factors)
    if not factors:
        yield _Cell("base", {}, ())
        return
    first = _baseline_levels(file, issues)
    if file.design == "one-at-a-time":
        combinations = [tuple(first[factor] for factor in factors)]
        for index, factor in enumerate(factors):
            for level in file.factors[factor]:
                changed = (*combinations[0][:index], level, *combinations[0][index + 1 :])
                if changed not in combinations:
                    combinations.append(changed)
    else:
        combinations = list(itertools.product(*file.factors.values()))
    for levels in combinations:
        pairs = dict(zip(factors, levels, strict=True))
        edits = tuple(
            (("factors", factor, level), file.factors[factor][level])
            for factor, level in pairs.items()
        )
        yield _Cell("/".join(levels), pairs, edits)


def _baseline_levels(file: StudyFile, issues: list[Issue]) -> dict[str, str]:
    """Return factor -> level of the baseline: the given level, else the factor's first."""
    levels = {factor: next(iter(options)) for factor, options in file.factors.items()}
    given = file.baseline
    if given is None:
        return levels
    if not isinstance(given, dict):
        issues.append(Issue(("baseline",), "must be a mapping of factor: level", show(given)))
        return levels
    for factor, level in given.items():
        place = ("baseline", factor)
        if factor not in file.factors:
            issues.append(
                Issue(place, "must name a factor", None, did_you_mean(factor, file.factors))
            )
        elif level not in file.factors[factor]:
            fix = did_you_mean(level, file.factors[factor])
            issues.append(Issue(place, "must name a level", show(level), fix))
        else:
            levels[factor] = level
    return levels


def _baseline_name(file: StudyFile, cells: Sequence[_Cell], issues: list[Issue]) -> str:
    if file.variants:
        name = file.baseline if isinstance(file.baseline, str) else None
        if file.baseline is not None and name not in file.variants:
            fix = did_you_mean(str(file.baseline), file.variants)
            issues.append(Issue(("baseline",), "must name a variant", show(file.baseline), fix))
        return name or cells[0].name
    if not file.factors:
        return cells[0].name
    return "/".join(_baseline_levels(file, []).values())


def _resolve(base: dict[str, Any], cell: _Cell, issues: list[Issue]) -> dict[str, Settings] | None:
    """Apply the edits of a cell in order, validate after each, and fill in all defaults.

    Returns None, and adds issues, if an edit cannot be applied or makes the settings invalid.
    """
    settings = base
    for path, edit in cell.edits:
        try:
            settings = apply_edit(settings, edit, path)
        except SettingsError as error:
            issues.extend(error.issues)
            return None
        broken: list[Issue] = []
        checked_base(settings, broken)
        if broken:
            issues.extend(
                Issue(
                    path,
                    f"makes {'.'.join(map(str, item.path))} invalid: it {item.rule}",
                    item.got,
                    item.fix,
                )
                for item in broken
            )
            return None
    model = ModelSpec.parse(settings["model"]).resolved()
    return {
        "data": DataSpec.parse(settings["data"]).to_settings(),
        "model": model.to_settings(seldom=False),
        "train": TrainSpec.parse(settings["train"], model.defaults).to_settings(),
    }


def _refuse_equal(study: Study, settings: Mapping[str, Mapping[str, Settings]]) -> None:
    seen: dict[str, str] = {}
    problems = []
    for name, value in settings.items():
        text = canonical_json(value)
        if text in seen:
            root = "variants" if study.file.variants else "factors"
            where = f"{study.document.name}:{study.document.line((root, name))}: {root}"
            rule = f"variants must differ, but {name!r} and {seen[text]!r} resolve to the same settings"
            problems.append(Problem(where, rule, None, "Remove one of them, or correct its edit."))
        seen.setdefault(text, name)
    if problems:
        raise StudyError(problems)


def _variant(
    cell: _Cell, settings: Mapping[str, Mapping[str, Settings]], baseline: str, base: dict[str, Any]
) -> Variant:
    own, reference = settings[cell.name], settings[baseline]
    return Variant(
        name=cell.name,
        levels=dict(cell.levels),
        data=own["data"],
        model=own["model"],
        train=own["train"],
        changes=settings_changes(reference, own),
        warnings=tuple(_second_differences(cell, base, own, reference)),
    )


def _second_differences(
    cell: _Cell,
    base: dict[str, Any],
    own: Mapping[str, Settings],
    reference: Mapping[str, Settings],
) -> Iterator[str]:
    for path, edit in cell.edits:
        alone = _resolve(base, _Cell("", {}, ((path, edit),)), [])
        plain = _resolve(base, _Cell("", {}, ()), [])
        if alone is None or plain is None:
            continue
        aspects = changed_aspects(plain, alone)
        if len(aspects) > 1:
            yield f"{path[-1]!r} changes {len(aspects)} things at once: {', '.join(sorted(aspects))}"
    old, new = reference["train"], own["train"]
    fixed = old.get("steps_per_epoch"), new.get("steps_per_epoch")
    same_passes = fixed == (None, None) and old["epochs"] == new["epochs"]
    if old["batch_size"] != new["batch_size"] and same_passes:
        share = old["batch_size"] / new["batch_size"]
        yield (
            f"batch_size {new['batch_size']} also changes the number of optimizer steps "
            f"({share:.2g} times the baseline's)"
        )
    if set(old["optimizer"]) != set(new["optimizer"]) and not _own_rate(cell):
        rate = next(iter(new["optimizer"].values()))["learning_rate"]
        yield f"the optimizer changes without a learning rate of its own; the default {rate:g} is used"


def _own_rate(cell: _Cell) -> bool:
    return any("learning_rate" in canonical_json(edit) for _, edit in cell.edits)


def _only(variants: tuple[Variant, ...], only: Sequence[str], baseline: str) -> tuple[Variant, ...]:
    names = [variant.name for variant in variants]
    unknown = [name for name in only if name not in names]
    if unknown:
        raise StudyError(
            Problem("--only", "must name a variant", show(name), did_you_mean(name, names))
            for name in unknown
        )
    del baseline
    return tuple(variant for variant in variants if not only or variant.name in only)


def _seeds(file: StudyFile, count: int | None) -> tuple[int, ...]:
    most = MOST_SEEDS if file.large else MAX_SEEDS
    if count is not None and count < 1:
        raise StudyError(Problem("seeds", "must be 1 or more", str(count)))
    if count is not None and count > most:
        fix = None if file.large else ADVICE
        raise StudyError(Problem("seeds", f"must be at most {most:,}", f"{count:,}", fix))
    if isinstance(file.seeds, list):
        listed = tuple(file.seeds)
        if count is None or count <= len(listed):
            return listed[:count]
        more = (seed for seed in itertools.count() if seed not in listed)
        return (*listed, *itertools.islice(more, count - len(listed)))
    if isinstance(file.seeds, SeedRule):
        return tuple(range(count or file.seeds.looks[-1]))
    return tuple(range(count or file.seeds))


def _claim_id_issues(file: StudyFile) -> list[Issue]:
    ids = [claim.get("id") for claim in file.claims]
    return [
        Issue(("claims", index, "id"), "every claim needs an id of its own", show(name))
        for index, name in enumerate(ids)
        if name is not None and name in ids[:index]
    ]
