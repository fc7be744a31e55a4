"""Parts that were treated differently are named with their moments."""

from tests.judge.checks.studied import found, observed, plan, study


def test_parts_that_were_treated_differently_are_named_with_their_moments():
    alike = {"mean": 0.0, "std": 1.0, "finite": 1.0, "treatment": "abc"}
    other = {**alike, "mean": 73.2, "std": 89.8, "treatment": "def"}
    inputs = {"train": alike, "validation": alike, "test": other}
    (finding,) = found("treated_differently", plan(), study(**observed(inputs=inputs)))
    assert (finding.severity, finding.where) == ("error", "b")
    assert finding.evidence == (
        "test images were preprocessed by other numbers than the training images: they reach the network "
        "with mean 73.200 and deviation 89.800, the training images with mean 0.000 and deviation 1.000"
    )
    honest = {"train": alike, "validation": {**alike, "mean": 0.1}}
    assert not found("treated_differently", plan(), study(**observed(inputs=honest)))
