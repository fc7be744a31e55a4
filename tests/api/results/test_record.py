"""From the study file to the report: claims about the source, published values, pictures of factors."""

import copy

import numpy as np
import pytest

import paribus
from paribus.api.results.record import marking_of
from paribus.tables.base.combined import markdown_table

pytestmark = pytest.mark.slow

STUDY = {
    "study": "scope",
    "data": {"source": "digits", "split": {"train": 0.5, "validation": 0.3, "test": 0.2}, "preprocess": ["scale"]},
    "model": {"layers": ["Flatten", {"Dense": {"name": "hidden", "units": 8, "activation": "relu"}}, {"Dense": {"name": "output", "units": 10, "activation": "softmax"}}]},
    "train": {"optimizer": {"SGD": {"learning_rate": 0.2}}, "epochs": 6, "batch_size": 32},
    "seeds": 5,
    "factors": {
        "width": {"small": None, "large": {"set": {"model.hidden.units": 24}}},
        "dropout": {"none": None, "some": {"insert": {"after": "hidden", "layers": [{"Dropout": {"rate": 0.2}}]}}},
    },
    "select": {"test": "never"},
    "claims": [
        {"id": "here", "says": "large > small on val_accuracy", "published": "0.95 > 0.90"},
        {"id": "source", "says": "large > small on val_accuracy", "scope": "data-source"},
    ],
    "published": {"val_accuracy": {"small/none": 0.01, "large/none": 0.9}},
}  # fmt: skip


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    folder = tmp_path_factory.mktemp("scope")
    return paribus.from_mapping(copy.deepcopy(STUDY)).run(folder / "out")


def test_the_source_is_judged_from_the_stored_predictions(results):
    here, source = results.summary.claims
    assert source.estimate == pytest.approx(here.estimate)
    assert source.image_error > 0


def test_marks_are_the_trials_accuracy(results):
    trials = results.summary.trials
    marks = marking_of(trials, results.folder)
    for trial in trials[:3]:
        right = marks(trial.variant, trial.seed, "val_accuracy").right
        assert np.mean(right) == pytest.approx(trial.metrics["val_accuracy"])
    assert marks("small/none", 77, "val_accuracy") is None
    assert marks("small/none", 0, "test_accuracy") is None


def test_published_values_stand_beside_ours(results):
    rows = {row.variant: row for row in results.summary.published}
    assert rows["small/none"].verdict == "unlike ours"
    assert "| small/none | validation accuracy | 1.00 % |" in markdown_table(results.summary)
    page = (results.folder / "report.html").read_text()
    for text in ("Published values", "unlike ours", "for the source of the images", "Does the effect of width depend on dropout?"):  # fmt: skip
        assert text in page
    plain = results.to_json()
    assert plain["claims"][0]["published_difference"] == pytest.approx(0.05)
    assert plain["published"][0]["published"] == 0.01
