"""Classes that one pixel gives away, told from content by classes and images."""

from tests.judge.checks.studied import facts, found, plan


def test_classes_that_one_pixel_gives_away_are_told():
    (finding,) = found(
        "trivial_features", plan(), [], facts(trivial={"one pixel": 0.97, "mean colour": 0.6})
    )
    assert finding.evidence == (
        "of 40 validation images, a simple classifier is right on 97% if it sees only one pixel; guessing gives 50%"
    )
    assert not found("trivial_features", plan(), [], facts(trivial={"one pixel": 0.7}))
    assert not found("trivial_features", plan(), [], facts())


def test_a_mark_is_told_from_content_by_classes_and_images():
    def said(classes, held_out, share):
        known = facts(
            class_counts={"train": (50,) * classes, "validation": held_out},
            trivial={"one pixel": share},
        )
        return [item.severity for item in found("trivial_features", plan(), [], known)]

    assert said(10, (30,) * 10, 0.9) == ["warning"]
    assert said(3, (1,) * 3, 1.0) == []  # three of three by chance
    assert said(2, (100,) * 2, 0.95) == ["note"]  # zeros and ones differ in a pixel
    assert said(3, (100,) * 3, 0.77) == []
    assert said(3, (100,) * 3, 0.99) == ["warning"]
    assert said(3, (100, 8, 8), 0.92) == []  # nearly all of them are of one class
