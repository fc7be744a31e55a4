"""Learning curves by split: a line for training images, one for test images, none where there is no curve."""

from paribus.charts import ShownStudy
from paribus.charts.learning_by_split import charts as learning_by_split
from paribus.charts.learning_by_split import points as split_points
from tests.charts.sizes import planned, results


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
