"""Sentences on how claims were judged: which test for which question, and how many tests were adjusted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from paribus.judge.results import StudyResults
from paribus.records import Claim, Plan
from paribus.wording import counted

__all__ = ["judging_sentences"]

_QUESTIONS = {
    "learned": "over the seeds in which no network of a claim collapsed",
    "mean": "over all seeds",
}


def judging_sentences(plan: Plan, results: StudyResults) -> Iterator[str]:
    """Yield how many claims were declared when, the tests, the adjustments and the level.

    Args:
        plan: the study.
        results: results of the same study.
    """
    if not plan.claims:
        yield "No claim was declared before the run; all comparisons are exploratory."
        return
    late = sum(row.exploratory for row in results.claims)
    ahead = len(plan.claims) - late
    yield (
        f"{counted(ahead, 'claim')} {'was' if ahead == 1 else 'were'} declared before the first result"
        + (
            f" and {counted(late, 'claim')} came later and {_are(late)} exploratory."
            if late
            else "."
        )
    )
    yield f"Claims were judged by {'; by '.join(_tests(plan.claims))}."
    if any(claim.of != "mean" for claim in plan.claims):
        yield (
            "A network collapsed if its training failed, or if its training accuracy was not above the rate "
            "of the largest class (exact binomial test, 1 %)."
        )
    yield _adjustment(plan)


def _are(count: int) -> str:
    return "is" if count == 1 else "are"


def _tests(claims: Sequence[Claim]) -> Iterator[str]:
    """Yield the test of each kind of claim that the study makes, in a fixed order."""
    for of, seeds in _QUESTIONS.items():
        kinds = {_kind(claim) for claim in claims if claim.of == of}
        tests = [test for kind, test in _OF_MEANS.items() if kind in kinds]
        if tests:
            yield f"{_joined(tests)}{',' * (len(tests) > 1)} {seeds}"
    if any(claim.of == "wins" for claim in claims):
        yield "exact sign tests over seeds, in which a side that collapsed alone is behind"
    if any(claim.of == "collapse" for claim in claims):
        yield "exact McNemar tests of the seeds in which one side collapsed"


_OF_MEANS = {
    "difference": "paired t tests",
    "equality": "two one-sided paired t tests within the margin",
    "threshold": "one-sample t tests",
    "interaction": "t tests of differences of differences (Hotelling's test where there are more than two levels)",
    "trend": "t tests of least-squares slopes over the ranks of the levels",
    "source": "t tests with seeds and images as crossed samples (Satterthwaite's degrees of freedom)",
}


def _kind(claim: Claim) -> str:
    if claim.scope == "data-source":
        return "source"
    return "equality" if claim.operator == "=" else claim.kind


def _adjustment(plan: Plan) -> str:
    count = len(plan.claims)
    if plan.looks:
        also = f" and Bonferroni's adjustment for {count} claims" if count > 1 else ""
        return (
            f"They were judged at planned looks of {_joined([str(look) for look in plan.looks])} seeds, with alpha "
            f"spending (alpha t^2) over the looks{also}: 5 % for calling any absent difference one."
        )
    if count == 1:
        return "The level was 5 %."
    return (
        f"For {count} claims, p values of differences were adjusted by Holm's method and those of smallness by "
        "Bonferroni's: 5 % for calling any absent difference one, and 5 % for calling any difference of the "
        "margin small."
    )


def _joined(items: Sequence[str]) -> str:
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}"
