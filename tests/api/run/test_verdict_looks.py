"""Verdicts that were seen are kept, and seeds that are changed afterwards make claims exploratory."""

import copy
import json
from dataclasses import replace

import pytest

import paribus
from paribus.api.run.manifest import VerdictLook
from paribus.api.run.running import RunOptions, run_study
from paribus.api.run.verdict_looks import is_extended, verdict_look, warning_of_extension
from paribus.study.load import study_from_mapping
from tests.conftest import TINY
from tests.judge.estimands.collapsing import claim, plan, trials
from tests.judge.judging import judged

CLAIM = claim()
SEEN = VerdictLook("2026-01-02T03:04:05+00:00", tuple(range(10)), (), {"c": "supported"})


def rows(seeds, done):
    own = plan(seeds, [CLAIM])
    values = [0.9 + 0.001 * k for k in range(done)]
    return own, judged([CLAIM], own, trials([0.8] * done, values))


def test_a_look_is_what_was_judged_and_nothing_before():
    for seeds, done in ((10, 0), (10, 9), (4, 4)):
        assert verdict_look(*rows(seeds, done), (), "now") is None
    look = verdict_look(*rows(10, 10), (), "now")
    assert (look.at, look.seeds, look.looks) == ("now", tuple(range(10)), ())
    assert look.verdicts == {"c": "supported"}
    assert verdict_look(*rows(10, 10), (look,), "later") is None
    assert verdict_look(*rows(12, 12), (look,), "later").seeds == tuple(range(12))


def test_other_seeds_than_those_of_a_verdict_are_an_extension():
    assert not is_extended(plan(10), ())
    assert not is_extended(plan(10), (SEEN,))
    for other in (plan(20), plan(6), replace(plan(10), seeds=tuple(range(10, 20)))):
        assert is_extended(other, (SEEN,))
    assert warning_of_extension(plan(10), (SEEN,)) is None
    said = warning_of_extension(plan(20), (SEEN,))
    assert "was judged with 10 seeds on 2026-01-02" in said
    assert "looks: [5, 10, 20]" in said


def test_looks_that_were_planned_before_are_none_and_others_are():
    look = replace(SEEN, seeds=tuple(range(5)), looks=(5, 10))
    assert not is_extended(plan(10, looks=(5, 10)), (look,))
    assert is_extended(plan(20, looks=(5, 10, 20)), (look,))
    assert is_extended(plan(10), (look,))
    assert is_extended(plan(20, looks=(10, 20)), (SEEN,))


@pytest.mark.slow
def test_seeds_that_are_added_after_a_verdict_make_claims_exploratory(tmp_path):
    settings = {**copy.deepcopy(TINY), "seeds": 5}
    heard = []

    def run(seeds):
        options = RunOptions(jobs=1, seeds=seeds)
        return run_study(study_from_mapping(settings), tmp_path, options, heard.append)

    (few,) = run(3).summary.claims
    (first,) = run(None).summary.claims
    assert (few.verdict, few.exploratory) == ("undecided", False)
    assert (first.exploratory, first.is_judged) == (False, True)
    assert not any("was judged with" in progress.phase for progress in heard)
    (again,) = run(None).summary.claims
    assert again == first
    (more,) = run(6).summary.claims
    assert more.exploratory
    assert more.why_exploratory == "its seeds were changed after a verdict was seen"
    assert any("was judged with 5 seeds" in progress.phase for progress in heard)
    assert paribus.open_results(tmp_path).summary.claims[0].exploratory
    looks = paribus.open_results(tmp_path).manifest.verdict_looks
    assert [len(look.seeds) for look in looks] == [5, 6]
    assert all(look.at < "3" and json.dumps(look.verdicts) for look in looks)
    (back,) = run(None).summary.claims
    assert back.exploratory
