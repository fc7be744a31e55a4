"""The selected variant and its scores, in one sentence."""

from __future__ import annotations

from paribus.judge.results import StudyResults
from paribus.wording import counted
from paribus.writing.metrics import title
from paribus.writing.numbers import format_interval

__all__ = ["selection_sentence"]


def selection_sentence(results: StudyResults) -> str:
    """Return a sentence that names the selected variant or counts missing trials; empty if none applies."""
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
