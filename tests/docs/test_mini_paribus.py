"""The small version of the product that newcomers read first stays small and works."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

PATH = Path(__file__).parents[2] / "docs" / "mini_paribus.py"


@pytest.fixture(scope="module")
def mini():
    spec = importlib.util.spec_from_file_location("mini_paribus", PATH)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_it_fits_two_screens():
    assert len(PATH.read_text(encoding="utf-8").splitlines()) <= 150


@pytest.mark.slow
def test_a_study_learns_and_is_repeatable(mini):
    first = mini.run_study(range(2))
    again = mini.run_study(range(2))
    assert set(first) == {"none", "dropout", "batch_norm"}
    assert all((values > 0.85).all() for values in first.values())
    assert all((first[name] == again[name]).all() for name in first)


def test_inserting_a_layer_keeps_every_other_initial_weight(mini):
    edited = mini.build(mini.VARIANTS["batch_norm"](mini.base_layers()), 3)
    base = mini.build(mini.base_layers(), 3)
    assert (edited[0].weight == base[0].weight).all()
    assert (edited[-1].weight == base[-1].weight).all()


def test_the_effect_is_scipys_paired_t(mini):
    a, b = np.array([0.91, 0.93, 0.92, 0.95, 0.94]), np.array([0.90, 0.91, 0.93, 0.92, 0.91])
    effect = mini.paired_effect(a, b)
    oracle = stats.ttest_rel(a, b).confidence_interval(0.95)
    assert (effect.low, effect.high) == pytest.approx((oracle.low, oracle.high))
    assert mini.verdict(effect, margin=0.0) == "undecided"
