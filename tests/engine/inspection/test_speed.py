"""The speed of a training step, measured on a real network."""

import pytest

from paribus.engine.inspection.speed import measure_speed
from tests.engine.groups import variant

pytestmark = pytest.mark.slow


@pytest.mark.slow
def test_measured_speed_of_a_real_network(tiny):
    chosen = variant(tiny)
    guess = 1e-4
    for looked_up in (True, False):
        speed = measure_speed(chosen, (8, 8, 1), 10, guess, looked_up=looked_up)
        assert 0 < speed.train_seconds < 0.01
        assert 0 <= speed.evaluation_seconds < 0.01
        assert speed.memory_bytes > 50_000_000


def test_what_fails_to_train_keeps_the_guess(tiny):
    mad = variant(tiny, optimizer={"SGD": {"learning_rate": 1e30}})
    assert measure_speed(mad, (8, 8, 1), 10, 1e-4, looked_up=True).train_seconds == 1e-4
