"""Trials are trained seed by seed; one whose worker dies is tried again, and missing after that."""

import pytest

from paribus.api.run import executing
from paribus.execute.events import Started
from paribus.execute.grouping import groups_of
from paribus.study.expand import expand
from paribus.study.identity import plan_trials
from paribus.study.load import study_from_mapping
from tests.api.run.disturbed import Killer, run, table


@pytest.mark.slow
def test_a_trial_whose_worker_dies_once_is_tried_again_at_once(whole, tmp_path, monkeypatch):
    study, expected = whole
    killer = Killer(monkeypatch, ("some", 0), 1)
    results = run(study, tmp_path / "out")
    assert killer.killed == 1
    assert table(results) == expected
    assert results.summary.missing == ()


@pytest.mark.slow
def test_a_trial_that_kills_its_worker_takes_no_other_trial_of_its_group_along(tiny, tmp_path, monkeypatch):  # fmt: skip
    tiny["seeds"] = 3
    options = {"jobs": 1, "group_size": 3}
    expected = table(run(tiny, tmp_path / "whole", **options))
    with monkeypatch.context() as patch:
        killer = Killer(patch, ("some", 1), 10)
        results = run(tiny, tmp_path / "out", **options)
    assert killer.killed == executing.TRIES + 1, "in the group, and alone"
    assert [(item.variant, item.seed) for item in results.summary.missing] == [("some", 1)]
    assert table(run(tiny, tmp_path / "out", **options)) == expected


@pytest.mark.slow
@pytest.mark.parametrize("jobs", [1, 2])
def test_trials_begin_seed_by_seed_and_the_longest_first(tiny, tmp_path, monkeypatch, jobs):
    tiny["seeds"] = [5, 1, 3]
    tiny["factors"]["dropout"]["long"] = {"set": {"train.epochs": 4}}
    begun = []
    hear = executing._Listener.hear

    def listening(self, event):
        if isinstance(event, Started):
            trial = self.trial(event.identity)
            begun.append((trial.seed, trial.variant.name))
        hear(self, event)

    monkeypatch.setattr(executing._Listener, "hear", listening)
    run(tiny, tmp_path / "out", jobs=jobs)
    seeds = [seed for seed, _ in begun[:9]]
    if jobs == 1:
        assert seeds == [5, 5, 5, 1, 1, 1, 3, 3, 3]
        assert [name for _, name in begun[:9:3]] == ["long", "long", "long"]
    places = {seed: [k for k, own in enumerate(seeds) if own == seed] for seed in (5, 1, 3)}
    assert max(places[5]) < 3 + jobs
    assert min(places[3]) >= 6 - jobs


def test_groups_are_filled_seed_by_seed(tiny):
    tiny["seeds"], tiny["claims"] = 4, []
    tiny["factors"]["dropout"] = {
        "a": None,
        "b": {"set": {"train.optimizer.Adam.learning_rate": 0.1}},
    }
    plan = expand(study_from_mapping(tiny))
    trials = plan_trials(plan, {v.name: "d" for v in plan.variants}, lambda _: 1)
    groups = groups_of(trials, 4)
    assert [sorted({t.seed for t in group}) for group in groups] == [[0, 1], [2, 3]]
    for group in groups:  # equal optimizers stand side by side
        names = [t.variant.name for t in group]
        assert names == sorted(names)
