"""Large gradients of raw pixels are the pixels' fault."""

from tests.judge.checks.studied import found, plan, probed, study


def test_large_gradients_of_raw_pixels_are_the_pixels_fault():
    assert not found(
        "vanishing_gradients", plan(), study(**probed(gradients=(21.0,), input_rms=90))
    )
