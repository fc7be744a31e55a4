"""Every sentence of a verdict follows from its numbers: properties over the claims' whole range."""

import math
import re

from hypothesis import given, settings
from hypothesis import strategies as st

from paribus.judge.claims.words import reason_of
from paribus.judge.statistics.samples import Sample
from paribus.records import Claim, Plan, SelectRule, StoredTrial, Variant
from paribus.wording import p_value
from tests.judge.judging import judged

OWN = tuple(Variant(name, {"reg": name}, {}, {}, {}) for name in ("none", "bn"))
DIFFERENCES = st.tuples(
    st.integers(1, 14), st.floats(-0.05, 0.05), st.floats(1e-4, 0.05), st.integers(0, 10**6)
)
LOOKS = st.sampled_from([(), (5, 10), (5, 8, 12)])


def of_shape(shape, operator, margin, looks):
    import numpy as np

    n, mean, spread, stream = shape
    values = np.random.default_rng(stream).normal(mean, spread, n)
    claim = Claim("c", "says", "reg", "bn", operator, "none", "val_accuracy", margin=margin)
    seeds = looks[-1] if looks else n
    plan = Plan("s", "q", "none", {"reg": ("none", "bn")}, OWN, tuple(range(seeds)), (claim,), SelectRule(), looks)  # fmt: skip
    trials = [
        StoredTrial(f"{v.name}{k}", v.name, v.levels, k, "train", "done", 1, 1, 1.0, {"val_accuracy": 0.5 + value * (v.name == "bn")})
        for v in OWN
        for k, value in enumerate(values[:seeds])
    ]  # fmt: skip
    (row,) = judged([claim], plan, trials)
    return row, Sample(tuple(float(0.5 + v) - 0.5 for v in values[: row.n]))


@settings(max_examples=400, deadline=None)
@given(DIFFERENCES, st.sampled_from(["<", ">", "="]), st.floats(0.001, 0.03), LOOKS)
def test_the_sentence_says_what_the_numbers_say(shape, operator, margin, looks):
    row, sample = of_shape(shape, operator, margin, looks)
    text = row.reason
    assert text == reason_of(row)
    assert "nan" not in text
    assert not text.endswith(".")
    if row.n < row.planned:
        assert text.startswith(f"{row.n} of {row.planned} seeds; judged when complete")
        assert row.verdict == "not judged yet"
        return
    if row.n < 5:
        assert text.startswith(("1 seed is too few", f"{row.n} seeds are too few"))
        assert row.verdict == "undecided"
        return
    low, high = sample.interval(0.90)
    claimed = row.estimate > 0 if operator == ">" else row.estimate < 0
    if "on the claimed side" in text:
        assert claimed
        assert row.verdict in ("supported", "supported but negligible")
    if "on the other side" in text:
        assert not claimed
        assert row.verdict == "refuted"
    points = f"{100 * margin:g} point"
    if "is ruled out" in text:
        assert points in text
        assert row.verdict in ("practically equal", "supported but negligible", "supported")
        assert -margin <= low <= high <= margin
        assert -margin <= row.low <= row.high <= margin
    if "the difference is more than" in text:
        assert points in text
        assert row.verdict == "refuted"
        assert abs(row.estimate) > margin
        assert row.low >= margin or row.high <= -margin
    if "cannot be decided" in row.verdict:
        assert "a hundred seeds" in text
    _the_p_value_is_the_rows(row, text)
    _the_side_notes_are_the_rows(row, text, looks)


def _the_p_value_is_the_rows(row, text):
    said = re.search(r"\((p [=<] [-\d.e+]+)[,)]", text)
    if row.verdict in ("supported", "refuted", "supported but negligible"):
        assert said
        assert row.adjusted_p <= 0.05
    if row.verdict == "undecided":
        assert row.adjusted_p > 0.05 or math.isnan(row.adjusted_p)
    if said and not text.startswith("a difference of"):
        assert said.group(1) == p_value(row.adjusted_p)
    assert ("Holm" in text) <= (not row.looks)
    assert ("alpha spending" in text) <= row.looks


def _the_side_notes_are_the_rows(row, text, looks):
    decided = row.verdict in ("supported", "refuted", "supported but negligible")
    assert ("fragile" in text) == (row.fragile and decided)
    assert ("seeds in total would decide it" in text) == (
        row.verdict == "undecided" and row.seeds_needed is not None
    )
    if row.seeds_needed is not None:
        assert f"about {row.seeds_needed} seeds in total would" in text
        assert row.seeds_needed > row.seeds
    early = bool(looks) and row.n < looks[-1] and row.look is not None
    assert ("decided early" in text) == (
        early and row.verdict in ("supported", "refuted", "supported but negligible")
    )


@settings(max_examples=100, deadline=None)
@given(DIFFERENCES, st.floats(0.001, 0.03))
def test_swapping_the_sides_mirrors_the_sentence(shape, margin):
    row, _ = of_shape(shape, ">", margin, ())
    n, mean, spread, stream = shape
    plain = Claim("c", "says", "reg", "none", "<", "bn", "val_accuracy", margin=margin)
    import numpy as np

    values = np.random.default_rng(stream).normal(mean, spread, n)
    plan = Plan("s", "q", "none", {"reg": ("none", "bn")}, OWN, tuple(range(n)), (plain,), SelectRule())  # fmt: skip
    trials = [
        StoredTrial(f"{v.name}{k}", v.name, v.levels, k, "train", "done", 1, 1, 1.0, {"val_accuracy": 0.5 + value * (v.name == "bn")})
        for v in OWN
        for k, value in enumerate(values)
    ]  # fmt: skip
    (mirrored,) = judged([plain], plan, trials)
    assert (mirrored.verdict, mirrored.reason) == (row.verdict, row.reason)
    assert mirrored.estimate == -row.estimate
