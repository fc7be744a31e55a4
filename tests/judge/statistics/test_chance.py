"""Guessing: exact probabilities against scipy, limits at the smallest sets, simulated rates."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom, binomtest

from paribus.judge.statistics.chance import (
    ALPHA,
    SOME_SKILL,
    WRONGLY,
    above_chance,
    chance_p,
    majority_share,
    tells_skill,
)


@given(st.data())
def test_the_p_value_is_scipys(data):
    examples = data.draw(st.integers(1, 3000))
    right = data.draw(st.integers(0, examples))
    guess = data.draw(st.floats(0.01, 0.99))
    expected = binomtest(right, examples, guess, alternative="greater").pvalue
    assert chance_p(right, examples, guess) == pytest.approx(expected, rel=1e-6, abs=1e-12)


@pytest.mark.parametrize(("examples", "guess"), [(9, 1 / 3), (60, 0.1), (898, 0.102), (40, 0.8)])
def test_above_chance_begins_at_the_exact_count(examples, guess):
    limit = int(binom.isf(ALPHA, examples, guess)) + 1  # P(X >= limit) <= ALPHA < P(X >= limit - 1)
    assert above_chance(limit, examples, guess)
    assert not above_chance(limit - 1, examples, guess)


def test_chance_at_its_edges():
    assert majority_share([6, 2, 2, 0]) == 0.6
    assert chance_p(0, 0, 0.5) == 1.0
    assert chance_p(5, 5, 1.0) == 1.0  # one class: everybody is right
    assert not tells_skill(10_000, 1.0)
    assert not tells_skill(0, 0.5)


@pytest.mark.parametrize(
    ("guess", "too_few", "enough"), [(0.5, 60, 600), (1 / 3, 9, 300), (0.1, 30, 150)]
)
def test_a_few_images_cannot_tell_skill_from_guessing(guess, too_few, enough):
    assert not tells_skill(too_few, guess)
    assert tells_skill(enough, guess)
    assert not tells_skill(3 * round(1 / guess), guess)  # three a class


@given(st.floats(0.05, 0.9), st.integers(1, 2000))
def test_where_skill_shows_a_skilled_network_is_above_chance(guess, examples):
    looks = 10
    if tells_skill(examples, guess, looks=looks):
        fewest = next(k for k in range(examples + 1) if above_chance(k, examples, guess))
        skilled = guess + SOME_SKILL * (1 - guess)
        assert binom.cdf(fewest - 1, examples, skilled) <= WRONGLY / looks * 1.001


def test_simulated_rates():
    draw = np.random.default_rng(3)
    guessing = draw.binomial(300, 0.1, 20_000)
    assert np.mean([above_chance(k, 300, 0.1) for k in guessing]) <= ALPHA * 1.2
    assert tells_skill(300, 0.1)
    skilled = draw.binomial(300, 0.1 + SOME_SKILL * 0.9, 20_000)
    assert np.mean([not above_chance(k, 300, 0.1) for k in skilled]) <= WRONGLY
