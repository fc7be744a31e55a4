"""Loading and validation of a study from a file or a mapping.

The problems of the whole file are collected and raised together. Variants and claims depend on
combinations of levels; they are checked by `paribus.study.expand`, which `load_study` calls once.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path as FilePath
from typing import Any

from paribus.checking import Issue, Path, parse, show
from paribus.errors import StudyError
from paribus.study.claims import claim_metric_issues
from paribus.study.expand import expand
from paribus.study.limits import seed_issues, variant_issues
from paribus.study.loaded import Study, checked_base, collect, raise_located
from paribus.study.reading import Document, read_file, read_text
from paribus.study.schema import SeedRule, StudyFile, name_issue

__all__ = ["load_study", "study_from_mapping"]


def load_study(path: FilePath, *, base: FilePath | None = None) -> Study:
    """Read and validate a study file.

    Args:
        path: path of the study file.
        base: folder to which relative data paths refer; by default the folder of the file.

    Raises:
        StudyError: every problem of the file, each with its line.
    """
    return _study(read_file(path), base or path.resolve().parent)


def study_from_mapping(mapping: Mapping[str, Any], *, base: FilePath | None = None) -> Study:
    """Validate a study built in Python.

    Args:
        mapping: content of a study file, as nested mappings and lists.
        base: folder to which relative data paths refer.

    Raises:
        StudyError: every problem.
    """
    import io

    from ruamel.yaml import YAML

    yaml = YAML(typ="safe", pure=True)
    yaml.default_flow_style = False
    yaml.sort_base_mapping_type_on_output = False  # type: ignore[assignment]
    yaml.representer.ignore_aliases = lambda *_: True  # an object may occur twice
    buffer = io.StringIO()
    yaml.dump(dict(mapping), buffer)
    return _study(read_text(buffer.getvalue(), name="study"), base)


def _study(document: Document, base: FilePath | None) -> Study:
    if not isinstance(document.value, dict):
        issue = Issue((), "must be a mapping that begins with study: NAME", show(document.value))
        raise StudyError(document.problem(issue))
    issues: list[Issue] = []
    file = collect(lambda: parse(StudyFile, document.value), issues)
    checked_base(document.value, issues)
    if file is not None:
        issues.extend(_structure_issues(file))
        issues.extend(seed_issues(file))
        issues.extend(variant_issues(file))
    if issues or file is None:
        issues.extend(claim_metric_issues(document.value.get("claims")))
        raise_located(document, issues)
        raise AssertionError
    study = Study(file, document, base)
    expand(study)
    return study


def _structure_issues(file: StudyFile) -> list[Issue]:
    issues: list[Issue | None] = []
    for factor, levels in file.factors.items():
        path: Path = ("factors", factor)
        issues.append(name_issue(factor, path))
        if len(levels) < 2:
            issues.append(Issue(path, "a factor needs at least two levels", str(len(levels))))
        issues.extend(name_issue(level, (*path, level)) for level in levels)
    issues.extend(name_issue(name, ("variants", name)) for name in file.variants)
    if isinstance(file.seeds, list):
        if not file.seeds:
            issues.append(Issue(("seeds",), "must hold at least one seed", "an empty list"))
        if len(set(file.seeds)) < len(file.seeds):
            issues.append(Issue(("seeds",), "every seed may be given once", show(file.seeds)))
    if isinstance(file.seeds, SeedRule):
        looks = file.seeds.looks
        if any(later <= earlier for earlier, later in pairwise(looks)):
            issues.append(Issue(("seeds", "looks"), "must rise", show(looks)))
        if not file.claims:
            rule = "until: decided needs at least one claim to decide"
            issues.append(Issue(("seeds", "until"), rule, "no claims"))
    issues.extend(_design_issues(file))
    return [issue for issue in issues if issue is not None]


def _design_issues(file: StudyFile) -> list[Issue]:
    design = file.design or ("listed" if file.variants else "factorial")
    if design == "listed" and not file.variants:
        return [Issue(("design",), "listed needs variants:", "none", "List them under variants:.")]
    if design == "listed" and file.factors:
        return [
            Issue(("factors",), "cannot stand beside design: listed", None, "Remove one of both.")
        ]
    if design != "listed" and file.variants:
        return [
            Issue(
                ("variants",),
                f"cannot stand beside design: {design}",
                None,
                "Write design: listed.",
            )
        ]
    return []
