"""Splits: disjoint, stratified, repeatable; smaller training sets are part of larger ones."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paribus.data.spec import SplitSpec
from paribus.data.splits import split_ids, subset, unused_parts
from paribus.errors import DataError
from paribus.records import Parts


@settings(max_examples=25, deadline=None)
@given(
    st.integers(40, 300),
    st.integers(2, 6),
    st.integers(0, 5),
    st.sampled_from([(0.5, 0.3, 0.2), (0.6, 0.2, 0.2)]),
)
def test_splits_are_disjoint_stratified_and_repeatable(count, classes, seed, shares):
    labels = np.arange(count) % classes
    rule = SplitSpec(train=shares[0], validation=shares[1], test=shares[2], seed=seed)
    split = split_ids(rule, labels, Parts(count))
    parts = (split.train, split.validation, split.test)
    assert sorted(np.concatenate(parts)) == list(range(count))
    assert len(split.train) == round(shares[0] * count)
    for part in parts:
        counts = np.bincount(labels[part], minlength=classes)
        assert counts.max() - counts.min() <= 2
    again = split_ids(rule, labels, Parts(count))
    assert all(
        (a == b).all()
        for a, b in zip(parts, (again.train, again.validation, again.test), strict=True)
    )
    other = split_ids(rule.model_copy(update={"seed": seed + 1}), labels, Parts(count))
    assert not np.array_equal(other.train, split.train)


@pytest.mark.parametrize(
    ("parts", "written", "sizes"),
    [
        (Parts(100), {"train": 0.6, "validation": 0.2, "test": 0.2}, (60, 20, 20)),
        (Parts(80, test=20), {"validation": 0.2}, (64, 16, 20)),
        (Parts(60, 15, 25), {"validation": "official"}, (60, 15, 25)),
        (Parts(80, validation=20), {"validation": "official", "test": 0.2}, (64, 20, 16)),
    ],
)
def test_without_shares_the_source_decides_and_its_own_parts_stay_what_they_are(
    parts, written, sizes
):
    labels, rule = np.arange(100) % 4, SplitSpec(seed=3)
    full = rule.completed(parts)
    assert full == SplitSpec(seed=3, **written)
    assert full.completed(Parts(5, 5, 5)) == full
    split = split_ids(rule, labels, parts)
    assert (len(split.train), len(split.validation), len(split.test)) == sizes
    if parts.validation:
        start = parts.train
        assert list(split.validation) == list(range(start, start + parts.validation))
    if parts.test:
        assert list(split.test) == list(range(100 - parts.test, 100))
    together = np.concatenate([split.train, split.validation, split.test])
    assert sorted(together) == list(range(100))


def test_a_part_of_the_source_that_is_not_used_is_said():
    parts = Parts(60, 15, 25)
    assert unused_parts(SplitSpec(), parts) == ()
    shares = SplitSpec(train=0.6, validation=0.2, test=0.2)
    first, second = unused_parts(shares, parts)
    assert first.startswith("the source's own validation part (15 images) is not used")
    assert second.startswith("the source's own test part (25 images) is not used")
    assert unused_parts(shares.model_copy(update={"use": "all"}), parts) == ()
    (said,) = unused_parts(SplitSpec(validation="test"), parts)
    assert said.startswith("the source's own validation part (15 images) is not used")
    (said,) = unused_parts(SplitSpec(validation=0.2), parts)
    assert said == (
        "data.split.validation, a share, is not used: "
        "the source's own validation part (15 images) is"
    )
    split = split_ids(SplitSpec(validation=0.2), np.arange(100) % 2, parts)
    assert list(split.validation) == list(range(60, 75))


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 9), st.integers(10, 60), st.integers(61, 150))
def test_smaller_subsets_are_part_of_larger_ones(seed, small, large):
    labels = np.arange(400) % 5
    train = np.arange(0, 400, 2)
    first, second = (subset(train, labels, size, seed) for size in (small, large))
    assert (len(first), len(second)) == (small, large)
    assert set(first) < set(second) < set(train)
    counts = np.bincount(labels[first], minlength=5)
    assert counts.max() - counts.min() <= 1
    assert not np.array_equal(first, subset(train, labels, small, seed + 1))


def test_the_official_test_part_stays_the_test_part_or_validates_when_asked():
    labels = np.arange(100) % 4
    split = split_ids(SplitSpec(validation=0.25), labels, Parts(80, test=20))
    assert list(split.test) == list(range(80, 100))
    assert (len(split.train), len(split.validation)) == (60, 20)
    split = split_ids(SplitSpec(validation="test"), labels, Parts(80, test=20))
    assert list(split.validation) == list(range(80, 100))
    assert (len(split.train), len(split.test)) == (80, 0)
    with pytest.raises(DataError, match="needs the shares of train, validation and test"):
        split_ids(SplitSpec(validation=0.25), labels, Parts(100))
    with pytest.raises(DataError, match="needs a source with a validation part"):
        split_ids(SplitSpec(validation="official", test=0.2), labels, Parts(80, test=20))
    with pytest.raises(
        DataError, match="must be at most the 60 training examples of the split, got 61"
    ):
        subset(np.arange(60), labels, 61, 0)
