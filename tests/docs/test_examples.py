"""Every example is a study that would run."""

from pathlib import Path

import pytest

import paribus

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.yaml"))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_can_be_planned(path):
    planned = paribus.load(path).plan()
    assert planned.plan.study == path.stem
    assert planned.estimate.seconds > 0


def test_the_speed_run_uses_what_the_records_use():
    train = paribus.load(next(p for p in EXAMPLES if p.stem == "cifar10-speedrun")).plan().plan
    (variant,) = train.variants
    assert [name for item in variant.train["augment"] for name in item] == [
        "flip",
        "crop",
        "cutout",
    ]
    assert variant.train["test_time_flip"] is True
    assert variant.train["label_smoothing"] == 0.2
    assert next(iter(variant.train["schedule"])) == "one_cycle"
    assert variant.train["precision"] == "bf16"
