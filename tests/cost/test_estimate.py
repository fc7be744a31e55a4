"""What `plan` forecasts: the arithmetic by hand, and the measurement behind it."""

import pytest

from paribus.cost.estimate import (
    AROUND_SECONDS,
    PARENT_BYTES,
    SECONDS_PER_EPOCH,
    SECONDS_PER_TRIAL,
    START_SECONDS,
    Amount,
    TrialCost,
    estimate_study,
    measured_cost,
)
from paribus.records import Speed

pytestmark = pytest.mark.slow


def test_a_trial_is_its_epochs_its_scores_and_its_start():
    cost = measured_cost(Speed(0.001, 0.0001, 7, 0.25), Amount(1000, 100), {"epochs": 3})
    epoch = 1.0 + 200 * 0.0001 + SECONDS_PER_EPOCH
    assert cost.seconds == pytest.approx(3 * epoch + 1100 * 0.0001 + SECONDS_PER_TRIAL + 0.25)
    assert cost.memory_bytes == 7


def test_a_study_ends_when_its_last_worker_does():
    costs = {"long": TrialCost(5.0, 100), "short": TrialCost(2.0, 50)}
    found = estimate_study(costs, num_seeds=2, jobs=3, data_bytes=1000)
    # 5 | 5 | 2 2
    assert found.seconds == pytest.approx(AROUND_SECONDS + START_SECONDS + 5.0)
    assert found.memory_bytes == PARENT_BYTES + 1000 + 100 + 100 + 50
    assert not found.measured
    two = estimate_study(costs, num_seeds=2, jobs=2, data_bytes=0, refitted=6.0, start_seconds=1.0)
    assert two.seconds == pytest.approx(AROUND_SECONDS + 1.0 + 7.0 + 6.0)
    assert two.measured
    assert estimate_study(costs, num_seeds=1, jobs=64, data_bytes=0).jobs == 2
