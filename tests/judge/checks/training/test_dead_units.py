"""Few images cannot show that a unit is dead."""

from tests.judge.checks.studied import found, plan, probed, study


def test_few_images_cannot_show_that_a_unit_is_dead():
    silent = [{"name": "hidden", "rms": 0.1, "dead": 0.75, "units": 80}]
    assert found("dead_units", plan(), study(**probed(silent, examples=44)))  # 0.9 ** 44 < 0.01
    assert not found("dead_units", plan(), study(**probed(silent, examples=43)))
