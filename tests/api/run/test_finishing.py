"""Selection, refit and test at the end of a run, also where one of them is lost."""

import pytest

from paribus.api.run import finishing
from paribus.execute import processes
from tests.api.run.disturbed import run, table


@pytest.mark.slow
def test_a_test_that_is_lost_leaves_the_trained_trial_alone(whole, tmp_path, monkeypatch):
    study, expected = whole
    from paribus.execute.events import NotDone

    real = processes.Processes.run

    def failing(self, tasks, on_event):
        kept = []
        for task in tasks:
            if task.kind == "test":
                on_event(NotDone(task.trials[0].identity, "no room"))
            else:
                kept.append(task)
                real(self, [task], on_event)

    heard = []
    with monkeypatch.context() as patch:
        patch.setattr(processes.Processes, "run", failing)
        results = run(study, tmp_path / "out", observe=heard.append)
    assert {trial.status for trial in results.summary.trials} == {"done"}
    assert not results.summary.complete
    assert any("could not be tested: no room" in p.phase for p in heard)
    assert table(run(study, tmp_path / "out")) == expected


@pytest.mark.slow
def test_a_refit_of_a_variant_that_is_no_longer_selected_is_dropped(whole, tmp_path, monkeypatch):
    study, expected = whole
    out = tmp_path / "out"
    real = finishing.select_variant

    def other(plan, stored, required):
        from dataclasses import replace

        chosen = real(plan, stored, required)
        return replace(chosen, variant=chosen.runner_up)

    with monkeypatch.context() as patch:
        patch.setattr(finishing, "select_variant", other)
        run(study, out)
    results = run(study, out)
    assert table(results) == expected
    assert len({look.variant for look in results.summary.looks}) == 2, "looks are never forgotten"
    refits = [t for t in results.summary.trials if t.fit_on != "train"]
    assert {t.variant for t in refits} == {results.summary.selected.variant}
