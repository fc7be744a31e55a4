"""Results as tables: CSV, Markdown, LaTeX. Every field is escaped for its target."""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Sequence

from paribus.judge.effects import Interval
from paribus.judge.published import PublishedRow
from paribus.judge.results import ClaimRow, StudyResults, VariantSummary
from paribus.wording import counted, plain

__all__ = [
    "PUBLISHED_HEAD",
    "bare",
    "claim_cells",
    "csv_cell",
    "csv_table",
    "format_difference",
    "format_estimate",
    "format_interval",
    "format_metric",
    "is_share",
    "latex_grid",
    "latex_table",
    "latex_text",
    "markdown_grid",
    "markdown_table",
    "markdown_text",
    "plain",
    "published_cells",
    "selection_sentence",
    "shown_metrics",
    "title",
    "variant_cells",
]

_SHOWN = ("accuracy", "val_accuracy", "val_loss", "test_accuracy")
_TITLES = {
    "loss": "train loss",
    "accuracy": "train accuracy",
    "val_loss": "validation loss",
    "val_accuracy": "validation accuracy",
    "test_loss": "test loss",
    "test_accuracy": "test accuracy",
    "objective": "objective (train loss with label smoothing and penalties)",
    "gap": "train minus validation accuracy",
}


def title(metric: str) -> str:
    """Return a metric's name for people."""
    name, at, epoch = metric.partition("@")
    return _TITLES.get(name, name) + (f" after epoch {epoch}" if at else "")


def is_share(metric: str) -> bool:
    """Return whether a metric is a fraction, which people read in percent."""
    name = metric.partition("@")[0]
    return name.endswith("accuracy") or name == "gap"


def shown_metrics(results: StudyResults) -> tuple[str, ...]:
    """Return the metrics that a table shows, of those that some variant has."""
    return tuple(m for m in _SHOWN if any(m in row.metrics for row in results.variants))


def format_metric(metric: str, value: float) -> str:
    """Format one value: accuracies in percent.

    Example:
        >>> format_metric("val_accuracy", 0.91234), format_metric("val_loss", 0.25)
        ('91.23 %', '0.250')
    """
    if not math.isfinite(value):
        return "-"
    return f"{100 * value:.2f} %" if is_share(metric) else f"{value:.3f}"


def format_interval(metric: str, item: Interval) -> str:
    """Format a mean with its interval.

    Example:
        >>> format_interval("val_accuracy", Interval(0.9, 0.89, 0.91, 0.01, 5))
        '90.00 % [89.00, 91.00]'
    """
    return format_estimate(metric, item.mean, item.low, item.high)


def format_estimate(metric: str, mean: float, low: float, high: float) -> str:
    """Format an estimate with its interval, as `format_interval` does.

    Example:
        >>> format_estimate("val_accuracy", 0.99, 0.97, 1.01)
        '99.00 % [97.00, 100.00]'
    """
    text = format_metric(metric, mean)
    if not math.isfinite(low):
        return text
    if metric.partition("@")[0].endswith("accuracy"):  # there is nothing beyond none and all
        low, high = max(low, 0.0), min(high, 1.0)
    return f"{text} [{bare(metric, low)}, {bare(metric, high)}]"


def format_difference(metric: str, estimate: float, low: float, high: float) -> str:
    """Format a difference with its interval; accuracies in points.

    Example:
        >>> format_difference("val_accuracy", 0.01, 0.005, 0.015)
        '+1.00 points [+0.50, +1.50]'
    """
    if not math.isfinite(estimate):
        return "-"
    factor, digits, unit = (100, 2, " points") if is_share(metric) else (1, 3, "")
    text = f"{factor * estimate:+.{digits}f}{unit}"
    if not math.isfinite(low):
        return text
    return f"{text} [{factor * low:+.{digits}f}, {factor * high:+.{digits}f}]"


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


def bare(metric: str, value: float) -> str:
    """Format one value without its unit."""
    return format_metric(metric, value).removesuffix(" %")


def csv_cell(text: str) -> str:
    """Return a text that a spreadsheet shows and does not run as a formula."""
    clean = plain(text)
    return f"'{clean}" if clean[:1] in ("=", "+", "-", "@", "\t", "\r") else clean


def markdown_grid(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table, every cell escaped."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(
        "| " + " | ".join(markdown_text(cell) for cell in line) + " |" for line in lines
    )


def markdown_text(text: str) -> str:
    """Return a text that Markdown shows as it is, on one line."""
    escaped = re.sub(r"([\\`*_{}\[\]<>|#])", r"\\\1", plain(text)) if text != "---" else text
    return escaped.replace("\n", " ")


_TEX = {
    "\\": r"\textbackslash{}",
    "&": r"\&",
    "%": r"\%",
    "$": r"\$",
    "#": r"\#",
    "_": r"\_",
    "{": r"\{",
    "}": r"\}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
}


def latex_text(text: str) -> str:
    """Return a text that LaTeX shows as it is, on one line."""
    return "".join(_TEX.get(letter, letter) for letter in plain(text)).replace("\n", " ")
