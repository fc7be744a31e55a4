"""A trial guesses only where skill would have shown."""

import numpy as np
import pytest

from tests.judge.checks.studied import facts, found, metrics, observed, plan, study


def test_a_trial_guesses_only_where_skill_would_have_shown():
    def guessing(examples, right, *, counts=None, held_out=0.1):
        seen = {"train_examples": examples, "validation_examples": 1000}
        if counts:
            seen["class_counts"] = {"train": counts, "validation": [100] * len(counts)}
        changes = {**observed(**seen), **metrics(accuracy=right / examples, val_accuracy=held_out)}
        return [item.where for item in found("at_chance", plan(), study(**changes))]

    ten = [100] * 10
    assert guessing(1000, 100, counts=ten) == ["b"]
    assert guessing(1000, 123, counts=ten) == ["b"]  # binom.isf(0.01, 1000, 0.1) = 123
    assert guessing(1000, 124, counts=ten) == []
    assert guessing(1000, 100, counts=ten, held_out=0.14) == []  # it knows other images
    assert guessing(30, 3, counts=[3] * 10) == []  # nobody can tell
    assert guessing(6, 2, counts=[2] * 3) == []
    skewed = [500, *[56] * 8, 52]
    assert guessing(1000, 500, counts=skewed) == ["b"]  # names the largest class always
    assert guessing(1000, 550, counts=skewed) == []
    assert guessing(1000, 900, counts=[900, *[10] * 10]) == []  # a tenth is left to be learned


def test_old_results_without_class_counts_are_judged_by_the_source():
    changes = {**observed(train_examples=1000), **metrics(accuracy=0.5, val_accuracy=0.5)}
    skewed = {"train": (500, *[56] * 9), "validation": (500, *[56] * 9), "test": ()}
    assert not found("at_chance", plan(), study(**changes))
    (finding,) = found("at_chance", plan(), study(**changes), facts(class_counts=skewed))
    assert finding.where == "b"


@pytest.mark.parametrize("seed", range(5))
def test_a_network_with_skill_is_never_called_guessing_however_few_its_images(seed):
    draw = np.random.default_rng(seed)
    for classes in (2, 3, 10):
        for each in (3, 5, 10, 30, 300):
            examples = classes * each
            skilled = 1 / classes + 0.3 * (1 - 1 / classes)
            right = draw.binomial(examples, skilled) / examples
            changes = {
                **observed(
                    train_examples=examples,
                    validation_examples=None,
                    class_counts={"train": [each] * classes},
                ),
                **metrics(accuracy=right),
            }
            assert not found("at_chance", plan(), study(**changes))
