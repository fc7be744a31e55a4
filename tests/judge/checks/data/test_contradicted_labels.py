"""Labels that all networks contradict."""

from dataclasses import replace

import pytest

from tests.judge.checks.studied import (
    described,
    facts,
    found,
    metrics,
    observed,
    plan,
    study,
    trial,
)


def test_labels_that_all_networks_contradict_are_named():
    rows = [[k, 3, 8] for k in range(150)]
    trials = [replace(t, **observed(contradicted=rows)) for t in study()]
    (finding,) = found("contradicted_labels", plan(), trials)
    assert finding.severity == "warning"
    assert finding.evidence.startswith(
        "on 150 of 10,000 validation images, at least 90% of 12 networks contradict the label and agree on "
        "another class: image 0 (labelled 3, seen as 8), image 1 (labelled 3, seen as 8)"
    )
    assert finding.evidence.endswith("and 142 more")
    clothes = ("shirt", "boot", "bag", "coat", "hat", "sock", "tie", "belt", "dress", "scarf")
    (named,) = found("contradicted_labels", plan(), trials, descriptions=described(classes=clothes))
    assert (
        "image 0 (labelled coat, seen as dress), image 1 (labelled coat, seen as dress)"
        in named.evidence
    )
    files = {str(k): f"3/{k}.png" for k in range(150)}
    filed = [replace(t, **observed(contradicted=rows, contradicted_files=files)) for t in trials]
    (by_file,) = found("contradicted_labels", plan(), filed, descriptions=described(classes=clothes))  # fmt: skip
    assert (
        "3/0.png (labelled coat, seen as dress), 3/1.png (labelled coat, seen as dress)"
        in by_file.evidence
    )
    mixed = {**described(), "b": described(classes=clothes)["b"]}
    (numbered,) = found("contradicted_labels", plan(), trials, descriptions=mixed)
    assert "image 0 (labelled 3, seen as 8)" in numbered.evidence, (
        "two variants' classes have different names"
    )
    few = [replace(t, **observed(contradicted=rows[:2])) for t in study()]
    assert [item.severity for item in found("contradicted_labels", plan(), few)] == ["note"]
    torn = [replace(t, **observed(contradicted=rows if k % 2 else [])) for k, t in enumerate(study())]  # fmt: skip
    assert not found("contradicted_labels", plan(), torn)
    assert not found("contradicted_labels", plan(), trials[:3])


def contradicting(count, accuracy, *, examples=500, seeds=6):
    rows = [[k, 3, 8] for k in range(count)]
    changes = {
        **observed(contradicted=rows, validation_examples=examples),
        **metrics(val_accuracy=accuracy),
    }
    return [trial(name, k, **changes) for name in "ab" for k in range(seeds)]


@pytest.mark.parametrize(
    ("count", "accuracy", "severity"),
    [
        (30, 0.9, "warning"),
        (13, 0.9, "warning"),  # binom.isf(0.01, 500, 0.01) = 11: from 12 on
        (11, 0.9, "note"),
        (20, 0.75, "note"),  # a tenth of the mistakes is shared by networks that learned the same
        (30, 0.75, "warning"),
        (200, 0.5, "note"),
        (200, 0.3, None),  # weak networks accuse nobody
    ],
)
def test_labels_are_contradicted_by_good_networks_beyond_their_shared_mistakes(
    count, accuracy, severity
):
    known = facts(class_counts={"train": (100,) * 10, "validation": (50,) * 10})
    findings = found("contradicted_labels", plan(), contradicting(count, accuracy), known)
    if accuracy == 0.5:  # below halfway from 10 % to 100 %
        severity = None
    assert [item.severity for item in findings] == ([severity] if severity else [])


def test_one_variants_networks_are_not_independent():
    trials = [t for t in contradicting(100, 0.9) if t.variant == "a"]
    assert [item.severity for item in found("contradicted_labels", plan(), trials)] == ["note"]
    few = contradicting(1, 1.0, examples=6)
    assert all(item.severity == "note" for item in found("contradicted_labels", plan(), few))
