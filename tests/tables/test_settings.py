"""The table of settings says what the resolved study says, for layers of every kind."""

import copy

import pytest

import paribus
from paribus.charts import ShownStudy
from paribus.charts.learning_by_split import charts as learning_by_split
from paribus.charts.learning_by_split import points as split_points
from paribus.judge.results import StudyResults, VariantSummary
from paribus.judge.statistics.effects import Interval
from paribus.observed import Observed
from paribus.records import StoredTrial
from paribus.tables.settings import format_minutes, minutes_of, tried_table


def planned(tiny, **changes):
    return paribus.from_mapping({**copy.deepcopy(tiny), "claims": [], **changes}).plan()


def results(plan, metrics=("accuracy", "val_accuracy"), examples=None, seconds=30.0):
    """Every variant's trials, of which the first seed's refit and a failed one must not count."""
    trials = [
        StoredTrial(
            f"{v.name}{seed}", v.name, v.levels, seed, "train", "done", 1, 1, seconds * (1 + seed),
            dict.fromkeys(metrics, 0.5 + 0.1 * seed),
            observed=Observed(train_examples=(examples or {}).get(v.name, 100)),
        )
        for v in plan.variants
        for seed in (0, 1)
    ]  # fmt: skip
    first = plan.variants[0]
    trials += [
        StoredTrial("r", first.name, {}, 0, "train+validation", "done", 1, 1, 6000.0, {}),
        StoredTrial("f", first.name, {}, 2, "train", "failed", 1, 1, 6000.0, {}),
    ]
    mean = Interval(0.55, 0.5, 0.6, 0.1, 2)
    rows = [
        VariantSummary(v.name, v.levels, 2, 0, dict.fromkeys(metrics, mean)) for v in plan.variants
    ]
    return StudyResults("s", True, tuple(trials), tuple(rows), (), (), None, (), ())


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


def sized(tiny):
    sizes = {"100": {"set": {"data.train_size": 100}}, "50": {"set": {"data.train_size": 50}}}
    return planned(tiny, factors={"images": sizes}).plan


def test_one_line_for_training_and_one_for_test_images(tiny):
    plan = sized(tiny)
    metrics = ("accuracy", "val_accuracy", "test_accuracy")
    points = split_points(plan, results(plan, metrics, {"100": 100, "50": 50}))
    assert [(p.series, p.examples) for p in points] == [
        ("train", 50), ("train", 100), ("test", 50), ("test", 100),
    ]  # fmt: skip
    assert points[0].values == (0.5, 0.6)


def test_validation_stands_in_for_a_test_set_that_was_not_opened(tiny):
    plan = sized(tiny)
    found = results(plan, examples={"100": 100, "50": 50})
    assert {p.series for p in split_points(plan, found)} == {"train", "validation"}
    (chart,) = learning_by_split(ShownStudy(plan, found))
    assert chart.title == "Learning curve: train and validation accuracy"


def test_there_is_no_learning_curve_of_one_size_or_one_part(tiny):
    plan = sized(tiny)
    assert split_points(plan, results(plan)) == []
    assert list(learning_by_split(ShownStudy(plan, results(plan)))) == []
    one = results(plan, ("accuracy",), {"100": 100, "50": 50})
    assert list(learning_by_split(ShownStudy(plan, one))) == []
