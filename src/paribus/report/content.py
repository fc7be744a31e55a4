"""The report as plain data: everything the page shows, nothing about how it looks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from paribus.charts import Chart
from paribus.judge.confusion import Confusion, ConfusionDifference
from paribus.judge.per_class import ClassRow
from paribus.judge.results import Finding, StudyResults
from paribus.nn.summary import ModelSummary
from paribus.observed import RanOptimizer
from paribus.pictures import Panel
from paribus.records import DataDescription, Plan
from paribus.report.methods.checklists import Answer
from paribus.report.selection import selection_sentence
from paribus.wording import counted

__all__ = [
    "FindingGroup",
    "ReportContent",
    "Tally",
    "TrainingRow",
    "answer",
    "findings_by_variant",
    "grouped_findings",
    "tallies",
    "training_rows",
]


@dataclass(frozen=True)
class TrainingRow:
    """Optimizer, precision and steps of a variant, as observed in its trials."""

    variant: str
    optimizer: str
    precision: str
    batch_size: int
    steps: str
    augmentation: str


@dataclass(frozen=True)
class ReportContent:
    """All parts of the report, in the order of the page."""

    plan: Plan
    results: StudyResults
    descriptions: Mapping[str, DataDescription]
    summaries: Mapping[str, ModelSummary]
    charts: Mapping[str, tuple[Chart, ...]]
    """Part of the page -> its charts."""
    pictures: Mapping[str, tuple[Panel, ...]]
    """Part of the page -> its pictures."""
    classes: Mapping[str, Sequence[ClassRow]]
    """Split -> rows of the selected variant."""
    confusions: Mapping[str, Confusion]
    """Split -> matrix of the selected variant."""
    confusion_difference: ConfusionDifference | None
    """The selected variant's validation matrix minus the baseline's (or the runner-up's)."""
    data_notes: tuple[str, ...]
    resolved_yaml: str
    training: tuple[TrainingRow, ...]
    environments: tuple[Mapping[str, object], ...]
    """Distinct environments the trials ran in."""
    methods: str
    checklists: Mapping[str, tuple[Answer, ...]]
    extra: Mapping[str, str] = field(default_factory=dict)


def answer(results: StudyResults) -> str:
    """Return one sentence that answers the study's question, or says that it is not answered yet."""
    sentence = selection_sentence(results)
    if not sentence:
        done = sum(trial.status == "done" for trial in results.trials)
        return f"Not answered yet: {done} trials are done."
    return sentence


@dataclass(frozen=True)
class Tally:
    """Number of verdicts or findings of one kind, for the first screen."""

    text: str
    kind: str
    """``supported``, ``refuted``, ``other``, ``error``, ``warning``, ``note`` or ``good``."""
    anchor: str


def tallies(results: StudyResults) -> tuple[Tally, ...]:
    """Return the numbers of verdicts and findings of each kind."""
    verdicts = Counter((row.word, row.verdict) for row in results.claims)
    found = [
        Tally(
            f"{counted(count, 'claim')} {word}",
            verdict if verdict in ("supported", "refuted") else "other",
            "claims",
        )
        for (word, verdict), count in verdicts.items()
    ]
    severities = Counter(finding.severity for finding in results.findings)
    found += [
        Tally(counted(severities[name], name), name, f"findings-{name}")
        for name in ("error", "warning", "note")
        if severities[name]
    ]
    if results.trials and not results.findings:
        found.append(Tally("no check has found anything", "good", "methods"))
    return tuple(found)


@dataclass(frozen=True)
class FindingGroup:
    """Findings of one check with the same advice, each with its number on the page."""

    severity: str
    advice: str
    findings: tuple[tuple[int, Finding], ...]


def grouped_findings(findings: Sequence[Finding]) -> tuple[FindingGroup, ...]:
    """Return the findings by check and advice, in the order in which they first appear."""
    found: dict[tuple[str, str, str], list[tuple[int, Finding]]] = {}
    for number, finding in enumerate(findings, 1):
        key = (finding.severity, finding.check, finding.advice)
        found.setdefault(key, []).append((number, finding))
    return tuple(
        FindingGroup(severity, advice, tuple(own)) for (severity, _, advice), own in found.items()
    )


def findings_by_variant(findings: Sequence[Finding]) -> dict[str, tuple[int, ...]]:
    """Return variant -> numbers of the findings about it; those about all variants stay by themselves."""
    found: dict[str, list[int]] = {}
    for number, finding in enumerate(findings, 1):
        for name in finding.variants:
            found.setdefault(name, []).append(number)
    return {name: tuple(numbers) for name, numbers in found.items()}


def training_rows(plan: Plan, results: StudyResults) -> tuple[TrainingRow, ...]:
    """Return one row per variant: optimizer, precision and steps read off the trained objects."""
    rows = []
    for variant in plan.variants:
        seen = [
            trial.observed
            for trial in results.trials
            if trial.variant == variant.name
            and trial.fit_on == "train"
            and trial.observed.optimizer
        ]
        if not seen:
            continue
        augment = [name for item in variant.train.get("augment", ()) for name in item]
        if variant.train.get("test_time_flip"):
            augment.append("mirrored scores")
        rows.append(
            TrainingRow(
                variant=variant.name,
                optimizer=_distinct(_optimizer(item.optimizer) for item in seen if item.optimizer),
                precision=_distinct(_PRECISIONS[item.precision] for item in seen if item.precision),
                batch_size=variant.train["batch_size"],
                steps=_distinct(f"{item.optimizer_steps:,}" for item in seen),
                augmentation=", ".join(augment) or "none",
            )
        )
    return tuple(rows)


_PRECISIONS = {"fp64": "fp64 (NumPy)", "fp32": "fp32", "bf16": "bf16 products, fp32 weights"}


def _optimizer(ran: RanOptimizer) -> str:
    """Name an optimizer with the constants that are not zero or off."""
    constants = ", ".join(
        f"{name} {value:g}" if isinstance(value, float) else name
        for name, value in ran.constants.items()
        if value
    )
    return f"{ran.name} ({constants}), {ran.formulas} formulas"


def _distinct(values: Iterable[str]) -> str:
    return "; ".join(dict.fromkeys(values))
