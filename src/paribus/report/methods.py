"""Methods paragraph and two checklists, filled in from a run as far as it can know the answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from paribus.judge.results import StudyResults
from paribus.observed import RanOptimizer
from paribus.records import DataDescription, Plan, StoredTrial
from paribus.wording import counted

__all__ = ["Answer", "checklists", "methods_paragraph"]


@dataclass(frozen=True)
class Answer:
    """One question of a checklist."""

    question: str
    answer: str = ""
    """Answer; empty if only the authors can give it."""
    anchor: str = ""
    """Section of the report that shows the evidence."""


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
        f"Training used {_listed(sorted({_optimizer(t.observed.optimizer) for t in done}))}, "
        f"{_listed(sorted({str(v.train['epochs']) for v in plan.variants}, key=int))} epochs, batches of "
        f"{_listed(sorted({str(v.train['batch_size']) for v in plan.variants}, key=int))}"
        f"{_precision(done)}.",
        _selection(plan, results),
        _claims(plan, results),
    ]
    failed = sum(trial.status == "failed" for trial in results.trials)
    if failed:
        sentences.append(
            f"{counted(failed, 'trial')} failed and {'is' if failed == 1 else 'are'} reported as such."
        )
    return " ".join(sentence for sentence in sentences if sentence)


def _listed(items: list[str]) -> str:
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}"


def _optimizer(ran: RanOptimizer | None) -> str:
    if ran is None:
        return "an unknown optimizer"
    return f"{ran.name} (learning rate {ran.constants.get('learning_rate', 0):g})"


def _precision(done: Sequence[StoredTrial]) -> str:
    found = {trial.observed.precision for trial in done}
    if "fp64" in found:
        return ", by NumPy in double precision"
    return ", with products in bfloat16" if "bf16" in found else ""


def _selection(plan: Plan, results: StudyResults) -> str:
    if results.selected is None:
        return ""
    text = f"The variant with the best mean {plan.select.by} was selected"
    if plan.select.refit != "none":
        text += ", retrained on training and validation images together,"
    if results.selected.test:
        return f"{text} and scored once per seed on the sealed test set."
    return f"{text}; the test set was not opened."


def _claims(plan: Plan, results: StudyResults) -> str:
    if not plan.claims:
        return "No claim was declared before the run; all comparisons are exploratory."
    late = sum(row.exploratory for row in results.claims)
    ahead = len(plan.claims) - late
    text = (
        f"{counted(ahead, 'claim')} {'was' if ahead == 1 else 'were'} declared before the first result and "
        "judged by paired t tests over seeds with Holm's adjustment (5 % for any wrong decision"
    )
    text += (
        f", at planned looks of {_listed([str(k) for k in plan.looks])} seeds)."
        if plan.looks
        else ")."
    )
    return text + (
        f" {counted(late, 'claim')} came later and {'is' if late == 1 else 'are'} exploratory."
        if late
        else ""
    )


def checklists(plan: Plan, results: StudyResults) -> dict[str, tuple[Answer, ...]]:
    """Answer the questions of the NeurIPS paper checklist and of REFORMS that a run can answer.

    Source: NeurIPS Paper Checklist; Kapoor et al. 2024 (REFORMS), both abridged to the questions
    that an experiment of this kind raises.
    """
    trials = [trial for trial in results.trials if trial.status in ("done", "failed")]
    hours = sum(trial.wall_seconds for trial in trials) / 3600
    machines = sorted({str(t.environment.get("machine", "")) for t in trials if t.environment})
    seeds = len({trial.seed for trial in trials})
    errors = f"95 % t intervals over {counted(seeds, 'seed')}, on one split" if seeds > 1 else ""
    looks = counted(len(results.looks), "look") + " at the test set, all recorded"
    return {
        "NeurIPS paper checklist, as far as a run can answer": (
            Answer("Do the claims reflect the results?", _verdicts(results), "claims"),
            Answer("Are limitations discussed?", _findings(results), "findings"),
            Answer(
                "Can the main results be reproduced?",
                "every setting, seed and version is listed",
                "settings",
            ),
            Answer(
                "Are training and test details given?", "read off the trained objects", "design"
            ),
            Answer("Are error bars given, and what do they cover?", errors, "results"),
            Answer(
                "What compute was used?",
                f"{hours:.2g} worker hours on {', '.join(machines)}" if machines else "",
            ),
            Answer("Are broader impacts discussed?"),
            Answer("Are data and code licensed and credited?"),
        ),
        "REFORMS, as far as a run can answer": (
            Answer("What is the question?", plan.question),
            Answer("What population do the images stand for?"),
            Answer(
                "How were the data split?", "once, by a seed, the same for all variants", "design"
            ),
            Answer("Is the test set kept apart?", looks, "test"),
            Answer(
                "Is preprocessing fitted on training images only?", "yes, by construction", "design"
            ),
            Answer("Are there duplicates across splits?"),
            Answer("How was the model chosen?", f"by mean {plan.select.by} over seeds", "results"),
            Answer("Which metrics, and why?"),
            Answer("How uncertain are the results?", errors, "results"),
            Answer("Do the findings hold elsewhere?"),
        ),
    }


def _verdicts(results: StudyResults) -> str:
    if not results.claims:
        return ""
    counts: dict[str, int] = {}
    for row in results.claims:
        counts[row.word] = counts.get(row.word, 0) + 1
    return ", ".join(f"{number} {verdict}" for verdict, number in counts.items())


def _findings(results: StudyResults) -> str:
    if not results.findings:
        return ""
    return f"{counted(len(results.findings), 'finding')} of automatic checks"
