"""The figures of large studies are of whole steps, and growth is judged by what can be measured."""

import json

import pytest

from benchmarks import large


@pytest.mark.slow
def test_every_step_is_measured(tmp_path, monkeypatch):
    monkeypatch.setattr(large, "SEEDS", 6)
    found = large.measure(60)
    assert found["trials"] == 60
    assert set(found["seconds"]) == set(large.STEPS)
    assert all(value >= 0 for value in found["seconds"].values())
    assert found["peak_bytes"] > 50e6


def sizes(small, big):
    return [{"seconds": dict.fromkeys(large.STEPS, value)} for value in (small, big)]


def test_growth_ignores_what_is_too_short_to_measure():
    assert set(large.growth(sizes(1.0, 12.0)).values()) == {12.0}
    assert set(large.growth(sizes(0.0, 0.04)).values()) == {1.0}
    assert set(large.growth(sizes(0.001, 1.0)).values()) == {20.0}


def test_the_committed_figures_are_linear_and_shown():
    result = json.loads((large.ROOT / "results" / "large.json").read_text())
    assert result["kept"]
    assert result["growth"] == large.growth(result["sizes"])
    table = large.markdown(result)
    assert [item["trials"] for item in result["sizes"]] == list(large.SIZES)
    assert all(label in table for label in large.STEPS.values())
