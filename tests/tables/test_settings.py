"""The table of settings says what the resolved study says, for layers of every kind."""

import pytest

from paribus.judge.results import StudyResults
from paribus.tables.settings import format_minutes, minutes_of, tried_table
from tests.charts.sizes import planned, results


def test_settings_are_those_of_the_resolved_study(tiny):
    layers = [
        {"Conv2D": {"name": "a", "filters": 4, "kernel_size": 3, "padding": "same"}},
        {"Residual": {"layers": [{"SeparableConv2D": {"filters": 4, "kernel_size": [3, 1], "padding": "same"}}]}},
        {"DepthwiseConv2D": {"kernel_size": 3, "strides": 2}},
        {"AveragePooling2D": {"pool_size": 2}},
        {"SpatialDropout2D": {"rate": 0.25}},
        "GlobalAveragePooling2D",
        {"Dense": {"name": "output", "units": 10, "kernel_regularizer": {"l1": 0.1, "l2": 0.01}}},
    ]  # fmt: skip
    edits = {
        "plain": None,
        "other": {
            "set": {"train.batch_size": 16, "train.epochs": 3, "data.preprocess": [], "data.train_size": 50},
            "replace": {"output": {"Dense": {"name": "last", "units": 10}}},
        },
    }  # fmt: skip
    found = planned(tiny, model={"layers": layers}, factors={"f": edits})
    table = tried_table(found.plan, results(found.plan), found.descriptions)
    assert table.settings == (
        "convolutions", "pooling", "dropout", "batch norm.", "dense units", "optimizer",
        "penalty", "batch", "epochs", "preprocessing", "images",
    )  # fmt: skip
    assert table.scores == ("train accuracy", "validation accuracy", "minutes")
    (name, cells, scores), (_, other, _) = table.rows
    assert name == "plain"
    assert cells[0] == "3×3 same: 4; separable 3×1 same: 4; depthwise 3×3 stride 2×2"
    assert cells[1:6] == ("mean: 2×2; mean of all", "0.25", "no", "10", "Adam 0.01")
    assert cells[6:] == ("l1 0.1 on output; l2 0.01 on output", "32", "2", "scale", "359")
    assert other[6:] == ("no", "16", "3", "no", "50")
    assert scores == ("55.00 %", "55.00 %", "0.75")


def test_minutes_are_those_of_finished_trials_on_the_training_part(tiny):
    plan = planned(tiny).plan
    assert minutes_of(plan, results(plan)) == {"none": 0.75, "some": 0.75}
    empty = StudyResults("s", False, (), (), (), (), None, (), ())
    table = tried_table(plan, empty, planned(tiny).descriptions)
    assert [scores for _, _, scores in table.rows] == [("–",), ("–",)]


@pytest.mark.parametrize(("minutes", "text"), [(0.07, "0.070"), (3.14, "3.1"), (61.7, "62")])
def test_minutes_have_two_digits_that_count(minutes, text):
    assert format_minutes(minutes) == text
