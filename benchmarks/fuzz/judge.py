"""One network through all arms, and what came out."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

import torch

from benchmarks.fuzz.arms import ARMS, Arm, Course
from benchmarks.fuzz.drawing.cases import NUM_STEPS, Batch, Case
from benchmarks.fuzz.updates import update_differences
from benchmarks.fuzz.verify import Referee, exactness_of

__all__ = ["Judgement", "judged"]


TORCH_FAULT = "slow_conv2d: grad_weight must be contiguous"
"""PyTorch's own error over float64 convolutions of images of one pixel, whose order in memory is
ambiguous; nothing but this comparison computes in float64."""


@dataclass
class Judgement:
    """Of one network."""

    differences: list[str] = field(default_factory=list)
    steps: int = 0
    told: int = 0
    undecided: int = 0
    closest: float = 0.0

    def settings(self) -> dict[str, Any]:
        """Return it as plain data."""
        return asdict(self)


def judged(case: Case, arms: tuple[Arm, ...] = ARMS) -> Judgement:
    """Train a network in every form and compare every step with the referee's."""
    found = Judgement()
    batches = [case.batches(member) for member in range(case.members)]
    for arm in arms:
        if arm.seldom and case.index % 4:
            continue
        try:
            courses = arm.run(case, batches)
        except Exception as error:  # noqa: BLE001 - whatever breaks is a disagreement
            if arm.dtype == torch.float64 and TORCH_FAULT in str(error):
                found.undecided += NUM_STEPS * case.members
                continue
            found.differences.append(f"{arm.name}: {type(error).__name__}: {error}")
            continue
        for course in courses:
            _compare(case, arm, course, batches[course.member], found)
    return found


def _compare(case: Case, arm: Arm, course: Course, batches: list[Batch], found: Judgement) -> None:
    model, train = case.resolved()
    plain = model.to_settings(), train.to_settings()
    exactness = exactness_of(*plain, wide=arm.wide)
    verdict = Referee(*plain, exactness).course(course, batches)
    place = f"{arm.name}, member {course.member}" if arm.stacked else arm.name
    found.differences += [f"{place}: {item}" for item in verdict.differences[:2]]
    found.steps += verdict.steps
    found.told += verdict.told
    found.undecided += verdict.undecided
    found.closest = max(found.closest, verdict.closest)
    updates = update_differences(course, plain[1], model.defaults, case.steps_per_epoch, arm.dtype)
    found.differences += [f"{place}: {item}" for item in updates[:1]]
