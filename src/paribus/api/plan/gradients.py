"""Checking the gradients of a study's networks on a few of its own training images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from paribus.api.plan.planning import plan_study
from paribus.data.load import load_dataset
from paribus.data.prepare import prepare
from paribus.data.spec import DataSpec
from paribus.errors import Problem, StudyError, did_you_mean
from paribus.study.loaded import Study

if TYPE_CHECKING:
    from paribus.engine.inspection.gradcheck import GradientRow

__all__ = ["TOLERANCE", "GradientReport", "check_study_gradients"]

TOLERANCE = 1e-6
"""Largest difference that rounding explains, relative to the largest gradient of a tensor."""
MOST_EXAMPLES = 256


@dataclass(frozen=True)
class GradientReport:
    """The gradients of all variants, three ways each."""

    study: str
    examples: int
    variants: Mapping[str, Sequence[GradientRow]]

    @property
    def agree(self) -> bool:
        """Whether all three ways agree everywhere."""
        return all(
            max(row.autograd_error, row.nudge_error) <= TOLERANCE
            for rows in self.variants.values()
            for row in rows
        )

    def to_json(self) -> dict[str, Any]:
        """Return the comparison as JSON-able values."""
        return {
            "study": self.study,
            "examples": self.examples,
            "tolerance": TOLERANCE,
            "agree": self.agree,
            "variants": {
                name: [asdict(row) | {"shape": list(row.shape)} for row in rows]
                for name, rows in self.variants.items()
            },
        }


def check_study_gradients(
    study: Study, *, only: Sequence[str] = (), examples: int = 8
) -> GradientReport:
    """Compare hand-derived gradients, autograd's and finite differences for a study's networks.

    Args:
        study: the study, from `paribus.load`.
        only: names of variants; by default all.
        examples: training images in the batch.

    Raises:
        StudyError: the study breaks a rule, or a variant is unknown.
        DataError: data cannot be read or downloaded.
    """
    from paribus.engine.inspection.gradcheck import check_gradients

    if not 2 <= examples <= MOST_EXAMPLES:
        rule = f"must be 2 to {MOST_EXAMPLES}"
        raise StudyError(Problem("--examples", rule, str(examples)))
    planned = plan_study(study, jobs=1)
    known = {variant.name: variant for variant in planned.plan.variants}
    unknown = [name for name in only if name not in known]
    if unknown:
        raise StudyError(
            [
                Problem("--variant", "must name a variant", repr(name), did_you_mean(name, known))
                for name in unknown
            ]
        )
    found = {}
    for name in only or known:
        spec = DataSpec.parse(known[name].data)
        data = prepare(load_dataset(spec, base=planned.base), spec, seed=0)
        images = data.train_images.take(slice(examples))
        found[name] = check_gradients(known[name], images, data.train_labels[: len(images)])
    return GradientReport(planned.plan.study, examples, found)
