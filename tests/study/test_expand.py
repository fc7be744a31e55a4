"""Designs: which variants a study expands to."""

import pytest

from paribus.errors import StudyError
from paribus.study.expand import expand
from tests.study.written import GOOD, plan_of, study_from_text


def test_designs():
    names = [v.name for v in plan_of(GOOD).variants]
    assert names == ["small/none", "small/some", "large/none", "large/some"]
    one = plan_of(GOOD + "design: one-at-a-time\n")
    assert [v.name for v in one.variants] == ["small/none", "large/none", "small/some"]
    listed = GOOD[: GOOD.index("factors:")] + (
        "variants:\n  plain: {}\n  own: {model: {layers: [Flatten, {Dense: {units: 10}}]}, train: {epochs: 7}}\n"
    )
    plan = plan_of(listed)
    assert [v.name for v in plan.variants] == ["plain", "own"]
    assert plan.variants[1].train["epochs"] == 7
    assert plan.variants[1].train["batch_size"] == 32
    assert len(plan.variants[1].model["layers"]) == 2


@pytest.mark.parametrize("count", [0, -1])
def test_no_seeds_cannot_be_asked_for(count):
    with pytest.raises(StudyError) as caught:
        expand(study_from_text(GOOD), seeds=count)
    assert str(caught.value) == f"seeds: must be 1 or more, got {count}."


def test_overrides_change_the_base_before_the_factors():
    plan = expand(study_from_text(GOOD), overrides=["train.epochs=9", "model.Conv2D.filters=7"])
    assert all(v.train["epochs"] == 9 for v in plan.variants)
    assert all(v.model["layers"][0]["Conv2D"]["filters"] == 7 for v in plan.variants)
