"""From the study file to the report: claims about the source, published values, pictures of factors."""

import numpy as np
import pytest

from paribus.api.results.record import marking_of
from paribus.tables.base.combined import markdown_table

pytestmark = pytest.mark.slow


def test_the_source_is_judged_from_the_stored_predictions(scope_results):
    here, source = scope_results.summary.claims
    assert source.estimate == pytest.approx(here.estimate)
    assert source.image_error > 0


def test_marks_are_the_trials_accuracy(scope_results):
    trials = scope_results.summary.trials
    marks = marking_of(trials, scope_results.folder)
    for trial in trials[:3]:
        right = marks(trial.variant, trial.seed, "val_accuracy").right
        assert np.mean(right) == pytest.approx(trial.metrics["val_accuracy"])
    assert marks("small/none", 77, "val_accuracy") is None
    assert marks("small/none", 0, "test_accuracy") is None


def test_published_values_stand_beside_ours(scope_results):
    rows = {row.variant: row for row in scope_results.summary.published}
    assert rows["small/none"].verdict == "unlike ours"
    assert "| small/none | validation accuracy | 1.00 % |" in markdown_table(scope_results.summary)
    page = (scope_results.folder / "report.html").read_text()
    for text in ("Published values", "unlike ours", "for the source of the images", "Does the effect of width depend on dropout?"):  # fmt: skip
        assert text in page
    plain = scope_results.to_json()
    assert plain["claims"][0]["published_difference"] == pytest.approx(0.05)
    assert plain["published"][0]["published"] == 0.01
