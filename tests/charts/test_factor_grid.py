"""The grid of two factors writes every mean."""

from paribus.charts.base.cells import cell_points
from paribus.charts.factor_grid import draw as draw_grid
from tests.charts.designs import study
from tests.charts.drawn import texts


def test_the_grid_writes_every_mean_and_the_axes_name_the_factors():
    plan, results = study()
    points = cell_points(plan, results, "val_accuracy", ("reg", "depth"))
    found = texts(draw_grid(points, "val_accuracy", ("reg", "depth")))
    for point in points:
        assert f"{100 * point.mean:.2f} %" in found
        assert f"{100 * point.low:.2f} to {100 * point.high:.2f}, n 4" in found
    assert {"reg", "depth", "none", "l2", "bn", "one", "two"} <= set(found)
