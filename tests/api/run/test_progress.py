"""What is counted while a run goes on."""

import pytest

from tests.api.run.disturbed import Killer, run


@pytest.mark.slow
def test_finished_events_are_counted_once(whole, tmp_path, monkeypatch):
    """Progress neither exceeds its total nor falls when a trial is resumed."""
    study, _ = whole
    heard = []
    Killer(monkeypatch, ("none", 1), 1)
    run(study, tmp_path / "out", observe=heard.append)
    first = [p for p in heard if p.phase == "trials" and p.num_trials]
    assert all(p.done_epochs <= p.total_epochs for p in first)
    assert [p.done_epochs for p in first] == sorted(p.done_epochs for p in first)
    assert first[-1].done_epochs == first[-1].total_epochs
    assert first[-1].num_finished == 4
