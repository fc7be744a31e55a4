"""Methods paragraph: what was trained, how, what was selected, and how claims were judged."""

from __future__ import annotations

from collections.abc import Mapping

from paribus.judge.results import StudyResults
from paribus.records import DataDescription, Plan
from paribus.report.methods.judging import judging_sentences
from paribus.report.methods.training import training_sentences
from paribus.wording import counted

__all__ = ["methods_paragraph"]


def methods_paragraph(
    plan: Plan, results: StudyResults, descriptions: Mapping[str, DataDescription]
) -> str:
    """Describe the study as a paper would, from its plan and its trials."""
    done = [trial for trial in results.trials if trial.status == "done" and trial.fit_on == "train"]
    if not done:
        return "No trial has finished yet."
    first = descriptions[plan.variants[0].name]
    sources = sorted({variant.data["source"] for variant in plan.variants if variant.data})
    counts = first.num_examples
    seeds = len({trial.seed for trial in done})
    sentences = [
        f"We trained {counted(len(plan.variants), 'variant')} of an image classifier on "
        f"{' and '.join(sources)} ({counts['train']:,} training, {counts['validation']:,} validation "
        f"and {counts['test']:,} test images in variant {plan.variants[0].name}; {len(first.class_names)} classes).",
        f"Every variant was trained with {counted(seeds, 'seed')}; a seed fixes the initial weights, the batch "
        "order and all other random draws, which variants share where they agree.",
        *training_sentences(plan, done),
        _selection(plan, results),
        *judging_sentences(plan, results),
    ]
    failed = sum(trial.status == "failed" for trial in results.trials)
    if failed:
        sentences.append(
            f"{counted(failed, 'trial')} failed and {'is' if failed == 1 else 'are'} reported as such."
        )
    return " ".join(sentence for sentence in sentences if sentence)


def _selection(plan: Plan, results: StudyResults) -> str:
    if results.selected is None:
        return ""
    text = f"The variant with the best mean {plan.select.by} was selected"
    if plan.select.refit != "none":
        text += ", retrained on training and validation images together,"
    if results.selected.test:
        return f"{text} and scored once per seed on the sealed test set."
    return f"{text}; the test set was not opened."
