"""Results as tables: CSV, Markdown, LaTeX. Every field is escaped for its target."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Sequence

from paribus.judge.published import PublishedRow
from paribus.judge.results import ClaimRow, StudyResults, VariantSummary
from paribus.wording import counted
from paribus.writing.escaping import csv_cell, latex_text, markdown_text
from paribus.writing.metrics import title
from paribus.writing.numbers import (
    bare,
    format_difference,
    format_estimate,
    format_interval,
    format_metric,
)

__all__ = [
    "PUBLISHED_HEAD",
    "claim_cells",
    "csv_table",
    "latex_grid",
    "latex_table",
    "markdown_grid",
    "markdown_table",
    "published_cells",
    "selection_sentence",
    "shown_metrics",
    "variant_cells",
]

_SHOWN = ("accuracy", "val_accuracy", "val_loss", "test_accuracy")


def shown_metrics(results: StudyResults) -> tuple[str, ...]:
    """Return the metrics that a table shows, of those that some variant has."""
    return tuple(m for m in _SHOWN if any(m in row.metrics for row in results.variants))


def csv_table(results: StudyResults) -> str:
    """Return one row per trial; cells that a spreadsheet would run as a formula get an apostrophe."""
    metrics = sorted({name for trial in results.trials for name in trial.metrics})
    factors = list(dict.fromkeys(name for trial in results.trials for name in trial.levels))
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    head = [
        "variant",
        *factors,
        "seed",
        "fit_on",
        "status",
        "epochs",
        "seconds",
        *metrics,
        "reason",
    ]
    writer.writerow([csv_cell(name) for name in head])
    for trial in results.trials:
        levels = [csv_cell(trial.levels.get(factor, "")) for factor in factors]
        numbers = [
            "" if name not in trial.metrics else repr(trial.metrics[name]) for name in metrics
        ]
        row = [trial.seed, trial.fit_on, trial.status, trial.epochs, f"{trial.wall_seconds:.3f}"]
        writer.writerow(
            [csv_cell(trial.variant), *levels, *row, *numbers, csv_cell(trial.reason or "")]
        )
    return buffer.getvalue()


def markdown_table(results: StudyResults) -> str:
    """Return the variants with means and intervals, then the claims."""
    metrics = shown_metrics(results)
    rows = [variant_cells(row, metrics) for row in results.variants]
    parts = [markdown_grid(["variant", "n", *map(title, metrics)], rows)]
    if results.claims:
        claims = [claim_cells(row) for row in results.claims]
        parts.append(markdown_grid(["claim", "difference (95 % interval)", "n", "verdict"], claims))
    if results.published:
        parts.append(markdown_grid(PUBLISHED_HEAD, published_cells(results.published)))
    return "\n\n".join(parts)


PUBLISHED_HEAD = ("variant", "metric", "published", "ours", "one run of ours", "n", "")


def published_cells(rows: Sequence[PublishedRow]) -> list[list[str]]:
    """Return published values beside ours, one row each, under `PUBLISHED_HEAD`."""
    return [
        [
            row.variant,
            title(row.metric),
            format_metric(row.metric, row.published),
            format_estimate(row.metric, row.mean, row.low, row.high),
            _range(row),
            str(row.n),
            row.verdict,
        ]
        for row in rows
    ]


def _range(row: PublishedRow) -> str:
    """Return where one more run would lie; there is nothing beyond none and all."""
    low, high = row.single_low, row.single_high
    if not math.isfinite(low):
        return "-"
    if row.metric.endswith("accuracy"):
        low, high = max(low, 0.0), min(high, 1.0)
    return f"{bare(row.metric, low)} to {format_metric(row.metric, high)}"


def latex_table(results: StudyResults) -> str:
    """Return a booktabs table of the variants."""
    metrics = shown_metrics(results)
    head = ["variant", "$n$", *(latex_text(title(metric)) for metric in metrics)]
    return latex_grid(head, [variant_cells(row, metrics) for row in results.variants])


def latex_grid(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a booktabs table.

    Args:
        head: LaTeX.
        rows: plain texts; every cell is escaped.
    """
    lines = [
        r"\begin{tabular}{l" + "r" * (len(head) - 1) + "}",
        r"\toprule",
        " & ".join(head) + r" \\",
        r"\midrule",
        *(" & ".join(map(latex_text, cells)) + r" \\" for cells in rows),
        r"\bottomrule",
        r"\end{tabular}",
    ]
    return "\n".join(lines)


def selection_sentence(results: StudyResults) -> str:
    """Say in one sentence what won, or that trials are missing; empty if no variant can win."""
    chosen = results.selected
    if chosen is None and results.missing:
        trials, verb = counted(len(results.missing), "trial"), ("is", "are")
        return f"Nothing is selected: {trials} {verb[len(results.missing) > 1]} missing."
    if chosen is None:
        return ""
    score = format_interval(chosen.by, chosen.interval)
    text = f"Selected by {title(chosen.by)}: {chosen.variant} with {score} over {counted(chosen.interval.n, 'seed')}"
    if chosen.test:
        test = chosen.test["test_accuracy"]
        how = "refitted on train + validation and " if chosen.refit != "none" else ""
        text += f"; {how}tested once: {format_interval('test_accuracy', test)}"
    return text + "."


def variant_cells(row: VariantSummary, metrics: Sequence[str]) -> list[str]:
    """Return a variant, its seeds and its metrics with their intervals as texts."""
    count = str(row.n) + (f" ({row.failed} failed)" if row.failed else "")
    cells = [format_interval(m, row.metrics[m]) if m in row.metrics else "-" for m in metrics]
    return [row.name, count, *cells]


def claim_cells(row: ClaimRow) -> list[str]:
    """Return what a claim says, its difference, its seeds and its verdict as texts."""
    within = ", ".join(f"{factor}: {level}" for factor, level in row.claim.within.items())
    says = f"{row.claim.says} ({within})" if within else row.claim.says
    difference = format_difference(row.claim.metric, row.estimate, row.low, row.high)
    verdict = row.verdict + (" (exploratory)" if row.exploratory else "")
    return [says, difference, str(row.n), verdict + (" (fragile)" if row.fragile else "")]


def markdown_grid(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table, every cell escaped."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(
        "| " + " | ".join(markdown_text(cell) for cell in line) + " |" for line in lines
    )
