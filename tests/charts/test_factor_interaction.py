"""The interaction plot: a line per level, the metric's name, one seed without an interval."""

import math

from paribus.charts import ShownStudy, factor_grid, factor_interaction
from paribus.charts.base.cells import cell_points
from paribus.charts.factor_grid import draw as draw_grid
from paribus.charts.factor_interaction import draw as draw_interaction
from paribus.judge.results import StudyResults
from tests.charts.designs import study
from tests.charts.drawn import texts


def charts(plan, results):
    study = ShownStudy(plan, results)
    return [*factor_grid.charts(study), *factor_interaction.charts(study)]


def test_the_interaction_plot_has_a_line_per_level_and_names_the_metric():
    plan, results = study(metric="val_loss")
    points = cell_points(plan, results, "val_loss", ("reg", "depth"))
    svg = draw_interaction(points, "val_loss", ("reg", "depth"))
    assert {"validation loss, mean over seeds (n 4)", "reg", "depth", "one", "two"} <= set(
        texts(svg)
    )
    assert svg.count("mark-line") >= 2


def test_one_seed_is_drawn_without_an_interval():
    plan, results = study(seeds=1)
    points = cell_points(plan, results, "val_accuracy", ("reg", "depth"))
    assert all(math.isnan(point.low) for point in points)
    assert "n 1" in texts(draw_grid(points, "val_accuracy", ("reg", "depth")))
    assert len(charts(plan, results)) == 6
    empty = StudyResults("s", False, (), (), (), (), None, (), ())
    assert charts(plan, empty) == []
