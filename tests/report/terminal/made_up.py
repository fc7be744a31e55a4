"""Results that were never trained, with long and hostile names."""

import io
import math

from rich.console import Console

from paribus.judge.claims.claim_row import ClaimRow
from paribus.judge.published import PublishedRow
from paribus.judge.results import Finding, StudyResults, VariantSummary
from paribus.judge.statistics.effects import Interval
from paribus.records import Claim, EpochRecord, StoredTrial
from paribus.report.terminal.screen import Screen
from paribus.report.terminal.summary import rich_results

LONG = [
    f"a/very/long/name-of-a-variant-that-nobody-can-say/{k}/same-end-of-the-name" for k in "xyz"
]


MEANS = (0.5, 0.7, 0.9)


def results(names=("a", "b", "c"), *, epochs=3, means=MEANS, half=0.05):
    intervals = [Interval(mean, mean - half, mean + half, 0.01, 5) for mean in means]
    variants = tuple(
        VariantSummary(name, {}, 5, 0, {"accuracy": item, "val_accuracy": item})
        for name, item in zip(names, intervals, strict=True)
    )
    trials = tuple(
        StoredTrial(f"{name}{seed}", name, {}, seed, "train", "done", 1, epochs, 1.0, {}, tuple(
            EpochRecord(e, {"accuracy": 0.1, "val_accuracy": mean * e / epochs}, 1, 1, 0.1)
            for e in range(1, epochs + 1)
        ))
        for name, mean in zip(names, means, strict=True)
        for seed in range(2)
    )  # fmt: skip
    claim = Claim("c", f"{names[0]} > {names[1]} on val_accuracy", "", names[0], ">", names[1], "val_accuracy")  # fmt: skip
    claims = (
        ClaimRow(claim, "supported", 0.02, 0.01, 0.03, 5, "because"),
        ClaimRow(claim, "cannot be decided by seeds", -0.02, -0.05, 0.01, 5, "", exploratory=True),
        ClaimRow(claim, "not assessable", math.nan, math.nan, math.nan, 0, ""),
    )
    findings = tuple(
        Finding("c", severity, name, "it " + "does not learn " * 9, "Look at the rate, " * 9)
        for severity in ("error", "warning", "note")
        for name in names
    )
    published = tuple(
        PublishedRow(name, "val_accuracy", 0.99, 0.9, 0.88, 0.92, 0.8, 1.1, 5, "unlike ours")
        for name in names
    )
    return StudyResults("s", True, trials, variants, (), claims, None, findings, (), (), published)


def shown(found, width=80, encoding="utf-8"):
    buffer = io.BytesIO()
    with io.TextIOWrapper(buffer, encoding=encoding, write_through=True) as file:
        Console(width=width, file=file, highlight=False).print(
            rich_results(found, Screen(width, encoding))
        )
        return buffer.getvalue().decode(encoding)
