"""A lead that changed late is noted."""

from tests.judge.checks.studied import curve, found, plan, study


def test_a_lead_that_changed_late_is_noted():
    late = curve([0.7, 0.8, 0.85, 0.87, 0.88, 0.95], [1, 0.9, 0.8, 0.7, 0.6, 0.5])
    (finding,) = found("late_ranking", plan(), study(curves=late))
    assert (finding.where, finding.evidence) == (
        "b, a",
        "after 5 of 6 epochs a led b by 2.00 points of validation accuracy; at the end b leads by 5.00 points (means over seeds, not tested)",
    )
    assert not found("late_ranking", plan(), study())
    assert not found("late_ranking", plan(), study(curves=late[:4]))
