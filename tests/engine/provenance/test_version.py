from __future__ import annotations

from paribus.engine.provenance.version import (
    CHANGES,
    ENGINE_VERSION,
    OLDEST,
    Change,
    engine_version,
)
from paribus.records import Variant


def a_variant(**train: object) -> Variant:
    return Variant("v", {}, {}, {"layers": []}, train)


def test_a_trial_has_the_version_of_the_last_change_that_concerns_it():
    changes = (
        Change(4, "smoothing", lambda v: v.train.get("label_smoothing", 0) > 0),
        Change(6, "adam", lambda v: "Adam" in v.train.get("optimizer", {})),
        Change(5, "all of it", lambda v: "optimizer" in v.train),
    )
    assert engine_version(a_variant(), changes) == OLDEST
    assert engine_version(a_variant(label_smoothing=0.1), changes) == 4
    assert engine_version(a_variant(optimizer={"SGD": {}}), changes) == 5
    assert engine_version(a_variant(optimizer={"Adam": {}}, label_smoothing=0.1), changes) == 6


def test_versions_rise_without_gaps_and_every_change_says_why():
    assert [change.version for change in CHANGES] == sorted(change.version for change in CHANGES)
    assert {OLDEST, *(change.version for change in CHANGES)} == set(
        range(OLDEST, ENGINE_VERSION + 1)
    )
    assert all(change.why for change in CHANGES)
