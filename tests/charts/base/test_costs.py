"""Charts of costs: points by hand, names that do not overlap."""

from paribus.charts.base.costs import cost_points
from paribus.charts.base.costs import draw_costs as draw_cost
from paribus.nn.summary import LayerRow, ModelSummary
from tests.charts.drawn import plan_and_results, texts


def test_costs_are_parameters_and_seconds_with_names_that_do_not_overlap():
    _, results = plan_and_results()
    summaries = {
        row.name: ModelSummary((LayerRow("d", "Dense", (10,), 1000, 1000),), (10,))
        for row in results.variants
    }
    points = cost_points(results, summaries, "val_accuracy")
    assert [(p.parameters, p.seconds) for p in points] == [
        (1000, 2.0),
        (1000, 3.0),
        (1000, 4.0),
        (1000, 5.0),
    ]
    for cost in ("parameters", "seconds"):
        svg = draw_cost(points, "val_accuracy", cost)
        assert "validation accuracy, mean over seeds (n 3)" in texts(svg)
        assert "<script" not in svg
    twins = [
        points[0],
        points[0].__class__("twin", 1000, 2.0, points[0].mean, 0.5, 0.7, 3),
        points[3],
    ]
    assert any(
        text == "100/a, twin" for text in texts(draw_cost(twins, "val_accuracy", "parameters"))
    )
