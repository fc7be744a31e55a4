"""Two checklists for authors, filled in from a run as far as it can know the answers."""

from __future__ import annotations

from dataclasses import dataclass

from paribus.judge.results import StudyResults
from paribus.records import Plan
from paribus.wording import counted

__all__ = ["Answer", "checklists"]


@dataclass(frozen=True)
class Answer:
    """One question of a checklist."""

    question: str
    answer: str = ""
    """Answer; empty if only the authors can give it."""
    anchor: str = ""
    """Section of the report that shows the evidence."""


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
