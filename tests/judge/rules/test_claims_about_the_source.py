"""Claims about the source of the images: less sure than ones about these images, and never without them."""

import math

import numpy as np
import pytest

from paribus.judge.marks import contrast_table
from paribus.judge.statistics.contrasts import Contrast
from paribus.judge.statistics.crossed import crossed_spread
from paribus.judge.statistics.mcnemar import mcnemar
from paribus.records import Claim
from tests.judge.crossed_images import CLAIM, study
from tests.judge.judging import judged

SOURCE = Claim(
    "c", "says", "reg", "bn", ">", "none", "val_accuracy", margin=0.01, scope="data-source"
)


def test_a_claim_about_the_source_is_less_sure_than_one_about_these_images():
    plan, trials, marking = study(8)
    (here,) = judged([CLAIM], plan, trials, marking=marking)
    (source,) = judged([SOURCE], plan, trials, marking=marking)
    assert source.estimate == pytest.approx(here.estimate)
    assert source.high - source.low > 1.3 * (here.high - here.low)
    table = contrast_table(Contrast({"bn": 1.0, "none": -1.0}), range(8), "val_accuracy", marking)
    assert source.image_error == pytest.approx(crossed_spread(table).floor)
    assert here.image_error is None
    assert math.isnan(source.p_flip)
    assert not source.fragile


def test_a_threshold_about_the_source_takes_its_constant_off():
    plan, trials, marking = study(6)
    over = Claim(
        "c",
        "s",
        "reg",
        "bn",
        ">",
        "0.5",
        "val_accuracy",
        kind="threshold",
        threshold=0.5,
        scope="data-source",
    )
    (row,) = judged([over], plan, trials, marking=marking)
    accuracy = np.mean([marking("bn", seed, "").right.mean() for seed in range(6)])
    assert row.estimate == pytest.approx(accuracy - 0.5)
    assert row.low < row.estimate < row.high


def test_the_source_needs_every_image():
    plan, trials, marking = study(6)
    (without,) = judged([SOURCE], plan, trials)
    assert without.verdict == "not assessable"
    assert without.reason == (
        "its scope needs every image's prediction, on the same images for all variants"
    )
    plan, trials, marking = study(6, other_ids=True)
    (other,) = judged([SOURCE], plan, trials, marking=marking)
    assert other.verdict == "not assessable"


def test_one_seed_speaks_of_two_networks_and_of_nothing_else():
    plan, trials, marking = study(1)
    (row,) = judged([CLAIM], plan, trials, marking=marking)
    left, right = marking("bn", 0, "").right, marking("none", 0, "").right
    assert row.verdict == "undecided"
    assert row.networks == mcnemar(left, right)
    assert row.reason == (
        "1 seed is too few for a verdict; at least 5 are needed. Of these two networks, "
        f"{np.sum(left & ~right)} images are right in the first only and {np.sum(right & ~left)} in the second "
        f"only (exact McNemar test: p = {row.networks.p:.2g}), which says nothing about other seeds"
    )
    (two,) = judged([CLAIM], *study(2)[:2], marking=study(2)[2])
    assert two.networks is None
