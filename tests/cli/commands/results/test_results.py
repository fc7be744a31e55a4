"""`paribus results`: what a program finds in its JSON."""

import json

import pytest

from tests.cli.typed import paribus


@pytest.mark.slow
def test_the_json_of_results_has_the_documented_keys(study, tmp_path):
    run = paribus("run", study(), "--json", cwd=tmp_path)
    results = json.loads(run.stdout)
    assert {
        "study",
        "complete",
        "trials",
        "variants",
        "effects",
        "claims",
        "missing",
        "overview",
        "published",
        "selected",
        "findings",
    } == set(results)
    assert {"variant", "levels", "seed", "status", "epochs", "seconds", "metrics"} <= set(
        results["trials"][0]
    )
    assert {"loss", "accuracy", "val_loss", "val_accuracy"} <= set(results["trials"][0]["metrics"])
    assert {"name", "levels", "n", "metrics"} <= set(results["variants"][0])
    assert {"mean", "low", "high", "std"} == set(results["variants"][0]["metrics"]["val_accuracy"])
    effect = {
        "variant",
        "baseline",
        "metric",
        "estimate",
        "low",
        "high",
        "n",
        "q",
        "seeds",
        "collapsed",
        "baseline_collapsed",
        "verdict",
    }
    assert effect == set(results["effects"][0])
    claim = {"id", "says", "verdict", "estimate", "low", "high", "n", "published"}
    assert claim <= set(results["claims"][0])
    assert {"check", "severity", "where", "evidence", "advice", "variants"} == set(
        results["findings"][0]
    )
