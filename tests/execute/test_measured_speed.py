"""Speeds are measured in processes of their own, as many as will train."""

import pytest

from paribus.errors import TrialError
from paribus.execute.measured_speed import SpeedProbe, measure_speeds
from tests.engine.groups import variant

pytestmark = pytest.mark.slow


def test_all_probes_are_measured_in_every_process(tiny):
    probe = SpeedProbe(variant(tiny), (8, 8, 1), 10, 1e-4, looked_up=True)
    found = measure_speeds([probe, probe], jobs=2)
    assert len(found.speeds) == 2
    assert found.start_seconds > 0
    assert all(0 < speed.train_seconds < 0.05 for speed in found.speeds)


def test_a_process_that_dies_is_one_clear_error(tiny):
    probe = SpeedProbe(variant(tiny), (8, 8, -1), 10, 1e-4, looked_up=True)
    with pytest.raises(TrialError, match="a process died while it measured"):
        measure_speeds([probe], jobs=1)
